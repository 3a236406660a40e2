"""Numbers, days and loads as text for readers without statistics.

The page says the same in the same words (``web/src/text.ts``); tests compare the two. A chance
comes from a few hundred or thousand draws, which can show neither 0 nor 100 %.
"""

import math

import pandas as pd

from gnomon.datamodel.ports import EVERYWHERE
from gnomon.report.words import words

UNKNOWN = "\N{EN DASH}"
UNDETERMINED_PERCENT = 50
"""A chance that is printed as this says nothing either way."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English, whatever the reader's system speaks."""
ZONES = {"roads": "anchorage"}


def percent(chance: float | None) -> str:
    """Chance in whole percent, and never 0 or 100 %."""
    if chance is None or pd.isna(chance):
        return UNKNOWN
    if chance >= 0.995:
        return "over 99 %"
    return "under 1 %" if chance < 0.005 else f"{_rounded(chance * 100)} %"


def chance_text(p: float | None) -> str:
    """Chance of a yes or no; one half, or none at all, is not determined."""
    if p is None or pd.isna(p) or _rounded(p * 100) == UNDETERMINED_PERCENT:
        return words()["undetermined"]
    return percent(p)


def tanker_text(p: float | None, basis: str | None) -> str:
    """Chance that a visit was that of a small tanker, and what it rests on.

    Parameters
    ----------
    p, basis
        ``p_tanker`` and ``p_tanker_basis`` of `gnomon.datamodel.tables.Visits`.

    """
    chance = chance_text(p)
    if basis is None or pd.isna(basis) or chance == words()["undetermined"]:
        return chance
    return f"{chance}, {words()['tanker_basis'].get(str(basis), str(basis))}"


def rough(value: float | None) -> str:
    """Number with three significant digits: 1,080,000 and not 1,080,621."""
    if value is None or pd.isna(value):
        return UNKNOWN
    if value == 0:
        return "0"
    size = 10 ** max(0, math.floor(math.log10(abs(value))) - 2)
    return f"{_rounded(value / size) * size:,d}"


def plus_minus(value: float | None) -> str:
    """Half of an interval: ±12, and ±2.6 where it is below ten."""
    if value is None or pd.isna(value):
        return UNKNOWN
    return f"±{_rounded(value):,d}" if value >= 9.95 else f"±{_rounded(10 * value) / 10:.1f}"


def whole(value: float | None) -> str:
    """Number without decimals."""
    return UNKNOWN if value is None or pd.isna(value) else f"{_rounded(value):,d}"


def _rounded(value: float) -> int:
    """Nearest whole number; halves go up, as in JavaScript."""
    return math.floor(value + 0.5)


def day_text(time: pd.Timestamp | None) -> str:
    """Day in UTC with its year: 6 Apr 2024."""
    if time is None or pd.isna(time):
        return UNKNOWN
    utc = time.tz_convert("UTC")
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"


def moment_text(time: pd.Timestamp | None) -> str:
    """Day and minute: 6 Apr 2024, 02:12 UTC."""
    if time is None or pd.isna(time):
        return UNKNOWN
    return f"{day_text(time)}, {time.tz_convert('UTC'):%H:%M} UTC"


def days_text(first: pd.Timestamp | None, last: pd.Timestamp | None) -> str:
    """First and last day; a year that both share stands once: 15 Oct to 24 Dec 2024."""
    begin, end = day_text(first), day_text(last)
    if begin == end:
        return begin
    return f"{begin.removesuffix(end[-5:]) if UNKNOWN not in (begin, end) else begin} to {end}"


def port_text(name: str) -> str:
    """Name of a port: port-alfa is Port Alfa."""
    if name == EVERYWHERE:
        return "Whole scene"
    words = name.replace("-", " ").split(" ")
    return " ".join(word[:1].upper() + word[1:] for word in words)


def zone_text(name: str) -> str:
    """Name of a zone; the seafarers' roads are an anchorage to everybody else."""
    return ZONES.get(name, name)
