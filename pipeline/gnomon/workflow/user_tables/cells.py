"""Cells of a user's table to text, numbers and times, with a fault for each that is none.

Blank cells, "NaN", "null", "none", "n/a" and the like are missing values. In files that are not
separated by commas a comma is a decimal sign, unless a column has points as well: then it is
unknown which of them separates thousands.
"""

import json
import re
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from gnomon.datamodel.geojson import strict_json
from gnomon.datamodel.recall import read_recall
from gnomon.datamodel.times import utc_time
from gnomon.datamodel.visibility import read_visibility
from gnomon.workflow.user_tables.columns import Kind, range_of
from gnomon.workflow.user_tables.faults import Faults

BLANKS = {"", "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "nat"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_BOUNDS: dict[str, tuple[Callable[[Any, float], Any], str]] = {
    "greater_than": (np.greater, "above"),
    "greater_than_or_equal_to": (np.greater_equal, "at least"),
    "less_than": (np.less, "below"),
    "less_than_or_equal_to": (np.less_equal, "at most"),
}
LONGEST_M = 500.0
"""The longest ship ever had 458 m."""


def blank_cells(values: pd.Series) -> pd.Series:
    """Where a column has no value."""
    words = values.map(lambda v: isinstance(v, str) and v.strip().casefold() in BLANKS)
    return values.isna() | words.astype(bool)


def text_cells(values: pd.Series) -> pd.Series:
    """Values as text without blanks around it; numbers that are names lose no digit."""
    missing = blank_cells(values)
    words = [None if gone else _word(v) for v, gone in zip(values, missing, strict=True)]
    return pd.Series(words, index=values.index, dtype="str")


def _word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def words_of(values: pd.Series, kind: Kind, name: str, faults: Faults) -> pd.Series:
    """Text of a column that knows only some words."""
    found = text_cells(values)
    allowed = range_of(kind, name).words
    if not allowed:
        return found
    found = found.str.casefold()
    bad = found.notna() & ~found.isin(allowed)
    if bad.any():
        why = f"{values[bad].iloc[0]!r} is none of {', '.join(allowed)}; write one of them"
        faults.add_where(bad, why, column=name)
    return found


def numbers_of(
    values: pd.Series, kind: Kind, name: str, faults: Faults, *, decimal_comma: bool
) -> pd.Series:
    """Numbers of a column, NaN where it has none; those out of range are faults."""
    numbers = as_numbers(values, name, faults, decimal_comma=decimal_comma)
    if name == "heading_deg":
        return numbers % 360
    bounds = [(_BOUNDS[check], bound) for check, bound in range_of(kind, name).checks]
    good = pd.Series(data=True, index=numbers.index)
    for (compare, _), bound in bounds:
        good &= numbers.isna() | compare(numbers, bound)
    words = " and ".join(f"{word} {bound:g}" for (_, word), bound in bounds)
    _out_of_range(~good, numbers, f"must be {words}", name, faults)
    if name == "length_m":
        why = f"must be at most {LONGEST_M:g} m, as the longest ships are; is it in metres?"
        _out_of_range(numbers > LONGEST_M, numbers, why, name, faults)
    return numbers


def _out_of_range(bad: pd.Series, numbers: pd.Series, why: str, name: str, faults: Faults) -> None:
    if bad.any():
        faults.add_where(bad, f"{numbers[bad].iloc[0]:g} {why}", column=name)


def as_numbers(values: pd.Series, name: str, faults: Faults, *, decimal_comma: bool) -> pd.Series:
    """Numbers of a column; cells that hold anything else are faults."""
    missing = blank_cells(values)
    numbers = [_number(v, decimal_comma=decimal_comma) for v in values]
    bad = pd.Series([n is None for n in numbers], index=values.index) & ~missing
    if bad.any():
        first = str(values[bad].iloc[0]).strip()
        remedy = "write a decimal point" if "," in first else "leave it empty if it is not known"
        faults.add_where(bad, f"{first[:40]!r} is no number; {remedy}", column=name)
    if decimal_comma:
        _one_decimal_sign(values, name, faults)
    return pd.Series([np.nan if n is None else n for n in numbers], index=values.index, dtype=float)


