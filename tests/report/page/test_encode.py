"""Values of tables as JSON: nothing that JSON lacks, and nothing lost beyond the rounding."""

import calendar
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import mapping

from gnomon.report.page.encode import epoch_s, epochs_s, number, numbers, parsed, rings, texts

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
UNKNOWN = (None, np.nan, np.inf, -np.inf, pd.NA)


@given(FINITE, st.integers(0, 6))
def test_a_number_is_within_half_of_its_last_digit(value: float, digits: int) -> None:
    encoded = number(value, digits)
    assert encoded is not None
    assert abs(Decimal(encoded) - Decimal(value)) <= Decimal(10) ** -digits / 2 + Decimal("1e-9")


@pytest.mark.parametrize("value", UNKNOWN)
def test_unknown_numbers_are_null(value: object) -> None:
    assert number(value) is None


@given(st.lists(st.one_of(FINITE, st.sampled_from(UNKNOWN))))
def test_a_column_is_strict_json_of_the_same_length(values: list[object]) -> None:
    text = json.dumps(numbers(values), allow_nan=False)
    again = json.loads(text)
    assert len(again) == len(values)
    finite = [isinstance(value, float) and bool(np.isfinite(value)) for value in values]
    assert [value is not None for value in again] == finite


@given(
    st.integers(0, 2**32),
    st.timedeltas(min_value=timedelta(hours=-14), max_value=timedelta(hours=14)),
)
def test_a_moment_is_unix_time_in_every_time_zone(seconds: int, offset: timedelta) -> None:
    zone = timezone(timedelta(minutes=round(offset.total_seconds() / 60)))
    here = datetime.fromtimestamp(seconds, zone)
    assert epoch_s(pd.Timestamp(here)) == seconds == calendar.timegm(here.utctimetuple())


def test_missing_times_and_texts_are_null() -> None:
    times = pd.Series(pd.to_datetime(["1970-01-01T00:01:00.9Z", None], utc=True))
    assert epochs_s(times) == [60, None]
    assert texts(pd.Series(["a", None, 3])) == ["a", None, "3"]


CORNER = st.floats(-179, 178, allow_subnormal=False)


@given(st.lists(st.tuples(CORNER, st.floats(-80, 79), st.floats(0.01, 1)), min_size=1, max_size=4))
def test_rings_are_the_outer_rings_that_geojson_has(
    boxes: list[tuple[float, float, float]],
) -> None:
    shapes = [
        shapely.box(x, y, x + size, y + size).difference(
            shapely.box(x + size / 4, y + size / 4, x + size / 2, y + size / 2)
        )
        for x, y, size in boxes
    ]
    expected = [mapping(shape)["coordinates"][0] for shape in shapes]
    found = rings(shapely.MultiPolygon(shapes))
    assert len(found) == len(expected)
    for ring, corners in zip(found, expected, strict=True):
        assert np.allclose(ring, corners, atol=1e-6)


def test_shapes_without_area_have_no_ring() -> None:
    for shape in (
        None,
        shapely.Polygon(),
        shapely.Point(1, 2),
        shapely.LineString([(0, 0), (1, 1)]),
    ):
        assert rings(shape) == []
    mixed = shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(0, 0, 1, 1)])
    assert len(rings(mixed)) == 1


@given(st.one_of(st.none(), st.floats(), st.text()))
def test_a_cell_that_is_not_json_counts_as_empty(cell: object) -> None:
    assert isinstance(parsed(cell, dict[str, float]()), dict)
    assert isinstance(parsed(cell, list[str]()), list)


@given(st.dictionaries(st.text(), FINITE))
def test_a_cell_of_json_is_read_and_its_type_is_checked(value: dict[str, float]) -> None:
    cell = json.dumps(value)
    assert parsed(cell, dict[str, float]()) == value
    assert parsed(cell, list[str]()) == []
