"""QML and project of QGIS, read as XML; their rules are run by another engine on the tables.

QGIS itself is not at hand in tests. What it needs was taken from files that it wrote.
"""

import re
import sqlite3
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.schema import Table
from gnomon.datamodel.tables import Detections, Observations, Visits, Voyages
from gnomon.report.export.qgis import DOCTYPE, STYLES, project_document, style_document

MODELS: dict[str, type[Table]] = {
    "detections": Detections, "observations": Observations, "visits": Visits, "voyages": Voyages,
}  # fmt: skip
CHANCES = st.one_of(st.none(), st.floats(0, 1))


def parsed(text: str) -> ET.Element:
    assert text.startswith(DOCTYPE)
    return ET.fromstring(text)


def project(**changed: object) -> ET.Element:
    given = {
        "layers": ["ledger", "seasons", "observations", "detections", "visits"],
        "geopackage": "gnomon.gpkg", "title": "gnomon: <spring>", "about": 'A "spring" & more',
        "extent": (130.1, 42.1, 130.4, 42.3), "simulated": False,
    }  # fmt: skip
    return parsed(project_document(**(given | changed)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(STYLES))
def test_a_style_has_a_symbol_for_each_rule(name: str) -> None:
    root = parsed(style_document(name))
    assert root.tag == "qgis"
    (renderer,) = root
    assert renderer.get("type") == "RuleRenderer"
    rules, symbols = renderer.findall("rules/rule"), renderer.findall("symbols/symbol")
    assert [rule.get("symbol") for rule in rules] == [symbol.get("name") for symbol in symbols]
    assert len({rule.get("key") for rule in rules}) == len(rules)
    assert all(re.fullmatch(r"\{[0-9a-f-]{36}\}", rule.get("key") or "") for rule in rules)
    assert [rule.get("filter") for rule in rules].count("ELSE") == 1
    kinds = {"SimpleMarker": "marker", "SimpleLine": "line", "SimpleFill": "fill"}
    for symbol in symbols:
        (layer,) = symbol
        assert kinds[layer.get("class") or ""] == symbol.get("type")
        options = {one.get("name"): one.get("value") for one in layer.findall("Option/Option")}
        assert all(one.get("type") == "QString" for one in layer.findall("Option/Option"))
        colours = [value for key, value in options.items() if (key or "").endswith("color")]
        assert colours
        for colour in colours:
            assert all(0 <= int(part) <= 255 for part in (colour or "").split(","))


def drawn_as(name: str, row: dict[str, float | str | None]) -> list[str]:
    """Labels of the rules that SQLite, which has the same expressions, finds true of a row."""
    rules = [rule for rule in STYLES[name].rules if rule.condition != "ELSE"]
    database = sqlite3.connect(":memory:")
    columns = ", ".join(f':{key} AS "{key}"' for key in row)
    checks = ", ".join(f"coalesce({rule.condition}, 0)" for rule in rules)
    (found,) = database.execute(f"SELECT {checks} FROM (SELECT {columns})", row)
    database.close()
    hits = [rule.label for rule, hit in zip(rules, found, strict=True) if hit]
    return hits or [rule.label for rule in STYLES[name].rules if rule.condition == "ELSE"]


@given(CHANCES, CHANCES)
def test_the_colour_of_a_visit_is_first_that_of_its_own_images(
    own: float | None, supposed: float | None
) -> None:
    (label,) = drawn_as("visits", {"image_p_laden_out": own, "p_laden_out": supposed})
    if own is not None and own > 0.9:
        assert label == "own images: laden"
    elif own is not None and own < 0.1:
        assert label == "own images: in ballast"
    elif supposed is not None and (supposed > 0.9 or supposed < 0.1):
        assert label.startswith("supposed from other visits: ")
        assert label.endswith("laden") == (supposed > 0.9)
    else:
        assert label == "cannot be determined"


def test_what_is_supposed_is_hollow_and_dashed() -> None:
    for rule in STYLES["visits"].rules:
        hollow = rule.properties["color"].endswith(",0")
        dashed = rule.properties["outline_style"] == "dash"
        assert hollow == dashed == rule.label.startswith("supposed")
    assert all(rule.properties["line_style"] == "dash" for rule in STYLES["voyages"].rules)


@pytest.mark.parametrize(
    ("name", "row", "label"),
    [
        ("detections", {"load_state": "ballast"}, "in ballast"),
        ("detections", {"load_state": None}, "load not measured"),
        ("observations", {"status": "failed"}, "skipped or failed"),
        ("observations", {"status": "observed"}, "image"),
        ("voyages", {"probability": 0.2}, "possible"),
    ],
)
def test_rows_are_drawn_as_what_they_are(name: str, row: dict[str, str], label: str) -> None:
    assert drawn_as(name, dict(row)) == [label]


@pytest.mark.parametrize("name", list(STYLES))
def test_rules_ask_for_columns_of_the_tables(name: str) -> None:
    known = set(MODELS[name].to_schema().columns)
    asked = {c for rule in STYLES[name].rules for c in re.findall(r'"(\w+)"', rule.condition)}
    assert asked
    assert asked <= known | {"image_p_laden_out"}


def test_a_project_has_its_layers_in_order_with_their_styles() -> None:
    root = project()
    tree = root.findall("layer-tree-group//layer-tree-layer")
    assert [row.get("id") for row in tree] == [
        "gnomon_visits", "gnomon_detections", "gnomon_observations",
        "gnomon_seasons", "gnomon_ledger",
    ]  # fmt: skip
    maps = {layer.findtext("id"): layer for layer in root.findall("projectlayers/maplayer")}
    assert list(maps) == [row.get("id") for row in tree]
    for row in tree:
        layer = maps[row.get("id")]
        assert row.get("source") == layer.findtext("datasource")
        assert row.get("name") == layer.findtext("layername")
        assert layer.findtext("provider") == "ogr"
        name = (row.get("id") or "").removeprefix("gnomon_")
        if name in STYLES:
            renderer = layer.find("renderer-v2")
            assert renderer is not None
            (saved,) = parsed(style_document(name))
            assert ET.tostring(renderer) == ET.tostring(saved)
            assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:4326"
        else:
            assert layer.get("geometry") == "No geometry"


def test_a_project_is_in_degrees_and_shows_its_ground() -> None:
    root = project()
    for path in ("projectCrs", "mapcanvas/destinationsrs"):
        assert root.findtext(f"{path}/spatialrefsys/authid") == "EPSG:4326"
    assert root.findtext("properties/SpatialRefSys/ProjectionsEnabled") == "1"
    edges = [root.findtext(f"mapcanvas/extent/{tag}") for tag in ("xmin", "ymin", "xmax", "ymax")]
    assert [float(edge or "nan") for edge in edges] == [130.1, 42.1, 130.4, 42.3]


def test_a_project_can_be_moved() -> None:
    root = project()
    assert root.findtext("properties/Paths/Absolute") == "false"
    sources = [layer.findtext("datasource") or "" for layer in root.iter("maplayer")]
    for source in sources:
        path, _, layer = source.partition("|layername=")
        assert not Path(path).is_absolute()
        assert path == "./gnomon.gpkg"
        assert layer


@pytest.mark.parametrize("simulated", [True, False])
def test_title_legend_and_map_of_a_simulated_run_say_so(*, simulated: bool) -> None:
    root = project(simulated=simulated)
    texts = [root.findtext("title"), root.findtext("properties/CopyrightLabel/Label")]
    texts += [row.get("name") for row in root.iter("layer-tree-layer")]
    assert [("SIMULATED" in (text or "")) for text in texts] == [simulated] * len(texts)
    assert root.findtext("properties/CopyrightLabel/Enabled") == "true"
    assert "<spring>" in (root.findtext("title") or "")