def _number(value: Any, *, decimal_comma: bool) -> float | None:
    if isinstance(value, str):
        text = value.strip()
        if decimal_comma and _COMMA.fullmatch(text):
            text = text.replace(",", ".")
        value = float(text) if _NUMBER.fullmatch(text) else None
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        return None
    return float(value) if np.isfinite(float(value)) else None


def _one_decimal_sign(values: pd.Series, name: str, faults: Faults) -> None:
    text = [str(value).strip() if isinstance(value, str) else "" for value in values]
    commas = [n for n, t in enumerate(text) if _COMMA.fullmatch(t)]
    points = [n for n, t in enumerate(text) if "." in t and _NUMBER.fullmatch(t)]
    if commas and points:
        why = (
            f"{text[commas[0]]} has a decimal comma and {text[points[0]]} in row "
            f"{values.index[points[0]] + 1} a point; write all numbers in one way"
        )
        faults.add(why, column=name, rows=values.index[commas])


def times_of(values: pd.Series, name: str, faults: Faults) -> pd.Series:
    """Times of a column in UTC; missing ones are NaT, and those that are no ISO 8601 faults."""
    missing = blank_cells(values)
    times: list[Any] = []
    wrong: dict[str, tuple[str, list[int]]] = {}  # by remedy: the first message, and rows
    for row, value in values.items():
        times.append(pd.NaT)
        if missing[row]:
            continue
        try:
            times[-1] = utc_time(value)
        except ValueError as error:
            remedy = str(error).rpartition("; ")[2]
            wrong.setdefault(remedy, (str(error), []))[1].append(row)
    for why, rows in wrong.values():
        faults.add(why, column=name, rows=rows)
    column = pd.Series(pd.DatetimeIndex(times, tz="UTC"), index=values.index)
    return column.dt.as_unit("us")


def json_texts(values: pd.Series, name: str, faults: Faults) -> pd.Series:
    """JSON as text, of ``zones``, ``visibility``, ``recall``; GDAL hands such over as objects."""
    why, is_good = _JSON[name]
    missing = blank_cells(values)
    text = [json.dumps(v) if isinstance(v, dict) else v for v in values]
    found = [None if gone else t for t, gone in zip(text, missing, strict=True)]
    bad = [t is not None and not is_good(t) for t in found]
    faults.add_where(pd.Series(bad, index=values.index, dtype=bool), why, column=name)
    return pd.Series(found, index=values.index, dtype=object).astype("str")


def _are_fractions(text: Any) -> bool:
    try:
        return all(v is None or 0 <= float(v) <= 1 for v in strict_json(text).values())
    except (TypeError, ValueError, OverflowError, AttributeError):
        return False


def _is_visibility(text: Any) -> bool:
    try:
        read_visibility(text)
    except (TypeError, ValueError):
        return False
    return True


def _is_recall(text: Any) -> bool:
    try:
        read_recall(text)
    except (TypeError, ValueError):
        return False
    return True


_JSON: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "zones": ('should be fractions by zone as JSON, {"pier 1": 0.5}', _are_fractions),
    "visibility": ("is not as a run of gnomon wrote it; leave it empty", _is_visibility),
    "recall": ("is not as the table of columns has it; leave it empty", _is_recall),
}


def plain_values(values: pd.Series) -> pd.Series:
    """Values of a column that gnomon does not use: numbers if all of its text are numbers."""
    words = text_cells(values)
    known = words.dropna()
    is_number = known.map(lambda t: bool(_NUMBER.fullmatch(t)) and not re.match(r"[+-]?0\d", t))
    if len(known) and is_number.all():
        return pd.to_numeric(words)
    return words
