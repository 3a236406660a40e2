"""From the scenes of a study to the background of each port: what it looks like without ships.

Scenes of one collection with the same bands and the same pixels make the background of a port
(`gnomon.imagery.background`), one for each season of the year, because land changes with snow and
leaves. A season's background is made from the observations nearest to its middle, in any year;
where there are few, all seasons share one. An observation takes part in its own background, which
does no harm: a ship that stays for ten observations is not in it, and neither is one that is there
once.

A background is kept in the store, named by a digest of all that it rests on, and is read like any
other scene. Scenes that cannot be read are left out, and the name is that of the rest. It is made
part by part, and each scene is read once for all seasons, so that memory does not grow with the
port.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox, geobox_union_conservative
from odc.geo.geom import Geometry
from odc.geo.xr import rasterize
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import AssetError, GnomonError, WorkerError, faults_of
from gnomon.datamodel.observation import Background
from gnomon.datamodel.progress import Progress, Stages, silent_stages
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import MaskOptions
from gnomon.geo.tiles import Window, windows
from gnomon.imagery.background import FEWEST, UNIT, Clear, clear, median_background
from gnomon.imagery.read import geobox_of, read_window, window_of
from gnomon.imagery.water import usable_water
from gnomon.workflow.background_files import FILE, background_scene, write_background
from gnomon.workflow.digests import code_digest, digest
from gnomon.workflow.executor import completed
from gnomon.workflow.store import Store
from gnomon.workflow.threads import one_thread

MOST = 30
"""Observations in one background: twice the fewest, so that half may be cloudy at a place."""
CLOUDY_PERCENT = 60.0
"""Scenes with more cloud, by their provider's estimate, are chosen last."""
PART_PX, HALO_PX = 1024, 64
"""Side of a part: four bands of a scene are 8 MB. The halo is for the masks."""
LARGEST_PX = 4096**2
"""A port of 40 km at 10 m. Larger places are whole scenes, and have no background."""
BUILT_BY = (
    "datamodel", "geo", "catalog", "imagery", "workflow/background_files.py",
    "workflow/backgrounds.py",
)  # fmt: skip
"""Source that a background rests on."""
_YEAR_DAYS = 365
_MIDDLES = (15, 105, 196, 288)
"""Middle days of the year of December to February, March to May, and so on."""


@dataclass(frozen=True)
class BackgroundBuilder:
    """What backgrounds are made of, where they are kept, and who reads the scenes."""

    store: Store
    executor: Executor | None
    """Reads the scenes; this thread, one after the other, if None."""
    bands: Sequence[str]
    """Of the network."""
    options: MaskOptions
    on_stage: Stages = silent_stages
    """Called as scenes begin to be opened, and to be read."""


@dataclass(frozen=True)
class _Place:
    """A scene over a port."""

    scene: Scene
    grid: GeoBox
    bands: tuple[str, ...]

    @property
    def alike(self) -> tuple[object, ...]:
        """Equal for scenes whose pixels coincide."""
        a = self.grid.affine
        pixel = (round(a.a, 6), round(a.b, 6), round(a.d, 6), round(a.e, 6))
        left, top = (round(corner / a.a % 1, 3) % 1 for corner in (a.c, a.f))
        return (self.scene.collection, self.bands, str(self.grid.crs), pixel, left, top)

    @property
    def order(self) -> tuple[object, ...]:
        """By time."""
        return (self.scene.seen_at, self.scene.id)


@dataclass(frozen=True)
class _Plan:
    """A background to be made."""

    name: str
    grid: GeoBox
    places: tuple[_Place, ...]

    @property
    def bands(self) -> tuple[str, ...]:
        return self.places[0].bands

    def background(self, path: Path) -> Background:
        """The background as a scene."""
        first = self.places[0].scene
        scene = background_scene(
            first, path, name=self.name, bands=self.bands, unit=UNIT, nodata=0, gsd_m=first.gsd_m
        )
        return Background(scene, tuple(place.scene.id for place in self.places))


class _UnreadableError(Exception):
    """Scenes that cannot be read."""

    def __init__(self, scenes: set[str]) -> None:
        super().__init__(scenes)
        self.scenes = scenes


