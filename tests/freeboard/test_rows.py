"""The stage: chips from pixels and rows, reasons from geometry, order and independence of rows."""

from dataclasses import fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from affine import Affine
from numpy.testing import assert_allclose
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr
from pyproj import CRS, Geod, Proj

from gnomon.datamodel.study import LoadOptions
from gnomon.datamodel.tables import LOAD_REASONS
from gnomon.freeboard import rows as stage
from gnomon.freeboard import state
from gnomon.geo.local import box_around, from_local_metres, rectangle_around
from model_ships import model_chip

EPSG = 32652
UTM = Proj(CRS.from_epsg(EPSG))
EAST, NORTH = 600_000.0, 4_740_000.0
PLACE = shapely.Point(*UTM(EAST, NORTH, inverse=True))
TURN = UTM.get_factors(PLACE.x, PLACE.y).meridian_convergence
BAND_NAMES = ("blue", "green", "red", "nir")


def row_of(chip, **changes):
    """A detection of a chip's ship at `PLACE`, angles from true north."""
    row = {
        "geometry": PLACE,
        "footprint": rectangle_around(
            PLACE, length_m=chip.length_m, beam_m=chip.beam_m, heading_deg=chip.heading_deg
        ),
        "sensor": "optical",
        "length_m": chip.length_m,
        "length_sigma_m": chip.length_sigma_m,
        "beam_m": chip.beam_m,
        "beam_sigma_m": chip.beam_sigma_m,
        "heading_deg": chip.heading_deg + TURN,
        "heading_sigma_deg": chip.heading_sigma_deg,
        "sun_azimuth_deg": chip.sun_azimuth_deg + TURN,
        "sun_elevation_deg": chip.sun_elevation_deg,
        "view_azimuth_deg": chip.view_azimuth_deg + TURN,
        "view_zenith_deg": chip.view_zenith_deg,
        "gsd_m": chip.gsd_m,
    }
    return row | changes


def table(*rows):
    frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs="EPSG:4326")
    return frame.set_index(np.arange(10, 10 + len(rows)))


def pixels_of(chip, **layers):
    """The chip on the UTM grid with its middle at `PLACE`."""
    bands, rows, columns = chip.image.shape
    gsd = chip.gsd_m
    corner = Affine(gsd, 0, EAST - columns * gsd / 2, 0, -gsd, NORTH + rows * gsd / 2)
    grid = GeoBox((rows, columns), corner, f"EPSG:{EPSG}")
    names = BAND_NAMES[:bands]
    parts = {name: wrap_xr(band, grid) for name, band in zip(names, chip.image, strict=True)}
    parts |= {name: wrap_xr(np.asarray(mask), grid) for name, mask in layers.items()}
    return xr.Dataset(parts)


CHIP = model_chip(1.5, gsd=3.0, heading_deg=35.0, seed=2)
PIXELS = pixels_of(CHIP)
OPTIONS = LoadOptions()


def reader(pixels):
    return lambda _: pixels


def load_of(row, pixels=PIXELS):
    return stage.loads(table(row), reader(pixels), OPTIONS).iloc[0]


def test_a_chip_has_the_angles_of_the_grid_and_the_place_of_the_ship():
    off_east, off_north = 7.0, -12.0
    place = shapely.Point(*UTM(EAST + off_east, NORTH + off_north, inverse=True))
    (row,) = table(row_of(CHIP, geometry=place)).itertuples(index=False)
    chip = stage.chip_of(PIXELS, table(row._asdict()).iloc[0])
    assert_allclose((chip.east_m, chip.north_m), (off_east, off_north), atol=1e-3)
    for name in ("sun_azimuth_deg", "view_azimuth_deg", "heading_deg"):
        assert getattr(chip, name) == pytest.approx(getattr(CHIP, name), abs=1e-3)
    assert chip.gsd_m == 3.0
    assert_allclose(chip.image, CHIP.image)


def test_hidden_pixels_are_nan_in_every_band():
    cloud = np.zeros(CHIP.image.shape[1:], bool)
    cloud[5:9, 3:7] = True
    chip = stage.chip_of(pixels_of(CHIP, cloud=cloud), table(row_of(CHIP)).iloc[0])
    assert (np.isnan(chip.image) == cloud).all()


def test_the_area_reaches_beyond_the_bow_and_the_stern():
    row = table(row_of(CHIP)).iloc[0]
    west, south, east, north = stage.area_of(row).bounds
    earth = Geod(ellps="WGS84")
    reach = CHIP.length_m / 2 + CHIP.length_sigma_m + stage.ROOM_M
    for x, y in ((west, PLACE.y), (east, PLACE.y), (PLACE.x, south), (PLACE.x, north)):
        assert earth.inv(PLACE.x, PLACE.y, x, y)[2] == pytest.approx(reach, rel=0.01)


