"""The file of labels: one GeoJSON that people edit, and that is read only if it is right.

Each feature is an outline in EPSG:4326 with the properties of `gnomon.datamodel.tables.Labels`. An
outline that somebody drew may leave all of them empty but ``status``: its chip is the one that
shows it whole, and its name is made from its place. Columns that gnomon does not know are kept.

Whoever decided on a row has the last word: what is added later never changes a row that is there,
and a detection that lies on a labelled outline is that outline.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import mapping, shape

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.tables import LABEL_LOADS, SHIP_TYPES, STATUSES, Labels, table
from gnomon.geo.local import distance_m
from gnomon.learn.chips import Chip, read_chips

NAME = "labels.geojson"
Feature = dict[str, Any]
"""A feature of GeoJSON as it stands in the file, foreign properties and all."""
WORDS = {"status": STATUSES, "type": SHIP_TYPES, "load_state": LABEL_LOADS}
EMPTY = {"type": "unknown", "load_state": "unknown"}
"""What an empty property means; a status is never meant."""
LONGEST_M = 600.0
"""No ship is that long: an outline beyond it is the frame of a chip."""
SAME = 0.25
"""Share of their common ground from which two outlines are one hull."""
_CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}


@dataclass(frozen=True)
class _Row:
    """A feature on its way to a label, with what is wrong with it."""

    number: int
    values: Feature
    outline: shapely.Polygon | None
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Each fault as a line: row, id, what is wrong, what to do."""
        who = self.values.get("label_id") or self.values.get("detection_id") or "without label_id"
        for fault in self.faults:
            yield f"row {self.number} ({who}): {fault}"


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
        The file is missing or no GeoJSON in EPSG:4326, or rows are at fault: each is named.

    """
    path = folder / NAME
    return checked(read_features(path), read_chips(folder) if chips is None else chips, path)


def read_features(path: Path) -> list[Feature]:
    """Features of a GeoJSON in EPSG:4326 as they stand in the file.

    Raises
    ------
    LabelError
        The file is missing, is no collection of features, or is in another CRS.

    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise LabelError(f"{path}: there is no such file; `gnomon chips` makes one") from error
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise LabelError(f"{path}: cannot be read as GeoJSON ({error})") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise LabelError(f"{path}: is no GeoJSON with features; save it as GeoJSON")
    named = json.dumps(found.get("crs") or "")
    if found.get("crs") and not ("CRS84" in named or "4326" in named):
        raise LabelError(f"{path}: is not in EPSG:4326 (its crs is {named}); save it as EPSG:4326")
    return features


