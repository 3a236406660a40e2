"""One scene over one port: pixels in, hulls with their loads and the evidence for them out.

The scene is read in windows, each once, with a halo that holds a hull on the seam together with its
shadow and the water beyond. Masks, detection and load are made from the same pixels: what the load
stage needs of a hull is cut from the window in which the hull was found, before the next window is
read, so that a whole tile is never in memory.

An observation is one task, and holds the libraries inside it to one thread. Where there are fewer
images than processors, its parts are worked on side by side, a thread each: the result is the same.
A fault of the scene becomes a row that says why, not an error.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from shapely import Polygon

from gnomon.catalog.angles import with_angles
from gnomon.datamodel.boxes import OrientedBox, OrientedBoxes
from gnomon.datamodel.errors import AssetError, GnomonError, faults_of
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.scene import OPTICAL_BANDS, QUALITY, Scene, Sensor
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.type_weights import load_type_weights
from gnomon.freeboard import rows as stage
from gnomon.geo.grid import grid_of
from gnomon.geo.tiles import Window, framed, windows
from gnomon.imagery.coverage import Coverage, coverage_of, fractions
from gnomon.imagery.read import check_pixels, geobox_of, read_window, window_of
from gnomon.imagery.visibility import VisibleCells, cell_px, visibility_of, visible_cells
from gnomon.imagery.water import is_visible_only, usable_water
from gnomon.workflow.backgrounds import background_over
from gnomon.workflow.evidence import evidence_row, evidence_table
from gnomon.workflow.loads import load_layers
from gnomon.workflow.observation_rows import (
    detector_for,
    observation_row,
    own_ground,
    unobserved,
)
from gnomon.workflow.observe_radar import observed_radar
from gnomon.workflow.rows import detection_rows
from gnomon.workflow.store import Result
from gnomon.workflow.threads import one_thread

CORE_PX = 2048
"""Side of the part of a scene that is worked on at once: 80 MB a band set."""
HALO_PX = 64
"""What the masks and the network need around a pixel."""
HALO_M = 350.0
"""What is read around a core: half of the longest hull, 400 m, its error, and
`gnomon.freeboard.rows.ROOM_M` for its shadow and the water beyond."""
CUT_LENGTHS, CUT_M = 0.75, 150.0
"""From a hull's centre to the edge of its cutout: so many lengths, and so many metres. It holds all
that the load stage asks for (half a length, three of its errors, and ROOM_M) and a picture."""
_OBSERVERS: Mapping[Sensor, Callable[[Observation], Result]] = {"sar": observed_radar}
"""Of sensor types whose pixels do not lie on a map; the others are observed here."""


@dataclass(frozen=True)
class _Found:
    """What one part of a scene gave."""

    hulls: OrientedBoxes
    """In pixels of the scene."""
    seen: Coverage
    """Of its core."""
    visible: VisibleCells
    """Likewise, place by place."""
    cutouts: tuple[xr.Dataset, ...]
    """Pixels around each hull."""


def observe(observation: Observation, *, threads: int = 1) -> Result:
    """Observe one port in one scene; a fault of the scene becomes a row, not an error.

    Parameters
    ----------
    observation
        What to observe.
    threads
        Parts of an optical scene that are worked on at once; each takes some 200 MB.

    """
    observed = _OBSERVERS.get(observation.scene.sensor, partial(_observed, threads=threads))
    try:
        with one_thread(), faults_of(observation.scene.id, "image"):
            return observed(observation)
    except AssetError as error:
        return unobserved(observation, "failed", str(error))
    except GnomonError as error:
        return unobserved(observation, "failed", f"{observation.scene.id}: {error}")


def _observed(observation: Observation, *, threads: int) -> Result:
    detector = detector_for(observation)
    scene = with_angles(observation.scene)
    observation = replace(observation, scene=scene, port=own_ground(observation))
    grid = geobox_of(scene)
    port = _ground(observation, grid)
    found = _observed_parts(observation, grid, port, threads)
    every = non_maximum_suppression(OrientedBoxes.concatenate(part.hulls for part in found))
    rows = detection_rows(
        every, grid, scene, observation.port, detector=detector, run_digest=observation.digest
    )
    cutouts = [cutout for part in found for cutout in part.cutouts]
    rows, evidence = _with_loads(rows, cutouts, observation)
    row = observation_row(observation, scene) | fractions(part.seen for part in found)
    row |= {"status": "observed", "reason": _without(scene), "detections": len(rows)}
    colour = is_visible_only(scene.assets)
    row["recall"] = detector.recall_in_colour if colour else detector.recall
    if observation.port.area is not None:
        visible = visibility_of(
            (part.visible for part in found), port, side_px=cell_px(scene.gsd_m)
        )
        row["visibility"] = visible.text
    return Result(table(Observations, [row]), table(Detections, rows), evidence_table(evidence))


def _observed_parts(
    observation: Observation, grid: GeoBox, port: GeoBox, threads: int
) -> list[_Found]:
    """What each part gave, in their order."""
    parts = _parts(grid, port)
    if threads == 1:
        return [_observed_part(observation, grid, part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(_in_a_thread, observation, grid, part) for part in parts]
        try:
            return [future.result() for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # of the first fault the others stop


def _in_a_thread(observation: Observation, grid: GeoBox, part: "_Part") -> _Found:
    with one_thread():
        return _observed_part(observation, grid, part)


def windows_read(observation: Observation, grid: GeoBox) -> Iterator[GeoBox]:
    """Windows of a scene's grid that an observation reads, with all that is read around the port.

    Raises
    ------
    AssetError
        Nothing of the port lies on the grid.

    """
    return (grid[part.read.halo] for part in _parts(grid, _ground(observation, grid)))


@dataclass(frozen=True)
class _Part:
    """Rows and columns of the scene that are worked on at once."""

    read: Window
    """The core, and all that is read around it: it ends only where the scene does."""
    searched: Window
    """The core, and what the detector is given: it ends where the port does."""
    offset: tuple[int, int]
    """Row and column of the core's first pixel, counted from that of the port."""

    def of_read(self, layers: xr.Dataset, sides: tuple[slice, slice]) -> xr.Dataset:
        """Some rows and columns of the layers that were read."""
        y, x = (
            slice(side.start - halo.start, side.stop - halo.start)
            for side, halo in zip(sides, self.read.halo, strict=True)
        )
        return layers.isel(y=y, x=x)


