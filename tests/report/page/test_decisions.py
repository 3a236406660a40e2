"""Decisions: merging is a union that loses nothing, and files that are at fault are left alone."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions import collection, decision
from gnomon.datamodel.decisions import latest, read_review
from gnomon.datamodel.errors import ReviewError
from gnomon.report.page.decisions import (
    decision_features,
    merge_decisions,
    read_decisions,
    write_decisions,
)

TIMES = st.sampled_from(
    ["2024-12-01T00:00:00Z", "2024-12-01T09:00:00+09:00", "2024-12-02T00:00:00.500Z"]
)
DECISIONS = st.lists(st.builds(decision, st.sampled_from("abc"), TIMES, note=st.text()))
Features = list[dict[str, Any]]


def key(feature: dict[str, Any]) -> tuple[str, datetime]:
    properties = feature["properties"]
    time = datetime.fromisoformat(properties["decided_at"]).astimezone(UTC)
    return properties["detection_id"], time


@given(DECISIONS, DECISIONS)
def test_merging_keeps_every_decision_once(one: Features, other: Features) -> None:
    both = merge_decisions(one, other)
    assert [key(feature) for feature in both] == sorted({key(f) for f in [*one, *other]})
    assert all(feature in [*one, *other] for feature in both)


@given(DECISIONS, DECISIONS, DECISIONS)
def test_merging_is_idempotent_and_associative(a: Features, b: Features, c: Features) -> None:
    both = merge_decisions(a, b)
    assert merge_decisions(both, both) == both
    assert merge_decisions(both, c) == merge_decisions(a, merge_decisions(b, c))


def test_an_earlier_decision_stays_as_history() -> None:
    early = decision("a", "2024-12-01T23:59:00+09:00", note="early")
    late = decision("a", "2024-12-01T15:00:00Z", note="late")
    assert merge_decisions([late], [early]) == [early, late]


def test_tracking_uses_the_latest_decision_of_what_was_written(tmp_path: Path) -> None:
    """The page writes what the data model reads: the same latest decision on each detection."""
    path = tmp_path / "review.geojson"
    early = decision("a", "2024-12-01T00:00:00Z")
    late = decision("a", "2024-12-03T00:00:00Z", decision="reject", note="a crane")
    write_decisions(merge_decisions([late, decision("b")], [early]), path)
    standing = latest(read_review(path))
    assert {name: one.rejects for name, one in standing.items()} == {"a": True, "b": False}
    assert read_decisions(path) == [early, late, decision("b")]


@given(DECISIONS)
def test_properties_that_gnomon_does_not_know_are_kept(features: Features) -> None:
    for feature in features:
        feature["properties"]["colour"] = "rust"
    assert all(f["properties"]["colour"] == "rust" for f in merge_decisions(features))


@pytest.mark.parametrize(
    "value",
    [[], {"type": "Feature"}, {"type": "FeatureCollection"}, collection({"properties": {}}),
     collection(decision("a", decision="maybe")), collection(decision("a", None)),
     collection(decision("a", "2024-12-01T00:00:00"))],
)  # fmt: skip
def test_anything_but_decisions_is_refused(value: Any) -> None:
    with pytest.raises(
        ValueError,
        match=r"FeatureCollection|features|detection_id|accept|decided_at|timezone",
    ):
        decision_features(value)


FAULTY = (
    decision("a", decision="maybe", type="barge"),
    decision("b"),
    decision("c", "yesterday"),
)
EVERY_FAULT = (
    r"feature 1 \(a\): decision is 'maybe'; write one of accept, reject",
    r"feature 1 \(a\): type is 'barge'; write one of tanker, .*none",
    r"feature 3 \(c\): decided_at is 'yesterday'",
)


def test_every_fault_of_what_the_page_sends_is_named() -> None:
    with pytest.raises(ValueError, match="feature") as caught:
        decision_features(collection(*FAULTY))
    for fault in EVERY_FAULT:
        assert re.search(fault, str(caught.value))
    assert "feature 2" not in str(caught.value)


def test_every_fault_of_a_file_is_named_as_by_the_reader_of_tracking(tmp_path: Path) -> None:
    path = tmp_path / "review.geojson"
    path.write_text(json.dumps(collection(*FAULTY)))
    with pytest.raises(ReviewError, match=r"3 fault\(s\)") as caught:
        read_decisions(path)
    for fault in EVERY_FAULT:
        assert re.search(fault, str(caught.value))
    with pytest.raises(ReviewError) as of_tracking:
        read_review(path)
    assert str(caught.value).startswith(str(of_tracking.value))


def test_two_decisions_of_one_moment_that_differ_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "review.geojson"
    path.write_text(json.dumps(collection(decision("a"), decision("a", decision="reject"))))
    with pytest.raises(ReviewError, match="decides otherwise than feature 1"):
        read_decisions(path)


@pytest.mark.parametrize("text", ["half a fi", "[]", json.dumps(collection({"properties": 1}))])
def test_a_faulty_file_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "review.geojson"
    path.write_text(text)
    with pytest.raises(ReviewError, match=r"(?s)review\.geojson: .*correct or move the file"):
        read_decisions(path)
    assert path.read_text() == text


def test_no_file_is_no_decision_and_a_folder_is_a_fault(tmp_path: Path) -> None:
    assert read_decisions(tmp_path / "review.geojson") == []
    with pytest.raises(ReviewError, match="cannot be read"):
        read_decisions(tmp_path)
