"""One reader of GeoJSON: every fault named at once, and no file ends in another exception."""

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, StrictBool
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.errors import GnomonError, LabelError
from gnomon.datamodel.geojson import (
    Row,
    parse_rows,
    read_collection,
    read_geometry,
    read_rows,
    repeated,
)
from gnomon.datamodel.ports import PortFeature, read_ports
from gnomon.learn.corrections import Correction, read_corrections
from gnomon.learn.labels import LabelFeature, read_features, to_labels
from gnomon.learn.type_labels import TypeLabel, read_types

SQUARE = shapely.box(129, 42, 129.01, 42.01)


class Buoy(Row):
    """What a test reads."""

    NAMED_BY: ClassVar = ("name",)

    name: str
    colour: Literal["red", "green"] = "red"
    depth_m: float | None = Field(default=None, gt=0)
    lit: StrictBool = False
    geometry: Annotated[BaseGeometry, read_geometry("Polygon")]


def feature(shape: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    drawn = mapping(shape) if isinstance(shape, BaseGeometry) else shape
    given = {"name": "a", **properties}
    return {"type": "Feature", "properties": given, "geometry": drawn}


def written(folder: Path, features: Any, **more: Any) -> Path:
    path = folder / "buoys.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | more))
    return path


def read(path: Path) -> list[Buoy]:
    return read_rows(path, Buoy, error=LabelError)


def faults(folder: Path, *features: Any) -> list[str]:
    with pytest.raises(LabelError) as caught:
        read(written(folder, list(features)))
    head, *lines = str(caught.value).splitlines()
    assert head == f"{folder / 'buoys.geojson'}: {len(lines)} fault(s); nothing of it was used"
    return [line.strip() for line in lines]


def test_rows_come_in_the_order_of_the_file_with_blanks_as_nothing(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        [
            feature(name="b", colour=" ", depth_m=None, lit=None, foreign={"x": 1}),
            feature(shapely.force_3d(SQUARE, 7), name=12, colour="green", depth_m=3, lit=True),
        ],
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    )
    one, two = read(path)
    assert (one.name, one.colour, one.depth_m, one.lit) == ("b", "red", None, False)
    assert (two.name, two.colour, two.depth_m, two.lit) == ("12", "green", 3.0, True)
    assert one.geometry.equals(two.geometry)
    assert not two.geometry.has_z


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = written(tmp_path, [feature()])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path)) == 1


FAULTS = [
    ({"name": None}, "feature 1: lacks the property name"),
    ({"name": "  "}, "feature 1: lacks the property name"),
    ({"name": ["x"]}, "feature 1 (['x']): name is ['x']: should be a valid string"),
    ({"colour": "pink"}, "feature 1 (a): colour is 'pink'; write one of red, green"),
    ({"colour": 3}, "feature 1 (a): colour is 3; write one of red, green"),
    ({"depth_m": -1}, "feature 1 (a): depth_m is -1: should be greater than 0"),
    ({"depth_m": "deep"}, "feature 1 (a): depth_m is 'deep': should be a valid number"),
    ({"lit": "yes"}, "feature 1 (a): lit is 'yes'; write true or false"),
    ({"shape": None}, "feature 1 (a): has no geometry"),
    ({"shape": {}}, "feature 1 (a): has no geometry"),
    ({"shape": []}, "feature 1 (a): has no geometry"),
    ({"shape": "POINT (1 1)"}, "feature 1 (a): geometry cannot be read"),
    ({"shape": {"type": "Polygon"}}, "feature 1 (a): geometry cannot be read"),
    ({"shape": shapely.Point(1, 1)}, "geometry is a Point, should be a Polygon"),
    ({"shape": {"type": "Polygon", "coordinates": []}}, "geometry is empty"),
    ({"shape": shapely.box(6e5, 4e6, 7e5, 5e6)}, "geometry is not on the earth in degrees"),
    ({"shape": shapely.box(42, 129, 43, 130)}, "is longitude taken for latitude?"),
    ({"shape": shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])}, "geometry is broken (Self-"),
]


