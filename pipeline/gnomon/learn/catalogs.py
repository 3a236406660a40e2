"""Labelled scenes of a catalogue, and what detectors find in them.

Labels are outlines: an asset ``ships`` of each item, GeoJSON. Corrections to them, if any, stand in
a file of their own (`gnomon.learn.corrections`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.arrays import Float32s, Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import CatalogError
from gnomon.datamodel.study import CatalogOptions, DetectOptions, MaskOptions
from gnomon.detect import weights
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.cfar import cfar_boxes
from gnomon.imagery.read import read_pixels
from gnomon.imagery.water import usable_water
from gnomon.learn.corrections import corrected, read_corrections
from gnomon.learn.metrics import Matched, match
from gnomon.learn.scenes import (
    Labelled,
    Loose,
    flags,
    labelled,
    outlines_in_pixels,
    rectangles_of,
    tankers,
)
from gnomon.learn.type_labels import with_types

LOOSE = Loose(length_m=10.0, beam_m=10.0)
"""The outlines of sen2ships are about a pixel loose all around: against the half-brightness length
of ships at sea they read 10 m long (median)."""


@dataclass(frozen=True)
class Marked:
    """A scene's pixels and the outlines of its ships."""

    name: str
    pixels: xr.Dataset
    masks: xr.Dataset
    outlines: gpd.GeoDataFrame

    @property
    def gsd_m(self) -> float:
        """Metres per pixel."""
        return float(abs(self.pixels.odc.geobox.resolution.x))

    @cached_property
    def polygons(self) -> list[shapely.Geometry]:
        """Outlines in pixels."""
        return outlines_in_pixels(self.outlines, self.pixels)

    @cached_property
    def truth(self) -> OrientedBoxes:
        """Outlines as boxes."""
        return rectangles_of(self.outlines, self.pixels, loose=LOOSE)

    @property
    def tanker(self) -> Float32s:
        """1 for a tanker, 0 for another type, NaN where nobody has said."""
        return tankers(self.outlines)

    @property
    def ignored(self) -> Mask:
        """Labels that are neither to be missed nor a false alarm."""
        return flags(self.outlines, "ignored")

    def learnable(self, bands: Sequence[str] = NetworkOptions().bands) -> Labelled:
        """As training wants it."""
        return labelled(
            self.name, self.pixels, self.outlines, bands=bands, masks=self.masks, loose=LOOSE
        )

    def typed(self, types: gpd.GeoDataFrame, *, guesses: bool = False) -> "Marked":
        """The same scene with what somebody told of the types of its ships."""
        return replace(self, outlines=with_types(self.outlines, self.name, types, guesses=guesses))

    def corrected(self, corrections: gpd.GeoDataFrame) -> "Marked":
        """The same scene with better labels."""
        return replace(self, outlines=corrected(self.outlines, self.name, corrections))


def marked_scenes(
    *catalogs: str, ports: Sequence[str] | None = None, corrections: Path | None = None
) -> list[Marked]:
    """Every scene of some catalogues that has outlines of ships.

    Parameters
    ----------
    catalogs
        Where the scenes are.
    ports
        Parts of item ids; other scenes are left out. All, if left out.
    corrections
        File of corrections to the labels.

    Raises
    ------
    CatalogError
        A catalogue cannot be read, or none of its scenes is labelled.
    LabelError
        The corrections are at fault, or do not fit the labels.

    """
    better = read_corrections(corrections) if corrections else None
    marked = []
    for catalog in catalogs:
        found = find_scenes(CatalogOptions(url=catalog), area=None)
        scenes = [s for s in found.scenes if s.outlines_href]
        if not scenes:
            raise CatalogError(
                f"{catalog}: no item has outlines of ships, an asset 'ships' (GeoJSON)"
            )
        for scene in scenes:
            if ports is None or any(port in scene.id for port in ports):
                pixels = read_pixels(scene, None)
                masks = usable_water(pixels, MaskOptions())
                marked.append(Marked(scene.id, pixels, masks, gpd.read_file(scene.outlines_href)))
    return [m.corrected(better) for m in marked] if better is not None else marked


def matched(
    scenes: Sequence[Marked], found: Sequence[OrientedBoxes], *, length_min_m: float = 50.0
) -> Matched:
    """Hulls of several scenes against their labels."""
    return Matched.joined(
        [
            match(
                hulls,
                m.polygons,
                m.truth,
                gsd_m=m.gsd_m,
                length_min_m=length_min_m,
                ignored=m.ignored,
            )
            for m, hulls in zip(scenes, found, strict=True)
        ]
    )


Finder = Callable[[Marked], OrientedBoxes]
"""Hulls of a scene, down to scores far below any threshold."""
LOWEST = 0.02


def raw_finder(network: Network) -> Finder:
    """A network's own scores, not calibrated."""
    return _found_by(weights.uncalibrated(network))


def finder(name: str) -> Finder:
    """Calibrated scores of weights by name."""
    return _found_by(weights.load(name))


def _found_by(ready: weights.Weights) -> Finder:
    detector = Cascade(ready, DetectOptions(threshold=LOWEST))
    return lambda m: detector.find(m.pixels, m.masks)


def cfar_finder(m: Marked) -> OrientedBoxes:
    """The contrast stage alone, as a detector of its own."""
    boxes = cfar_boxes(
        m.pixels,
        m.masks.water.to_numpy(),
        m.masks.search.to_numpy(),
        z_score_min=DetectOptions.model_fields["z_score_min"].default,
    )
    return boxes[boxes.length * m.gsd_m >= DetectOptions.model_fields["length_min_m"].default]


def most_flattering(result: Matched) -> float:
    """Threshold of best F1 on the very labels that it is measured with."""
    return max(np.unique(result.score), key=lambda t: result.at(t)["f1"], default=0.0)
