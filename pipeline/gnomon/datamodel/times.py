"""Times that people write: ISO 8601 with a zone, and nothing else.

"05/11/2024" is a day in May or in November, "02:10" without a zone is one of many hours, and a date
alone is no time: two images of one day would change places. All of them are refused with what to
write instead. Guesses would be wrong without anybody seeing it.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

EXAMPLE = "2024-11-05T02:10:00Z"
_ISO = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?|\d{8}T\d{4}(\d\d([.,]\d+)?)?)"
    r" ?(?P<zone>Z|[+-]\d\d(:?\d\d)?)?",
    re.IGNORECASE,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")
_NUMBER = re.compile(r"\d+([.,]\d+)?")
_OTHER_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")
_EXCEL_ORIGIN = datetime(1899, 12, 30, tzinfo=UTC)
_EXCEL_DAYS = 20_000, 80_000
"""From 1954 to 2119, where a number is a day count of Excel rather than anything else."""


def utc_time(value: Any) -> datetime:
    """Time in UTC of what a table holds, to the microsecond.

    Parameters
    ----------
    value
        Text, or a time of Python, numpy or pandas.

    Raises
    ------
    ValueError
        It is no time, or one that can be read in two ways; the message says what to write.

    """
    if not isinstance(value, str) and not isinstance(value, int | float):
        time = pd.Timestamp(value)
        if time.tzinfo is None:
            raise ValueError(_without_zone(time.isoformat()))
        return time.as_unit("us").to_pydatetime().astimezone(UTC)
    text = str(value).strip()
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(_no_time(text))
    if found["zone"] is None:
        raise ValueError(_without_zone(text))
    try:
        whole = found["time"].replace(" ", "T").replace(",", ".") + found["zone"]
        return datetime.fromisoformat(whole.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text} is no time ({error}); write {EXAMPLE}") from error


def _without_zone(text: str) -> str:
    return f"{text} has no zone; add Z if it is UTC, or else its offset (+09:00)"


def _no_time(text: str) -> str:
    """Why a text is no time, and what to write."""
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    if _DAY.fullmatch(text):
        return f"{shown} is a day without a time; write the time of the image, {EXAMPLE}"
    if _NUMBER.fullmatch(text):
        days = float(text.replace(",", "."))
        if _EXCEL_DAYS[0] <= days <= _EXCEL_DAYS[1]:
            time = _EXCEL_ORIGIN + timedelta(seconds=round(days * 86_400))
            return (
                f"{shown} is Excel's own number of {time:%Y-%m-%d %H:%M:%S}, whose zone is unknown;"
                " give the cells the format yyyy-mm-ddThh:mm:ss and save with a Z at the end"
            )
        return f"{shown} is a number and no time; write {EXAMPLE}"
    if _OTHER_DATE.match(text):
        return f"{shown} can be read as several days; write year-month-day, {EXAMPLE}"
    return f"{shown!r} is no time of ISO 8601; write {EXAMPLE}"
