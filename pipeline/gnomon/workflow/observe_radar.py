"""One radar scene over one port: sigma0 in, hulls without loads out.

As `gnomon.workflow.observe`, part by part, but for three things. Pixels stay in the lines and
samples of the product, and only boxes, masks and pictures go to the map. Water comes from a coast.
And radar shows no shadow: the load of each hull is indeterminate, with that reason.

IW at high resolution (GRDH) alone is searched. EW, stripmap and coarser products have other pixels
and other speckle, for which the rates of the detector do not hold; they are refused, and complex
products (SLC) when they are read.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from odc.geo.xr import xr_coords
from rasterio.features import rasterize

from gnomon.datamodel.arrays import Mask
from gnomon.datamodel.boxes import OrientedBox, OrientedBoxes
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.detect.nms import non_maximum_suppression
from gnomon.freeboard import rows as stage
from gnomon.geo.tiles import Window, windows
from gnomon.imagery.coast import CoastMap, coast_of, codes_at
from gnomon.imagery.coverage import Coverage, coverage_of, fractions
from gnomon.imagery.morphology import dilate
from gnomon.imagery.read import check_pixels
from gnomon.imagery.sentinel1.fixed_echoes import fixed_echoes_on
from gnomon.imagery.sentinel1.ground import RadarGround, ground_grid
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.read import POLARISATIONS, channel_of, polarisations_of, read_sigma0
from gnomon.imagery.sentinel1.water import radar_water
from gnomon.imagery.visibility import VisibleCells, cell_px, visibility_of, visible_cells
from gnomon.workflow.evidence import evidence_row, evidence_table
from gnomon.workflow.observation_rows import detector_for, observation_row, own_ground
from gnomon.workflow.rows import detection_rows
from gnomon.workflow.store import Result

CORE_PX = 2048
"""Side of the part of a port that is worked on at once; it takes 1.4 times as many pixels, because
lines of a scene run askew on the map."""
HALO_M = 1000.0
"""What is read around it at least."""
HALO_BACKGROUNDS = 1.25
"""And so many sides of the detector's background, whose roughness is that of a square twice as
wide."""
CUT_M = 250.0
"""From the middle of a hull to the edge of its picture, and a half more than its length."""
MODE = "IW"
_PRODUCT = re.compile(r"S1[A-Z]_(?P<what>[A-Z0-9]{2}_[A-Z]{3}[A-Z_])")
PARTNERS = {"vv": "vh", "vh": "vv", "hh": "hv", "hv": "hh"}


@dataclass(frozen=True)
class _Found:
    """What one part of a port gave."""

    hulls: OrientedBoxes
    """In pixels of the map grid."""
    pictures: tuple[xr.Dataset, ...]
    """Around each hull."""
    seen: Coverage
    visible: VisibleCells
    source: str
    """Of the coast."""


def observed_radar(observation: Observation) -> Result:
    """Observe one port in one radar scene.

    Raises
    ------
    GnomonError
        A file of the scene is missing, damaged or of another kind; the port lies outside; or
        nothing says where land is.

    """
    observation = replace(observation, port=own_ground(observation))
    grid, ground = _ground(observation)
    found = [_observed_part(observation, ground, part) for part in _parts(grid)]
    scene = _with_angles(observation.scene, ground)
    every, pictures = _one_each(found)
    rows = detection_rows(
        every,
        grid,
        scene,
        observation.port,
        detector=detector_for(observation),
        run_digest=observation.digest,
    )
    rows, evidence = _with_evidence(rows, pictures, every, observation, grid)
    row = observation_row(observation, scene) | fractions(part.seen for part in found)
    sources = dict.fromkeys(part.source for part in found)
    row |= {"status": "observed", "detections": len(rows)}
    words = [*_without(scene, row), f"water by {', '.join(sources)}"]
    row["reason"] = "; ".join([*words, *_cancelled(observation)])
    if observation.port.area is not None:
        cells = (part.visible for part in found)
        row["visibility"] = visibility_of(cells, grid, side_px=cell_px(scene.gsd_m)).text
    return Result(table(Observations, [row]), table(Detections, rows), evidence_table(evidence))


def radar_windows(observation: Observation) -> list[GridWindow]:
    """Lines and samples that an observation reads.

    Raises
    ------
    AssetError
        As of `observed_radar`.

    """
    grid, ground = _ground(replace(observation, port=own_ground(observation)))
    halo_px = _halo_px(observation)
    parts = (ground.window(grid[part.core].pad(halo_px)) for part in _parts(grid))
    return [window for window in parts if window is not None]


def _ground(observation: Observation) -> tuple[GeoBox, RadarGround]:
    """Map grid of a port, and how a scene lies on it."""
    scene = observation.scene
    grid = ground_grid(scene, observation.port.area)
    check_pixels(scene, grid)
    _refuse_other_products(observation)
    return grid, RadarGround.of(scene, grid)


def refused_product(scene: Scene) -> AssetError | None:
    """Why a radar scene will be refused, as far as the name of its product says it.

    The names of Sentinel-1 have mode, type and resolution: ``S1A_IW_GRDH_1SDV_...`` (ESA,
    Sentinel-1 naming convention). A name of another form says nothing, and the files are asked when
    they are read.
    """
    name = _PRODUCT.match(scene.product or scene.id)
    if scene.sensor != "sar" or name is None or name["what"] == f"{MODE}_GRDH":
        return None
    why = f"is {name['what']}, and ships are searched in {MODE}_GRDH alone; leave it out"
    return AssetError(scene.id, scene.collection, why)


def _refuse_other_products(observation: Observation) -> None:
    """Refuse pixels and speckle that the detector was not made for."""
    scene = observation.scene
    image = channel_of(scene, polarisations_of(scene)[0]).annotation
    if (mode := image.header.mode) != MODE:
        why = f"is of mode {mode}, and ships are searched in {MODE} alone; leave it out"
        raise AssetError(scene.id, scene.collection, why)
    least, most = detector_for(observation).gsd_range_m
    if not least <= image.sample_spacing_m <= most:
        own = f"has pixels of {image.sample_spacing_m:g} m"
        why = f"{own}, and ships are searched in those of {least:g} to {most:g} m alone"
        raise AssetError(scene.id, scene.collection, f"{why}; leave it out")


def _halo_px(observation: Observation) -> int:
    reach_m = HALO_BACKGROUNDS * observation.options.radar.background_m
    return ceil(max(HALO_M, reach_m) / observation.scene.gsd_m)


def _parts(grid: GeoBox) -> Iterator[Window]:
    return windows(grid.shape.yx, core_px=CORE_PX, halo_px=0)


def _observed_part(observation: Observation, ground: RadarGround, part: Window) -> _Found:
    """Read a part once, and take from it all that is needed."""
    core = ground.grid[part.core]
    read = core.pad(_halo_px(observation))
    window = ground.window(read)
    background, options = observation.background, observation.options
    coast = coast_of(
        read,
        land=options.radar.land,
        background=background.scene if background else None,
        options=options.mask,
    )
    if window is None:
        return _unseen(observation, core, part, coast)
    pixels = read_sigma0(observation.scene, window, keep_noise=True)
    masks = _masks(observation, ground, pixels, window, coast)
    fixed = None
    if observation.fixed_echoes is not None:
        fixed = fixed_echoes_on(observation.fixed_echoes.scene, observation.scene, window)
    found = detector_for(observation).find(pixels, masks, background=fixed)
    hulls = ground.boxes_on_map(found, window)
    hulls = hulls[part.claims(hulls.x, hulls.y)]
    layers = ground.layers_on_map(masks[["valid", "water", "land"]], window, read)
    reach_px = options.mask.quay_reach_m / observation.scene.gsd_m
    layers = _as_optical(layers, reach_px)
    shown = pixels[list(_bands(pixels))]
    pictures = tuple(ground.picture(shown, window, _around(hull, read, ground)) for hull in hulls)
    return _Found(hulls, pictures, *_seen(observation, layers, core, part), coast.source)


def _masks(
    observation: Observation,
    ground: RadarGround,
    pixels: xr.Dataset,
    window: GridWindow,
    coast: CoastMap,
) -> xr.Dataset:
    """Masks of a window; what lies off the coast's grid becomes unseen in the pixels."""
    column, row = ground.window_on_map(window)
    left, top = ~ground.grid.affine @ (coast.grid.affine.c, coast.grid.affine.f)
    x, y = column - np.float32(left), row - np.float32(top)
    rows, columns = coast.codes.shape
    outside = (x < 0) | (y < 0) | (x >= columns) | (y >= rows)
    for name in _bands(pixels):
        pixels[name].to_numpy()[outside] = np.nan
    image = ground.image
    pixels.attrs["spacing_m"] = (image.line_spacing_m, image.sample_spacing_m)
    return radar_water(
        pixels,
        codes_at(coast, x, y),
        _at_berths(observation, coast.grid, x, y),
        spacing_m=(image.line_spacing_m, image.sample_spacing_m),
        options=observation.options.radar,
    )


