"""Labels as COCO and as YOLO-OBB, there and back.

COCO is one JSON: images (the GeoTIFF chips), categories, and annotations with polygons in pixels.
What it has no place for travels under ``attributes``, which labelling tools keep. YOLO-OBB is a
folder: ``images/`` (8-bit PNG copies in natural colours), ``labels/`` with a text file per image,
one oriented rectangle a line, and ``data.yaml``. It has room for a class and four corners only.

In both a class is a decision: the type of ship, ``ship`` where the type is unknown, ``not_ship``,
``unreviewed``. Whoever trains with them leaves the last two out. An annotation that comes back and
lies on a label is that label: it keeps its name, its detection, its length and its note, and its
outline too unless it was moved. A label that does not come back is left out.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import matplotlib.image as mpl_image
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import shape

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import write_json, write_whole
from gnomon.datamodel.geojson import Feature
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.learn.chips import FOLDER, Chip, chip_pixels, read_chips
from gnomon.learn.labels import (
    NAME,
    feature_of,
    features_of,
    intersection_over_union,
    read_features,
    to_labels,
    write_features,
)

Format = Literal["geojson", "coco", "yolo-obb"]
CLASSES = (*(kind for kind in SHIP_TYPES if kind != "unknown"), "ship", "not_ship", "unreviewed")
KEPT = ("label_id", "scene_id", "detection_id", "type", "length_m", "load_state", "note", "score")
"""Properties that COCO carries as attributes; status is the class, chip the image."""
UNMOVED = 0.9
"""Common share of a rectangle that came back and that of an outline, if nobody moved it."""
SAME = 0.5


def read_any(source: Path, folder: Path | None = None) -> tuple[gpd.GeoDataFrame, Path]:
    """Labels of whatever format, to_labels, and the folder of their chips.

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
        features = list(_from_yolo(source, chips))
    elif _is_coco(source):
        features = list(_from_coco(source, chips))
    else:
        return to_labels(read_features(source), chips, source), folder
    base = folder / NAME
    known = read_features(base) if base.is_file() else []
    to_labels(known, chips, base)
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
        ``out`` exists: somebody may have decided in it.
    StoreError
        The disk is full or not writable.

    """
    check_new(out)
    chips = read_chips(folder)
    if to == "geojson":
        write_features(features_of(labels), out)
    elif to == "coco":
        write_json(coco(labels, chips), out)
    else:
        _write_yolo(labels, chips, out)


def check_new(out: Path) -> None:
    """Refuse to write where something is.

    Raises
    ------
    LabelError
        Something is.

    """
    if out.exists():
        raise LabelError(f"{out}: exists; nobody's decisions are overwritten, move it away first")


def class_of(status: str, kind: str) -> str:
    """Decision as a class: ``ship`` of type tanker is ``tanker``."""
    if status != "ship":
        return status
    return "ship" if kind == "unknown" else kind


def decision_of(name: str, kind: str = "unknown") -> tuple[str, str]:
    """Class as status and type; what is no ship keeps the type that it had."""
    if name in ("not_ship", "unreviewed"):
        return name, kind
    return "ship", "unknown" if name == "ship" else name


def _pixels(outline: shapely.Geometry, chip: Chip) -> NDArray[np.float64]:
    """Corners of an outline, x and y in pixels of its chip; the first is not repeated."""
    there = Transformer.from_crs("EPSG:4326", chip.grid.crs, always_xy=True)
    east, north = there.transform(*shapely.get_coordinates(outline)[:-1].T)
    x, y = ~chip.grid.affine @ (east, north)
    return np.column_stack([x, y])


def _degrees(corners: NDArray[np.float64], chip: Chip) -> shapely.Polygon:
    """Corners in pixels of a chip as an outline in EPSG:4326."""
    back = Transformer.from_crs(chip.grid.crs, "EPSG:4326", always_xy=True)
    east, north = chip.grid.affine @ (corners[:, 0], corners[:, 1])  # type: ignore[operator]
    return shapely.Polygon(np.column_stack(back.transform(east, north)))


# --- COCO ----------------------------------------------------------------------------------------


def coco(labels: gpd.GeoDataFrame, chips: dict[str, Chip]) -> dict[str, Any]:
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
    categories = [{"id": n, "name": name} for n, name in enumerate(CLASSES, start=1)]
    info = {"description": "Labels of gnomon; coordinates are pixels of the chips"}
    return {
        "info": info,
        "images": images,
        "categories": categories,
        "annotations": annotations,
    }


def _annotation(
    number: int, feature: Feature, numbers: dict[str, int], chips: dict[str, Chip]
) -> dict[str, Any]:
    told = feature["properties"]
    corners = _pixels(shape(feature["geometry"]), chips[told["chip"]])
    left, top = corners.min(axis=0)
    width, height = corners.max(axis=0) - (left, top)
    return {
        "id": number,
        "image_id": numbers[told["chip"]],
        "category_id": CLASSES.index(class_of(told["status"], told["type"])) + 1,
        "segmentation": [[round(float(v), 3) for v in corners.ravel()]],
        "bbox": [round(float(v), 3) for v in (left, top, width, height)],
        "area": round(float(shapely.Polygon(corners).area), 3),
        "iscrowd": 0,
        "attributes": {name: told[name] for name in KEPT},
    }


def _is_coco(path: Path) -> bool:
    if not path.is_file():
        raise LabelError(f"{path}: there is no such file or folder of labels")
    return '"annotations"' in path.read_text(encoding="utf-8-sig", errors="replace")


def _from_coco(path: Path, chips: dict[str, Chip]) -> Iterator[Feature]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        names = {one["id"]: str(one["name"]) for one in found["categories"]}
        images = {one["id"]: Path(one["file_name"]).stem for one in found["images"]}
        rows = [
            (images[one["image_id"]], names[one["category_id"]], one["segmentation"], one)
            for one in found["annotations"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise LabelError(f"{path}: cannot be read as COCO ({error!r})") from error
    by_stem = {chip.path.stem: chip for chip in chips.values()}
    faults, features = [], []
    for stem, name, parts, one in rows:
        fault = _faulty(stem, name, by_stem)
        if not (isinstance(parts, list) and len(parts) == 1 and len(parts[0]) >= 6):
            fault = fault or "has no outline of one part; draw one polygon around one hull"
        if fault:
            faults.append(f"  annotation {one.get('id')}: {fault}")
            continue
        told = {k: v for k, v in (one.get("attributes") or {}).items() if k in KEPT}
        corners = np.array(parts[0], float).reshape(-1, 2)
        features.append(_feature(corners, by_stem[stem], name, told))
    _raise(path, faults)
    yield from features


def _faulty(stem: str, name: str, chips: dict[str, Chip]) -> str:
    if stem not in chips:
        return f"there is no chip {stem}; put the file back, or leave the image out"
    if name not in CLASSES:
        return f"is of class {name!r}; use one of {', '.join(CLASSES)}"
    return ""


def _raise(path: Path, faults: Sequence[str]) -> None:
    if faults:
        raise LabelError("\n".join([f"{path}: {len(faults)} fault(s)", *faults]))


def _feature(corners: NDArray[np.float64], chip: Chip, name: str, told: dict[str, Any]) -> Feature:
    status, kind = decision_of(name, told.get("type") or "unknown")
    own = {"chip": chip.name, "scene_id": chip.scene_id, "status": status, "type": kind}
    return feature_of(_degrees(corners, chip), **(told | own))


# --- YOLO-OBB ------------------------------------------------------------------------------------


def _write_yolo(labels: gpd.GeoDataFrame, chips: dict[str, Chip], out: Path) -> None:
    lines: dict[str, list[str]] = {name: [] for name in chips}
    for row in labels.itertuples():
        chip = chips[row.chip]
        box = shapely.Polygon(_pixels(row.geometry, chip)).minimum_rotated_rectangle
        corners = shapely.get_coordinates(box)[:4] / chip.grid.shape.xy
        number = CLASSES.index(class_of(row.status, row.type))
        lines[row.chip].append(" ".join([str(number), *(f"{v:.6f}" for v in corners.ravel())]))
    for name, chip in chips.items():
        text = "".join(f"{line}\n" for line in lines[name])
        _write_text(out / "labels" / f"{chip.path.stem}.txt", text)
        path = out / "images" / f"{chip.path.stem}.png"
        write_whole(path, partial(_write_png, pixels=chip_pixels(chip)))
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    ships = ", ".join(str(n) for n, name in enumerate(CLASSES) if name not in
                      ("not_ship", "unreviewed"))  # fmt: skip
    head = f"# To train on ships alone: classes=[{ships}]\n"
    _write_text(out / "data.yaml", f"{head}path: .\ntrain: images\nval: images\nnames:\n{names}")


def _write_text(path: Path, text: str) -> None:
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def _write_png(path: Path, pixels: xr.Dataset) -> None:
    """Write natural colours, 8 bits: the square root of reflectance up to 0.4, as eyes like it."""
    here = [band for band in ("red", "green", "blue", "nir", "pan") if band in pixels]
    chosen = [band if band in pixels else here[0] for band in ("red", "green", "blue")]
    stack = np.nan_to_num(np.stack([pixels[band].to_numpy() for band in chosen]))
    top = max(0.4, float(np.percentile(stack, 99.5)) if stack.max() > 1.5 else 0.4)
    values = (255 * np.sqrt(np.clip(stack / top, 0, 1))).round().astype(np.uint8)
    mpl_image.imsave(path, values.transpose(1, 2, 0), format="png")


def _from_yolo(folder: Path, chips: dict[str, Chip]) -> Iterator[Feature]:
    by_stem = {chip.path.stem: chip for chip in chips.values()}
    names = _class_names(folder)
    faults, features = [], []
    for path in sorted((folder / "labels").rglob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            name, corners, fault = _of_line(line, names)
            fault = fault or _faulty(path.stem, name, by_stem)
            if fault:
                faults.append(f"  {path.name}, line {number}: {fault}")
                continue
            chip = by_stem[path.stem]
            features.append(_feature(corners * chip.grid.shape.xy, chip, name, {}))
    _raise(folder, faults)
    yield from features


def _class_names(folder: Path) -> dict[int, str]:
    """Names of classes by number, from data.yaml: a mapping or a list."""
    path = folder / "data.yaml"
    if not path.is_file():
        raise LabelError(f"{folder}: is no YOLO data set (it has no data.yaml)")
    text = path.read_text(encoding="utf-8")
    mapped = re.findall(r"^\s+(\d+):\s*['\"]?([\w-]+)['\"]?\s*$", text, re.MULTILINE)
    if mapped:
        return {int(number): name for number, name in mapped}
    listed = re.search(r"^names:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    names = re.findall(r"[\w-]+", listed[1]) if listed else []
    return dict(enumerate(names))


def _of_line(line: str, names: dict[int, str]) -> tuple[str, NDArray[np.float64], str]:
    """Class and corners (4, 2), shares of the image, of one line; and what is wrong with it."""
    try:
        number, *values = (float(part) for part in line.split())
    except ValueError:
        return "", np.zeros((0, 2)), "has something that is no number"
    if len(values) != 8 or int(number) not in names:
        return "", np.zeros((0, 2)), "is not a known class and the four corners of a rectangle"
    return names[int(number)], np.array(values).reshape(4, 2), ""


# --- back ----------------------------------------------------------------------------------------


def _recognised(
    features: Sequence[Feature], known: Sequence[Feature], chips: dict[str, Chip]
) -> list[Feature]:
    """Annotations that lie on a label, or bear its name, with all that the label says beside."""
    by_chip: dict[str, list[Feature]] = {}
    for feature in known:
        by_chip.setdefault(feature["properties"].get("chip") or "", []).append(feature)
    return [
        _as_known(one, by_chip.get(one["properties"]["chip"], []), chips[one["properties"]["chip"]])
        for one in features
    ]


def _as_known(feature: Feature, mates: list[Feature], chip: Chip) -> Feature:
    """Merge one annotation with the label that it is; each label is used once."""
    told = feature["properties"]
    named = [mate["properties"].get("label_id") == told["label_id"] for mate in mates]
    if told["label_id"] and any(named):
        mate = mates.pop(named.index(True))
        return feature | {"properties": mate["properties"] | told}
    box = _box(feature, chip)
    shared = [intersection_over_union(box, _box(mate, chip)) for mate in mates]
    if told["label_id"] or max(shared, default=0.0) <= SAME:
        return feature
    found = int(np.argmax(shared))
    mate = mates.pop(found)
    own = {name: told[name] for name in ("status", "chip", "scene_id")}
    if told["status"] == "ship":
        own["type"] = told["type"]
    unmoved = shared[found] > UNMOVED
    return mate | {
        "properties": mate["properties"] | own,
        "geometry": mate["geometry"] if unmoved else feature["geometry"],
    }


def _box(feature: Feature, chip: Chip) -> shapely.Polygon:
    """Smallest rectangle around an outline, in pixels."""
    corners = _pixels(shape(feature["geometry"]), chip)
    box: shapely.Polygon = shapely.Polygon(corners).minimum_rotated_rectangle
    return box
