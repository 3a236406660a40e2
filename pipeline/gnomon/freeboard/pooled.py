"""One posterior of a freeboard from the two readings of the same pixels.

The network's posterior q(h) and the fit's, p(h) ~ prior(h) L(h), rest on the same pixels, so that
they may not be multiplied as if they were independent. They are pooled in logarithms,

    density(h) ~ q(h) L(h)^t,    log LR = a log LR of the network + b log LR of the fit,

and the density is stretched about its median, so that its 90 % interval holds nine truths in ten.
The numbers are those of `Pooling`, set by `gnomon.validate.pooling` on ships that neither was made
with, and that are not those of docs/validation.md. Where few of the freeboards that the network
proposes carry all of the weight of the likelihood (`gnomon.freeboard.reweigh`) the pixels are not
those of a ship that the fit can describe, and the network is believed alone. Where next to none
carry any, the two disagree, and no load state is given.
"""

import functools
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError
from scipy.interpolate import RegularGridInterpolator
from scipy.special import expit, logit

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Options
from gnomon.freeboard import state
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.reweigh import reweigh
from gnomon.freeboard.state import OUTLIERS, Evidence, log_lr_laden
from gnomon.physics.hydrostatics import Tankers

Floats = NDArray[np.float64]
LEAST_POOLED, LEAST_AGREED = 0.1, 0.03
"""Effective sample size, as a part of the sample, below which the network is believed alone, and
below which the two disagree."""
_NODES = 400
_FURTHEST = 0.9995


class Pooling(Options):
    """How far network and fit are trusted; between the pixel sizes in their logarithm."""

    gsd_m: tuple[float, ...]
    """Pixel sizes, ascending."""
    fit_share: tuple[float, ...]
    """Power of the fit's likelihood at each of them."""
    network_weight: tuple[float, ...]
    fit_weight: tuple[float, ...]
    """Factors on the two log likelihood ratios."""
    sun_elevation_deg: tuple[float, ...]
    """Ascending."""
    widen: tuple[tuple[float, ...], ...]
    """Factor on the width of the posterior, by pixel size and sun."""

    def at(self, name: str, gsd_m: float) -> float:
        """Value of `fit_share`, `network_weight` or `fit_weight` at a pixel size."""
        return float(np.interp(np.log(gsd_m), np.log(self.gsd_m), getattr(self, name)))

    def width(self, gsd_m: float, sun_elevation_deg: float) -> float:
        """Factor on the width at a pixel size and under a sun; the nearest beyond the table."""
        axes = (np.log(self.gsd_m), np.asarray(self.sun_elevation_deg))
        where = [
            np.clip(value, axis[0], axis[-1])
            for value, axis in zip((np.log(gsd_m), sun_elevation_deg), axes, strict=True)
        ]
        return float(np.exp(RegularGridInterpolator(axes, np.log(self.widen))(where)[0]))


def read_pooling(path: Path) -> Pooling:
    """Numbers from a TOML file.

    Raises
    ------
    WeightsError
        The file is missing, or not such a file.

    """
    try:
        return Pooling.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise WeightsError(f"{path}: cannot be read ({error})") from error


@functools.cache
def shipped_pooling() -> Pooling:
    """Read the numbers that come with gnomon, once."""
    return read_pooling(shipped("models") / "freeboard" / "pooling.toml")


@dataclass(frozen=True)
class Belief:
    """What is believed of one freeboard."""

    freeboard_m: Floats
    """Grid, ascending, evenly spaced, (n,)."""
    density: Floats
    """Per metre, (n,)."""
    log_lr_laden: float
    """Log likelihood of the pixels if laden, less that if in ballast."""
    agrees: bool = True
    """Whether network and fit agree; true where only one of them was asked."""

    @property
    def mean_m(self) -> float:
        """Posterior mean."""
        return float(self.freeboard_m @ self.density / self.density.sum())

    @property
    def sigma_m(self) -> float:
        """Posterior standard deviation."""
        away = (self.freeboard_m - self.mean_m) ** 2
        return float(np.sqrt(away @ self.density / self.density.sum()))

    def quantile(self, level: float) -> float:
        """Freeboard that the ship's is below with a probability."""
        below = np.cumsum(self.density) - self.density / 2
        return float(np.interp(level * self.density.sum(), below, self.freeboard_m))

    def widened(self, factor: float) -> "Belief":
        """Stretch the density about its median; what would lie below the water is cut off."""
        median = self.quantile(0.5)
        top = median + max(factor, 1.0) * (self.freeboard_m[-1] - median)
        grid = top * (np.arange(_NODES) + 0.5) / _NODES
        density = self.at(median + (grid - median) / factor)
        density = density / (density.sum() * (grid[1] - grid[0]))
        return replace(self, freeboard_m=grid, density=density)

    def at(self, freeboard_m: ArrayLike) -> Floats:
        """Density at any freeboards, 0 beyond the grid."""
        found: Floats = np.interp(
            np.asarray(freeboard_m, float), self.freeboard_m, self.density, left=0.0, right=0.0
        )
        return found