def _at_berths(observation: Observation, grid: GeoBox, x: Any, y: Any) -> Mask:
    """Which places, in pixels of a grid, are of a berth."""
    berths = [zone.geometry for zone in observation.port.zones if zone.kind == "berth"]
    if not berths:
        return np.zeros(np.shape(x), bool)
    shapes = [grid.project(Geometry(one, "EPSG:4326").segmented(0.01)).geom for one in berths]
    layer = rasterize(shapes, grid.shape.yx, dtype="uint8")
    return codes_at(CoastMap(grid, layer, "berths"), x, y) > 0


def _bands(pixels: xr.Dataset) -> tuple[str, ...]:
    return tuple(name for name in POLARISATIONS if name in pixels)


def _as_optical(layers: xr.Dataset, reach_px: float) -> xr.Dataset:
    """Layers as coverage counts them: where a hull may lie, and nothing that hides it."""
    water, valid = layers["water"].to_numpy(), layers["valid"].to_numpy()
    nothing = np.zeros(valid.shape, bool)
    more = {"search": dilate(water, reach_px) & valid, "cloud": nothing, "ice": nothing}
    return layers.assign({name: (("y", "x"), layer) for name, layer in more.items()})


def _seen(
    observation: Observation, layers: xr.Dataset, core: GeoBox, part: Window
) -> tuple[Coverage, VisibleCells]:
    """Coverage and visible cells of the core of a part, whose layers have its halo."""
    halo_px = _halo_px(observation)
    inner = layers.isel(
        y=slice(halo_px, halo_px + core.shape.y), x=slice(halo_px, halo_px + core.shape.x)
    )
    port, side_px = observation.port, cell_px(observation.scene.gsd_m)
    row, column = part.core[0].start, part.core[1].start
    return (
        coverage_of(inner, port.area, port.zones),
        visible_cells(inner, row=row, column=column, side_px=side_px),
    )


