"""Labelled scenes: pixels, and what is known of the ships in them.

They come from catalogues whose items have an asset ``ships`` (outlines, GeoJSON), from chips that a
person has labelled (`gnomon.learn.samples`) and from the simulator. Training, fine-tuning and
cross-validation take them alike. Corrections to the labels of a catalogue, if any, are in a file of
their own (`gnomon.learn.corrections`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, reduce
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from odc.geo.xr import wrap_xr

from gnomon.catalog.documents import one_line, parsed_object
from gnomon.catalog.http import read_document
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.arrays import Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import CatalogError, LabelError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.scene import Asset, Scene
from gnomon.datamodel.study import CatalogOptions, MaskOptions
from gnomon.imagery.rasters import raster_of, reading
from gnomon.imagery.read import read_pixels
from gnomon.imagery.water import usable_water
from gnomon.learn.corrections import corrected, read_corrections, with_completions
from gnomon.learn.labels import published_outlines
from gnomon.learn.outlines import (
    PIXEL_LOOSE,
    TIGHT,
    Looseness,
    boxes_of,
    flags,
    gsd_of,
    outlines_in_pixels,
)
from gnomon.learn.type_labels import with_types
from gnomon.simulate.pixels.scene import SceneSpec, deserted, simulate, training_specs, truth

SHORTEST_M = 40.0
"""Shorter vessels are labelled here and there only: the network is to learn nothing from them."""
OUTLINES_S = 60.0
"""Seconds that outlines at an address may take."""


def _none() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[], crs="EPSG:4326")


@dataclass(frozen=True)
class LabelledScene:
    """Pixels of a scene, or of a part of it, with all its ships of 50 m and more outlined."""

    name: str
    """Identifier of the STAC item."""
    pixels: xr.Dataset
    """Reflectances by band on an odc-geo GeoBox, NaN where nothing was measured."""
    masks: xr.Dataset
    """Layers ``water``, ``search`` and ``land`` on the same grid."""
    outlines: gpd.GeoDataFrame
    """Ships, polygons in any CRS. Columns, each of which may be missing: ``ignored``, what may be a
    ship and may be none; ``measured`` and ``type``, as `gnomon.learn.outlines.boxes_of` has them.
    """
    _: KW_ONLY
    port: str | None = None
    looseness: Looseness = TIGHT
    """How loosely the outlines were drawn."""
    hard_negatives: gpd.GeoDataFrame = field(default_factory=_none)
    """Outlines of what was taken for a ship and is none; sampled as often as ships."""
    unknown: Mask | None = None
    """(rows, columns): neither ship nor background. None where everything is known."""
    without_ships: xr.Dataset | None = None
    """Bands of the same place without its ships, where that is known exactly."""
    real: bool = True
    """From a satellite and not simulated."""

    @property
    def gsd_m(self) -> float:
        """Metres per pixel."""
        return gsd_of(self.pixels)

    @cached_property
    def polygons(self) -> list[shapely.Geometry]:
        """Outlines in pixels."""
        return outlines_in_pixels(self.outlines, self.pixels)

    @cached_property
    def boxes(self) -> OrientedBoxes:
        """Outlines as boxes in pixels."""
        return boxes_of(self.outlines, self.pixels, looseness=self.looseness)

    @property
    def ignored(self) -> Mask:
        """Outlines that are neither a miss nor a false positive."""
        return flags(self.outlines, "ignored")

    def known(self, boxes: OrientedBoxes) -> OrientedBoxes:
        """The boxes whose centre does not lie on unknown ground."""
        if self.unknown is None:
            return boxes
        rows, columns = self.unknown.shape
        y = boxes.y.astype(int).clip(0, rows - 1)
        x = boxes.x.astype(int).clip(0, columns - 1)
        return boxes[~self.unknown[y, x]]

    @property
    def searched(self) -> "LabelledScene":
        """The same scene with water only where everything is known."""
        if self.unknown is None:
            return self
        water = self.masks["water"] & ~self.unknown
        return replace(self, masks=self.masks.assign(water=water))

    def typed(self, types: gpd.GeoDataFrame, *, guesses: bool = False) -> "LabelledScene":
        """The same scene with types of ships from `gnomon.learn.type_labels`."""
        return replace(self, outlines=with_types(self.outlines, self.name, types, guesses=guesses))

    def corrected(self, corrections: gpd.GeoDataFrame) -> "LabelledScene":
        """The same scene with corrected labels."""
        return replace(self, outlines=corrected(self.outlines, self.name, corrections))


def labelled_scenes(
    *catalogs: str,
    ports: Sequence[str] | None = None,
    corrections: Path | None = None,
    completions: Path | None = None,
    hosts: Sequence[str] = (),
) -> list[LabelledScene]:
    """Every scene of some catalogues that has outlines of ships.

    Parameters
    ----------
    catalogs
        Addresses or paths of the catalogues.
    ports
        Parts of item ids; other scenes are left out. All, if left out.
    corrections
        File of corrections to the labels.
    completions
        A second such file, which wins where both name a label.
    hosts
        Hosts that are not of the internet and that the catalogues may lead to.

    Raises
    ------
    CatalogError
        A catalogue cannot be read, or none of its scenes is labelled.
    LabelError
        Outlines or corrections are at fault, or do not fit each other.

    """
    files = [read_corrections(path) for path in (corrections, completions) if path]
    better = reduce(with_completions, files) if files else None
    labelled: list[LabelledScene] = []
    for catalog in catalogs:
        found = find_scenes(CatalogOptions(url=catalog, hosts=tuple(hosts)), area=None)
        scenes = [s for s in found.scenes if s.outlines_href]
        if not scenes:
            raise CatalogError(
                f"{catalog}: no item has outlines of ships, an asset 'ships' (GeoJSON)"
            )
        wanted = [s for s in scenes if ports is None or any(port in s.id for port in ports)]
        labelled += [_read(scene) for scene in wanted]
    return [one.corrected(better) for one in labelled] if better is not None else labelled


def _read(scene: Scene) -> LabelledScene:
    pixels = read_pixels(scene, None)
    beside = scene.beside_outlines
    outlines = outlines_of(scene)
    if beside.doubts_href:
        doubts = _outlines_at(beside.doubts_href, scene).assign(ignored=True)
        outlines = pd.concat([outlines, doubts], ignore_index=True)
    wrong = beside.hard_negatives_href
    return LabelledScene(
        scene.id,
        pixels,
        usable_water(pixels, MaskOptions()),
        outlines,
        looseness=PIXEL_LOOSE,
        hard_negatives=_outlines_at(wrong, scene) if wrong else _none(),
        unknown=None if beside.searched is None else _not_searched(scene, beside.searched, pixels),
    )


def _not_searched(scene: Scene, mask: Asset, pixels: xr.Dataset) -> Mask:
    with reading(scene, mask):
        raster = raster_of(scene, mask)
        if raster.grid != pixels.odc.geobox:
            raise LabelError(f"{scene.id}: the mask 'searched' is not on the grid of the bands")
        return np.asarray(raster.source.read(mask.band) == 0)


def outlines_of(scene: Scene) -> gpd.GeoDataFrame:
    """Outlines of the ships of a labelled scene, at a path or an address, in EPSG:4326.

    Rows keep their order.

    Raises
    ------
    LabelError
        They cannot be read, or features are at fault: each is named.

    """
    return _outlines_at(str(scene.outlines_href), scene)


def _outlines_at(href: str, scene: Scene) -> gpd.GeoDataFrame:
    shown = without_secrets(href)
    try:
        body = read_document(href, scene.trust, timeout_s=OUTLINES_S)
        parsed_object(body.decode("utf-8-sig"), scene.trust.limits)
    except (OSError, ValueError, TypeError) as error:
        raise LabelError(f"{shown}: cannot be read as GeoJSON ({one_line(error)})") from error
    return published_outlines(body, shown)


def simulated_scenes(
    count: int, *, seed: int, without_ships: bool = False, cache: Path | None = None
) -> Iterator[LabelledScene]:
    """Simulated scenes, whose ships are known exactly; those under `SHORTEST_M` are ignored.

    Parameters
    ----------
    count
        How many.
    seed
        Scene i of a seed is the same however many there are.
    without_ships
        Whether the place is simulated on another day without its ships as well.
    cache
        Folder that keeps their pixels: they take longer to make than to read.

    """
    for spec in training_specs(count, seed=seed):
        pixels = _simulated(spec, cache)
        ships = truth(spec)
        yield LabelledScene(
            spec.id,
            pixels,
            usable_water(pixels, MaskOptions()),
            ships.assign(ignored=ships.length_m < SHORTEST_M),
            without_ships=simulate(deserted(spec))[0] if without_ships else None,
            real=False,
        )


def _simulated(spec: SceneSpec, cache: Path | None) -> xr.Dataset:
    path = cache / f"{spec.id}.npz" if cache else None
    if path and path.is_file():
        with np.load(path) as kept:
            return xr.Dataset({band: wrap_xr(kept[band], spec.geobox) for band in kept.files})
    pixels, _ = simulate(spec)
    if path:
        layers = {str(band): layer.to_numpy() for band, layer in pixels.items()}
        write_whole(path, lambda partial: _write_layers(partial, layers))
    return pixels


def _write_layers(path: Path, layers: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:  # by name, numpy would add an ending
        np.savez(file, allow_pickle=False, **layers)