def pool(
    posterior: FreeboardMixture,
    *,
    gsd_m: float,
    sun_elevation_deg: float,
    evidence: Evidence | None = None,
    ships: Tankers | None = None,
    pooling: Pooling | None = None,
) -> Belief:
    """Pool what network and fit say of one ship.

    Parameters
    ----------
    posterior
        The network's, of one ship.
    gsd_m, sun_elevation_deg
        Of the image.
    evidence, ships
        Of the fit to the same pixels; left out, the network is believed alone. Evidence that is
        flat, as of an implausible fit, changes nothing.
    pooling
        How far each is trusted; as shipped, if left out.

    """
    pooling = pooling or shipped_pooling()
    log_lr = pooling.at("network_weight", gsd_m) * float(posterior.log_lr_laden[0])
    if evidence is None or ships is None or np.ptp(evidence.log_likelihood) == 0:
        return Belief(*product(posterior, evidence, 0.0), bounded(log_lr))
    effective = reweigh(posterior, evidence, ships).effective
    if effective < LEAST_POOLED:
        alone = product(posterior, evidence, 0.0)
        return Belief(*alone, bounded(log_lr), agrees=effective >= LEAST_AGREED)
    log_lr += pooling.at("fit_weight", gsd_m) * log_lr_laden(evidence, ships)
    density = product(posterior, evidence, pooling.at("fit_share", gsd_m))
    return Belief(*density, bounded(log_lr)).widened(pooling.width(gsd_m, sun_elevation_deg))


def product(
    posterior: FreeboardMixture, evidence: Evidence | None, share: float
) -> tuple[Floats, Floats]:
    """Density of the network's times a power of the fit's likelihood.

    Returns
    -------
    tuple
        Freeboards, ascending and evenly spaced, and their density, per metre; (n,) both.

    """
    grid = _grid(posterior, evidence)
    density = posterior.density(grid[:, None])[:, 0]
    if evidence is not None and share > 0:
        likelihood = np.exp(evidence.at(grid) - evidence.log_likelihood.max())
        density = density * (evidence.outlier + (1 - evidence.outlier) * likelihood) ** share
    return grid, density / (density.sum() * (grid[1] - grid[0]))


def load_of(
    belief: Belief,
    *,
    sun_elevation_deg: float,
    sun_off_axis_deg: float,
    beam_px: float,
    view_known: bool = True,
    reason: str | None = None,
) -> state.Load:
    """Load columns of one ship.

    Parameters
    ----------
    belief
        Of its freeboard, from `pool`.
    sun_elevation_deg, sun_off_axis_deg, beam_px, reason
        As `gnomon.freeboard.state.assess_load` takes them. Where network and fit disagree, that is
        the reason (``misfit``) unless there is one already.
    view_known
        Whether the direction of the view is known; if not, that may be why nothing is decided.

    """
    p_laden = float(expit(belief.log_lr_laden))
    weak = state.why_weak(sun_elevation_deg, sun_off_axis_deg, beam_px)
    if weak == "weak_evidence" and not view_known:
        weak = "view_unknown"
    found, why = state.verdict(
        p_laden, weak=weak, reason=reason or (None if belief.agrees else "misfit")
    )
    return state.Load(
        freeboard_m=belief.mean_m,
        freeboard_sigma_m=belief.sigma_m,
        freeboard_p05_m=belief.quantile(0.05),
        freeboard_p95_m=belief.quantile(0.95),
        log_lr_laden=belief.log_lr_laden,
        p_laden=p_laden,
        load_state=found,
        load_reason=why,
    )


def bounded(log_lr: float) -> float:
    """Log likelihood ratio, allowing for one image in a hundred that says nothing at all."""
    return float(logit(OUTLIERS / 2 + (1 - OUTLIERS) * expit(log_lr)))


def _grid(posterior: FreeboardMixture, evidence: Evidence | None) -> Floats:
    top = float(posterior.quantile(_FURTHEST)[0])
    if evidence is not None:
        top = max(top, float(evidence.freeboard_m[-1]))
    return top * (np.arange(_NODES) + 0.5) / _NODES
