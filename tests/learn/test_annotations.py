"""Annotations: a class is a decision and back, corners are pixels and back."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from boxes import one_box
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.datamodel.tables import STATUSES
from gnomon.learn.annotations import (
    CLASSES,
    UNDECIDED,
    annotation_fault,
    annotation_feature,
    class_of,
    corners_in_chip,
    decision_of,
    outline_of,
    refuse_annotations,
)
from gnomon.learn.chips import Chip
from simulated import BOX

CHIP = Chip(path=Path("chips/a.tif"), scene_id="april", port=None, grid=BOX, bands=("nir",))


def test_a_class_is_a_decision_and_back() -> None:
    assert set(CLASSES) == {class_of(s, t) for s in STATUSES for t in SHIP_TYPES}
    assert set(UNDECIDED) < set(CLASSES)
    for status in STATUSES:
        for kind in SHIP_TYPES:
            assert decision_of(class_of(status, kind), kind) == (status, kind)


@given(one_box)
def test_corners_in_pixels_come_back_to_a_millimetre(box: OrientedBoxes) -> None:
    (shape,) = box.polygons()
    corners = np.array(shape.exterior.coords)[:-1]
    outline = outline_of(corners, CHIP)
    assert corners_in_chip(outline, CHIP) == pytest.approx(corners, abs=1e-4)


def test_a_corner_lies_where_the_grid_has_it() -> None:
    west, south, east, north = BOX.extent.to_crs("EPSG:4326").geom.bounds
    rows, columns = BOX.shape.yx
    whole = outline_of(np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], float), CHIP)
    assert whole.bounds == pytest.approx((west, south, east, north), abs=1e-4)


def test_an_annotation_keeps_what_a_tool_has_kept_and_decides_the_rest() -> None:
    corners = np.array([[10, 10], [30, 10], [30, 14], [10, 14]], float)
    known = {"label_id": "x", "type": "bulk", "status": "unreviewed", "note": "seen"}
    feature = annotation_feature(corners, CHIP, "not_ship", known)
    row = feature["properties"]
    assert (row["label_id"], row["note"], row["scene_id"]) == ("x", "seen", "april")
    # The class decides; what is no ship keeps the type that it had.
    assert (row["status"], row["type"]) == ("not_ship", "bulk")
    assert annotation_feature(corners, CHIP, "tug", known)["properties"]["type"] == "tug"
    assert shapely.geometry.shape(feature["geometry"]).area > 0


@given(st.text(max_size=8), st.text(max_size=8))
def test_only_known_chips_and_classes_are_accepted(stem: str, name: str) -> None:
    fault = annotation_fault(stem, name, {"a": CHIP})
    assert (fault == "") == (stem == "a" and name in CLASSES)


def test_faults_are_raised_together_and_none_is_no_error() -> None:
    refuse_annotations(Path("x"), [])
    with pytest.raises(LabelError, match=r"x: 2 fault\(s\)\n  one\n  two"):
        refuse_annotations(Path("x"), ["one", "two"])