def _ground(observation: Observation, grid: GeoBox) -> GeoBox:
    """Pixels of the scene that the port lies in."""
    area = observation.port.area
    ground = grid if area is None else window_of(observation.scene, grid, area)
    check_pixels(observation.scene, ground)
    return ground


def _parts(grid: GeoBox, port: GeoBox) -> Iterator[_Part]:
    """Parts whose cores cover the port exactly once."""
    shift = ~grid.affine @ port.affine
    top, left = round(shift.f), round(shift.c)
    reach_px = max(HALO_PX, ceil(HALO_M / abs(grid.resolution.x)))
    for window in windows(port.shape.yx, core_px=CORE_PX, halo_px=HALO_PX):
        searched = window.shifted(top, left)
        read = framed(searched.core, grid.shape.yx, halo_px=reach_px)
        yield _Part(read, searched, (window.core[0].start, window.core[1].start))


def _observed_part(observation: Observation, grid: GeoBox, part: _Part) -> _Found:
    """Read a part once, and take from it all that is needed."""
    options, background = observation.options, observation.background
    pixels = read_window(observation.scene, grid[part.read.halo])
    masks = usable_water(pixels, options.mask)
    searched = part.searched.halo
    found = detector_for(observation).find(
        part.of_read(pixels, searched),
        part.of_read(masks, searched),
        background=background_over(background, grid[searched]) if background else None,
    )
    core = part.of_read(masks, part.read.core)
    seen = coverage_of(core, observation.port.area, observation.port.zones)
    row, column = part.offset
    visible = visible_cells(core, row=row, column=column, side_px=cell_px(observation.scene.gsd_m))
    claimed = _typed(_claimed(found, part.searched), pixels, observation, part.read)
    layers = load_layers(pixels, masks, observation.scene)
    cutouts = tuple(_cut(layers, hull, part.read) for hull in claimed)
    return _Found(claimed, seen, visible, cutouts)


def _claimed(found: OrientedBoxes, window: Window) -> OrientedBoxes:
    """Hulls of a window, in pixels of the scene, whose centres it owns."""
    rows, columns = window.halo
    found = found.shifted(columns.start, rows.start)
    return found[window.claims(found.x, found.y)]


