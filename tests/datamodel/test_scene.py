"""A scene checks itself once, and its digest's inputs leave out what changes by the hour."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest
import shapely

from gnomon.datamodel.scene import Asset, Scene


def scene(**changes):
    values = {
        "id": "S2B_52TGN",
        "collection": "sentinel-2-l2a",
        "platform": "sentinel-2b",
        "sensor": "optical",
        "seen_at": datetime(2024, 5, 1, 2, 10, tzinfo=UTC),
        "footprint": shapely.box(132, 42, 133, 43),
        "gsd_m": 10.0,
        "assets": {"red": Asset(href="https://host/red.tif?sig=1", name="B04")},
    }
    return Scene(**values | changes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seen_at": datetime(2024, 5, 1)}, "UTC"),  # noqa: DTZ001
        ({"seen_at": datetime(2024, 5, 1, tzinfo=timezone(timedelta(hours=9)))}, "UTC"),
        ({"gsd_m": 0.0}, "gsd_m"),
        ({"gsd_m": float("nan")}, "gsd_m"),
    ],
)
def test_a_scene_that_cannot_be_is_refused_by_name(changes, why):
    with pytest.raises(ValueError, match=f"S2B_52TGN.*{why}"):
        scene(**changes)


@pytest.mark.parametrize(
    ("platform", "simulated"), [("sentinel-2b", False), ("synthetic-2a", True)]
)
def test_a_simulated_scene_is_known_by_its_platform(platform, simulated):
    assert scene(platform=platform).simulated == simulated


def test_a_scene_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        scene().gsd_m = 3.0


def test_a_new_signature_is_not_a_new_input():
    signed = Asset(href="https://host/red.tif?sig=2", name="B04")
    assert scene(assets={"red": signed}).inputs == scene().inputs
    moved = Asset(href="https://host/other.tif?sig=1", name="B04")
    assert scene(assets={"red": moved}).inputs != scene().inputs


@pytest.mark.parametrize(
    "changes",
    [
        {"sun_azimuth_deg": 150.0},
        {"gsd_m": 3.0},
        {"id": "other"},
        {"assets": {"red": Asset(href="https://host/red.tif", name="B04", offset=-0.1)}},
    ],
)
def test_what_a_result_rests_on_changes_its_inputs(changes):
    assert scene(**changes).inputs != scene().inputs