def _unseen(observation: Observation, core: GeoBox, part: Window, coast: CoastMap) -> _Found:
    """A part that the image does not show."""
    read = core.pad(_halo_px(observation))
    names = ("valid", "water", "land", "search", "cloud", "ice")
    nothing = np.zeros(read.shape.yx, bool)
    layers = xr.Dataset(dict.fromkeys(names, (("y", "x"), nothing)))
    layers = layers.assign_coords(xr_coords(read, dims=("y", "x")))
    return _Found(OrientedBoxes.empty(), (), *_seen(observation, layers, core, part), coast.source)


def _around(hull: OrientedBox, read: GeoBox, ground: RadarGround) -> GeoBox:
    """Part of the map around a hull."""
    gsd_m = abs(float(ground.grid.resolution.x))
    reach = ceil(CUT_M / gsd_m + float(hull.length) / 2)
    left, top = ~ground.grid.affine @ (read.affine.c, read.affine.f)
    x, y = round(float(hull.x) - left), round(float(hull.y) - top)
    rows, columns = read.shape.yx
    return read[
        max(y - reach, 0) : min(y + reach, rows), max(x - reach, 0) : min(x + reach, columns)
    ]


def _one_each(found: list[_Found]) -> tuple[OrientedBoxes, dict[tuple[float, float], xr.Dataset]]:
    """Hulls of all parts, those on a seam once, and the picture of each by its place."""
    every = OrientedBoxes.concatenate(part.hulls for part in found)
    pictures = [picture for part in found for picture in part.pictures]
    places = zip(every.x.tolist(), every.y.tolist(), strict=True)
    by_place = dict(zip(places, pictures, strict=True))
    return non_maximum_suppression(every), by_place


def _with_angles(scene: Scene, ground: RadarGround) -> Scene:
    """The scene with the direction towards the satellite in the middle of the port."""
    rows, columns = ground.grid.shape.yx
    incidence = ground.incidence_deg(columns / 2, rows / 2)
    azimuth = ground.towards_satellite_deg(columns / 2, rows / 2)
    return replace(scene, view_azimuth_deg=azimuth, view_zenith_deg=incidence)


def _with_evidence(
    rows: list[dict[str, Any]],
    pictures: dict[tuple[float, float], xr.Dataset],
    hulls: OrientedBoxes,
    observation: Observation,
    grid: GeoBox,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Detections with their load columns, which say why there is none, and their pictures."""
    if not rows:
        return [], []
    options, scene = observation.options.load, observation.scene
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    centres = frame.geometry.to_crs(str(grid.crs))
    pixels = [~grid.affine @ (place.x, place.y) for place in centres]
    tree = shapely.STRtree(shapely.points(hulls.centres.astype(float)))
    nearest = [hulls[int(tree.nearest(shapely.Point(place)))] for place in pixels]
    own = [pictures[float(hull.x), float(hull.y)] for hull in nearest]
    evidence = [
        evidence_row(row["detection_id"], scene.id, cut) for row, cut in zip(rows, own, strict=True)
    ]
    if not options.enabled:
        return rows, evidence
    readings = stage.readings(frame, lambda _: None, options)
    loads = [asdict(reading.load) for reading in readings]
    return [row | load for row, load in zip(rows, loads, strict=True)], evidence


def _cancelled(observation: Observation) -> Iterator[str]:
    """What was left out as fixed, in words."""
    if fixed := observation.fixed_echoes:
        count, track = len(fixed.observations), fixed.scene.relative_orbit
        yield f"without fixed echoes of {count} images of track {track}"


def _without(scene: Scene, row: dict[str, Any]) -> Iterator[str]:
    """What an observation had to do without, in words."""
    here = polarisations_of(scene)
    partner = PARTNERS[here[0]]
    if partner not in here:
        yield f"without {partner.upper()}"
    if row["usable_water_km2"] == 0:
        yield "no water of the port in this scene"
