"""Corrections of labels: each does what it says and nothing else, and a wrong one is refused."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from gnomon.datamodel.errors import LabelError
from gnomon.learn.corrections import corrected, read_corrections, with_completions

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = CONFIGS / "label-corrections.geojson"
COMPLETIONS = CONFIGS / "label-completions.geojson"
SQUARE = box(0, 0, 1, 1)


def correction(**changed: Any) -> dict[str, Any]:
    """A feature that is right but for what is changed."""
    row = {"scene": "port", "action": "drop", "label": 0, "length_m": None}
    row |= {"reason": "a pier", "doubt": False, "geometry": SQUARE} | changed
    shape = row.pop("geometry")
    geometry = shape and shape.__geo_interface__
    return {"type": "Feature", "properties": row, "geometry": geometry}


def written(folder: Path, features: Sequence[dict[str, Any]]) -> Path:
    path = folder / "corrections.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def table(features: Sequence[dict[str, Any]]) -> gpd.GeoDataFrame:
    """As `read_corrections` gives it, without a file."""
    rows = gpd.GeoDataFrame.from_features(features, crs=4326)
    return rows.assign(label=rows.label.astype("Int64"))


def labels(count: int) -> gpd.GeoDataFrame:
    """Squares in a row, a degree each, two degrees apart."""
    return gpd.GeoDataFrame(geometry=[place(i) for i in range(count)], crs=4326)


def place(number: int) -> Polygon:
    return box(2 * number, 0, 2 * number + 1, 1)


def half(number: int) -> Polygon:
    return box(2 * number, 0, 2 * number + 0.5, 1)


@given(
    st.lists(st.sampled_from(["keep", "drop", "fix", "ignore"]), min_size=1, max_size=6),
    st.integers(0, 3),
    st.integers(0, 3),
    st.randoms(),
)
def test_every_label_is_treated_as_its_correction_says(
    actions: list[str], added: int, unsure: int, dice: Any
) -> None:
    features = [
        correction(action=a, label=i, length_m=80.0, geometry=half(i) if a == "fix" else place(i))
        for i, a in enumerate(actions)
        if a != "keep"
    ]
    for number in range(added + unsure):
        action = "add" if number < added else "ignore"
        features.append(
            correction(action=action, label=None, length_m=80.0, geometry=place(100 + number))
        )
    features.append(correction(scene="elsewhere", label=0, geometry=place(50)))
    dice.shuffle(features)
    result = corrected(labels(len(actions)), "port", table(features))
    kept = result[result.label.notna()].set_index("label")
    assert list(kept.index) == [i for i, a in enumerate(actions) if a != "drop"]
    for i, row in kept.iterrows():
        assert row.geometry.equals(half(i) if actions[i] == "fix" else place(i))
        assert (row.ignored, row.measured) == (actions[i] == "ignore", actions[i] == "fix")
    new = result[result.label.isna()]
    assert (new.measured.sum(), new.ignored.sum()) == (added, unsure)
    assert not (new.measured & new.ignored).any()
    assert list(result.index) == list(range(len(result)))


@given(
    st.dictionaries(st.integers(0, 3), st.sampled_from(["drop", "ignore"])),
    st.dictionaries(st.integers(0, 3), st.sampled_from(["drop", "ignore"])),
    st.integers(0, 2),
    st.integers(0, 2),
)
def test_a_completion_replaces_the_correction_of_its_label_and_no_other(
    first: dict[int, str], second: dict[int, str], added: int, more: int
) -> None:
    tables = []
    for actions, count in ((first, added), (second, more)):
        features = [correction(label=i, action=a, geometry=place(i)) for i, a in actions.items()]
        features += [correction(label=None, action="add", length_m=80.0)] * count
        # Labels of another scene have the same numbers.
        features.append(correction(scene="elsewhere", label=len(tables)))
        tables.append(table(features))
    rows = with_completions(*tables)
    mine = rows[rows.scene == "port"]
    named = mine[mine.label.notna()]
    assert dict(zip(named.label, named.action, strict=True)) == first | second
    assert mine.label.isna().sum() == added + more
    assert sorted(rows[rows.scene == "elsewhere"].label) == [0, 1]
    assert len(corrected(labels(4), "port", rows)) == 4 + added + more - [
        *(first | second).values()
    ].count("drop")


def test_what_is_added_comes_in_the_crs_of_the_outlines() -> None:
    outlines = labels(1).to_crs(3857)
    result = corrected(outlines, "port", table([correction(action="add", label=None)]))
    assert result.crs == outlines.crs
    assert result.to_crs(4326).geometry[1].equals_exact(SQUARE, 1e-6)


def test_doubt_is_handed_on() -> None:
    rows = [
        correction(action="ignore", label=0, doubt=True),
        correction(action="add", label=None, length_m=80.0, doubt=True, geometry=place(5)),
    ]
    assert list(corrected(labels(2), "port", table(rows)).doubt) == [True, False, True]


def test_a_label_that_is_not_there_is_refused() -> None:
    with pytest.raises(LabelError, match=r"of port, label 7: the scene has 2 labels"):
        corrected(labels(2), "port", table([correction(label=7)]))


def test_a_correction_of_another_place_is_refused() -> None:
    with pytest.raises(LabelError, match=r"of port, label 1: lies beside that label"):
        corrected(labels(2), "port", table([correction(label=1, geometry=place(0))]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"action": "remove"}, "action is 'remove'; write one of drop, fix, add, ignore"),
        ({"geometry": None}, "has no geometry"),
        (
            {"geometry": LineString([(0, 0), (1, 1)])},
            "geometry is a LineString, should be a Polygon",
        ),
        ({"action": "add", "length_m": 80.0}, "label of what is added should be null"),
        ({"label": None}, "label should be a row of the scene's outlines"),
        ({"label": -1}, "label is -1: should be greater than or equal to 0"),
        ({"action": "fix"}, "length_m should be metres above 0"),
        ({"doubt": "maybe"}, "doubt is 'maybe'; write true or false"),
        ({"doubt": None}, "lacks the property doubt"),
    ],
)
def test_a_wrong_row_is_named(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    right = correction(action="fix", label=9, length_m=50.0)
    with pytest.raises(LabelError, match=r"feature 2 \(port, .*" + re.escape(said)):
        read_corrections(written(tmp_path, [right, correction(**wrong)]))


def test_a_label_amended_twice_is_named(tmp_path: Path) -> None:
    rows = [correction(), correction(action="ignore")]
    with pytest.raises(
        LabelError, match=r"feature 1 \(port, drop, 0\): label is also that of feature\(s\) 2"
    ):
        read_corrections(written(tmp_path, rows))


def test_a_file_without_the_properties_is_said(tmp_path: Path) -> None:
    feature = correction()
    del feature["properties"]["reason"]
    with pytest.raises(LabelError, match="lacks the property reason"):
        read_corrections(written(tmp_path, [feature]))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="cannot be read as GeoJSON"):
        read_corrections(tmp_path / "none.geojson")


@pytest.mark.parametrize("path", [SHIPPED, COMPLETIONS])
def test_the_shipped_corrections_are_in_order(path: Path) -> None:
    rows = read_corrections(path)
    order = ["scene", "action", "label"]
    assert rows[order].equals(rows.sort_values(order, kind="stable")[order])
    assert rows.reason.str.len().gt(0).all()


@pytest.mark.parametrize("every", [False, True])
def test_the_shipped_corrections_fit_the_labels(shared_data: Path, every: bool) -> None:
    rows = read_corrections(SHIPPED)
    if every:
        rows = with_completions(rows, read_corrections(COMPLETIONS))
    files = {p.parent.name: p for p in (shared_data / "s2-ports").glob("*/*/ships.geojson")}
    assert set(rows.scene) <= set(files)
    for scene, path in files.items():
        outlines = gpd.read_file(path)
        mine = rows[rows.scene == scene]
        count = len(outlines) - (mine.action == "drop").sum() + mine.label.isna().sum()
        assert len(corrected(outlines, scene, rows)) == count


ROW = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["drop", "fix", "add", "ignore", "mend"]),
        "label": st.none() | st.integers(-1, 4),
        "length_m": st.none() | st.floats(-5, 300, allow_nan=False),
    }
)


@given(st.lists(ROW, min_size=1, max_size=5))
def test_a_file_is_read_exactly_if_every_row_follows_the_rules(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    """The rules written out a second time, row by row."""
    features = [correction(**row) for row in rows]
    right = all(
        row["action"] in ("drop", "fix", "add", "ignore")
        and (row["label"] is None or row["label"] >= 0)
        and (row["length_m"] is None or row["length_m"] > 0)
        and not (row["action"] == "add" and row["label"] is not None)
        and not (row["action"] in ("drop", "fix") and row["label"] is None)
        and not (row["action"] in ("add", "fix") and row["length_m"] is None)
        for row in rows
    )
    labels = [row["label"] for row in rows if row["label"] is not None]
    right &= len(set(labels)) == len(labels)
    path = written(tmp_path_factory.mktemp("rules"), features)
    if not right:
        with pytest.raises(LabelError, match=r"fault\(s\)"):
            read_corrections(path)
        return
    table = read_corrections(path)
    assert table.action.tolist() == [row["action"] for row in rows]
    assert [None if pd.isna(v) else int(v) for v in table.label] == [r["label"] for r in rows]
    assert table.crs == "EPSG:4326"


def test_a_file_without_a_correction_changes_nothing(tmp_path: Path) -> None:
    none = read_corrections(written(tmp_path, []))
    result = corrected(labels(3), "port", none)
    assert result.label.tolist() == [0, 1, 2]
    assert list(result.geometry) == list(labels(3).geometry)
    assert not result[["ignored", "measured", "doubt"]].to_numpy().any()


def test_correcting_twice_with_other_scenes_changes_nothing_more() -> None:
    rows = table([correction(label=1, geometry=place(1)), correction(scene="x", label=0)])
    once = corrected(labels(3), "port", rows)
    assert corrected(labels(3), "port", rows).equals(once)
    assert len(corrected(once, "nowhere", rows)) == len(once)
