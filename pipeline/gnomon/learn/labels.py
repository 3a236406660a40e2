"""The file of labels: one GeoJSON that people edit, and that is read only if it is right.

Each feature is an outline in EPSG:4326 with the properties of `gnomon.datamodel.tables.Labels`. An
outline that a person drew may leave all of them empty but ``status``: its chip is the one that
shows it whole, and its name is made from its place. Columns that gnomon does not know are kept.

A person's decision is final: what is added later never changes a row that is there, and a detection
that lies on a labelled outline is that outline.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import geopandas as gpd
import numpy as np
import shapely
from pydantic import BeforeValidator, Field
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.geojson import (
    Feature,
    FeatureFault,
    Row,
    features_of_body,
    parse_rows,
    parsed_geometry,
    read_collection,
    read_geometry,
    refuse_faults,
    repeated,
    rows_table,
)
from gnomon.datamodel.schema import table
from gnomon.datamodel.ship_types import ShipType
from gnomon.datamodel.tables import LabelLoad, Labels, Status
from gnomon.geo.local import distance_m
from gnomon.learn.chips import Chip, read_chips

NAME = "labels.geojson"
LONGEST_M = 600.0
"""No ship is that long: an outline beyond it is the frame of a chip."""
SAME = 0.25
"""Intersection over union from which two outlines are one hull."""
_CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}


def _single(outline: shapely.Geometry) -> shapely.Polygon:
    """The one polygon of an outline; editors write it as a MultiPolygon of one part."""
    parts = shapely.get_parts(outline)
    if len(parts) != 1:
        raise ValueError(f"has {len(parts)} parts; draw one polygon around one hull")
    return parts[0]


class ShipOutline(Row):
    """What a label says of one hull, in a file of labels or beside a scene of a catalogue."""

    type: ShipType = "unknown"
    length_m: float | None = Field(default=None, gt=0, le=LONGEST_M, strict=True)


class PublishedOutline(ShipOutline):
    """One feature of the outlines of a catalogue's scene, all of which are ships.

    Sets that are published have rings that touch themselves; the area that they enclose is known.
    """

    status: Literal["ship"] = "ship"
    ignored: bool = Field(default=False, strict=True)
    """What may be a ship and may be none."""
    measured: bool = Field(default=False, strict=True)
    """Drawn along the hull, however loose the others are."""
    geometry: Annotated[BaseGeometry, read_geometry("Polygon", "MultiPolygon", valid=False)]


class LabelFeature(ShipOutline):
    """One feature of the file; what may be empty in it is found out from the chips."""

    NAMED_BY: ClassVar = ("label_id",)

    label_id: str | None = None
    chip: str | None = None
    scene_id: str | None = None
    detection_id: str | None = None
    status: Status
    load_state: LabelLoad = "unknown"
    note: str | None = None
    score: float | None = Field(default=None, ge=0, le=1)
    geometry: Annotated[
        shapely.Polygon, BeforeValidator(_single), read_geometry("Polygon", "MultiPolygon")
    ]


def read_labels(folder: Path, chips: Mapping[str, Chip] | None = None) -> gpd.GeoDataFrame:
    """Read and check the labels of a folder of chips.

    Parameters
    ----------
    folder
        Holds `NAME` and the chips.
    chips
        Its chips by name, where they have been read already.

    Raises
    ------
    LabelError
        The file is missing or no GeoJSON in EPSG:4326, or features are at fault: each is named.

    """
    path = folder / NAME
    return to_labels(read_features(path), read_chips(folder) if chips is None else chips, path)


def read_features(path: Path) -> list[Feature]:
    """Features of a GeoJSON in EPSG:4326 as they stand in the file.

    Raises
    ------
    LabelError
        The file is missing, is no collection of features, or is in another CRS.

    """
    if not path.exists():
        raise LabelError(f"{path}: there is no such file; `gnomon chips` makes one")
    features = read_collection(path, error=LabelError)
    _, faults = parse_rows(features, Row)
    refuse_faults(path, faults, error=LabelError)
    for feature in features:
        feature["properties"] = feature.get("properties") or {}
    return features


def published_outlines(body: bytes, place: str) -> gpd.GeoDataFrame:
    """Outlines of the ships of one scene, as a catalogue has them.

    Parameters
    ----------
    body
        A GeoJSON in EPSG:4326.
    place
        Its path or address, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of `PublishedOutline`, in the order of the file.

    Raises
    ------
    LabelError
        It is no such GeoJSON, or features are at fault: each is named.

    """
    features = features_of_body(body, place, error=LabelError)
    rows, faults = parse_rows(features, PublishedOutline)
    refuse_faults(place, faults, error=LabelError)
    return rows_table(PublishedOutline, list(rows.values()))


def to_labels(
    features: Sequence[Feature], chips: Mapping[str, Chip], path: Path
) -> gpd.GeoDataFrame:
    """Features to labels.

    Parameters
    ----------
    features
        From `read_features`.
    chips
        Chips by name.
    path
        Of the file, for messages.

    Raises
    ------
    LabelError
        Every fault on a line: number and id of the feature, what is wrong and what to do.

    """
    rows, faults = parse_rows(features, LabelFeature)
    outlines = {name: chip.outline for name, chip in chips.items()}
    complete: dict[int, LabelFeature] = {}
    for number, row in rows.items():
        chip = _chip_of(row, chips, outlines)
        complete[number] = row.model_copy(update={"label_id": row.label_id or _name_of(row)})
        if isinstance(chip, Chip):
            known = {"chip": chip.name, "scene_id": chip.scene_id}
            complete[number] = complete[number].model_copy(update=known)
            reasons = [*_misplaced(row, chip, outlines[chip.name]), *_oversized(row)]
        else:
            reasons = [chip, *_oversized(row)]
        faults += [FeatureFault(number, row.label_id or "", why) for why in reasons]
    faults += repeated(complete, lambda row: row.label_id, "label_id")
    faults += repeated(complete, lambda row: row.detection_id, "detection_id")
    refuse_faults(path, faults, error=LabelError)
    return table(Labels, [dict(row) for row in complete.values()])


def _chip_of(
    row: LabelFeature, chips: Mapping[str, Chip], outlines: Mapping[str, shapely.Polygon]
) -> Chip | str:
    """Chip of an outline, by its name or by its place; or what is wrong."""
    if row.chip is not None:
        missing = f"there is no chip {row.chip}; put the file back, or delete the row"
        return chips.get(row.chip, missing)
    outline = row.geometry
    here = [n for n, o in outlines.items() if o.intersection(outline).area > 0.99 * outline.area]
    if row.scene_id is not None:
        here = [name for name in here if chips[name].scene_id == row.scene_id]
    scenes = {chips[name].scene_id for name in here}
    if len(scenes) != 1:
        many = f"lies in chips of {len(scenes)} scenes" if here else "lies in no chip"
        return f"chip is empty and the outline {many}; write the name of the chip"
    return chips[min(here, key=lambda n: outlines[n].centroid.distance(outline.centroid))]


def _misplaced(row: LabelFeature, chip: Chip, ground: shapely.Polygon) -> Iterator[str]:
    if ground.intersection(row.geometry).area < 0.5 * row.geometry.area:
        yield f"lies outside its chip {chip.name}; move it, or name the chip that shows it"
    if row.scene_id not in (None, chip.scene_id):
        yield f"scene_id is {row.scene_id}, but its chip is of {chip.scene_id}; correct one"


def _oversized(row: LabelFeature) -> Iterator[str]:
    if row.status == "ship" and (length := length_of(row.geometry)) > LONGEST_M:
        why = "no ship is that long; outline each ship, and let the frame of a chip be not_ship"
        yield f"is a ship of {length:.0f} m; {why}"


def length_of(outline: shapely.Polygon) -> float:
    """Largest distance between two corners of an outline, metres on the ellipsoid."""
    corners = shapely.get_coordinates(outline.convex_hull)
    one, other = np.triu_indices(len(corners), 1)
    return float(np.max(distance_m(corners[one], corners[other]), initial=0.0))


def _name_of(row: LabelFeature) -> str:
    middle = row.geometry.centroid
    return f"drawn-{middle.x:.6f}-{middle.y:.6f}"


def feature_of(outline: shapely.Geometry, **properties: Any) -> Feature:
    """Make a feature with every property of a label, to the centimetre."""
    names = [name for name in Labels.to_schema().columns if name != "geometry"]
    rounded = shapely.transform(outline, lambda xy: np.round(xy, 7))
    usual = {"type": "unknown", "load_state": "unknown"}
    return {
        "type": "Feature",
        "properties": dict.fromkeys(names) | usual | properties,
        "geometry": mapping(rounded),
    }


def features_of(labels: gpd.GeoDataFrame) -> list[Feature]:
    """Labels as features."""
    names = [name for name in labels.columns if name != "geometry"]
    rows = labels[names].astype(object).where(labels[names].notna(), None).to_dict("records")
    return [feature_of(o, **row) for o, row in zip(labels.geometry, rows, strict=True)]


def add_features(kept: Sequence[Feature], fresh: Sequence[Feature]) -> list[Feature]:
    """Add new labels to those that are there, both to_labels, and change none of the latter.

    A feature with the name of a label, the id of its detection, or its place in the same scene is
    that label.
    """
    result = list(kept)
    given = [feature["properties"] for feature in kept]
    names = {one.get(name) for one in given for name in ("label_id", "detection_id")}
    outlines = [parsed_geometry(feature["geometry"]) for feature in kept]
    tree = shapely.STRtree(outlines)
    for feature in fresh:
        new, outline = feature["properties"], parsed_geometry(feature["geometry"])
        near = (k for k in tree.query(outline) if given[k].get("scene_id") == new["scene_id"])
        known = names & ({new["label_id"], new["detection_id"]} - {None})
        if not known and not any(
            intersection_over_union(outlines[k], outline) > SAME for k in near
        ):
            result.append(feature)
    return result


def intersection_over_union(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """1 for the same outline, 0 for outlines apart."""
    if not one.intersects(other):
        return 0.0
    both = one.intersection(other).area
    return float(both / (one.area + other.area - both))


def write_labels(features: Sequence[Feature], path: Path) -> None:
    """Write labels, one feature a line, whole or not at all.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    head = f'{{"type": "FeatureCollection", "name": "labels", "crs": {json.dumps(_CRS)},'
    text = f'{head}\n"features": [\n{lines}\n]}}\n'
    write_whole(path, lambda partial: partial.write_text(text, "utf-8", "backslashreplace"))