def checked(features: Sequence[Feature], chips: Mapping[str, Chip], path: Path) -> gpd.GeoDataFrame:
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
        Every faulty row, one a line: its number, its id, what is wrong and what to do.

    """
    outlines = {name: chip.outline for name, chip in chips.items()}
    rows = [_row(n, feature, chips, outlines) for n, feature in enumerate(features, start=1)]
    for name in ("label_id", "detection_id"):
        _check_twice(rows, name)
    if faults := [line for row in rows for line in row.lines()]:
        faulty = sum(bool(row.faults) for row in rows)
        head = f"{path}: {faulty} of {len(rows)} rows at fault; nothing was done with them"
        raise LabelError("\n".join([head, *(f"  {line}" for line in faults)]))
    return table(Labels, [row.values | {"geometry": row.outline} for row in rows])


def _row(
    number: int,
    feature: Feature,
    chips: Mapping[str, Chip],
    outlines: Mapping[str, shapely.Polygon],
) -> _Row:
    given = feature.get("properties") or {}
    values = {name: _plain(given.get(name)) for name in Labels.to_schema().columns}
    values |= {name: values[name] or usual for name, usual in EMPTY.items()}
    outline, fault = _outline(feature.get("geometry"))
    row = _Row(number, values, outline)
    row.faults.extend(_faulty_words(values))
    if fault:
        row.faults.append(fault)
    else:
        row.faults.extend(_placed(values, outline, chips, outlines))
        row.faults.extend(_sized(values, outline))
        values["label_id"] = values["label_id"] or _name_of(outline)
    return row


def _plain(value: Any) -> Any:
    """Values without the blanks that editors leave around them; nothing for empty text."""
    return (value.strip() or None) if isinstance(value, str) else value


def _faulty_words(values: Feature) -> Iterator[str]:
    for name, allowed in WORDS.items():
        if values[name] not in allowed:
            told = "is empty" if values[name] is None else f"is {values[name]!r}"
            yield f"{name} {told}; write one of {', '.join(allowed)}"
    for name in ("label_id", "chip", "scene_id", "detection_id", "note"):
        if values[name] is not None and not isinstance(values[name], str):
            values[name] = str(values[name])
    length = values["length_m"]
    number = isinstance(length, int | float) and not isinstance(length, bool)
    if length is not None and not (number and 0 < length <= LONGEST_M):
        yield f"length_m is {length!r}; write metres, or leave it empty"
    values["score"] = values["score"] if isinstance(values["score"], int | float) else None


def _outline(geometry: Any) -> tuple[shapely.Polygon | None, str]:
    """Read an outline, or say what is wrong with it."""
    if not geometry:
        return None, "has no outline; draw one, or delete the row"
    try:
        outline = shape(geometry)
    except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError):
        return None, "its geometry cannot be read; draw it anew"
    parts = shapely.get_parts(outline)
    if outline.geom_type == "MultiPolygon" and len(parts) == 1:
        outline = parts[0]
    fault = _faulty_outline(outline)
    return (None if fault else shapely.force_2d(outline)), fault


def _faulty_outline(outline: shapely.Geometry) -> str:
    if outline.geom_type != "Polygon":
        return f"is a {outline.geom_type}; draw one polygon around one hull"
    if outline.is_empty or outline.envelope.area == 0:
        return "its outline is empty; draw it anew"
    if not (np.abs(outline.bounds) <= (180, 90, 180, 90)).all():
        return "is not in degrees (EPSG:4326); save the file in EPSG:4326"
    if not outline.is_valid:
        return f"its outline is broken ({shapely.is_valid_reason(outline)}); draw it anew"
    return ""


def _placed(
    values: Feature,
    outline: shapely.Polygon,
    chips: Mapping[str, Chip],
    outlines: Mapping[str, shapely.Polygon],
) -> Iterator[str]:
    """Find the chip of an outline, or check the one that is named."""
    if values["chip"] is None:
        shown = {n: o.intersection(outline).area for n, o in outlines.items()}
        here = [n for n, area in shown.items() if area > 0.99 * outline.area]
        if values["scene_id"] is not None:
            here = [name for name in here if chips[name].scene_id == values["scene_id"]]
        scenes = {chips[name].scene_id for name in here}
        if len(scenes) != 1:
            many = f"lies in chips of {len(scenes)} scenes" if here else "lies in no chip"
            yield f"chip is empty and the outline {many}; write the name of the chip"
            return
        values["chip"] = min(here, key=lambda n: outlines[n].centroid.distance(outline.centroid))
    chip = chips.get(values["chip"])
    if chip is None:
        yield f"there is no chip {values['chip']}; put the file back, or delete the row"
        return
    if outlines[chip.name].intersection(outline).area < 0.5 * outline.area:
        yield f"lies outside its chip {chip.name}; move it, or name the chip that shows it"
    if values["scene_id"] not in (None, chip.scene_id):
        yield f"scene_id is {values['scene_id']}, but its chip is of {chip.scene_id}; mend one"
    values["scene_id"] = chip.scene_id


def _sized(values: Feature, outline: shapely.Polygon) -> Iterator[str]:
    if values["status"] == "ship" and (length := length_of(outline)) > LONGEST_M:
        why = "no ship is that long; outline each ship, and let the frame of a chip be not_ship"
        yield f"is a ship of {length:.0f} m; {why}"


def length_of(outline: shapely.Polygon) -> float:
    """Largest distance between two corners of an outline, metres on the ellipsoid."""
    corners = shapely.get_coordinates(outline.convex_hull)
    one, other = np.triu_indices(len(corners), 1)
    return float(np.max(distance_m(corners[one], corners[other]), initial=0.0))


def _name_of(outline: shapely.Polygon) -> str:
    middle = outline.centroid
    return f"drawn-{middle.x:.6f}-{middle.y:.6f}"


def _check_twice(rows: Sequence[_Row], name: str) -> None:
    told = [row.values[name] for row in rows if row.values[name]]
    twice = {value for value, count in Counter(told).items() if count > 1}
    for row in rows:
        if row.values[name] in twice:
            same = [str(other.number) for other in rows
                    if other.values[name] == row.values[name] and other is not row]  # fmt: skip
            what = f"{name} is also that of row(s) {', '.join(same)}"
            row.faults.append(f"{what}; delete one, or give it another name")


def feature_of(outline: shapely.Geometry, **properties: Any) -> Feature:
    """Make a feature with every property of a label, to the centimetre."""
    names = [name for name in Labels.to_schema().columns if name != "geometry"]
    rounded = shapely.transform(outline, lambda xy: np.round(xy, 7))
    return {
        "type": "Feature",
        "properties": dict.fromkeys(names) | EMPTY | properties,
        "geometry": mapping(rounded),
    }


def features_of(labels: gpd.GeoDataFrame) -> list[Feature]:
    """Labels as features."""
    names = [name for name in labels.columns if name != "geometry"]
    rows = labels[names].astype(object).where(labels[names].notna(), None).to_dict("records")
    return [feature_of(o, **row) for o, row in zip(labels.geometry, rows, strict=True)]


def merged(kept: Sequence[Feature], fresh: Sequence[Feature]) -> list[Feature]:
    """Add what is new to labels that are there, and change none of those.

    What has the name of a label, the id of its detection, or its place in the same scene is that
    label.
    """
    result = list(kept)
    given = [feature.get("properties") or {} for feature in kept]
    names = {one.get(name) for one in given for name in ("label_id", "detection_id")}
    outlines = [_outline(feature.get("geometry"))[0] for feature in kept]
    tree = shapely.STRtree([outline or shapely.Polygon() for outline in outlines])
    for feature in fresh:
        new, outline = feature["properties"], shape(feature["geometry"])
        near = (k for k in tree.query(outline) if given[k].get("scene_id") == new["scene_id"])
        known = names & ({new["label_id"], new["detection_id"]} - {None})
        if not known and not any(alike(outlines[k], outline) > SAME for k in near):
            result.append(feature)
    return result


def alike(one: shapely.Polygon, other: shapely.Polygon) -> float:
    """Share of their common ground: 1 for the same outline, 0 for outlines apart."""
    if not one.intersects(other):
        return 0.0
    both = one.intersection(other).area
    return float(both / (one.area + other.area - both))


def write_features(features: Sequence[Feature], path: Path) -> None:
    """Write labels, one feature a line, whole or not at all.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    head = f'{{"type": "FeatureCollection", "name": "labels", "crs": {json.dumps(_CRS)},'
    text = f'{head}\n"features": [\n{lines}\n]}}\n'
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
