"""Pictures of hulls: what is cut, framed and left out."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from gnomon.validate.anchorage.pictures import (
    COLUMNS,
    CROP_PX,
    CYAN,
    FRAMES,
    MISSED,
    DatePicture,
    Part,
    count_figure,
    date_picture,
    false_sheet,
    front_picture,
    hull_sheet,
    stay_sheet,
)
from gnomon.validate.anchorage.season import FALSE, RealSeason, compare_season

BOX = GeoBox((200, 300), Affine(10, 0, 300_000, 0, -10, 3_200_000), "EPSG:32615")
DAYS = pd.to_datetime(["2019-04-09", "2019-04-14"])


def place(column: int, row: int) -> tuple[float, float]:
    return BOX.affine @ (column, row)


@pytest.fixture(scope="module")
def dates() -> dict[pd.Timestamp, DatePicture]:
    """A dark sea with one white pixel at row 50, column 100."""
    light = np.full(BOX.shape.yx, 0.05, np.float32)
    light[50, 100] = 1.0
    bands = dict.fromkeys(("red", "green", "blue"), (("y", "x"), light))
    pixels = xr.Dataset(bands, coords=xr_coords(BOX))
    return dict.fromkeys(DAYS, date_picture(pixels))


@pytest.fixture(scope="module")
def season() -> RealSeason:
    spots = {"ship": place(100, 50), "false": place(200, 120), "missed": place(40, 150)}
    footprints = gpd.GeoSeries(
        [shapely.Point(spots[name]).buffer(60) for name in ("ship", "false")], crs=32615
    ).to_crs(4326)
    found = gpd.GeoDataFrame(
        {"date": DAYS[0], "length_m": 150.0, "score": 0.9, "port": "roads",
         "detection_id": ["a", "b"], "footprint": footprints},
        geometry=[shapely.Point(spots[name]) for name in ("ship", "false")], crs=32615,
    )  # fmt: skip
    outlines = [shapely.Point(spots[name]).buffer(50) for name in ("ship", "missed", "ship")]
    labels = gpd.GeoDataFrame(
        {"date": [DAYS[0], DAYS[0], DAYS[1]], "kind": "ship", "length_m": 150.0, "moving": False,
         "port": "roads"},
        geometry=outlines, crs=32615,
    )  # fmt: skip
    return compare_season(found, labels, shapely.box(0, 0, 1e6, 1e7))


def test_a_crop_has_its_place_in_the_middle_and_is_black_beyond_the_edge(
    dates: dict[pd.Timestamp, DatePicture],
) -> None:
    picture = dates[DAYS[0]]
    crop = picture.crop(*place(100, 50), 20)
    assert np.argwhere(crop.max(axis=2) > 200).tolist() == [[20, 20]]
    corner = picture.crop(*place(0, 0), 20)
    assert (corner[:20].max(), corner[:, :20].max()) == (0, 0)
    assert corner[20:, 20:].min() > 0


def test_the_sheet_frames_what_is_false_and_what_is_missed(
    season: RealSeason, dates: dict[pd.Timestamp, DatePicture]
) -> None:
    sheet = np.asarray(hull_sheet(season, dates))
    edge = 4 * CROP_PX - 4
    assert (sheet == FRAMES[FALSE]).all(axis=2).sum() == 2 * edge - 8
    assert (sheet == MISSED).all(axis=2).sum() == 2 * (2 * edge - 8)  # one on each date
    assert sheet.shape[1] == COLUMNS * (CROP_PX + 2)


def test_one_false_alarm_and_one_pair_are_drawn(
    season: RealSeason, dates: dict[pd.Timestamp, DatePicture]
) -> None:
    assert false_sheet(season, dates, zoom=2).width == 2 * CROP_PX + 8
    assert stay_sheet(season, dates, zoom=2).width == 4 * CROP_PX + 8


def test_the_front_picture_outlines_the_ships_of_its_part(
    season: RealSeason, dates: dict[pd.Timestamp, DatePicture]
) -> None:
    west, north = place(60, 20)
    part = Part(west_m=west, north_m=north, columns=80, rows=60)
    image = np.asarray(front_picture(season.found, dates[DAYS[0]], part, zoom=2))
    rows, columns = np.nonzero((image == CYAN).all(axis=2))
    assert columns.min() == pytest.approx(2 * (100 - 60 - 8.5), abs=4)
    assert rows[rows < 120].max() == pytest.approx(2 * (50 - 20 + 8.5), abs=4)


def test_the_figure_has_every_count(season: RealSeason) -> None:
    figure = count_figure(season, ["roads", "elsewhere"])
    labelled, found = figure.axes[0].get_lines()[:2]
    assert list(labelled.get_ydata()) == [2, 1]
    assert list(found.get_ydata()) == [2, 0]
    low, high = figure.axes[0].get_ylim()
    assert (low, high >= 2) == (0, True)
