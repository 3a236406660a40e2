"""Labels in any format: GeoJSON, COCO and YOLO-OBB, there and back.

An annotation that comes back and lies on a label is that label: it keeps its name, its detection,
its length and its note, and its outline too unless it was moved. A label that does not come back is
left out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import write_json
from gnomon.datamodel.geojson import Feature, parsed_geometry
from gnomon.learn.annotations import corners_in_chip
from gnomon.learn.chips import FOLDER, Chip, read_chips
from gnomon.learn.coco import from_coco, is_coco, to_coco
from gnomon.learn.labels import (
    NAME,
    features_of,
    intersection_over_union,
    read_features,
    to_labels,
    write_labels,
)
from gnomon.learn.yolo import from_yolo, write_yolo

Format = Literal["geojson", "coco", "yolo-obb"]
UNMOVED = 0.9
"""Intersection over union of a rectangle that came back and that of an unmoved outline."""
SAME = 0.5
"""Intersection over union from which an annotation is a label."""


def read_any(source: Path, folder: Path | None = None) -> tuple[gpd.GeoDataFrame, Path]:
    """Labels of any format, checked, and the folder of their chips.

    Parameters
    ----------
    source
        ``labels.geojson``, or a folder that has it; a COCO file; a folder of a YOLO-OBB data set.
    folder
        Of the chips; where the source lies, or above it, if left out.

    Raises
    ------
    LabelError
        The file is of no known format, its chips are not there, or rows are at fault.

    """
    if source.is_dir() and (source / NAME).is_file():
        source = source / NAME
    if folder is None:
        near = [source, source.parent, source.parent.parent]
        folder = next((place for place in near if (place / FOLDER).is_dir()), source.parent)
    chips = read_chips(folder)
    if not chips:
        raise LabelError(f"{folder}: has no chips; say --chips, the folder that they lie in")
    if source.is_dir():
        features = from_yolo(source, chips)
    elif is_coco(source):
        features = from_coco(source, chips)
    else:
        return to_labels(read_features(source), chips, source), folder
    base = folder / NAME
    known = read_features(base) if base.is_file() else []
    to_labels(known, chips, base)  # an annotation inherits from them: refused if at fault
    return to_labels(_recognised(features, known, chips), chips, source), folder


def write_any(labels: gpd.GeoDataFrame, folder: Path, to: Format, out: Path) -> None:
    """Write labels in a format.

    Parameters
    ----------
    labels
        Checked.
    folder
        Of their chips.
    to
        The format.
    out
        File, or folder for YOLO-OBB.

    Raises
    ------
    LabelError
        ``out`` exists: it may hold decisions.
    StoreError
        The disk is full or not writable.

    """
    check_new(out)
    chips = read_chips(folder)
    if to == "geojson":
        write_labels(features_of(labels), out)
    elif to == "coco":
        write_json(to_coco(labels, chips), out)
    else:
        write_yolo(labels, chips, out)


def check_new(out: Path) -> None:
    """Refuse to write where something is.

    Raises
    ------
    LabelError
        Something is.

    """
    if out.exists():
        raise LabelError(f"{out}: exists; decisions are never overwritten, move it away first")


def _recognised(
    features: Sequence[Feature], known: Sequence[Feature], chips: Mapping[str, Chip]
) -> list[Feature]:
    """Annotations that lie on a label, or bear its name, with all other columns of the label."""
    by_chip: dict[str, list[Feature]] = {}
    for feature in known:
        by_chip.setdefault(feature["properties"].get("chip") or "", []).append(feature)
    return [
        _as_known(one, by_chip.get(one["properties"]["chip"], []), chips[one["properties"]["chip"]])
        for one in features
    ]


def _as_known(feature: Feature, labels: list[Feature], chip: Chip) -> Feature:
    """Merge one annotation with the label that it is; each label is used once."""
    row = feature["properties"]
    named = [label["properties"].get("label_id") == row["label_id"] for label in labels]
    if row["label_id"] and any(named):
        label = labels.pop(named.index(True))
        return _merged(label, row, feature["geometry"])
    box = _box(feature, chip)
    overlap = [intersection_over_union(box, _box(label, chip)) for label in labels]
    if row["label_id"] or max(overlap, default=0.0) <= SAME:
        return feature
    best = int(np.argmax(overlap))
    label = labels.pop(best)
    names = ["status", "chip", "scene_id", *(["type"] if row["status"] == "ship" else [])]
    moved = overlap[best] <= UNMOVED
    own = {name: row[name] for name in names}
    return _merged(label, own, feature["geometry"] if moved else label["geometry"])


def _merged(label: Feature, values: Mapping[str, object], geometry: object) -> Feature:
    return {
        "type": "Feature",
        "properties": {**label["properties"], **values},
        "geometry": geometry,
    }


def _box(feature: Feature, chip: Chip) -> shapely.Polygon:
    """Smallest rectangle around an outline, in pixels."""
    corners = corners_in_chip(parsed_geometry(feature["geometry"]), chip)
    box: shapely.Polygon = shapely.Polygon(corners).minimum_rotated_rectangle
    return box