def test_a_laden_ship_is_laden_and_its_row_has_what_a_reading_has():
    row = row_of(CHIP)
    load = load_of(row)
    assert load.load_state == "laden"
    assert load.freeboard_p05_m < 1.5 + 0.5
    reading = next(stage.readings(table(row), reader(PIXELS), OPTIONS))
    for field in fields(state.Load):
        one, other = getattr(reading.load, field.name), load[field.name]
        assert one == other or (one is None and pd.isna(other))
    assert reading.fit is not None
    assert reading.evidence.freeboard_m is reading.fit.freeboard_m


def test_the_true_north_of_the_table_is_used_and_not_the_grids():
    """A row turned by the convergence, as if its angles were the grid's, is another ship."""
    right, wrong = (
        next(stage.readings(table(row_of(CHIP, **changes)), reader(PIXELS), OPTIONS)).chip
        for changes in ({}, {"heading_deg": CHIP.heading_deg})
    )
    assert abs(TURN) > 0.5
    assert right.heading_deg - wrong.heading_deg == pytest.approx(TURN, abs=1e-3)


NAN = float("nan")


@pytest.mark.parametrize(
    ("changes", "pixels", "reason"),
    [
        ({"sensor": "sar"}, PIXELS, "sar"),
        ({"sun_azimuth_deg": None}, PIXELS, "no_geometry"),
        ({"view_zenith_deg": 80.0}, PIXELS, "no_geometry"),
        ({"length_m": 49.0}, PIXELS, "too_small"),
        ({}, None, "cloud"),
        ({}, PIXELS[["nir"]].rename(nir="swir16"), "cloud"),
        ({"beam_m": NAN}, PIXELS, "weak_evidence"),
        ({"beam_m": NAN}, pixels_of(CHIP, cloud=np.ones(CHIP.image.shape[1:], bool)), "cloud"),
        ({}, pixels_of(CHIP, ice=np.ones(CHIP.image.shape[1:], bool)), "cloud"),
        ({}, pixels_of(CHIP, land=np.ones(CHIP.image.shape[1:], bool)), "alongside"),
    ],
)
def test_a_row_that_cannot_be_measured_has_its_reason(changes, pixels, reason):
    load = load_of(row_of(CHIP, **changes), pixels)
    assert load.load_reason == reason
    assert reason in LOAD_REASONS
    assert load.load_state == "indeterminate"
    assert pd.isna(load.freeboard_m)


@pytest.mark.parametrize(("side", "reason"), [(-1, "alongside"), (1, None)])
def test_land_matters_on_the_shaded_side_only(side, reason):
    """The sun is 85 degrees to starboard: the shadow falls to port."""
    rows, columns = np.indices(CHIP.image.shape[1:])
    x = (columns - (CHIP.image.shape[2] - 1) / 2) * 3.0
    y = ((CHIP.image.shape[1] - 1) / 2 - rows) * 3.0
    heading = np.deg2rad(35.0)
    starboard = x * np.cos(heading) - y * np.sin(heading)
    land = side * starboard > CHIP.beam_m / 2 + 4
    assert load_of(row_of(CHIP), pixels_of(CHIP, land=land)).load_reason == reason


def neighbour(distance_m, azimuth_deg, **changes):
    """A second ship, parallel, so far away."""
    angle = np.deg2rad(azimuth_deg)
    east, north = distance_m * np.sin(angle), distance_m * np.cos(angle)
    place = shapely.Point(*from_local_metres(east, north, origin=(PLACE.x, PLACE.y)))
    outline = rectangle_around(
        place, length_m=CHIP.length_m, beam_m=CHIP.beam_m, heading_deg=CHIP.heading_deg
    )
    return row_of(CHIP, geometry=place, footprint=outline, **changes)


@pytest.mark.parametrize(("distance", "crowded"), [(25.0, True), (38.0, True), (120.0, False)])
def test_ships_within_reach_of_a_shadow_are_neighbours(distance, crowded):
    rows = table(row_of(CHIP), neighbour(distance, 35 - 90))
    first, second = stage._crowded(rows)
    assert first is crowded
    assert second is crowded


