"""The stage: from detections and the pixels around them to the load state of each.

A ship's chip is cut around its place, and all angles are turned from true north to the grid's.
Before anything is fitted, geometry rules out what cannot be measured: no sun or view angles, too
few pixels, a hull that runs off the image (``edge``), pixels hidden by cloud or ice, land where the
shadow falls (``alongside``), another hull or its shadow within reach (``neighbour``). Radar has no
shadow on water (``sar``). Obstacles that only the pixels show are found by the fit.

The size from the table enters with its errors and is refined by the fit; freeboards are compared
with those of tankers of the fitted size (`gnomon.physics.hydrostatics`). The answer holds for a
tanker: whether the ship is one is the matter of ``p_tanker``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely import Polygon

from gnomon.datamodel.study import LoadOptions
from gnomon.freeboard import state
from gnomon.freeboard.bins import ShipChip, pixel_places, unusable
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS
from gnomon.freeboard.invert import invert
from gnomon.freeboard.pooled import Belief, load_of, pool
from gnomon.freeboard.trained import shipped_posterior
from gnomon.geo.grid import grid_of
from gnomon.geo.local import box_around, from_hull_axes, place_on_grid, true_to_grid_deg
from gnomon.physics.hydrostatics import Tankers, tankers
from gnomon.physics.shadow import off_axis_deg, shadow_offset_m

Reader = Callable[[Polygon], xr.Dataset | None]
"""Reads the pixels over an area in EPSG:4326, None where there are none; see `loads`."""
BANDS = ("pan", "blue", "green", "red", "nir")
"""Those at the scene's own pixel: bands that were brought to it are blurred."""
ANGLES = ("sun_azimuth_deg", "sun_elevation_deg", "view_azimuth_deg", "view_zenith_deg")
SIZES = ("length_m", "beam_m", "heading_deg")
COLUMNS = tuple(field.name for field in fields(state.Load))

ROOM_M = 90.0
"""Read around a hull: most of the longest shadow that is fitted, and water beyond."""
OBSTRUCTED = 0.25
"""Part of the water beside the hull that may be unlike the rest of it."""
# Heights whose shadow could reach a neighbour, in lengths: a light ship's deck or superstructure.
_TALL = 0.1


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The load of one ship, and everything it rests on: what a figure of the evidence needs."""

    load: state.Load
    chip: ShipChip | None = None
    belief: Belief | None = None
    """Network and fit together; None where only a fit was made."""
    fit: Fit | None = None
    evidence: state.Evidence | None = None
    ships: Tankers | None = None


def loads(rows: gpd.GeoDataFrame, read: Reader, options: LoadOptions) -> pd.DataFrame:
    """Load state of every ship of one scene, or the reason why it cannot be determined.

    Parameters
    ----------
    rows
        Of one scene, columns as in `gnomon.datamodel.tables.Detections`: geometry, footprint,
        sensor, length_m, beam_m, heading_deg with their sigmas, and the angles of sun and view.
    read
        Returns the pixels over an area: bands in any unit linear in light, and the boolean layers
        ``cloud``, ``ice`` and ``land`` where they are known.
    options
        Of the stage.

    Returns
    -------
    DataFrame
        The load columns, one row for each of ``rows``, with their index.

    """
    values = [asdict(reading.load) for reading in readings(rows, read, options)]
    return pd.DataFrame(values, index=rows.index, columns=COLUMNS)


def readings(
    rows: gpd.GeoDataFrame, read: Reader, options: LoadOptions, *, only: Sequence[int] | None = None
) -> Iterator[Reading]:
    """Yield the loads of `loads` with what they rest on, in order.

    ``only`` some of the rows, by number; the others count as neighbours.
    """
    crowded = _crowded(rows)
    for k in range(len(rows)) if only is None else only:
        chip, reason = _prepared(rows.iloc[k], read, options, crowded=crowded[k])
        yield _reading(chip, reason)


def read_ship(pixels: xr.Dataset, row: pd.Series) -> Reading:
    """Load of one ship from pixels at hand, at any length and with any neighbours.

    Parameters
    ----------
    pixels
        Around the ship, to the end of its shadow and some water beyond; see `loads`.
    row
        Place, size, axis and angles, columns as in `gnomon.datamodel.tables.Detections`.

    """
    chip = chip_of(pixels, row)
    return _reading(chip, unusable(chip, recorded(pixels)))


def read_chip(chip: ShipChip) -> Reading:
    """Load of a ship whose chip is cut already."""
    return _reading(chip, unusable(chip))


def _reading(chip: ShipChip | None, reason: str | None) -> Reading:
    if chip is None or reason:
        return Reading(load=state.Load(load_reason=reason), chip=chip)
    network = shipped_posterior()
    if not network.knows(chip):
        return _fitted(chip, invert(chip))
    # Each ship alone: sums over a batch would depend on the other ships in their last digits.
    seen = network.read([chip])
    familiar = bool(seen.strangeness[0] <= 1)
    fitted = _fitted(chip, invert(chip))
    belief = pool(
        seen.posterior,
        gsd_m=chip.gsd_m,
        sun_elevation_deg=chip.sun_elevation_deg,
        evidence=fitted.evidence,
        ships=fitted.ships,
    )
    load = load_by_belief(chip, belief, fitted.fit, familiar=familiar)
    return replace(fitted, load=load, belief=belief)


def load_by_belief(
    chip: ShipChip, belief: Belief, fit: Fit | None = None, *, familiar: bool = True
) -> state.Load:
    """Load as it is believed to be, unless a fit or an unfamiliar chip speaks against it."""
    reason = None if familiar else "unfamiliar"
    if fit is not None and fit.obstructed > OBSTRUCTED:
        reason = "alongside"
    elif fit is not None and fit.unlike_a_ship:
        reason = "misfit"
    return load_of(
        belief,
        sun_elevation_deg=chip.sun_elevation_deg,
        sun_off_axis_deg=float(off_axis_deg(chip.sun_azimuth_deg, chip.heading_deg)),
        beam_px=chip.beam_m / chip.gsd_m,
        view_known=chip.view_known,
        reason=reason,
    )


def chip_of(pixels: xr.Dataset, row: pd.Series) -> ShipChip:
    """Pixels and prior knowledge of one row, angles from the grid's north."""
    box = grid_of(pixels)
    gsd = abs(float(box.resolution.x))
    image = visible_image(pixels)
    place, convergence = place_on_grid(row.geometry, box.crs)

    def grid_azimuth(name: str) -> float:
        return true_to_grid_deg(_number(row[name]), convergence)

    left, bottom, right, top = box.boundingbox
    length, sigma = float(row.length_m), float(row.length_sigma_m)
    return ShipChip(
        image=image,
        bands=tuple(name for name in BANDS if name in pixels),
        gsd_m=gsd,
        sun_azimuth_deg=grid_azimuth("sun_azimuth_deg"),
        sun_elevation_deg=_number(row.sun_elevation_deg),
        view_azimuth_deg=grid_azimuth("view_azimuth_deg"),
        view_zenith_deg=_number(row.view_zenith_deg),
        length_m=length,
        length_sigma_m=sigma,
        beam_m=float(row.beam_m),
        beam_sigma_m=float(row.beam_sigma_m),
        heading_deg=grid_azimuth("heading_deg"),
        heading_sigma_deg=float(row.heading_sigma_deg),
        east_m=float(place[0] - (left + right) / 2),
        north_m=float(place[1] - (top + bottom) / 2),
        position_sigma_m=position_sigma_m(length, sigma, gsd_m=gsd),
    )