def _typed(
    hulls: OrientedBoxes, pixels: xr.Dataset, observation: Observation, window: Window
) -> OrientedBoxes:
    """Hulls with p_tanker from the scene's own pixels, where the detector gave none."""
    name, scene = observation.options.detect.type_model, observation.scene
    if not name or scene.sensor != "optical" or scene.simulated:
        return hulls
    gsd_m = abs(float(grid_of(pixels).resolution.x))
    placed = hulls.shifted(-window.halo[1].start, -window.halo[0].start)
    found = load_type_weights(name).p_tanker(pixels, placed, gsd_m)
    known = np.isfinite(hulls.p_tanker)
    return replace(hulls, p_tanker=np.where(known, hulls.p_tanker, found).astype(np.float32))


def _cut(layers: xr.Dataset, hull: OrientedBox, window: Window) -> xr.Dataset:
    """Pixels around a hull, copied, so that the window can go."""
    gsd_m = abs(float(grid_of(layers).resolution.x))
    reach = CUT_LENGTHS * float(hull.length) + CUT_M / gsd_m
    x, y = float(hull.x) - window.halo[1].start, float(hull.y) - window.halo[0].start
    rows, columns = (
        slice(max(int(middle - reach), 0), max(ceil(middle + reach), 1)) for middle in (y, x)
    )
    return layers.isel(y=rows, x=columns).copy(deep=True)


def _with_loads(
    rows: list[dict[str, Any]], cutouts: Sequence[xr.Dataset], observation: Observation
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Detections with their load columns, and the evidence for each."""
    if not rows:
        return [], []
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    near = _Cutouts(cutouts, observation.scene)
    own = [near.around(centre) for centre in frame.geometry]
    scene, options = observation.scene, observation.options.load
    if not options.enabled:
        plain = [(row["detection_id"], scene.id, cut) for row, cut in zip(rows, own, strict=True)]
        return rows, [evidence_row(*parts) for parts in plain]
    loaded, evidence = [], []
    readings = stage.readings(frame, near.read, options)
    for (_, hull), row, cut, reading in zip(frame.iterrows(), rows, own, readings, strict=True):
        loaded.append(row | asdict(reading.load))
        window = near.window(stage.area_of(hull), cut) if reading.chip else None
        evidence.append(
            evidence_row(row["detection_id"], scene.id, cut, reading=reading, window=window)
        )
    return loaded, evidence


class _Cutouts:
    """Cutouts of one scene, by the place that is asked for."""

    def __init__(self, cutouts: Sequence[xr.Dataset], scene: Scene) -> None:
        self._cutouts = cutouts
        self._scene = scene
        grids = [grid_of(cutout) for cutout in cutouts]
        middles = [grid.affine @ (grid.shape.x / 2, grid.shape.y / 2) for grid in grids]
        # All at once: to convert each grid's outline takes longer than to find its ship.
        places = gpd.GeoSeries.from_xy(*zip(*middles, strict=True), crs=str(grids[0].crs))
        self._tree = shapely.STRtree(places.to_crs("EPSG:4326").to_numpy())

    def around(self, place: shapely.Point) -> xr.Dataset:
        """Cutout whose middle is nearest."""
        return self._cutouts[int(self._tree.nearest(place))]

    def read(self, area: Polygon) -> xr.Dataset | None:
        """Pixels over an area, as far as the nearest cutout has them; a `Reader` for the stage."""
        cutout = self.around(area.centroid)
        window = self.window(area, cutout)
        if window is None:
            return None
        shift = ~grid_of(cutout).affine @ window.affine
        top, left = round(shift.f), round(shift.c)
        rows, columns = window.shape.yx
        return cutout.isel(y=slice(top, top + rows), x=slice(left, left + columns))

    def window(self, area: Polygon, cutout: xr.Dataset) -> GeoBox | None:
        """Grid of the part of a cutout that holds an area."""
        try:
            return window_of(self._scene, grid_of(cutout), area)
        except AssetError:
            return None


def _without(scene: Scene) -> str | None:
    """What an observation had to do without, in words."""
    bands = [band for band in OPTICAL_BANDS if band not in scene.assets]
    words = [f"without {', '.join(bands)}"] if bands else []
    if is_visible_only(scene.assets):
        layer = scene.assets.get(QUALITY)
        if layer is None or not (layer.quality and layer.quality.water):
            words.append("water from blue, green and red alone")
        words.append("score calibrated with infrared")
    if scene.view_azimuth_deg is None or scene.view_zenith_deg is None:
        words.append("view angles unknown")
    return "; ".join(words) or None
