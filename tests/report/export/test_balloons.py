"""Balloons for readers without documentation: a label for every column, plain words, no markup."""

import html
import json
import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.tables import (
    LOAD_REASONS,
    LOAD_STATES,
    Detections,
    Observations,
    Visits,
    Voyages,
)
from gnomon.report.export.balloons import LABELS, LOADS, REASONS, balloon, escaped, label, readable


@pytest.mark.parametrize("model", [Detections, Observations, Visits, Voyages])
def test_every_column_of_a_table_in_google_earth_has_a_label(model: type) -> None:
    columns = set(model.to_schema().columns) - {"geometry", "footprint"}  # type: ignore[attr-defined]
    assert columns - set(LABELS) == set()


def test_labels_are_plain_and_there_is_none_twice() -> None:
    assert len(set(LABELS.values())) == len(LABELS)
    assert not [text for text in LABELS.values() if "_" in text]
    assert label("of_the_future") == "of the future"


def test_every_load_and_reason_has_words() -> None:
    assert set(LOADS) == set(LOAD_STATES)
    assert set(REASONS) == set(LOAD_REASONS)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_numbers_keep_four_significant_digits(value: float) -> None:
    again = float(readable("length_m", value).replace(",", ""))
    assert math.isclose(again, value, rel_tol=5.1e-4, abs_tol=0.0)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("load_state", "indeterminate", "cannot be determined from this image"),
        ("load_state", "ballast", "in ballast (without cargo)"),
        ("load_reason", "sun_high", "the sun is high, so the shadow is short"),
        ("zone", "roads", "anchorage"),
        ("zone", "pier 1", "pier 1"),
        ("quayside", True, "yes"),
        ("dark", False, "no"),
        ("candidates", '{"Un Hung": 0.4, "unregistered": 0.6}', "Un Hung 40%, unregistered 60%"),
        ("zones", '{"roads": 0.125}', "anchorage 12%"),
        ("detections", '["a-1", "b-2"]', "a-1, b-2"),
        ("detections", 4, "4"),
        ("reason", "[half of", "[half of"),
        ("reason", '{"a": "b"}', '{"a": "b"}'),
        ("seen_at", pd.Timestamp("2024-04-06T11:12:13+09:00"), "2024-04-06T02:12:13Z"),
    ],
)
def test_values_are_readable(column: str, value: object, text: str) -> None:
    assert readable(column, value) == text


@given(st.text())
def test_any_text_is_shown_as_it_is_but_for_what_xml_cannot_hold(words: str) -> None:
    made = escaped(words)
    assert not set(made.replace("<br>", "")) & set("<>\"'$")
    shown = html.unescape(made.replace("<br>", "\n"))
    kept = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", words)
    assert shown == html.unescape(html.escape(kept))


def test_of_many_candidates_the_first_are_named() -> None:
    text = readable("candidates", json.dumps({f"ship {n}": 0.02 for n in range(36)}))
    assert text.startswith("ship 0 2%, ship 1 2%, ")
    assert text.endswith("ship 7 2%, and 28 others")


def test_a_balloon_has_title_picture_and_a_row_for_each_value() -> None:
    row = {"length_m": 98.4444, "candidates": json.dumps({"<b>": 1.0})}
    assert balloon("97 m & more", row, "pictures/1.png") == (
        '<h3>97 m &amp; more</h3><p><img src="pictures/1.png" width="320"></p><table>'
        "<tr><td>Length, m</td><td>98.44</td></tr>"
        "<tr><td>Which ship it may be</td><td>&lt;b&gt; 100%</td></tr></table>"
    )
    assert "<img" not in balloon("a", row, None)
