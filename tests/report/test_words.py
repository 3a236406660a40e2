"""The words of page and exports: every code of the tables has one, and one meaning everywhere."""

import re
from pathlib import Path

import pytest

from gnomon.datamodel.decisions import P_WRONG
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.datamodel.tables import LOAD_REASONS, LOAD_STATES
from gnomon.report.words import words
from gnomon.track.sightings import CONSEQUENCES

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_every_code_of_the_tables_has_its_words() -> None:
    assert list(words()["types"]) == [*SHIP_TYPES, "none"]
    assert set(words()["reasons"]) == set(LOAD_REASONS)
    assert set(LOAD_STATES) <= set(words()["loads"])


def test_what_a_table_lacks_is_said_without_names_of_columns() -> None:
    columns = {text.split(":")[0].removeprefix("no ") for text in CONSEQUENCES.values()}
    assert set(words()["lacking"]) == columns


def test_how_sure_an_analyst_is_weighs_what_the_page_says() -> None:
    texts = words()["certainties"]
    assert list(texts) == list(P_WRONG)
    for name, wrong in P_WRONG.items():
        right = f"right {10 * (1 - wrong):.0f} times in 10"
        assert texts[name] == f"{name}: {'taken as a fact' if wrong < 1e-4 else right}"


@pytest.mark.parametrize("term", list(words()["glossary"]))
def test_the_glossary_of_the_documents_begins_as_that_of_the_page(term: str) -> None:
    entries = dict(
        re.findall(r"^\*\*(.+?)\*\* \N{EM DASH} (.+?)(?=\n\n|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    )
    flat = {name.strip("`").casefold(): " ".join(text.split()) for name, text in entries.items()}
    assert flat[term.casefold()].startswith(words()["glossary"][term])
