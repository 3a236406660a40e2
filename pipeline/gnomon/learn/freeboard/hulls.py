"""Windows of simulated tankers with their truth, in shards on disk.

A shard holds the windows of a number of tankers (`gnomon.simulate.pixels.exposures`) and rests on
the seed and on its own number alone, so that shards are made in any order, by any number of
processes, and an interrupted run goes on with the next. Shards lie in a folder whose name is a
digest of the code that makes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gnomon.datamodel.files import write_whole
from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.window import hull_window, shift_of
from gnomon.simulate.pixels.exposures import HullChip, exposures
from gnomon.workflow.digests import code_digest

TANKERS = 500
"""In a shard; each gives two or three chips."""
_RESTS_ON = ("simulate/pixels", "physics", "freeboard/window.py", "freeboard/bins.py")
_NEITHER = -1


@dataclass(frozen=True)
class HullSamples:
    """Windows and what is true of them: tensors with chips first."""

    pixels: Tensor
    """float16, (chips, channels, across, along)."""
    context: Tensor
    freeboard_m: Tensor
    size: Tensor
    """Logarithms of true over given length and beam, (chips, 2)."""
    shift: Tensor
    """How far the ship lies from where it was given: along, across, turn (`shift_of`)."""
    laden: Tensor
    """1 laden, 0 in ballast, -1 neither; int8."""
    gsd_m: Tensor
    sun_elevation_deg: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Tensor) -> "HullSamples":
        """Some of them, in this order."""
        return HullSamples(**{name: values[rows] for name, values in vars(self).items()})

    @classmethod
    def joined(cls, parts: Sequence["HullSamples"]) -> "HullSamples":
        """All of several."""
        return cls(**{name: torch.cat([vars(p)[name] for p in parts]) for name in vars(parts[0])})

    @classmethod
    def of(cls, hulls: Sequence[HullChip]) -> "HullSamples":
        """Windows of simulated chips."""
        windows = [hull_window(ship_chip(hull)) for hull in hulls]
        known, truth = [hull.known for hull in hulls], [hull.truth for hull in hulls]
        size = [
            (np.log(true.length_m / given.length_m), np.log(true.beam_m / given.beam_m))
            for true, given in zip(truth, known, strict=True)
        ]
        shift = [
            shift_of(
                ship_chip(hull),
                east_m=hull.truth.east_m,
                north_m=hull.truth.north_m,
                heading_deg=hull.truth.heading_deg,
            )
            for hull in hulls
        ]
        laden = [_NEITHER if true.laden is None else int(true.laden) for true in truth]

        def column(values: Sequence[float]) -> Tensor:
            return torch.tensor(values, dtype=torch.float32)

        return cls(
            pixels=torch.tensor(np.stack([w.pixels for w in windows])).half(),
            context=torch.tensor(np.stack([w.context for w in windows])),
            freeboard_m=column([true.freeboard_m for true in truth]),
            size=torch.tensor(size, dtype=torch.float32),
            shift=torch.tensor(shift, dtype=torch.float32),
            laden=torch.tensor(laden, dtype=torch.int8),
            gsd_m=column([hull.gsd_m for hull in hulls]),
            sun_elevation_deg=column([hull.sun_elevation_deg for hull in hulls]),
        )


def ship_chip(hull: HullChip) -> ShipChip:
    """A simulated chip as the freeboard stage has it."""
    return ShipChip(
        image=hull.image,
        bands=hull.bands,
        gsd_m=hull.gsd_m,
        sun_azimuth_deg=hull.sun_azimuth_deg,
        sun_elevation_deg=hull.sun_elevation_deg,
        view_azimuth_deg=hull.view_azimuth_deg,
        view_zenith_deg=hull.view_zenith_deg,
        blur_px=hull.blur_px,
        **vars(hull.known),
    )


def shard_folder(root: Path, seed: int) -> Path:
    """Where the shards of a seed lie, as this code makes them."""
    return root / f"hulls-{seed}-{code_digest(*_RESTS_ON)}"


def make_shards(
    folder: Path, *, seed: int, shards: int, tankers: int = TANKERS
) -> Iterator[HullSamples]:
    """Make the shards that are missing, and give all of them, one after the other.

    Parameters
    ----------
    folder
        From `shard_folder`.
    seed
        Tanker i of a seed is the same for any number of shards.
    shards, tankers
        Number of shards, and of tankers in each.

    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(shards):
        path = folder / f"{number:04d}.safetensors"
        if not path.exists():
            first = number * tankers
            hulls = [chip for k in range(first, first + tankers) for chip in exposures((seed, k))]
            made = vars(HullSamples.of(hulls))
            write_whole(path, partial(save_file, made))
        yield HullSamples(**load_file(path))