def position_sigma_m(length_m: float, length_sigma_m: float, *, gsd_m: float) -> float:
    """Error of the centre of a hull whose length has an error, metres."""
    # A hull measured too short is off centre, by half of what it lacks at the most.
    return float(np.hypot(0.7 * gsd_m, max(0.02 * length_m, 0.2 * length_sigma_m)))


def visible_image(pixels: xr.Dataset) -> NDArray[np.float32]:
    """Bands of the scene's own pixel, (bands, rows, columns), NaN where cloud or ice hides them."""
    image = np.stack([pixels[name].to_numpy() for name in BANDS if name in pixels])
    hidden = [pixels[name].to_numpy() for name in ("cloud", "ice") if name in pixels]
    if hidden:
        image = np.where(np.any(hidden, axis=0), np.nan, image)
    return image.astype(np.float32)


def recorded(pixels: xr.Dataset) -> NDArray[np.bool_]:
    """Pixels that an image has in every band, hidden or not, (rows, columns)."""
    bands = [np.isfinite(pixels[name].to_numpy()) for name in BANDS if name in pixels]
    found: NDArray[np.bool_] = np.all(bands, axis=0)
    return found


def area_of(row: pd.Series) -> Polygon:
    """Ground that must be read for one row, EPSG:4326."""
    reach = float(np.nan_to_num(row.length_m / 2 + row.length_sigma_m)) + ROOM_M
    return box_around(row.geometry, half_m=reach)


