"""Weights by name: safetensors, a model.toml that says what they are, and a card.

A folder of weights is trusted only if the digest in its model.toml is that of its file. Training
writes a new folder and never into an old one.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from safetensors.torch import load_file, save_file
from scipy.special import expit, logit

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Options
from gnomon.detect.centernet.network import Network, NetworkOptions, for_inference

Values = NDArray[np.floating]
Sigma = Annotated[float, Field(gt=0)]

BODY = 1.0
"""Of weights that are made now: both logits count alike, as if the two maps were independent."""


class Errors(Options):
    """How far the network's numbers are off, from ships that it was not trained on."""

    length_m: Sigma
    """Deviation of the length error of short hulls; `length_share` adds to it in quadrature."""
    length_share: float = Field(ge=0)
    """Share of the length."""
    beam_m: Sigma
    beam_share: float = Field(ge=0)
    heading_deg: Sigma
    """For a hull of 100 m; inverse to the length."""


class Model(Options):
    """What model.toml holds."""

    name: str
    version: str
    bands: tuple[str, ...]
    gsd_m: float = Field(default=10.0, gt=0)
    """Pixel that the network learned from; finer scenes are averaged to about it."""
    widths: tuple[int, int, int, int]
    blocks: tuple[int, int, int]
    threshold: float = Field(gt=0, lt=1)
    """Least calibrated score of a detection."""
    slope: float = Field(gt=0)
    """Calibrated score = logistic(slope * evidence + intercept), after Platt 1999."""
    intercept: float
    body: float = Field(0.0, ge=0)
    """Evidence = logit of the centre + body * mean logit of the cells within being hull."""
    background: bool = False
    """Whether the network can be told what a place looks like without ships."""
    tanker: bool = False
    """Whether it says how likely a hull is a tanker's; without, that stays open."""
    tanker_slope: float = Field(0.0, ge=0)
    """p_tanker = logistic(tanker_slope * logit + tanker_intercept); not told where this is 0."""
    tanker_intercept: float = 0.0
    errors: Errors
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of weights.safetensors."""

    def score(self, raw: Values) -> Values:
        """Calibrated score of one that is not."""
        return on_curve(raw, self.slope, self.intercept)

    def p_tanker(self, raw: Values) -> Values:
        """Calibrated p_tanker of one that is not; NaN where these weights do not tell it."""
        if not self.tanker_slope:
            return np.full_like(raw, np.nan)
        return on_curve(raw, self.tanker_slope, self.tanker_intercept)

    @property
    def label(self) -> str:
        """Name and beginning of the digest, for the rows of a table."""
        return f"{self.name}@{self.sha256[:12]}"


FLOOR = 1e-6
"""Scores closer to 0 or 1 than float32 can tell."""


def evidence(raw: Values) -> NDArray[np.float64]:
    """Logit of scores, bounded where float32 cannot tell them from 0 or 1."""
    told: NDArray[np.float64] = logit(np.clip(raw.astype(float), FLOOR, 1 - FLOOR))
    return told


def on_curve(raw: Values, slope: float, intercept: float) -> NDArray[np.float64]:
    """Scores brought to a logistic curve of their logit."""
    told: NDArray[np.float64] = expit(slope * evidence(raw) + intercept)
    return told


@dataclass(frozen=True)
class Weights:
    """A network ready to be asked."""

    model: Model
    network: Network
    """As it was trained; training goes on from it."""

    @cached_property
    def inference(self) -> Network:
        """The same network, faster and for looking only."""
        return for_inference(self.network)


def find(name: str) -> Path:
    """Folder of weights: a path, or the name of one that gnomon ships."""
    for folder in (Path(name), shipped("models") / name):
        if (folder / "model.toml").is_file():
            return folder
    have = sorted(p.parent.name for p in shipped("models").glob("*/model.toml"))
    raise WeightsError(f"{name}: no such weights; there are {', '.join(have) or 'none'}")


def read_model(name: str) -> Model:
    """Read and check model.toml.

    Raises
    ------
    WeightsError
        There is no such folder, or the file is not what it should be.

    """
    path = find(name) / "model.toml"
    try:
        return Model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise WeightsError(f"{path}: {' '.join(str(error).split())}") from error


def load(name: str) -> Weights:
    """Load a network and check that its weights are the ones that model.toml speaks of.

    Raises
    ------
    WeightsError
        Weights are missing, damaged or of another network.

    """
    model = read_model(name)
    path = find(name) / "weights.safetensors"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    if found != model.sha256:
        raise WeightsError(f"{path}: damaged, its digest is {found[:12]} and not {model.label}")
    network = Network(
        NetworkOptions(model.bands, model.widths, model.blocks, model.background, model.tanker)
    )
    try:
        network.load_state_dict(load_file(path))
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{path}: not the weights of this network ({error})") from error
    return Weights(model, network.eval().to(memory_format=torch.channels_last))


def uncalibrated(network: Network, *, gsd_m: float = 10.0) -> Weights:
    """A network as training leaves it; its score is the logistic of its logit."""
    model = Model(
        name="uncalibrated",
        version="0",
        gsd_m=gsd_m,
        **_shape(network),
        threshold=0.5,
        slope=1.0,
        intercept=0.0,
        body=BODY,
        tanker_slope=1.0,
        errors=Errors(length_m=10, length_share=0.1, beam_m=10, beam_share=0.2, heading_deg=10),
        sha256="0" * 64,
    )
    return Weights(model, network.eval().to(memory_format=torch.channels_last))


def _shape(network: Network) -> dict[str, Any]:
    """What of a model.toml the network itself says."""
    names = ("bands", "widths", "blocks", "background", "tanker")
    return {name: getattr(network.options, name) for name in names}


def save(
    folder: Path,
    network: Network,
    *,
    version: str,
    threshold: float,
    calibration: tuple[float, float],
    errors: Errors,
    gsd_m: float = 10.0,
    body: float = BODY,
    tanker: tuple[float, float] = (0.0, 0.0),
) -> Model:
    """Write a new folder of weights.

    Raises
    ------
    WeightsError
        The folder exists already.

    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise WeightsError(f"{folder}: exists; weights are never overwritten") from error
    path = folder / "weights.safetensors"
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, path)
    model = Model(
        name=folder.name,
        version=version,
        gsd_m=gsd_m,
        **_shape(network),
        threshold=threshold,
        slope=calibration[0],
        intercept=calibration[1],
        body=body,
        tanker_slope=tanker[0],
        tanker_intercept=tanker[1],
        errors=errors,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    # model.toml last: a folder without it is not found.
    partial = folder / "model.toml.part"
    partial.write_text(_toml(model), encoding="utf-8")
    partial.replace(folder / "model.toml")
    return model


def _toml(model: Model) -> str:
    values = model.model_dump()
    errors = values.pop("errors")
    lines = [f"{key} = {_literal(value)}" for key, value in values.items()]
    lines += ["", "[errors]", *(f"{key} = {_literal(value)}" for key, value in errors.items())]
    return "\n".join(lines) + "\n"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(v) for v in value) + "]"
    return repr(value)
