"""Numbers, days and loads as text for readers without statistics.

The page says the same in the same words (``web/src/text.ts``); tests compare the two. A chance
comes from a few hundred or thousand draws, which can show neither 0 nor 100 %.
"""

import math

import pandas as pd

UNKNOWN = "\N{EN DASH}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English, whatever the reader's system speaks."""
LOADS = {
    "laden": "laden (with cargo)",
    "ballast": "in ballast (without cargo)",
    "indeterminate": "cannot be determined from this image",
}
REASONS = {
    "sun_high": "the sun is high, so the shadow is short",
    "sun_along_hull": "the sun shines along the hull",
    "too_small": "the ship is too small for these pixels",
    "alongside": "a quay or pier lies where the shadow falls",
    "neighbour": "another hull or its shadow is too close",
    "cloud": "hidden by cloud, ice or missing data",
    "sar": "radar shows no shadow on water",
    "no_geometry": "the angles of the sun or the view are unknown",
    "weak_evidence": "the pixels do not separate laden from ballast",
}
ZONES = {"roads": "anchorage"}


def percent(chance: float | None) -> str:
    """Chance in whole percent, and never 0 or 100 %."""
    if chance is None or pd.isna(chance):
        return UNKNOWN
    if chance >= 0.995:
        return "over 99 %"
    return "under 1 %" if chance < 0.005 else f"{_rounded(chance * 100)} %"


def rough(value: float | None) -> str:
    """Number with three significant digits: 1,080,000 and not 1,080,621."""
    if value is None or pd.isna(value):
        return UNKNOWN
    if value == 0:
        return "0"
    size = 10 ** max(0, math.floor(math.log10(abs(value))) - 2)
    return f"{_rounded(value / size) * size:,d}"


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
    if name == "everywhere":
        return "Whole scene"
    words = name.replace("-", " ").split(" ")
    return " ".join(word[:1].upper() + word[1:] for word in words)


def zone_text(name: str) -> str:
    """Name of a zone; the seafarers' roads are an anchorage to everybody else."""
    return ZONES.get(name, name)
