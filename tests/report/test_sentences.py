"""What own images show and what is supposed: two sentences that never mix."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections
from gnomon.report.sentences import (
    disagreement,
    known_load,
    own_text,
    seen_text,
    supposed_text,
    together_text,
)
from run_folders import day, ship, visit

LOADS = st.lists(st.sampled_from(["laden", "ballast", "indeterminate", None]), max_size=8)


def ships(*loads: str | None, days: tuple[float, ...] = ()) -> Any:
    when = days or tuple(range(len(loads)))
    rows = [
        ship(f"a-{n}", day(t), 130.3, load_state=one)
        for n, (one, t) in enumerate(zip(loads, when, strict=True))
    ]
    return table(Detections, rows)


@pytest.mark.parametrize(
    ("loads", "text"),
    [
        ((), "None of its images is in this run"),
        (("laden",), "Its one image: laden on 6 Apr 2024"),
        (("indeterminate",), "Load cannot be determined in its one image, of 6 Apr 2024"),
        ((None, None), "Load cannot be determined in its 2 images"),
        (
            ("ballast", None),
            "Its 2 images: in ballast on 6 Apr 2024; cannot be determined in the other",
        ),
        (("laden",) * 5, "Its 5 images: laden in 5 images from 6 Apr 2024 to 10 Apr 2024"),
    ],
)
def test_own_images_are_said_one_by_one(loads: tuple[str, ...], text: str) -> None:
    assert own_text(ships(*loads)) == text


def test_two_images_of_one_day_are_one_day() -> None:
    text = own_text(ships("laden", "laden", days=(0, 0.1)))
    assert text == "Its 2 images: laden on 6 Apr 2024 (2 images)"


@given(LOADS)
def test_own_images_are_never_given_a_load_that_none_of_them_shows(
    loads: list[str | None],
) -> None:
    text = own_text(ships(*loads))
    assert ("laden" in text) == ("laden" in loads)
    assert ("in ballast" in text) == ("ballast" in loads)


@given(st.one_of(st.none(), st.floats(0, 1)), st.floats(0, 1), st.floats(0, 1))
def test_what_is_supposed_changes_nothing_of_what_is_seen(
    own: float | None, p_loaded: float, p_out: float
) -> None:
    row = visit() | {"image_p_laden_out": own, "image_p_laden_in": None}
    other = row | {"p_loaded": p_loaded, "p_laden_out": p_out}
    assert together_text(row) == together_text(other)
    assert (together_text(row) == "") == (own is None)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_direction_is_supposed_only_where_it_is_nearly_sure(loaded: float, un: float) -> None:
    text = supposed_text({"p_loaded": loaded, "p_unloaded": un})
    assert text.startswith("it came in ballast") == (loaded > 0.9)
    assert ("is open" in text) == (loaded <= 0.9 and un <= 0.9)


def test_a_contradiction_is_named() -> None:
    row = {"image_p_laden_out": 0.02, "others_p_laden_out": 0.98, "contradicts_trade": True,
           "p_laden_out": 0.6, "p_laden_in": 0.01}  # fmt: skip
    assert disagreement(row, ships("ballast")) == (
        "The two disagree: its own images say that it was in ballast on departure, the other "
        "visits that it was laden."
    )
    both = {"image_p_laden_in": 0.97, "others_p_laden_in": 0.02}
    laden = row | both | {"image_p_laden_out": 0.97}
    assert disagreement(laden, ships("laden")) == (
        "The two disagree: its own images say that it was laden on arrival, the other visits that "
        "it was in ballast."
    )
    assert "disagree" not in str(disagreement(row | {"contradicts_trade": False}, ships("laden")))
    row = {"contradicts_trade": None, "p_laden_out": 0.999, "p_laden_in": 0.01}
    assert disagreement(row, ships("ballast")) == (
        "None of its own images shows it laden: that rests on the other visits alone."
    )
    assert disagreement(row, ships("ballast", "laden")) is None
    assert disagreement(row, ships("indeterminate")) is None


@given(st.floats(0, 1))
def test_laden_and_ballast_are_mirror_images(chance: float) -> None:
    other = {"laden": "ballast", "ballast": "laden", None: None}
    near = min(abs(chance - 0.1), abs(chance - 0.9)) < 1e-9
    assert near or known_load(1 - chance) == other[known_load(chance)]


def test_a_visit_is_seen_on_the_days_of_its_images() -> None:
    first, last = ships(None, None).seen_at
    assert seen_text({"arrived_before": first, "departed_after": first}) == "seen on 6 Apr 2024"
    text = seen_text({"arrived_before": first, "departed_after": last})
    assert text == "seen from 6 Apr 2024 to 7 Apr 2024"
