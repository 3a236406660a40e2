"""Radar images with known ships, and the places in them that training shows.

A place is a candidate of the detector at a rate ten times as generous. It is of a ship if it lies
on it or within 20 m; of none if it lies farther than 60 m from all; and in between it is left out.
In real chips neighbours have no label: there a place off the ship is left out too, but for those in
line with it along or across the track, which are its sidelobes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.radar_candidates import RadarPlanes, radar_candidates
from gnomon.detect.radar_cfar import RadarCfar

PIXEL_M = 10.0
SPACING_M = (PIXEL_M, PIXEL_M)
RATE = 1e-4
NONE, UNSURE = -1, -2
ON_PX, OFF_PX = 2.0, 6.0
SIDELOBE_PX = 2
MARGIN_PX = 20
"""At the edge of a sheet nothing is shown: a crop there is half empty, which those of images are
not."""


def as_pixels(bands: Mapping[str, Float32s], incidence_deg: ArrayLike) -> xr.Dataset:
    """Linear sigma0 by polarisation, and the incidence of each sample or pixel, as images."""
    shape = next(iter(bands.values())).shape
    layers = {**bands, "incidence_deg": np.broadcast_to(incidence_deg, shape)}
    arrays = {name: (("line", "sample"), values) for name, values in layers.items()}
    return xr.Dataset(arrays, attrs={"spacing_m": SPACING_M})


def as_masks(land: Mask) -> xr.Dataset:
    """Masks where all water is searched."""
    layers = {"land": land, "search": ~land, "clutter": ~land}
    return xr.Dataset({name: (("line", "sample"), one) for name, one in layers.items()})


@dataclass(frozen=True)
class RadarSheet:
    """One image, its masks and its ships."""

    pixels: xr.Dataset
    """As a detector gets it (`as_pixels`)."""
    masks: xr.Dataset
    """As a detector gets them: ``land``, ``search`` and ``clutter``."""
    ships: OrientedBoxes
    """In samples (x) and lines (y)."""
    sized: Mask
    """Which ships have a known length, (ships,)."""
    group: NDArray[np.int64]
    """Of each ship: number of a real scene, or -1."""
    unlabelled: Mask = field(default_factory=lambda: np.zeros((0, 0), bool))
    """Where ships may lie that have no label; empty where there is no such place."""

    @cached_property
    def planes(self) -> RadarPlanes:
        """As the network gets it."""
        return RadarPlanes.of(self.pixels, self.masks["land"].to_numpy())

    @property
    def shape(self) -> tuple[int, ...]:
        """Lines and samples."""
        return self.masks["land"].shape

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Candidates, (n, 2), and the ship of each, `NONE` or `UNSURE`, (n,)."""
        where = radar_candidates(
            self.pixels,
            self.masks["clutter"].to_numpy(),
            self.masks["search"].to_numpy(),
            spacing_m=SPACING_M,
            test=RadarCfar(false_alarm_rate=RATE),
        )
        lines, samples = self.shape
        x, y = where.T
        inside = (x >= MARGIN_PX) & (y >= MARGIN_PX)
        inside &= (x < samples - MARGIN_PX) & (y < lines - MARGIN_PX)
        where = where[inside]
        return where, self._ship_of(where)

    def _ship_of(self, where: NDArray[np.int64]) -> NDArray[np.int64]:
        out = np.full(len(where), NONE)
        if self.unlabelled.any():
            out[self.unlabelled[where[:, 1], where[:, 0]]] = UNSURE
        nearest = np.full(len(where), np.inf)
        for number, box in enumerate(self.ships):
            along, across = box.along_across(where[:, 0] + 0.5, where[:, 1] + 0.5)
            beyond = np.maximum(abs(along) - box.length / 2, abs(across) - box.beam / 2)
            lobes = np.abs(where - (box.x, box.y)).min(axis=1) <= SIDELOBE_PX
            here = np.hypot(along, across) < box.length / 2 + 60.0
            out[here & lobes & (out == UNSURE) & (beyond > OFF_PX)] = NONE
            out[(beyond <= OFF_PX) & (nearest > ON_PX)] = UNSURE
            mine = (beyond <= ON_PX) & (beyond < nearest)
            out[mine] = number
            nearest[mine] = beyond[mine]
        return out
