"""Decisions of analysts: read or refused as a whole, weighed, never lost and never overwritten."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.decisions import (
    BY_EYE,
    LOAD_P_WRONG,
    P_VESSEL,
    P_WRONG,
    TYPE_BY_EYE,
    Certainty,
    Decision,
    latest,
    read_review,
    reviewed,
)
from gnomon.datamodel.errors import ReviewError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Study
from gnomon.datamodel.traffic import read_traffic
from gnomon.simulate.season.campaign import (
    ZONE,
    SimulatedSeason,
    simulate_season,
    trade_2024,
)
from gnomon.track.fleet import (
    apply_reviewed_names,
    candidate_probabilities,
    read_fleet,
    size_likelihood,
)
from gnomon.workflow.infer import Inference
from inference import infer
from tracked_seasons import options, tracked

NOON = datetime(2024, 12, 1, 12, tzinfo=UTC)


def decision(name: str, said: str = "accept", **more: Any) -> Decision:
    return Decision.model_validate(
        {"detection_id": name, "decision": said, "decided_at": NOON, **more}
    )


def feature(name: object, said: object = "accept", **more: Any) -> dict[str, Any]:
    outline = [[131.0, 42.7], [131.001, 42.7], [131.001, 42.701], [131.0, 42.7]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [outline]},
        "properties": {
            "detection_id": name,
            "visit_id": "v",
            "scene_id": "s",
            "decision": said,
            "decided_at": "2024-12-01T12:00:00Z",
            **more,
        },
    }


def written(path: Path, *features: dict[str, Any], **more: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
    return path


# --- reading ----------------------------------------------------------------------------------


def test_a_file_is_read_with_its_outlines_and_blank_words_say_nothing(tmp_path: Path) -> None:
    path = written(
        tmp_path / "r.geojson",
        feature("a", type="tanker", load_state="", identity=" ", note="<b>rust</b>", fid=7),
        feature("b", "reject", length_m=92.5, reviewer="A. N."),
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    )
    one, two = read_review(path)
    assert (one.type, one.load_state, one.identity, one.note) == (
        "tanker",
        None,
        None,
        "<b>rust</b>",
    )
    assert one.geometry is not None
    assert one.geometry.bounds == pytest.approx((131.0, 42.7, 131.001, 42.701))
    assert (two.decision, two.length_m, str(two)) == (
        "reject",
        92.5,
        "b (reject by A. N., 2024-12-01)",
    )


def test_every_faulty_feature_is_named(tmp_path: Path) -> None:
    naive = feature("d") | {"geometry": None}
    naive["properties"]["decided_at"] = "2024-12-01T12:00:00"
    swapped = feature("e")
    swapped["geometry"]["coordinates"] = [
        [[42.7, 131.0], [42.8, 131.0], [42.7, 131.1], [42.7, 131.0]]
    ]
    path = written(
        tmp_path / "r.geojson",
        feature("fine"),
        feature("a", "maybe"),
        feature(None),
        feature("c", type="submarine", load_state="half"),
        naive,
        swapped,
        feature("fine", "reject"),
        {"type": "Feature"},
        feature("g") | {"geometry": {"type": "Polygon"}},
        feature("h", length_m=-3),
        feature("i", note="half \ud800"),
    )
    with pytest.raises(ReviewError) as caught:
        read_review(path)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{path}: 13 fault(s)")
    said: dict[str, str] = {}
    for line in lines:
        who, why = line.strip().split(": ", 1)
        said[who] = f"{said.get(who, '')}{why}\n"
    assert list(said) == [
        "feature 2 (a)", "feature 3", "feature 4 (c)", "feature 5 (d)", "feature 6 (e)",
        "feature 7 (fine)", "feature 8", "feature 9 (g)", "feature 10 (h)", "feature 11 (i)",
    ]  # fmt: skip
    assert "decision is 'maybe'; write one of accept, reject" in said["feature 2 (a)"]
    assert "lacks the property detection_id" in said["feature 3"]
    assert "type is 'submarine'; write one of tanker" in said["feature 4 (c)"]
    assert "load_state is 'half'; write one of laden" in said["feature 4 (c)"]
    assert said["feature 8"].count("lacks the property") == 3
    assert "geometry cannot be read" in said["feature 9 (g)"]
    assert "length_m is -3: should be greater than 0" in said["feature 10 (h)"]
    assert "note is not text" in said["feature 11 (i)"]
    assert "timezone" in said["feature 5 (d)"]
    assert "longitude taken for latitude" in said["feature 6 (e)"]
    assert "otherwise than feature 1" in said["feature 7 (fine)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "cannot be read as GeoJSON"),
        ("[]", "not a GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection", "features": {}}', "not a GeoJSON FeatureCollection"),
        ('{"type": "FeatureCollection", "features": [], "crs": "EPSG:32652"}', "EPSG:4326"),
    ],
)
def test_what_is_no_review_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.geojson"
    path.write_text(text)
    with pytest.raises(ReviewError, match=said) as caught:
        read_review(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ReviewError, match="there is no such review"):
        read_review(tmp_path / "none.geojson")


@given(st.permutations(range(5)))
def test_the_latest_decision_holds_in_whatever_order_they_stand(order: list[int]) -> None:
    said = [
        decision("a", "reject" if n % 2 else "accept", decided_at=NOON + timedelta(hours=n))
        for n in range(5)
    ]
    assert latest([said[n] for n in order]) == {"a": said[4]}


# --- weight -----------------------------------------------------------------------------------


def ships() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "detection_id": ["a", "b", "c", "d"],
            "port": ["p", "p", "q", "q"],
            "score": [0.6, 0.99, 0.5, 0.4],
            "p_tanker": [np.nan, 0.97, 0.5, 0.01],
            "log_lr_laden": [np.nan, 4.2, -1.0, 2.0],
        }
    )


def test_a_word_stands_in_for_the_pixels_unless_they_said_the_same_more_strongly() -> None:
    table = ships()
    said = [
        decision("a", type="tanker", load_state="laden", identity="Un Hung"),
        decision("b", type="tanker", load_state="laden"),
        decision("c", type="cargo", load_state="ballast"),
        decision("d", type="other", load_state="indeterminate", identity="Unregistered"),
        decision("gone", load_state="laden"),
    ]
    found = reviewed(table, said)
    rows = found.detections
    odds = np.log(1 / P_WRONG["sure"] - 1)
    assert list(rows.score) == [P_VESSEL, 0.99, P_VESSEL, P_VESSEL]
    assert list(rows.p_tanker) == pytest.approx([1 - P_WRONG["sure"]] * 2 + [P_WRONG["sure"]] * 2)
    assert list(rows.log_lr_laden) == pytest.approx([odds, odds, -odds, np.nan], nan_ok=True)
    assert list(rows.identity.fillna("")) == ["Un Hung", "", "", ""]
    assert [one.detection_id for one in found.lost] == ["gone"]
    assert found.notes == {
        "p": "reviewed: 2 accepted, 0 rejected",
        "q": "reviewed: 2 accepted, 0 rejected",
    }
    pd.testing.assert_frame_equal(table, ships())  # the caller's table is left as it was


@pytest.mark.parametrize("certainty", ["sure", "probable", "possible"])
def test_a_word_weighs_as_the_analyst_says(certainty: Certainty) -> None:
    """Pixels that say the same more strongly are kept, and weaker ones are raised to the word."""
    p, odds = 1 - P_WRONG[certainty], np.log(1 / P_WRONG[certainty] - 1)
    words = [
        decision(name, type=kind, load_state=load, certainty=certainty)
        for name, kind, load in (("a", "tanker", "laden"), ("c", "bulk", "ballast"))
    ]
    rows = reviewed(ships(), words).detections.set_index("detection_id")
    assert rows.p_tanker["a"] == pytest.approx(p)
    assert rows.p_tanker["c"] == pytest.approx(1 - p)
    assert rows.log_lr_laden["a"] == pytest.approx(odds)
    assert rows.log_lr_laden["c"] == pytest.approx(-max(odds, 1.0))
    assert list(rows[TYPE_BY_EYE]) == [True, False, True, False]
    assert rows[LOAD_P_WRONG].dropna().to_dict() == pytest.approx({"a": 1 - p, "c": 1 - p})


def test_a_word_whose_certainty_is_unknown_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "r.geojson", feature("a", type="tanker", certainty="very"))
    with pytest.raises(ReviewError, match="certainty is 'very'; write one of sure, probable"):
        read_review(path)
    (plain,) = read_review(written(tmp_path / "s.geojson", feature("a", type="tanker")))
    assert plain.certainty == "sure"


def test_what_is_rejected_takes_no_part_and_nothing_else_changes() -> None:
    found = reviewed(ships(), [decision("b", "reject", type="tanker", load_state="ballast")])
    plain = found.detections.drop(columns=[BY_EYE, TYPE_BY_EYE, LOAD_P_WRONG])
    pd.testing.assert_frame_equal(plain, ships().drop(index=1))
    assert found.notes == {"p": "reviewed: 0 accepted, 1 rejected"}
    accepted = reviewed(ships(), [decision("b", "accept", type="none")])  # no ship, by its own word
    pd.testing.assert_frame_equal(accepted.detections, found.detections)
    assert accepted.notes == found.notes


def test_no_decision_changes_nothing_and_a_table_without_ids_is_refused() -> None:
    table = ships()
    assert reviewed(table, []).detections is table
    with pytest.raises(ReviewError, match="detection_id"):
        reviewed(table.drop(columns="detection_id"), [decision("a")])


def test_a_named_ship_is_believed_unless_her_size_says_no() -> None:
    usual = read_traffic("small-tankers").tankers
    fleet = read_fleet(shipped("configs") / "fleet.csv", usual).with_names(
        ["New Dawn", "new  dawn"]
    )
    assert fleet.name[-1] == "New Dawn"
    assert fleet.name.count("New Dawn") == 1
    ship = fleet.find("imo 8660313")
    assert ship == fleet.find(" chon MA san ")
    assert fleet.find("Daeho Sunrise") == fleet.find("DAEHO sunrise") is not None
    length = np.array([float(fleet.length_m[ship]), 40.0, 88.0])
    plain = size_likelihood(fleet, length, np.full(3, 8.0), 0.157 * length)
    words = [{"Chon Ma San"}, {"Chon Ma San"}, {"New Dawn"}]
    weights = apply_reviewed_names(plain, fleet, words)
    far = np.arange(3) * 30.0
    chance = candidate_probabilities(
        weights, far, far + 2, round_trip_days=2.0, rng=np.random.default_rng(0)
    )
    assert 0.9 < chance[0, ship] < 0.999
    assert chance[1, ship] < 0.5
    assert 0.9 < chance[2, len(fleet.name) - 1] < 0.999
    unsaid = apply_reviewed_names(plain, fleet, [set(), set(), set()])
    np.testing.assert_array_equal(unsaid, plain)


# --- the stage --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year() -> SimulatedSeason:
    return simulate_season(np.random.default_rng(3), trade_2024())


def study(made: SimulatedSeason) -> Study:
    start, end = made.period
    return Study.model_validate(
        {
            "name": "test",
            "catalog": {"url": "none"},
            "period": {"start": start.date(), "end": (end - pd.Timedelta(days=1)).date()},
            "track": {"zones": [ZONE], "draws": 60, "members": 64},
        }
    )


@pytest.fixture
def followed(year: SimulatedSeason, tmp_path: Path) -> Callable[..., Inference]:
    def call(*said: Decision) -> Inference:
        return infer(study(year), year.detections, year.observations, tmp_path, decisions=said)

    return call


def test_rejecting_every_false_alarm_and_other_ship_leaves_the_tankers(
    year: SimulatedSeason, followed: Callable[..., Inference]
) -> None:
    before = followed()
    wrong = year.detections.detection_id[np.asarray(year.visit) < 0]
    after = followed(*(decision(name, "reject") for name in wrong))
    rejected = set(wrong)
    kept = {name for text in after.tracked.visits.detections for name in json.loads(text)}
    assert kept
    assert not kept & rejected
    row, was = after.tracked.seasons.iloc[0], before.tracked.seasons.iloc[0]
    assert row.visits_p05 <= 43 <= row.visits_p95
    assert row.notes.endswith(f"reviewed: 0 accepted, {len(rejected)} rejected")
    assert "reviewed" not in str(was.notes)


def test_words_about_type_load_and_name_reach_the_visit(
    year: SimulatedSeason, followed: Callable[..., Inference]
) -> None:
    visit = followed().tracked.visits.iloc[5]
    names = json.loads(visit.detections)
    said = [decision(name, type="tanker", load_state="laden", identity="Un Hung") for name in names]
    rows = followed(*said).tracked.visits
    after = rows[[names[0] in json.loads(text) for text in rows.detections]].iloc[0]
    assert after.p_tanker > 0.9
    assert after.p_tanker >= visit.p_tanker - 0.02
    assert max(json.loads(after.candidates).items(), key=lambda pair: pair[1])[0] == "Un Hung"
    assert after.log_lr_laden_in + after.log_lr_laden_out > 2
    assert np.isfinite([after.log_lr_laden_in, after.log_lr_laden_out]).all()
    other = followed(*(decision(name, type="cargo") for name in names)).tracked.visits
    assert not any(set(names) & set(json.loads(text)) for text in other.detections)


def test_a_word_about_one_ship_does_not_hide_what_the_table_lacks(year: SimulatedSeason) -> None:
    bare = year.detections.drop(columns=["p_tanker", "score"])
    said = [decision(bare.detection_id.iloc[0], type="tanker")]
    notes = tracked(year, detections=bare, decisions=said).seasons.notes.iloc[0]
    assert "no p_tanker" in notes
    assert "no score" in notes
    assert notes.endswith("reviewed: 1 accepted, 0 rejected")


def test_own_names_of_columns_are_honoured(year: SimulatedSeason) -> None:
    name = year.detections.detection_id.iloc[0]
    own = year.detections.rename(columns={"detection_id": "ship_no"})
    mapped = options(detection_columns={"detection_id": "ship_no"})
    found = tracked(year, mapped, detections=own, decisions=[decision(name, "reject")])
    assert [one.detection_id for one in found.reviewed.held] == [name]
    assert not any(name in json.loads(text) for text in found.visits.detections)