def build_backgrounds(
    scenes: Iterable[Scene], area: BaseGeometry | None, builder: BackgroundBuilder
) -> dict[str, Background]:
    """Backgrounds of a port, made where the store has none.

    Parameters
    ----------
    scenes
        Over the port, in any order.
    area
        The port's, in EPSG:4326; None for all that the scenes show.
    builder
        Where backgrounds are kept, and who reads the scenes.

    Returns
    -------
    dict
        By id of the scene. Scenes that are radar, cannot be opened, or have fewer than `FEWEST`
        alike are left out.

    Raises
    ------
    StoreError
        A background cannot be written.

    """
    places = list(_places(scenes, area, builder))
    while True:
        plans = _planned(places, builder.options)
        try:
            for together in _by_grid(plans.values()):
                missing = [plan for plan in together if builder.store.find(plan.name) is None]
                _make(missing, builder)
        except _UnreadableError as error:
            places = [place for place in places if place.scene.id not in error.scenes]
        else:
            folder = builder.store.folder.resolve()
            return {
                scene: plan.background(folder / plan.name / FILE) for scene, plan in plans.items()
            }


def background_over(background: Background, window: GeoBox) -> xr.Dataset:
    """Reflectances of a window of the scenes' grid, NaN where the background is unknown."""
    return read_window(background.scene, window, bands=tuple(background.scene.assets))


def _by_grid(plans: Iterable[_Plan]) -> Iterable[list[_Plan]]:
    """Different backgrounds whose pixels coincide, together."""
    groups: dict[tuple[object, ...], list[_Plan]] = defaultdict(list)
    for plan in {plan.name: plan for plan in plans}.values():
        groups[plan.places[0].alike].append(plan)
    return groups.values()


def _places(
    scenes: Iterable[Scene], area: BaseGeometry | None, builder: BackgroundBuilder
) -> Iterator[_Place]:
    """Where scenes lie; those that cannot be opened fail when they are observed."""
    optical = [scene for scene in scenes if scene.sensor == "optical"]
    if len(optical) < FEWEST:
        return  # too few: open none
    report, grids = builder.on_stage("opening scenes"), {}
    task = partial(_window_of, area=area)
    for scene, grid in completed(task, optical, builder.executor, given_up=_none):
        grids[scene.id] = grid
        report(len(grids), len(optical), scene.id)
    for scene in optical:
        grid, bands = grids[scene.id], tuple(b for b in builder.bands if b in scene.assets)
        if grid is not None and bands:
            yield _Place(scene, grid, bands)


def _window_of(scene: Scene, area: BaseGeometry | None) -> GeoBox | None:
    try:
        with faults_of(scene.id, "image"):
            grid = geobox_of(scene)
            return grid if area is None else window_of(scene, grid, area)
    except AssetError:
        return None


def _planned(places: Iterable[_Place], options: MaskOptions) -> dict[str, _Plan]:
    """The background for each scene that can have one, by the scene's id."""
    groups: dict[tuple[object, ...], list[_Place]] = defaultdict(list)
    for place in places:
        groups[place.alike].append(place)
    plans: dict[str, _Plan] = {}
    for group in groups.values():
        grid = geobox_union_conservative([place.grid for place in group])
        if len(group) < FEWEST or grid.shape.x * grid.shape.y > LARGEST_PX:
            continue
        seasons = {season: _plan(group, season, grid, options) for season in range(4)}
        plans |= {place.scene.id: seasons[_season(place.scene)] for place in group}
    return plans


def _season(scene: Scene) -> int:
    return scene.seen_at.month % 12 // 3


def _plan(group: Sequence[_Place], season: int, grid: GeoBox, options: MaskOptions) -> _Plan:
    """The scenes nearest to the middle of a season, and the name of their background."""
    chosen = sorted(
        group, key=lambda place: (*_distance_to_season(place.scene, season), *place.order)
    )[:MOST]
    chosen = sorted(chosen, key=lambda place: place.order)
    name = digest(
        {
            "code": code_digest(*BUILT_BY),
            "background": [place.scene.inputs for place in chosen],
            "grid": [str(grid.crs), *grid.shape.yx, *grid.affine[:6]],
            "bands": chosen[0].bands,
            "mask": options.model_dump(),
        }
    )
    return _Plan(name, grid, tuple(chosen))


def _distance_to_season(scene: Scene, season: int) -> tuple[bool, int]:
    """Whether a scene is cloudy, and its days of the year from the middle of a season."""
    days = abs(scene.seen_at.timetuple().tm_yday - _MIDDLES[season]) % _YEAR_DAYS
    return (scene.cloud_percent or 0) > CLOUDY_PERCENT, min(days, _YEAR_DAYS - days)


