"""Types of ships: each hull takes its own point and no neighbour's, and a bad file is refused."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.learn.outlines import boxes_of
from gnomon.learn.scenes import labelled_scenes
from gnomon.learn.type_labels import WITHIN_M, read_types, with_types

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = CONFIGS / "ship-types.geojson"
UTM = 32630


def feature(**changed: Any) -> dict[str, Any]:
    """A feature that is right but for what is changed."""
    row: dict[str, Any] = {"scene_id": "port", "type": "tanker", "sure": True, "reason": "red deck"}
    row |= {"geometry": Point(3, 36)} | changed
    shape = row.pop("geometry")
    geometry = shape and shape.__geo_interface__
    return {"type": "Feature", "properties": row, "geometry": geometry}


def written(folder: Path, features: Sequence[dict[str, Any]]) -> Path:
    path = folder / "types.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def hulls(centres: Sequence[tuple[float, float]]) -> gpd.GeoDataFrame:
    """Ships of 100 m by 20 m, pointing north, at places in metres; odd row numbers on purpose."""
    shapes = [hull(x, y) for x, y in centres]
    return gpd.GeoDataFrame(geometry=shapes, crs=UTM, index=range(7, 7 + len(shapes)))


def hull(x: float, y: float) -> Polygon:
    return box(500_000 + x - 10, 4_000_000 + y - 50, 500_000 + x + 10, 4_000_000 + y + 50)


def points(rows: Sequence[tuple[float, float, str, bool]], scene: str = "port") -> gpd.GeoDataFrame:
    """Types at places in metres, as `read_types` gives them."""
    table = gpd.GeoDataFrame(
        {
            "scene_id": [scene for _ in rows],
            "type": [r[2] for r in rows],
            "sure": [r[3] for r in rows],
            "reason": ["seen" for _ in rows],
        },
        geometry=[Point(500_000 + r[0], 4_000_000 + r[1]) for r in rows],
        crs=UTM,
    )
    return table.to_crs(4326)


def types_of(outlines: gpd.GeoDataFrame, types: gpd.GeoDataFrame) -> list[str | None]:
    return list(with_types(outlines, "port", types)["type"])


@settings(max_examples=20)  # each searches a UTM zone, which takes long
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SHIP_TYPES), st.booleans(), st.integers(-9, 9), st.integers(-9, 9)
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(),
)
def test_each_hull_of_a_row_moored_side_by_side_takes_its_own_point(
    ships: list[tuple[str, bool, int, int]], dice: Any
) -> None:
    # Hulls lie 22 m apart and points up to 9 m off: its own is always the nearest.
    outlines = hulls([(22.0 * i, 0.0) for i in range(len(ships))])
    rows = [(22.0 * i + dx, float(dy), t, s) for i, (t, s, dx, dy) in enumerate(ships)]
    dice.shuffle(rows)
    wanted = [t if s and t != "unknown" else None for t, s, _, _ in ships]
    assert types_of(outlines, points(rows)) == wanted
    guessed = with_types(outlines, "port", points(rows), guesses=True)["type"]
    assert list(guessed) == [t if t != "unknown" else None for t, *_ in ships]


def test_a_hull_without_a_point_does_not_take_its_neighbours() -> None:
    outlines = hulls([(0, 0), (22, 0)])
    assert types_of(outlines, points([(0, 0, "tanker", True)])) == ["tanker", None]


@pytest.mark.parametrize(("off_m", "wanted"), [(WITHIN_M - 1, "bulk"), (WITHIN_M + 1, None)])
def test_a_point_that_is_far_off_belongs_to_no_hull(off_m: float, wanted: str | None) -> None:
    assert types_of(hulls([(0, 0)]), points([(0, off_m, "bulk", True)])) == [wanted]


def test_outlines_keep_their_rows_and_crs_and_types_of_other_scenes_are_left_out() -> None:
    outlines = hulls([(0, 0), (200, 0)]).assign(ignored=[False, True])
    elsewhere = points([(0, 0, "tanker", True)], scene="elsewhere")
    result = with_types(outlines, "port", elsewhere)
    assert list(result["type"]) == [None, None]
    assert result.drop(columns="type").equals(outlines)
    assert result.crs == outlines.crs
    assert types_of(hulls([]), points([(0, 0, "tanker", True)])) == []


def test_reading_gives_what_was_written(tmp_path: Path) -> None:
    rows = read_types(written(tmp_path, [feature(), feature(type="bulk", sure=False)]))
    assert list(rows["type"]) == ["tanker", "bulk"]
    assert list(rows.sure) == [True, False]
    assert rows.geometry[0].equals(Point(3, 36))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"type": "submarine"}, "type is 'submarine'; write one of tanker, bulk"),
        ({"type": None}, "lacks the property type"),
        ({"scene_id": None}, "lacks the property scene_id"),
        ({"sure": None}, "lacks the property sure"),
        ({"sure": "maybe"}, "sure is 'maybe'; write true or false"),
        ({"geometry": LineString([(0, 0), (1, 1)])}, "is a LineString, should be a Point"),
        ({"geometry": None}, "has no geometry"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    path = written(tmp_path, [feature(), feature(**changed), feature()])
    with pytest.raises(LabelError) as caught:
        read_types(path)
    message = str(caught.value)
    assert "feature 2 (" in message
    assert fault in message
    assert "feature 1" not in message
    assert "feature 3" not in message
    assert message.count("\n") == 1


def test_every_faulty_row_is_named_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, [feature(type="x"), feature(), feature(type="y")])
    with pytest.raises(LabelError, match=r"feature 1 \(port, x\).*\n  feature 3 \(port, y\)"):
        read_types(path)


def test_a_file_that_is_none_or_lacks_a_property_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="cannot be read as GeoJSON"):
        read_types(tmp_path / "nothing.geojson")
    (tmp_path / "text.geojson").write_text("no JSON")
    with pytest.raises(LabelError, match="cannot be read as GeoJSON"):
        read_types(tmp_path / "text.geojson")
    bare = {"type": "Feature", "properties": {"type": "bulk"}, "geometry": None}
    with pytest.raises(
        LabelError, match=r"lacks the property scene_id(.|\n)*lacks the property sure(.|\n)*reason"
    ):
        read_types(written(tmp_path, [bare]))


def test_the_shipped_types_are_sorted_and_each_hull_stands_once() -> None:
    rows = read_types(SHIPPED)
    keys = list(zip(rows.scene_id, rows.geometry.x, rows.geometry.y, strict=True))
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert not rows.sure[rows["type"] == "unknown"].any()


@pytest.mark.slow
def test_every_long_hull_of_a_real_port_has_its_type(shared_data: Path) -> None:
    catalog = shared_data / "s2-ports" / "val" / "catalog.json"
    types = read_types(SHIPPED)
    for scene in labelled_scenes(
        os.fspath(catalog), corrections=CONFIGS / "label-corrections.geojson"
    ):
        length_m = boxes_of(scene.outlines, scene.pixels).length * scene.gsd_m
        result = with_types(scene.outlines, scene.name, types)
        sure = types[(types.scene_id == scene.name) & types.sure]
        assert sorted(result["type"].dropna()) == sorted(sure["type"])
        assert (length_m[result["type"].notna()] >= 70).all()
