"""Times: ISO 8601 with a zone is read exactly; what can be read in two ways is refused."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.times import utc_time

MOMENT = datetime(2024, 11, 5, 2, 10, tzinfo=UTC)
zones = st.integers(-14 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n)))
moments = st.datetimes(datetime(1973, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001


@given(moments)
def test_what_python_writes_is_read_to_the_microsecond(moment: datetime) -> None:
    for text in (moment.isoformat(), moment.isoformat(sep=" ")):
        read = utc_time(text)
        assert read == moment
        assert read.tzinfo is UTC
    assert utc_time(pd.Timestamp(moment)) == moment
    assert utc_time(moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2024-11-05T02:10:00Z", "2024-11-05t02:10z", "2024-11-05 02:10:00.000 +00:00",
        "2024-11-05T11:10:00+09:00", "2024-11-05T11:10+09", "20241105T111000+0900",
        "2024-11-05T02:10:00,000Z", " 2024-11-05T02:10:00.000000000Z ",
    ],
)  # fmt: skip
def test_forms_of_iso_8601_are_one_moment(text: str) -> None:
    assert utc_time(text) == MOMENT


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("05/11/2024", "several days; write year-month-day"),
        ("13/11/2024 02:10", "several days"),
        ("5.11.2024 02:10", "several days"),
        ("2024/11/05 02:10", "several days"),
        ("45601.0902777778", "Excel's own number of 2024-11-05 02:10:00, whose zone is unknown"),
        (45601.0902777778, "Excel's own number of 2024-11-05 02:10:00"),
        ("45601,09", "Excel's own number"),
        ("1730772600", "is a number and no time"),
        (1730772600, "is a number and no time"),
        ("2024-11-05T02:10:00", "has no zone; add Z if it is UTC"),
        (np.datetime64("2024-11-05T02:10:00"), "has no zone"),
        ("2024-11-05", "is a day without a time; write the time of the image"),
        ("20241105", "is a day without a time"),
        ("2024-13-05T02:10:00Z", "is no time"),
        ("2024-11-05T25:10:00Z", "is no time"),
        ("5 Nov 2024, 02:10 UTC", "no time of ISO 8601"),
        ("spring", "no time of ISO 8601"),
    ],
)
def test_everything_else_is_refused_with_what_to_write(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        utc_time(value)
    assert "\n" not in str(caught.value)
