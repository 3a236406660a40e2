"""How QGIS draws the tables of a run: a style for each layer, and a project that opens them all.

A style is a QML document with a rule for each state. Colours of visits are those of their own
images; what is only supposed from the other visits at a port is pale, hollow and dashed. The
project names the GeoPackage beside it by a relative path, so that both can be moved together. It
was written after files of QGIS 3.28 to 3.44, and it needs QGIS 3.22 or later.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from gnomon.report.credits import SIMULATED, marked

VERSION = "3.34.0"
"""Of QGIS, in whose words the files are written."""
DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
LADEN, BALLAST, UNDETERMINED, UNMEASURED = "0,114,178", "230,159,0", "140,140,140", "0,170,190"
"""Blue and orange of Okabe and Ito, grey, and cyan for loads that were not measured."""
SURE = 0.9
"""Chance from which a load is shown, as for the load states of images."""
WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)
_IDS = uuid.UUID("6f0f0d3c-6a55-4c0e-9d53-1f2f2c1a6d11")
"""Namespace of the identifiers of rules."""

Kind = Literal["marker", "line", "fill"]
_SYMBOL_CLASSES = {"marker": "SimpleMarker", "line": "SimpleLine", "fill": "SimpleFill"}
_GEOMETRIES = {"marker": "Point", "line": "Line", "fill": "Polygon"}


@dataclass(frozen=True)
class StyleRule:
    """Rows of a layer that are drawn alike."""

    label: str
    condition: str
    """Expression of QGIS; ``ELSE`` for the rows of no other rule."""
    properties: dict[str, str]
    """Of the symbol."""


@dataclass(frozen=True)
class LayerStyle:
    """How a layer is drawn."""

    title: str
    kind: Kind
    rules: tuple[StyleRule, ...]


def _marker(colour: str, *, supposed: bool = False) -> dict[str, str]:
    return {
        "name": "circle",
        "size": "3.2",
        "size_unit": "MM",
        "color": f"{colour},{0 if supposed else 255}",
        "outline_color": f"{colour},{150 if supposed else 255}",
        "outline_style": "dash" if supposed else "solid",
        "outline_width": "0.5",
    }


def _outline(colour: str, *, dashed: bool = False, opacity: int = 60) -> dict[str, str]:
    return {
        "style": "solid" if opacity else "no",
        "color": f"{colour},{opacity}",
        "outline_color": f"{colour},255",
        "outline_style": "dash" if dashed else "solid",
        "outline_width": "0.4",
    }


def _line(opacity: int) -> dict[str, str]:
    """Voyages are supposed, all of them."""
    return {
        "line_color": f"90,90,90,{opacity}",
        "line_style": "dash",
        "line_width": "0.5",
        "line_width_unit": "MM",
    }


_OWN = 'coalesce("image_p_laden_out", 0.5)'
_SUPPOSED = f"{_OWN} BETWEEN {1 - SURE:.1f} AND {SURE:.1f} AND"
STYLES = {
    "visits": LayerStyle(
        "Visits by their load on departure",
        "marker",
        (
            StyleRule("own images: laden", f"{_OWN} > {SURE:.1f}", _marker(LADEN)),
            StyleRule("own images: in ballast", f"{_OWN} < {1 - SURE:.1f}", _marker(BALLAST)),
            StyleRule(
                "supposed from other visits: laden",
                f'{_SUPPOSED} "p_laden_out" > {SURE:.1f}',
                _marker(LADEN, supposed=True),
            ),
            StyleRule(
                "supposed from other visits: in ballast",
                f'{_SUPPOSED} "p_laden_out" < {1 - SURE:.1f}',
                _marker(BALLAST, supposed=True),
            ),
            StyleRule("cannot be determined", "ELSE", _marker(UNDETERMINED)),
        ),
    ),
    "detections": LayerStyle(
        "Ships in images",
        "fill",
        (
            StyleRule("laden", "\"load_state\" = 'laden'", _outline(LADEN)),
            StyleRule("in ballast", "\"load_state\" = 'ballast'", _outline(BALLAST)),
            StyleRule(
                "load cannot be determined",
                "\"load_state\" = 'indeterminate'",
                _outline(UNDETERMINED),
            ),
            StyleRule("load not measured", "ELSE", _outline(UNMEASURED, opacity=0)),
        ),
    ),
    "voyages": LayerStyle(
        "Voyages, supposed",
        "line",
        (
            StyleRule("more likely than not", '"probability" >= 0.5', _line(255)),
            StyleRule("possible", "ELSE", _line(90)),
        ),
    ),
    "observations": LayerStyle(
        "Areas of images",
        "fill",
        (
            StyleRule("image", "\"status\" = 'observed'", _outline("70,70,70", opacity=0)),
            StyleRule("skipped or failed", "ELSE", _outline("170,60,60", dashed=True, opacity=0)),
        ),
    ),
}
"""Styles of the layers, the uppermost first."""
TABLE_TITLES = {
    "seasons": "Numbers of visits by port",
    "ledger": "Barrels by year",
    "cumulative": "Barrels day by day",
    "further_passes": "What more images would give",
    "decisions": "What analysts' decisions changed",
}
"""Tables without geometry."""


def style_document(name: str) -> str:
    """QML of a layer, as QGIS saves it beside or in a file."""
    root = ET.Element("qgis", version=VERSION, styleCategories="Symbology")
    root.append(_renderer(name))
    return DOCTYPE + ET.tostring(root, encoding="unicode")


def project_document(
    layers: Sequence[str],
    *,
    geopackage: str,
    title: str,
    about: str,
    extent: tuple[float, float, float, float],
    simulated: bool,
) -> str:
    """Project of QGIS.

    Parameters
    ----------
    layers
        Tables of the GeoPackage.
    geopackage
        Its name; it lies beside the project.
    title, about
        Of the run; ``about`` stands on the map.
    extent
        West, south, east, north, degrees.
    simulated
        Whether title, layers and map say SIMULATED.

    """
    (name,) = marked([title], simulated=simulated)
    root = ET.Element("qgis", version=VERSION, projectname=name)
    ET.SubElement(root, "homePath", path="")
    _text(root, "title", name)
    ET.SubElement(root, "projectCrs").append(_crs())
    tree = ET.SubElement(root, "layer-tree-group")
    ET.SubElement(tree, "customproperties")
    maps = ET.Element("projectlayers")
    drawn = [one for one in STYLES if one in layers]
    plain = [one for one in TABLE_TITLES if one in layers]
    tables = ET.Element("layer-tree-group", name="Tables", checked="Qt::Checked", expanded="1")
    ET.SubElement(tables, "customproperties")
    for one in (*drawn, *plain):
        source = f"./{geopackage}|layername={one}"
        legend = STYLES[one].title if one in STYLES else TABLE_TITLES[one]
        (legend,) = marked([legend], simulated=simulated)
        _entry(tree if one in STYLES else tables, one, legend, source)
        maps.append(_layer(one, legend, source, extent))
    if plain:
        tree.append(tables)
    root.append(_canvas(extent))
    root.append(maps)
    order = ET.SubElement(root, "layerorder")
    for one in drawn:
        ET.SubElement(order, "layer", id=_id(one))
    root.append(_properties(f"{SIMULATED}. {about}" if simulated else about))
    return DOCTYPE + ET.tostring(root, encoding="unicode")


def _id(name: str) -> str:
    return f"gnomon_{name}"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text


def _entry(tree: ET.Element, name: str, legend: str, source: str) -> None:
    """Row of the legend."""
    row = ET.SubElement(
        tree,
        "layer-tree-layer",
        id=_id(name),
        name=legend,
        source=source,
        providerKey="ogr",
        checked="Qt::Checked",
        expanded="1",
    )
    ET.SubElement(row, "customproperties")


def _layer(
    name: str, legend: str, source: str, extent: tuple[float, float, float, float]
) -> ET.Element:
    style = STYLES.get(name)
    geometry = _GEOMETRIES[style.kind] if style else "No geometry"
    layer = ET.Element("maplayer", type="vector", geometry=geometry, styleCategories="Symbology")
    _text(layer, "id", _id(name))
    _text(layer, "datasource", source)
    _text(layer, "layername", legend)
    _text(layer, "provider", "ogr", encoding="UTF-8")
    if style:
        layer.append(_extent(extent))
        ET.SubElement(layer, "srs").append(_crs())
        layer.append(_renderer(name))
    return layer


def _renderer(name: str) -> ET.Element:
    style = STYLES[name]
    renderer = ET.Element(
        "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0", forceraster="0"
    )
    rules = ET.SubElement(renderer, "rules", key=_key(name))
    symbols = ET.SubElement(renderer, "symbols")
    for number, rule in enumerate(style.rules):
        ET.SubElement(
            rules,
            "rule",
            key=_key(f"{name} {rule.label}"),
            symbol=str(number),
            label=rule.label,
            filter=rule.condition,
        )
        symbol = ET.SubElement(
            symbols, "symbol", type=style.kind, name=str(number), alpha="1", clip_to_extent="1"
        )
        layer = ET.SubElement(
            symbol, "layer", {"class": _SYMBOL_CLASSES[style.kind]}, enabled="1", locked="0"
        )
        options = ET.SubElement(layer, "Option", type="Map")
        for key, value in rule.properties.items():
            ET.SubElement(options, "Option", type="QString", name=key, value=value)
    return renderer


def _key(text: str) -> str:
    return f"{{{uuid.uuid5(_IDS, text)}}}"


def _crs() -> ET.Element:
    crs = ET.Element("spatialrefsys", nativeFormat="Wkt")
    values = {
        "wkt": WKT,
        "proj4": "+proj=longlat +datum=WGS84 +no_defs",
        "srsid": "3452",  # its number in QGIS's own table
        "srid": "4326",
        "authid": "EPSG:4326",
        "description": "WGS 84",
        "projectionacronym": "longlat",
        "ellipsoidacronym": "EPSG:7030",
        "geographicflag": "true",
    }
    for tag, text in values.items():
        _text(crs, tag, text)
    return crs


def _extent(extent: tuple[float, float, float, float]) -> ET.Element:
    made = ET.Element("extent")
    for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), extent, strict=True):
        _text(made, tag, f"{value:.7f}")
    return made


def _canvas(extent: tuple[float, float, float, float]) -> ET.Element:
    canvas = ET.Element("mapcanvas", name="theMapCanvas")
    _text(canvas, "units", "degrees")
    canvas.append(_extent(extent))
    _text(canvas, "rotation", "0")
    ET.SubElement(canvas, "destinationsrs").append(_crs())
    return canvas


def _properties(note: str) -> ET.Element:
    """Projection, relative paths, and a line of text on the map itself, below on the left."""
    properties = ET.Element("properties")
    # Without ProjectionsEnabled QGIS does not read the project's CRS.
    for path, kind, text in (
        ("SpatialRefSys/ProjectionsEnabled", "int", "1"),
        ("Paths/Absolute", "bool", "false"),
        ("Measure/Ellipsoid", "QString", "EPSG:7030"),
        ("CopyrightLabel/Enabled", "bool", "true"),
        ("CopyrightLabel/Label", "QString", note),
        ("CopyrightLabel/Placement", "int", "0"),
    ):
        group, tag = path.split("/")
        parent = properties.find(group)
        _text(ET.SubElement(properties, group) if parent is None else parent, tag, text, type=kind)
    return properties