def _make(plans: Sequence[_Plan], builder: BackgroundBuilder) -> None:
    """Make backgrounds of one grid, each scene being read once."""
    if not plans:
        return
    grid, bands = plans[0].grid, plans[0].bands
    places = {place.scene.id: place for plan in plans for place in plan.places}
    made = {plan.name: np.zeros((len(bands), *grid.shape.yx), np.uint16) for plan in plans}
    parts = list(windows(grid.shape.yx, core_px=PART_PX, halo_px=HALO_PX))
    report = builder.on_stage("background without ships")
    for number, part in enumerate(parts):
        report_part = partial(_report_part, report, number * len(places), len(parts) * len(places))
        observations = _read(places.values(), grid, part, builder, report_part)
        for plan in plans:
            made[plan.name][:, *part.core] = median_background(
                [observations[p.scene.id] for p in plan.places]
            )
        del observations  # before those of the next part come
    for plan in plans:
        counts = made[plan.name]
        write = partial(
            write_background, counts=counts, grid=grid, bands=bands, unit=UNIT, nodata=0
        )
        builder.store.keep(plan.name, write)


def _report_part(report: Progress, before: int, total: int, done: int, scene: str) -> None:
    report(before + done, total, scene)


def _read(
    places: Iterable[_Place],
    grid: GeoBox,
    part: Window,
    builder: BackgroundBuilder,
    report: Callable[[int, str], None],
) -> Mapping[str, Clear]:
    """Clear pixels of a part's core by scene.

    Raises
    ------
    _UnreadableError
        Some cannot be read.

    """
    observations, unreadable = {}, set()
    task = partial(_clear_or_none, grid=grid, part=part, options=builder.options)
    made = completed(task, list(places), builder.executor, given_up=_none)
    for count, (place, seen) in enumerate(made, start=1):
        if seen is None:
            unreadable.add(place.scene.id)
        else:
            observations[place.scene.id] = seen
        report(count, place.scene.id)
    if unreadable:
        raise _UnreadableError(unreadable)
    return observations


def _none(_place: object, _error: WorkerError) -> None:
    """Of a scene whose reading ends its process: it cannot be read."""


def _clear_or_none(place: _Place, grid: GeoBox, part: Window, options: MaskOptions) -> Clear | None:
    """Clear pixels of a part's core; None if the scene cannot be read."""
    try:
        with one_thread(), faults_of(place.scene.id, "image"):
            return _clear(place, grid, part, options)
    except GnomonError:
        return None


def _clear(place: _Place, grid: GeoBox, part: Window, options: MaskOptions) -> Clear:
    """Clear pixels of a part's core; none beyond the scene's edge."""
    shift = ~grid.affine @ place.grid.affine
    starts, sides = (round(shift.f), round(shift.c)), place.grid.shape.yx
    halo = tuple(
        slice(max(side.start, start), min(side.stop, start + length))
        for side, start, length in zip(part.halo, starts, sides, strict=True)
    )
    shape = tuple(side.stop - side.start for side in part.halo)
    counts = np.zeros((len(place.bands), *shape), np.uint16)
    water = np.zeros(shape, bool)
    if all(side.start < side.stop for side in halo):
        window = place.grid[_moved(halo, starts)]
        seen = _clear_window(place, window, options)
        here = _moved(halo, [side.start for side in part.halo])
        counts[:, *here], water[here] = seen.counts, seen.water
    core = _moved(part.core, [side.start for side in part.halo])
    return Clear(counts[:, *core].copy(), water[core].copy())


def _moved(sides: Sequence[slice], by: Sequence[int]) -> tuple[slice, ...]:
    return tuple(
        slice(side.start - start, side.stop - start) for side, start in zip(sides, by, strict=True)
    )


def _clear_window(place: _Place, window: GeoBox, options: MaskOptions) -> Clear:
    """Clear pixels of a window, without ground that another scene of the same pass covers."""
    pixels = read_window(place.scene, window)
    masks = usable_water(pixels, options)
    if place.scene.covered is not None and not shapely.is_empty(place.scene.covered):
        # One pass is one observation: a ship in two tiles of it would count as two.
        own = rasterize(Geometry(place.scene.covered, "EPSG:4326"), window, value_inside=False)
        masks["valid"] = masks["valid"] & own.to_numpy()
    return clear(pixels, masks, place.bands)
