"""The words of the evidence page and of the exports: one file, ``words.json``, for both.

The page's script has the same file in its bundle, so that a load, a reason, a type of ship or what
``p_tanker`` rests on reads the same on the page and in a balloon of Google Earth.
"""

import functools
import json
from pathlib import Path
from typing import TypedDict


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
    lacking: dict[str, str]
    """What it means for a reader that a column was not given."""
    glossary: dict[str, str]
    """Definitions, which docs/glossary.md repeats."""


@functools.cache
def words() -> Words:
    """Read the words."""
    text = (Path(__file__).parent / "words.json").read_text(encoding="utf-8")
    made: Words = json.loads(text)
    return made