@pytest.mark.parametrize(("changed", "said"), FAULTS)
def test_a_fault_names_the_feature_the_property_and_the_remedy(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    (line,) = faults(tmp_path, feature(**changed))
    assert said in line
    assert line.startswith("feature 1")


def test_all_faults_are_named_at_once_in_the_order_of_features(tmp_path: Path) -> None:
    lines = faults(
        tmp_path,
        feature(),
        feature(name="b", colour="pink", depth_m=0),
        17,
        feature(shapely.Point(0, 0), name="c", lit=1),
        {"type": "Feature", "properties": [1]},
    )
    assert [line.split(":")[0] for line in lines] == [
        "feature 2 (b)", "feature 2 (b)", "feature 3", "feature 4 (c)", "feature 4 (c)",
        "feature 5",
    ]  # fmt: skip


@given(st.lists(st.sampled_from("abcd"), max_size=6))
def test_what_must_be_unique_is_named_at_every_feature_that_shares_it(names: list[str]) -> None:
    rows, none = parse_rows([feature(name=name) for name in names], Buoy)
    assert not none
    found = list(repeated(rows, lambda row: row.name, "name"))
    shared = [n for n, name in enumerate(names, start=1) if names.count(name) > 1]
    assert sorted(fault.number for fault in found) == shared
    for fault in found:
        others = [n for n, name in enumerate(names, 1) if name == fault.who and n != fault.number]
        assert f"feature(s) {', '.join(map(str, others))};" in fault.why


TEXTS = [
    ("", "cannot be read as GeoJSON"),
    ("{", "cannot be read as GeoJSON"),
    ("[" * 100_000, "cannot be read as GeoJSON"),
    ('{"features": [NaN]}', "NaN is no JSON"),
    ('{"features": [-Infinity]}', "-Infinity is no JSON"),
    ('{"features": [' + "9" * 5000 + "]}", "cannot be read as GeoJSON"),
    ("[]", "is not a GeoJSON FeatureCollection"),
    ('{"type": "Feature", "features": []}', "is not a GeoJSON FeatureCollection"),
    ('{"type": "FeatureCollection"}', "is not a GeoJSON FeatureCollection"),
    ('{"features": [], "crs": {"name": "EPSG:32652"}}', "save it as EPSG:4326"),
]


@pytest.mark.parametrize(("text", "said"), TEXTS, ids=range(len(TEXTS)))
def test_a_file_that_is_no_collection_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(LabelError, match=said) as caught:
        read_collection(path, error=LabelError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 200


def test_a_file_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin.geojson").write_bytes(b'{"name": "\xe9"}')
    for path in (tmp_path / "none.geojson", tmp_path, tmp_path / "latin.geojson"):
        with pytest.raises(LabelError, match="cannot be read as GeoJSON"):
            read(path)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()  # NaN and Infinity too: Python writes them, and they are no JSON
    | st.sampled_from([10**400, 1e308, -0.0, "\ud800", "\x00", "NaN", "ship", "area", "drop"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
COORDINATES = st.recursive(
    st.floats(-200, 200) | st.sampled_from([1e300, 10**400, None, "1", True]),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=12,
)
GEOMETRY = JSON | st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["Point", "LineString", "Polygon", "MultiPolygon", "GeometryCollection", "Feature"]
        ),
        "coordinates": COORDINATES,
    }
)
READERS = {
    Decision: lambda path: read_rows(path, Decision, error=LabelError),
    PortFeature: read_ports,
    Correction: read_corrections,
    TypeLabel: read_types,
    LabelFeature: lambda path: to_labels(read_features(path), {}, path),
}


@given(data=st.data(), model=st.sampled_from(list(READERS)))
def test_hostile_files_end_in_our_error_or_in_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, model: type[Row]
) -> None:
    properties = st.fixed_dictionaries({}, optional=dict.fromkeys(model.model_fields, JSON))
    one = st.fixed_dictionaries({"properties": properties | JSON, "geometry": GEOMETRY}) | JSON
    features = data.draw(st.lists(one, max_size=3) | JSON)
    path = tmp_path_factory.mktemp("hostile", numbered=True) / "x.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    try:
        READERS[model](path)
    except GnomonError as error:
        message = str(error)
        assert str(path) in message
        message.encode()
        assert all(len(line) < 400 for line in message.splitlines())


def test_nesting_within_a_feature_is_refused_and_not_followed(tmp_path: Path) -> None:
    deep: Any = 1.0
    for _ in range(900):
        deep = [deep]
    lines = faults(
        tmp_path, feature({"type": "Polygon", "coordinates": deep}), feature(depth_m=deep)
    )
    assert len(lines) == 2
    assert all(len(line) < 300 for line in lines)
