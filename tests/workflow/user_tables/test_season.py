"""Ships and images of one season: they belong together, and lie where their port does."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import Point, box

from gnomon.datamodel.errors import TableError
from gnomon.datamodel.ports import Port
from gnomon.track.table_checks import ALL_WITH_SHIPS
from gnomon.workflow.user_tables.season import (
    SeasonTables,
    metres_outside,
    read_season_tables,
)
from user_tables import IMAGES, SHIPS, changed, csv_file

RAJIN = Port("rajin", box(130.25, 42.15, 130.40, 42.30))


def season(
    folder: Path, ships: dict, images: dict = IMAGES, ports: tuple[Port, ...] = (RAJIN,)
) -> SeasonTables:
    return read_season_tables(
        csv_file(folder / "ships.csv", ships),
        csv_file(folder / "images.csv", images),
        detection_columns={},
        observation_columns={},
        ports=ports,
    )


def season_fault(folder: Path, ships: dict, images: dict = IMAGES) -> str:
    with pytest.raises(TableError) as caught:
        season(folder, ships, images)
    (line,) = str(caught.value).splitlines()
    return line.removeprefix(f"{folder / 'ships.csv'}: ")


def test_tables_that_fit_need_no_note(tmp_path: Path) -> None:
    read = season(tmp_path, SHIPS)
    assert (len(read.detections), len(read.observations), read.notes) == (3, 3, ())


def test_a_ship_needs_its_image(tmp_path: Path) -> None:
    fault = season_fault(tmp_path, changed(SHIPS, scene_id=["s1", "s9", "s2"]))
    assert fault.startswith("row 2: ships without an image in ")
    assert fault.endswith("first s9 at rajin; add a row for each image")
    fault = season_fault(tmp_path, changed(SHIPS, port="Rajin"))
    assert fault.startswith("rows 1, 2, 3: ships without an image in ")
    assert fault.endswith("(its ports are rajin)")


def test_a_ship_cannot_be_in_an_image_that_was_not_observed(tmp_path: Path) -> None:
    images = IMAGES | {"status": ["observed", "failed", "skipped"]}
    fault = season_fault(tmp_path, SHIPS, images)
    assert fault.startswith("row 3: ships in images that are skipped or failed in ")
    assert fault.endswith("set their status to observed, or delete the ships")


def moved(lon: Sequence[str], lat: Sequence[str]) -> dict:
    return changed(SHIPS, lon=lon, lat=lat)


def test_swapped_places_and_other_places_are_refused(tmp_path: Path) -> None:
    """At 54 N, 18 E nothing but the port's area can tell."""
    gdansk = Port("rajin", box(18.5, 54.3, 18.8, 54.5))
    lon, lat = ["54.41", "54.42", "18.7"], ["18.61", "18.62", "54.4"]
    with pytest.raises(TableError) as caught:
        season(tmp_path, moved(lon, lat), ports=(gdansk,))
    assert str(caught.value).endswith(
        "rows 1 and 2: 2 ships of port rajin lie more than 20 km outside its area; lon and lat are "
        "swapped"
    )
    fault = season_fault(tmp_path, moved(["130.3", "130.3", "131.3"], ["42.2"] * 3))
    assert fault == (
        "row 3: 1 ship of port rajin lies more than 20 km outside its area: are lon and lat "
        "swapped, or is it another port?"
    )


def test_places_just_outside_are_counted_and_said(tmp_path: Path) -> None:
    read = season(tmp_path, moved(["130.3", "130.42", "130.41"], ["42.2"] * 3))
    assert len(read.detections) == 3
    (note,) = read.notes
    assert note.startswith(f"{tmp_path / 'ships.csv'}: 2 ships of port rajin lie outside its area")
    assert note.endswith(", by up to 1.7 km, first row 2; they count as there")


@given(
    lon=st.floats(130.5, 131.5),
    lat=st.floats(42.16, 42.29),
)
def test_the_way_to_an_area_is_that_of_the_ellipsoid(lon: float, lat: float) -> None:
    away = metres_outside(gpd.GeoSeries([Point(lon, lat), Point(130.3, 42.2)]), RAJIN.area)
    _, _, true = Geod(ellps="WGS84").inv(lon, lat, 130.40, lat)
    assert away[0] == pytest.approx(true, rel=1e-3)
    assert away[1] == 0


def many_images(empty: int) -> tuple[dict, dict]:
    """A season with a ship on each image but some."""
    scenes = [f"s{n}" for n in range(ALL_WITH_SHIPS + empty)]
    times = [f"2024-04-{n + 1:02d}T02:12:00Z" for n in range(len(scenes))]
    images = {"scene_id": scenes, "port": ["rajin"] * len(scenes), "seen_at": times}
    seen = scenes[:ALL_WITH_SHIPS]
    ships = {"scene_id": seen, "length_m": ["98"] * len(seen), "port": ["rajin"] * len(seen)}
    return ships, images


def test_images_without_ships_are_missed(tmp_path: Path) -> None:
    (note,) = season(tmp_path, *many_images(0)).notes
    assert note == (
        f"{tmp_path / 'images.csv'}: port rajin: each of its {ALL_WITH_SHIPS} images shows a ship: "
        "if images without ships were left out, the counts are too high (add a row for each)"
    )
    assert season(tmp_path, *many_images(1)).notes == ()
