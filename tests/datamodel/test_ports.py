"""Ports: what QGIS wrote is read, and every fault of it is named."""

import json
from pathlib import Path

import pytest

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.ports import read_ports

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
LINE = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}


def ports_file(folder: Path, *features: tuple[str, str, str, dict]) -> Path:
    path = folder / "ports.geojson"
    rows = [
        {
            "type": "Feature",
            "properties": {"port": port, "kind": kind, "zone": zone},
            "geometry": geometry,
        }
        for port, kind, zone, geometry in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return path


def test_a_port_has_its_zones(tmp_path: Path) -> None:
    path = ports_file(
        tmp_path,
        ("rajin", "area", "area", SQUARE),
        ("rajin", "berth", "pier 1", SQUARE),
        ("rajin", "anchorage", "outer", SQUARE),
    )
    port = read_ports(path)["rajin"]
    assert [(z.name, z.kind, z.provisional) for z in port.zones] == [
        ("pier 1", "berth", False),
        ("outer", "anchorage", False),
    ]


def test_every_fault_is_named(tmp_path: Path) -> None:
    path = ports_file(
        tmp_path,
        ("rajin", "area", "area", BOW_TIE),
        ("rajin", "dock", "pier 1", SQUARE),
        ("rajin", "berth", "pier 2", LINE),
        ("nampo", "berth", "pier 3", SQUARE),
    )
    with pytest.raises(StudyError) as caught:
        read_ports(path)
    text = str(caught.value)
    assert "feature 1 (rajin, area): geometry is broken (Self-intersection" in text
    assert "feature 2 (rajin, pier 1): kind is 'dock'; write one of area, berth, anchorage" in text
    assert "feature 3 (rajin, pier 2): geometry is a LineString, should be a Polygon" in text
    assert "feature 4 (nampo): port has 0 usable areas" in text


def test_a_file_that_is_not_there_or_not_geojson_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read as GeoJSON"):
        read_ports(tmp_path / "none.geojson")
    (tmp_path / "bad.geojson").write_text("{")
    with pytest.raises(StudyError, match="cannot be read as GeoJSON"):
        read_ports(tmp_path / "bad.geojson")


def test_a_file_without_the_properties_is_said(tmp_path: Path) -> None:
    path = tmp_path / "p.geojson"
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {"name": "x"}, "geometry": SQUARE}],
            }
        )
    )
    with pytest.raises(StudyError) as caught:
        read_ports(path)
    lines = str(caught.value).splitlines()[1:]
    assert [line.strip().split(";")[0] for line in lines] == [
        f"feature 1: lacks the property {name}" for name in ("port", "kind", "zone")
    ]
