"""The JSON between Python and the page: both sides must name the same things."""

import re
from pathlib import Path
from typing import get_type_hints

import pytest

from gnomon.report.page import curves, schema

SCRIPT = Path(schema.__file__).parents[1] / "web" / "src" / "data.ts"
SAME = {
    "Scenario": schema.Scenario,
    "Swing": schema.Swing,
    "Year": schema.Year,
    "Season": schema.Season,
    "FurtherImages": schema.FurtherImages,
    "Port": schema.PortOutline,
    "PortPicture": schema.PortPicture,
    "Curve": curves.BarrelCurve,
    "Strongest": schema.Strongest,
    "Run": schema.RunSection,
    "Raw": schema.PageData,
    "Chip": schema.PagePicture,
    "Posterior": curves.PosteriorCurve,
    "Evidence": schema.PageEvidenceData,
}
JOINED = {"Observation": schema.ObservationColumns, "Ship": schema.ShipColumns}
"""Interfaces of the script that have more: what it joins, or computes itself."""
ADDED = {
    "Observation": {"kind", "key", "sky", "seen", "ships"},
    "Ship": {"kind", "load", "derived", "observation", "visit"},
}


def interface(name: str) -> dict[str, str]:
    """Fields of an interface of the script, and their types."""
    text = SCRIPT.read_text(encoding="utf-8")
    found = re.search(
        rf"^(?:export )?interface {name} \{{\n(.*?)^\}}", text, re.DOTALL | re.MULTILINE
    )
    assert found is not None, name
    body = re.sub(r"/\*\*.*?\*/", "", found.group(1), flags=re.DOTALL)
    return dict(re.findall(r"^  (\w+): (.*?);?$", body, re.MULTILINE))


@pytest.mark.parametrize("name", list(SAME))
def test_an_interface_of_the_script_has_the_keys_of_python(name: str) -> None:
    assert set(interface(name)) == set(SAME[name].__annotations__)


@pytest.mark.parametrize("name", list(JOINED))
def test_a_row_of_the_script_is_made_of_columns_of_python(name: str) -> None:
    fields = set(interface(name)) - ADDED[name]
    assert fields <= set(JOINED[name].__annotations__)


@pytest.mark.parametrize("name", ["Scenario", "Swing", "Year", "Season"])
def test_text_is_text_and_numbers_are_numbers_on_both_sides(name: str) -> None:
    for field, kind in get_type_hints(SAME[name]).items():
        is_text = kind is str
        assert (interface(name)[field] == "string") == is_text, field


def test_the_script_reads_every_measure_that_it_shows() -> None:
    """Measures of ships and visits are not declared in the script: each use must have a column."""
    texts = [path.read_text(encoding="utf-8") for path in SCRIPT.parent.glob("*.ts*")]
    used = {name for text in texts for name in re.findall(r"\bship\.(\w+)", text)}
    known = set(schema.ShipColumns.__annotations__) | ADDED["Ship"] | {"get", "has"}
    assert used - known == set()
    used = {name for text in texts for name in re.findall(r"\bvisit\.(\w+)", text)}
    known = set(schema.VisitRow.__annotations__) | {"shipIds", "get", "has"}
    assert used - known == set()
