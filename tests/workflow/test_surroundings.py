"""Places of visits before and after: of the right ground and scene, once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from executors import Deadly
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.study import Study
from gnomon.geo.grid import grid_of
from gnomon.geo.local import place_on_grid
from gnomon.imagery.read import read_pixels
from gnomon.workflow import surroundings as cutting
from gnomon.workflow.evidence import cutouts
from gnomon.workflow.plan import plan
from gnomon.workflow.store import Store
from gnomon.workflow.surroundings import (
    square_around,
    square_of_visit,
    surroundings,
)
from servers import Fault, FileServer
from simulated import BOX, DAYS


@pytest.fixture(scope="module")
def observations(sea: Path) -> list[Observation]:
    study = Study.model_validate({"name": "test", "catalog": {"url": str(sea)}})
    return plan(study).observations


@pytest.fixture
def hulls() -> gpd.GeoDataFrame:
    middle = BOX.geographic_extent.geom.centroid
    places = [shapely.Point(middle.x + 0.001 * n, middle.y) for n in range(2)]
    return gpd.GeoDataFrame(
        {"detection_id": ["a", "b"], "length_m": [80.0, 120.0]}, geometry=places, crs="EPSG:4326"
    )


def visit(observations: list[Observation], **more: Any) -> pd.DataFrame:
    """A visit seen on the second of three days."""
    first, _, last = (one.scene.seen_at for one in observations)
    row = {
        "visit_id": "v",
        "port": "everywhere",
        "arrived_after": first,
        "departed_before": last,
        "detections": json.dumps(["a", "b"]),
    }
    return pd.DataFrame([row | more])


def test_a_visit_has_its_place_from_the_passes_before_and_after(
    observations: list[Observation], hulls: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    rows = surroundings(visit(observations), hulls, observations, Store(tmp_path))
    found = {one.evidence_id: one for one in cutouts(rows)}
    assert {key: one.scene_id for key, one in found.items()} == {
        "before:v": f"april-{DAYS[0]:02d}",
        "after:v": f"april-{DAYS[2]:02d}",
    }
    square = square_of_visit(hulls)
    for key, number in (("before:v", 0), ("after:v", 2)):
        pixels = found[key].pixels
        expected = read_pixels(observations[number].scene, square.area)
        np.testing.assert_allclose(pixels["red"], expected["red"], atol=2e-6)
        middle = grid_of(pixels).extent.geom.centroid
        place, _ = place_on_grid(square.centre, grid_of(pixels).crs)
        assert middle.distance(shapely.Point(place)) < 15


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({"arrived_after": pd.NaT}, ["after:v"]),
        ({"departed_before": pd.NaT}, ["before:v"]),
        ({"port": "rajin"}, []),
        ({"detections": json.dumps(["gone"])}, []),
    ],
)
def test_a_visit_has_only_what_was_seen_of_it(
    observations: list[Observation],
    hulls: gpd.GeoDataFrame,
    tmp_path: Path,
    more: dict[str, Any],
    left: list[str],
) -> None:
    rows = surroundings(visit(observations, **more), hulls, observations, Store(tmp_path))
    assert list(rows.evidence_id) == left


def test_a_time_between_passes_names_none(
    observations: list[Observation], hulls: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    between = observations[0].scene.seen_at + timedelta(seconds=5)
    rows = surroundings(
        visit(observations, arrived_after=between), hulls, observations, Store(tmp_path)
    )
    assert list(rows.evidence_id) == ["after:v"]


def test_places_are_cut_once_and_again_when_the_code_changed(
    observations: list[Observation],
    hulls: gpd.GeoDataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = surroundings(visit(observations), hulls, observations, Store(tmp_path))

    def fail(*_: object) -> None:
        raise AssetError("april-04", "red", "the file is not there")

    monkeypatch.setattr(cutting, "reader_of", fail)
    again = surroundings(visit(observations), hulls, observations, Store(tmp_path))
    pd.testing.assert_frame_equal(first, again)
    monkeypatch.setattr(cutting, "code_digest", lambda *_: "other code")
    # A scene that cannot be read any more costs its cutouts and stops nothing.
    assert len(surroundings(visit(observations), hulls, observations, Store(tmp_path))) == 0


def test_what_the_network_did_not_give_is_cut_by_the_next_run(
    sea: Path, hulls: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    with FileServer(sea.parent) as server:
        catalog = {"url": f"{server.url}/{sea.name}"}
        study = Study.model_validate({"name": "test", "catalog": catalog})
        remote = plan(study).observations
        server.faults["/april-04/green.tif"] = Fault(status=404)
        first = surroundings(visit(remote), hulls, remote, Store(tmp_path))
        server.faults.clear()
        second = surroundings(visit(remote), hulls, remote, Store(tmp_path))
    assert list(first.evidence_id) == ["after:v"]
    assert list(second.evidence_id) == ["before:v", "after:v"]
    # Now they are in the store: without a server they are still there.
    assert len(surroundings(visit(remote), hulls, remote, Store(tmp_path))) == 2


def test_a_scene_that_ends_its_process_costs_its_cutouts_alone(
    observations: list[Observation], hulls: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    assert len(surroundings(visit(observations), hulls, observations, store, Deadly())) == 0
    assert len(surroundings(visit(observations), hulls, observations, store)) == 2


@given(
    length=st.floats(1, 500) | st.just(float("nan")),
    x=st.floats(-179, 179),
    y=st.floats(-70, 70),
)
def test_a_square_holds_its_ship_and_is_a_whole_number_of_pixels(
    length: float, x: float, y: float
) -> None:
    square = square_around(shapely.Point(x, y), length)
    assert 90 <= square.half_m <= 300
    assert square.half_m % 15 == 0
    if length <= 500 and length / 2 + 45 <= 300:
        assert square.half_m >= length / 2 + 45
    assert square.area.contains(shapely.Point(x, y))
