"""Annotations of labelling tools: classes, and outlines in pixels of a chip.

A class is a decision: the type of a ship, ``ship`` where the type is unknown, ``not_ship``,
``unreviewed``. For training with them in another tool the last two are left out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.geojson import Feature
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.learn.chips import Chip
from gnomon.learn.labels import feature_of

CLASSES = (*(kind for kind in SHIP_TYPES if kind != "unknown"), "ship", "not_ship", "unreviewed")
UNDECIDED = ("not_ship", "unreviewed")
"""Classes that are no ships."""


def class_of(status: str, kind: str) -> str:
    """Decision as a class: ``ship`` of type tanker is ``tanker``."""
    if status != "ship":
        return status
    return "ship" if kind == "unknown" else kind


def decision_of(name: str, kind: str = "unknown") -> tuple[str, str]:
    """Class as status and type; what is no ship keeps the type that it had."""
    if name in UNDECIDED:
        return name, kind
    return "ship", "unknown" if name == "ship" else name


def corners_in_chip(outline: shapely.Geometry, chip: Chip) -> Float64s:
    """Corners of an outline in EPSG:4326, (n, 2), x and y in pixels; the first is not repeated."""
    there = Transformer.from_crs("EPSG:4326", chip.grid.crs, always_xy=True)
    east, north = there.transform(*shapely.get_coordinates(outline)[:-1].T)
    x, y = ~chip.grid.affine @ (east, north)
    return np.column_stack([x, y])


def outline_of(corners: Float64s, chip: Chip) -> shapely.Polygon:
    """Corners in pixels of a chip as an outline in EPSG:4326."""
    back = Transformer.from_crs(chip.grid.crs, "EPSG:4326", always_xy=True)
    east, north = chip.grid.affine @ (corners[:, 0], corners[:, 1])  # type: ignore[operator]
    return shapely.Polygon(np.column_stack(back.transform(east, north)))


def annotation_feature(
    corners: Float64s, chip: Chip, name: str, attributes: Mapping[str, Any]
) -> Feature:
    """Annotation of a class as a label, with the attributes that a tool has kept."""
    status, kind = decision_of(name, str(attributes.get("type") or "unknown"))
    own = {"chip": chip.name, "scene_id": chip.scene_id, "status": status, "type": kind}
    return feature_of(outline_of(corners, chip), **{**attributes, **own})


def annotation_fault(stem: str, name: str, chips: Mapping[str, Chip]) -> str:
    """What is wrong with an image's or a class's name; empty if nothing is.

    ``chips`` are by the stem of their file's name.
    """
    if stem not in chips:
        return f"there is no chip {stem}; put the file back, or leave the image out"
    if name not in CLASSES:
        return f"is of class {name!r}; use one of {', '.join(CLASSES)}"
    return ""


def refuse_annotations(path: Path, faults: Sequence[str]) -> None:
    """Raise if there are faults, all of them at once.

    Raises
    ------
    LabelError
        A line for each fault.

    """
    if faults:
        raise LabelError("\n  ".join([f"{path}: {len(faults)} fault(s)", *faults]))
