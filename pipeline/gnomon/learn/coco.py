"""Labels as COCO, there and back (https://cocodataset.org/#format-data).

One JSON: images (the GeoTIFF chips), categories, and annotations with polygons in pixels. What COCO
has no place for travels under ``attributes``, which labelling tools keep.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, ValidationError
from shapely.geometry import shape

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.geojson import Feature
from gnomon.learn.annotations import (
    CLASSES,
    annotation_fault,
    annotation_feature,
    class_of,
    corners_in_chip,
    refuse_annotations,
)
from gnomon.learn.chips import Chip
from gnomon.learn.labels import features_of

ATTRIBUTES = (
    "label_id", "scene_id", "detection_id", "type", "length_m", "load_state", "note", "score",
)  # fmt: skip
"""Properties that travel as attributes; status is the class, chip the image."""
CORNERS_MIN = 6
"""Numbers of the least polygon."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class CocoImage(_Part):
    """An image: a chip."""

    id: int
    file_name: str


class CocoCategory(_Part):
    """A class."""

    id: int
    name: str


class CocoAnnotation(_Part):
    """An outline; other kinds of segmentation than polygons are refused later, by name."""

    id: int | str | None = None
    image_id: int
    category_id: int
    segmentation: Any = None
    attributes: dict[str, Any] | None = None


class CocoDocument(_Part):
    """What is read of a COCO file."""

    images: list[CocoImage]
    categories: list[CocoCategory]
    annotations: list[CocoAnnotation]


def is_coco(path: Path) -> bool:
    """Whether a file of labels is COCO.

    Raises
    ------
    LabelError
        There is no such file.

    """
    if not path.is_file():
        raise LabelError(f"{path}: there is no such file or folder of labels")
    return '"annotations"' in path.read_text(encoding="utf-8-sig", errors="replace")


def to_coco(labels: gpd.GeoDataFrame, chips: Mapping[str, Chip]) -> dict[str, Any]:
    """Labels as a COCO document; file names are those of the chips, from their folder."""
    numbers = {name: number for number, name in enumerate(chips, start=1)}
    images = [
        {
            "id": numbers[name],
            "file_name": name,
            "width": chip.grid.shape.x,
            "height": chip.grid.shape.y,
        }
        for name, chip in chips.items()
    ]
    annotations = [
        _annotation(number, feature, numbers, chips)
        for number, feature in enumerate(features_of(labels), start=1)
    ]
    return {
        "info": {"description": "Labels of gnomon; coordinates are pixels of the chips"},
        "images": images,
        "categories": [{"id": n, "name": name} for n, name in enumerate(CLASSES, start=1)],
        "annotations": annotations,
    }


def _annotation(
    number: int, feature: Feature, numbers: Mapping[str, int], chips: Mapping[str, Chip]
) -> dict[str, Any]:
    row = feature["properties"]
    corners = corners_in_chip(shape(feature["geometry"]), chips[row["chip"]])
    left, top = corners.min(axis=0)
    width, height = corners.max(axis=0) - (left, top)
    return {
        "id": number,
        "image_id": numbers[row["chip"]],
        "category_id": CLASSES.index(class_of(row["status"], row["type"])) + 1,
        "segmentation": [[round(float(v), 3) for v in corners.ravel()]],
        "bbox": [round(float(v), 3) for v in (left, top, width, height)],
        "area": round(float(shapely.Polygon(corners).area), 3),
        "iscrowd": 0,
        "attributes": {name: row[name] for name in ATTRIBUTES},
    }


def from_coco(path: Path, chips: Mapping[str, Chip]) -> list[Feature]:
    """Annotations of a COCO file as labels, not yet checked as such.

    Raises
    ------
    LabelError
        The file is no COCO, or annotations are at fault: each is named.

    """
    document = _read(path)
    names = {one.id: one.name for one in document.categories}
    stems = {one.id: Path(one.file_name).stem for one in document.images}
    by_stem = {chip.path.stem: chip for chip in chips.values()}
    faults: list[str] = []
    features: list[Feature] = []
    for one in document.annotations:
        stem, name = stems[one.image_id], names[one.category_id]
        fault = annotation_fault(stem, name, by_stem) or _outline_fault(one.segmentation)
        if fault:
            faults.append(f"annotation {one.id}: {fault}")
            continue
        corners = np.array(one.segmentation[0], float).reshape(-1, 2)
        known = {k: v for k, v in (one.attributes or {}).items() if k in ATTRIBUTES}
        features.append(annotation_feature(corners, by_stem[stem], name, known))
    refuse_annotations(path, faults)
    return features


def _read(path: Path) -> CocoDocument:
    try:
        document = CocoDocument.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        refuse_annotations(path, list(_lines(error)))
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise LabelError(f"{path}: cannot be read as COCO ({str(error)[:80]})") from error
    images = {one.id for one in document.images}
    categories = {one.id for one in document.categories}
    faults = [
        f"annotation {one.id}: cannot be read as COCO (no image or category of its number)"
        for one in document.annotations
        if one.image_id not in images or one.category_id not in categories
    ]
    refuse_annotations(path, faults)
    return document


def _lines(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        yield f"cannot be read as COCO ({place}: {fault['msg']})"


def _outline_fault(parts: Any) -> str:
    fits = isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], list)
    if not fits or len(parts[0]) < CORNERS_MIN or len(parts[0]) % 2:
        return "has no outline of one part; draw one polygon around one hull"
    numbers = all(isinstance(v, int | float) and abs(v) < 1e6 for v in parts[0])
    return "" if numbers else "has an outline of something else than pixels; draw it anew"
