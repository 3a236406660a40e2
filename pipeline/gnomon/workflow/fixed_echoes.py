"""From the radar scenes of a study to what echoes in all of them: cranes, moorings, platforms.

Passes of one track that see a port at one angle share their fixed echoes
(`gnomon.imagery.sentinel1.fixed_echoes`). The number of the track alone does not say that they do:
since June 2026 Sentinel-1C flies elsewhere under the same numbers. So the angle of incidence and
the direction are computed in the middle of the port, and passes are taken apart where they differ.
Many passes are taken in turn, not more than `MOST` together, so that what is built or removed
counts in its time. Two slices of one pass are one.

Fixed echoes are kept and named as backgrounds are (`gnomon.workflow.backgrounds`); scenes that
cannot be read are left out. A pass takes part in its own fixed echoes, which does no harm.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.errors import GnomonError, WorkerError, faults_of
from gnomon.datamodel.observation import Background
from gnomon.datamodel.scene import Scene
from gnomon.geo.tiles import windows
from gnomon.imagery.sentinel1.fixed_echoes import FEWEST_PASSES, UNIT_DB, UNKNOWN, fixed_echo
from gnomon.imagery.sentinel1.ground import RadarGround
from gnomon.imagery.sentinel1.read import POLARISATIONS, read_sigma0
from gnomon.workflow.background_files import FILE, background_scene, write_background
from gnomon.workflow.backgrounds import BackgroundBuilder
from gnomon.workflow.digests import code_digest, digest
from gnomon.workflow.executor import completed
from gnomon.workflow.threads import one_thread

MOST = 30
"""Passes in one background: a year of one satellite."""
INCIDENCE_DEG, AZIMUTH_DEG = 1.0, 2.0
"""Passes that differ by more are of different geometry. At one degree the top of a crane of 40 m is
shown 2 m farther away."""
ONE_PASS = timedelta(minutes=10)
GSD_M = 10.0
PART_PX = 1024
"""Side of a part: thirty passes of two polarisations are 250 MB."""
LARGEST_PX = 4096**2
"""A port of 40 km; larger places have none."""
BUILT_BY = (
    "datamodel", "geo", "catalog", "imagery", "workflow/background_files.py",
    "workflow/fixed_echoes.py",
)  # fmt: skip
"""Source that fixed echoes rest on."""


@dataclass(frozen=True)
class _View:
    """A scene, and how it sees the middle of the port."""

    scene: Scene
    incidence_deg: float
    azimuth_deg: float


@dataclass(frozen=True)
class _Plan:
    """Fixed echoes to be made."""

    grid: GeoBox
    passes: tuple[tuple[Scene, ...], ...]
    """Slices of each."""

    @property
    def scenes(self) -> list[Scene]:
        return [scene for one in self.passes for scene in one]

    @property
    def bands(self) -> tuple[str, ...]:
        return tuple(name for name in POLARISATIONS if name in self.scenes[0].assets)

    @property
    def name(self) -> str:
        return digest(
            {
                "code": code_digest(*BUILT_BY),
                "fixed echoes": [[scene.inputs for scene in one] for one in self.passes],
                "grid": [str(self.grid.crs), *self.grid.shape.yx, *self.grid.affine[:6]],
            }
        )

    def background(self, path: Path) -> Background:
        """Fixed echoes as a scene, in decibels."""
        first = self.scenes[0]
        scene = background_scene(
            first, path, name=self.name, bands=self.bands, unit=UNIT_DB, nodata=UNKNOWN,
            gsd_m=GSD_M, relative_orbit=first.relative_orbit,
        )  # fmt: skip
        return Background(scene, tuple(scene.id for scene in self.scenes))


def may_have_fixed_echoes(scenes: Iterable[Scene]) -> bool:
    """Whether any track has passes enough, as far as items say it."""
    counts = defaultdict[object, int](int)
    for scene in scenes:
        counts[_track(scene)] += 1
    return any(count >= FEWEST_PASSES for track, count in counts.items() if track)


def build_fixed_echoes(
    scenes: Iterable[Scene], area: BaseGeometry | None, builder: BackgroundBuilder
) -> dict[str, Background]:
    """Fixed echoes of a port, made where the store has none.

    Parameters
    ----------
    scenes
        Radar scenes over the port, in any order.
    area
        The port's, in EPSG:4326; None for all that the scenes show, which has none.
    builder
        Where they are kept, and who reads the scenes.

    Returns
    -------
    dict
        By id of the scene. Scenes that have not `FEWEST_PASSES` like themselves are left out.

    Raises
    ------
    StoreError
        They cannot be written.

    """
    grid = None if area is None else _grid(area)
    scenes = list(scenes)
    if (
        grid is None
        or grid.shape.x * grid.shape.y > LARGEST_PX
        or not may_have_fixed_echoes(scenes)
    ):
        return {}
    views, folder = list(_views(scenes, grid, builder)), builder.store.folder.resolve()
    made = dict[str, Background]()
    plans = list(_planned(views, grid))
    while plans:
        plan = plans.pop()
        unreadable = set() if builder.store.find(plan.name) else _make(plan, builder)
        if unreadable:
            own = {scene.id for scene in plan.scenes} - unreadable
            plans += _planned([view for view in views if view.scene.id in own], grid)
        else:
            background = plan.background(folder / plan.name / FILE)
            made |= {scene.id: background for scene in plan.scenes}
    return made


def _grid(area: BaseGeometry) -> GeoBox:
    middle = area.centroid
    outline = Geometry(area, "EPSG:4326").segmented(0.01).to_crs(CRS.utm(middle.x, middle.y))
    return GeoBox.from_geopolygon(outline, resolution=GSD_M)


def _track(scene: Scene) -> tuple[object, ...] | None:
    """Equal for scenes that may show the same; None where the item does not say it."""
    if scene.sensor != "sar" or scene.relative_orbit is None:
        return None
    bands = tuple(name for name in POLARISATIONS if name in scene.assets)
    return (scene.collection, scene.relative_orbit, bands)


def _views(scenes: Sequence[Scene], grid: GeoBox, builder: BackgroundBuilder) -> Iterator[_View]:
    report = builder.on_stage("geometry of radar")
    own = [scene for scene in scenes if _track(scene)]
    looked = completed(partial(_view, grid=grid), own, builder.executor, given_up=_none)
    for count, (scene, view) in enumerate(looked, start=1):
        report(count, len(own), scene.id)
        if view is not None:
            yield view


def _none(_given: object, _error: WorkerError) -> None:
    """Of a scene whose reading ends its process: it cannot be read."""


def _view(scene: Scene, grid: GeoBox) -> _View | None:
    """How a scene sees the middle of a grid; None if its files cannot be read."""
    try:
        with faults_of(scene.id, "image"):
            ground = RadarGround.of(scene, grid)
            rows, columns = grid.shape.yx
            middle = columns / 2, rows / 2
            return _View(
                scene, ground.incidence_deg(*middle), ground.towards_satellite_deg(*middle)
            )
    except GnomonError:
        return None


def _planned(views: Iterable[_View], grid: GeoBox) -> Iterator[_Plan]:
    """Fixed echoes of passes of one track and geometry."""
    tracks = defaultdict[object, list[_View]](list)
    for view in views:
        tracks[_track(view.scene)].append(view)
    for track in tracks.values():
        for side in _apart(track, lambda one: one.azimuth_deg, AZIMUTH_DEG):
            for alike in _apart(side, lambda one: one.incidence_deg, INCIDENCE_DEG):
                passes = list(_passes(view.scene for view in alike))
                parts = -(-len(passes) // MOST)
                for part in range(parts if len(passes) >= FEWEST_PASSES else 0):
                    own = passes[part * len(passes) // parts : (part + 1) * len(passes) // parts]
                    yield _Plan(grid, tuple(own))


def _apart(
    views: Iterable[_View], value: Callable[[_View], float], gap: float
) -> Iterator[list[_View]]:
    """Views parted wherever one and the next differ by more than a gap."""
    ordered = sorted(views, key=lambda one: (value(one), one.scene.id))
    cuts = [n for n, (a, b) in enumerate(pairwise(ordered), 1) if value(b) - value(a) > gap]
    for start, end in pairwise([0, *cuts, len(ordered)]):
        yield ordered[start:end]


def _passes(scenes: Iterable[Scene]) -> Iterator[tuple[Scene, ...]]:
    """Slices of one pass after the other, in the order of time."""
    own: list[Scene] = []
    for scene in sorted(scenes, key=lambda one: (one.seen_at, one.id)):
        if own and scene.seen_at - own[0].seen_at > ONE_PASS:
            yield tuple(own)
            own = []
        own.append(scene)
    if own:
        yield tuple(own)


def _make(plan: _Plan, builder: BackgroundBuilder) -> set[str]:
    """Make fixed echoes; returns ids of scenes that cannot be read, and then nothing is made."""
    rows, columns = plan.grid.shape.yx
    made = np.full((len(plan.bands), rows, columns), UNKNOWN, np.int16)
    parts = list(windows((rows, columns), core_px=PART_PX, halo_px=0))
    report = builder.on_stage("fixed echoes of radar")
    order = {one[0].id: number for number, one in enumerate(plan.passes)}
    for number, part in enumerate(parts):
        core = plan.grid[part.core]
        stack = np.full((len(plan.bands), len(order), *core.shape.yx), np.nan, np.float32)
        task = partial(_seen_or_none, bands=plan.bands, grid=plan.grid, part=core)
        unreadable = set()
        read = completed(task, list(plan.passes), builder.executor, given_up=_none)
        for count, (one, seen) in enumerate(read, start=1):
            if seen is None:
                unreadable |= {scene.id for scene in one}
            else:
                stack[:, order[one[0].id]] = seen
            report(number * len(order) + count, len(parts) * len(order), one[0].id)
        if unreadable:
            return unreadable
        for band, passes in enumerate(stack):
            made[band][part.core] = fixed_echo(passes)
    write = partial(
        write_background,
        counts=made,
        grid=plan.grid,
        bands=plan.bands,
        unit=UNIT_DB,
        nodata=UNKNOWN,
    )
    builder.store.keep(plan.name, write)
    return set()


def _seen_or_none(
    slices: tuple[Scene, ...], bands: Sequence[str], grid: GeoBox, part: GeoBox
) -> Float32s | None:
    """Sigma0 of a pass on a part of the grid; None if a slice cannot be read."""
    seen = np.full((len(bands), *part.shape.yx), np.nan, np.float32)
    try:
        for scene in slices:
            with one_thread(), faults_of(scene.id, "image"):
                _add_slice(seen, scene, bands, grid, part)
    except GnomonError:
        return None
    return seen


def _add_slice(
    seen: Float32s, scene: Scene, bands: Sequence[str], grid: GeoBox, part: GeoBox
) -> None:
    """Add what one slice shows where no other did."""
    ground = RadarGround.of(scene, grid)
    window = ground.window(part)
    if window is None:
        return
    pixels = read_sigma0(scene, window, polarisations=bands, keep_noise=True)
    shown = ground.picture(pixels[list(bands)], window, part)
    for band, layer in zip(bands, seen, strict=True):
        np.copyto(layer, shown[band].to_numpy(), where=np.isnan(layer))
