"""The words of the evidence page and of the exports: one file, ``words.json``, for both.

The page's script has the same file in its bundle, so that a load, a reason, a type of ship or what
``p_tanker`` rests on reads the same on the page and in a balloon of Google Earth.
"""

import functools
import json
from pathlib import Path
from typing import TypedDict

import pandas as pd

UNDETERMINED_PERCENT = 50
"""A chance that is printed as this says nothing either way."""


class Words(TypedDict):
    """What ``words.json`` has."""

    simulated: str
    supposed: str
    undetermined: str
    type_undetermined: str
    loads: dict[str, str]
    reasons: dict[str, str]
    tanker_basis: dict[str, str]
    """What ``p_tanker`` of a visit rests on."""
    types: dict[str, str]
    """Names of `gnomon.datamodel.ship_types.SHIP_TYPES`, and of ``none``."""
    certainties: dict[str, str]
    """How sure an analyst is."""
    glossary: dict[str, str]
    """Definitions, which docs/glossary.md repeats."""


@functools.cache
def words() -> Words:
    """Read the words."""
    text = (Path(__file__).parent / "words.json").read_text(encoding="utf-8")
    made: Words = json.loads(text)
    return made


def chance_text(p: float | None) -> str:
    """A chance, as the page's ``chance`` prints it.

    Shares of draws are never 0 % or 100 %, and one half is no knowledge.
    """
    if p is None or pd.isna(p) or round(100 * p) == UNDETERMINED_PERCENT:
        return words()["undetermined"]
    if p >= 0.995:
        return "over 99 %"
    return "under 1 %" if p < 0.005 else f"{round(100 * p)} %"


def tanker_text(p: float | None, basis: str | None) -> str:
    """Chance that a visit was that of a small tanker, and what it rests on."""
    chance = chance_text(p)
    known = basis is not None and pd.notna(basis) and chance != words()["undetermined"]
    return f"{chance}, {words()['tanker_basis'].get(str(basis), basis)}" if known else chance