def _prepared(
    row: pd.Series, read: Reader, options: LoadOptions, *, crowded: bool
) -> tuple[ShipChip | None, str | None]:
    """Chip of a row, and the reason not to fit it, if there is one."""
    if row.sensor != "optical":  # no shadow on the water without light
        return None, "sar"
    if not np.isfinite([_number(row[name]) for name in ANGLES[:2]]).all():
        return None, "no_geometry"
    if row.length_m < options.length_min_m:
        return None, "too_small"
    pixels = read(area_of(row))
    if pixels is None or not any(name in pixels for name in BANDS):
        return None, "cloud"
    if not np.isfinite([_number(row[name]) for name in SIZES]).all():
        # The size is unknown, and nothing stands out from the water at the ship's place.
        return None, "weak_evidence" if np.isfinite(visible_image(pixels)).mean() > 0.5 else "cloud"
    chip = chip_of(pixels, row)
    reason = unusable(chip, recorded(pixels))
    if reason is None and "land" in pixels and _land_in_shadow(pixels, chip):
        reason = "alongside"
    if reason is None and crowded:
        reason = "neighbour"
    return chip, reason


def _fitted(chip: ShipChip, fit: Fit) -> Reading:
    size = {name: PARAMETERS.index(f"{name}_m") for name in ("length", "beam")}
    length, beam = (float(fit.ship[k]) for k in size.values())
    length_sigma, beam_sigma = (float(fit.ship_sigma[k]) for k in size.values())
    ships = tankers(length, beam, length_sigma_m=length_sigma, beam_sigma_m=beam_sigma)
    evidence = state.evidence(fit, gsd_m=chip.gsd_m)
    if not chip.view_known:  # the fit took it for one from overhead, which it may not be
        evidence = replace(evidence, log_likelihood=np.zeros_like(evidence.freeboard_m))
    load = load_by_fit(chip, fit, evidence, ships)
    return Reading(load=load, chip=chip, fit=fit, evidence=evidence, ships=ships)


def load_by_fit(chip: ShipChip, fit: Fit, evidence: state.Evidence, ships: Tankers) -> state.Load:
    """Load as the fit alone has it."""
    return state.assess_load(
        evidence,
        ships,
        sun_elevation_deg=chip.sun_elevation_deg,
        sun_off_axis_deg=fit.sun_off_axis_deg,
        beam_px=float(fit.ship[PARAMETERS.index("beam_m")]) / chip.gsd_m,
        reason="alongside" if fit.obstructed > OBSTRUCTED else None,
    )


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)


def _land_in_shadow(pixels: xr.Dataset, chip: ShipChip) -> bool:
    """Whether land or a pier lies where the shadow falls, or just beyond."""
    strip = _shaded(chip, gap_m=1.5 * chip.gsd_m)
    land = pixels["land"].to_numpy().ravel()
    inside = shapely.contains_xy(strip, *pixel_places(chip))
    return bool(inside.any() and land[inside].mean() > OBSTRUCTED)


def _shaded(chip: ShipChip, *, gap_m: float) -> Polygon:
    """Ground beside the hull on the side away from the sun, metres from the chip's centre."""
    heading = np.deg2rad(chip.heading_deg)
    abeam = np.sin(np.deg2rad(chip.sun_azimuth_deg) - heading)
    cot = 1 / np.tan(np.deg2rad(chip.sun_elevation_deg))
    near = chip.beam_m / 2 + gap_m
    far = near + float(np.clip(0.07 * chip.length_m * cot * abs(abeam), 2 * chip.gsd_m, 60))
    side = -np.sign(abeam) or 1.0
    corners = [(-0.4, near), (0.4, near), (0.4, far), (-0.4, far)]
    along, across = np.array(corners).T
    east, north = from_hull_axes(chip.length_m * along, side * across, heading_rad=heading)
    return Polygon(np.column_stack([chip.east_m + east, chip.north_m + north]))


def _crowded(rows: gpd.GeoDataFrame) -> list[bool]:
    """Whether each hull with its shadow and a margin meets another hull or its shadow."""
    if len(rows) < 2:
        return [False] * len(rows)
    outlines = gpd.GeoSeries(list(rows.footprint), crs="EPSG:4326")
    metres = outlines.to_crs(outlines.estimate_utm_crs())
    reach = [_swept(hull, row) for hull, row in zip(metres, rows.itertuples(), strict=True)]
    # A pixel and a half apart, two edges are one in the image.
    grown = [
        swept.buffer(1.5 * gsd_m)
        for swept, gsd_m in zip(reach, rows.gsd_m.astype(float), strict=True)
    ]
    tree = shapely.STRtree(reach)
    found, other = tree.query(grown, predicate="intersects")
    return [bool(np.any((found == k) & (other != k))) for k in range(len(rows))]


def _swept(hull: Polygon, row: Any) -> Polygon:
    """A hull with its shadow."""
    away = shadow_offset_m(
        min(_TALL * row.length_m, 15.0),
        sun_azimuth_deg=_number(row.sun_azimuth_deg),
        sun_elevation_deg=max(_number(row.sun_elevation_deg), 10.0),
    )
    if not np.isfinite(away).all():
        return hull
    shade = shapely.transform(hull, lambda xy: xy + np.array(away, float))
    return shapely.convex_hull(shapely.union(hull, shade))