def test_being_neighbours_is_mutual_and_alone_nobody_is():
    rng = np.random.default_rng(3)
    rows = table(
        row_of(CHIP), *(neighbour(d, a) for d, a in rng.uniform((30, 0), (400, 360), (12, 2)))
    )
    crowded = stage._crowded(rows)
    swept = [stage._swept(hull, row) for hull, row in zip(
        gpd.GeoSeries(list(rows.footprint), crs="EPSG:4326").to_crs(EPSG),
        rows.itertuples(), strict=True)]  # fmt: skip
    # Brute force: any other swept hull nearer than a pixel and a half.
    expected = [
        any(k != j and one.distance(other) < 1.5 * 3.0 for j, other in enumerate(swept))
        for k, one in enumerate(swept)
    ]
    assert crowded == expected
    assert any(crowded)
    assert stage._crowded(rows.iloc[:1]) == [False]


def test_some_rows_by_number_are_read_as_among_all():
    rows = table(row_of(CHIP), neighbour(38.0, 35 - 90), neighbour(500.0, 0.0, sensor="sar"))
    every = list(stage.readings(rows, reader(PIXELS), OPTIONS))
    some = list(stage.readings(rows, reader(PIXELS), OPTIONS, only=(2, 0)))
    assert [r.load for r in some] == [every[2].load, every[0].load]
    assert [r.load.load_reason for r in every] == ["neighbour", "neighbour", "sar"]


def test_no_rows_give_a_table_without_rows():
    empty = stage.loads(table(row_of(CHIP)).iloc[:0], reader(None), OPTIONS)
    assert list(empty.columns) == list(stage.COLUMNS)
    assert empty.empty


def test_the_index_of_the_rows_is_kept():
    rows = table(row_of(CHIP, sensor="sar"), row_of(CHIP, sensor="sar"))
    assert list(stage.loads(rows, reader(None), OPTIONS).index) == [10, 11]


@pytest.mark.parametrize("length", [60.0, 300.0])
def test_the_place_is_surer_for_fine_pixels_and_sure_lengths(length):
    sigmas = [
        stage.position_sigma_m(length, sigma, gsd_m=gsd)
        for gsd, sigma in ((0.5, 1.0), (3.0, 1.0), (10.0, 1.0), (10.0, 40.0))
    ]
    assert sigmas == sorted(sigmas)
    assert sigmas[2] >= 7.0


def test_one_ship_is_read_without_regard_to_neighbours():
    reading = stage.read_ship(PIXELS, table(row_of(CHIP)).iloc[0])
    alone = next(stage.readings(table(row_of(CHIP)), reader(PIXELS), OPTIONS))
    assert reading.load == alone.load
    assert box_around(PLACE, half_m=1.0).covers(PLACE)


def test_an_unknown_view_is_read_for_whatever_it_may_be():
    known = next(stage.readings(table(row_of(CHIP)), reader(PIXELS), OPTIONS))
    row = row_of(CHIP, view_zenith_deg=NAN)
    reading = next(stage.readings(table(row), reader(PIXELS), OPTIONS))
    assert not reading.chip.view_known
    assert reading.load.freeboard_p05_m < reading.load.freeboard_p95_m
    assert reading.load.freeboard_sigma_m > 0.8 * known.load.freeboard_sigma_m
    # The fit took the view for one from overhead, so that it is a picture and no evidence.
    assert reading.fit is not None
    assert np.ptp(reading.evidence.log_likelihood) == 0


def test_what_network_and_fit_cannot_vouch_for_is_indeterminate():
    reading = next(stage.readings(table(row_of(CHIP)), reader(PIXELS), OPTIONS))
    sure = replace(reading.belief, log_lr_laden=4.0)
    wrong = replace(reading.fit, misfit=0.9)
    for load, reason in (
        (stage.load_by_belief(CHIP, sure, reading.fit), None),
        (stage.load_by_belief(CHIP, sure, wrong), "misfit"),
        (stage.load_by_belief(CHIP, sure, familiar=False), "unfamiliar"),
        (stage.load_by_belief(CHIP, sure, replace(reading.fit, obstructed=0.9)), "alongside"),
    ):
        assert load.load_reason == reason
        assert load.load_state == ("indeterminate" if reason else "laden")
        assert load.freeboard_m == pytest.approx(reading.load.freeboard_m)


@pytest.mark.parametrize("change", [{"length_m": 260.0}, {"bands": ()}])
def test_a_ship_that_the_network_does_not_know_is_read_by_the_fit_alone(change):
    reading = stage.read_chip(replace(model_chip(gsd=10.0, length=260.0), **change))
    assert reading.belief is None
    assert reading.fit is not None
    assert reading.load.freeboard_m is not None


def test_a_ship_is_read_the_same_whatever_else_the_table_has():
    rows = table(row_of(CHIP), neighbour(500.0, 0.0, sensor="sar"), neighbour(900.0, 90.0))
    assert stage.loads(rows, reader(PIXELS), OPTIONS).iloc[0].equals(load_of(row_of(CHIP)))
