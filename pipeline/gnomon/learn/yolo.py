"""Labels as YOLO-OBB, there and back (https://docs.ultralytics.com/datasets/obb).

A folder: ``images/`` (8-bit PNG copies in natural colours), ``labels/`` with a text file per image,
one oriented rectangle a line, and ``data.yaml``. It has room for a class and four corners only.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import geopandas as gpd
import matplotlib.image as mpl_image
import numpy as np
import shapely
import xarray as xr

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import write_text, write_whole
from gnomon.datamodel.geojson import Feature
from gnomon.learn.annotations import (
    CLASSES,
    UNDECIDED,
    annotation_fault,
    annotation_feature,
    class_of,
    corners_in_chip,
    refuse_annotations,
)
from gnomon.learn.chips import Chip, chip_pixels

BRIGHTEST = 0.4
"""Reflectance that is drawn white."""
FARTHEST = 100.0
"""Corners lie within so many sides of their image."""


def write_yolo(labels: gpd.GeoDataFrame, chips: Mapping[str, Chip], out: Path) -> None:
    """Write a data set.

    Raises
    ------
    StoreError
        The disk is full or not writable.

    """
    lines: dict[str, list[str]] = {name: [] for name in chips}
    for row in labels.itertuples():
        chip = chips[row.chip]
        box = shapely.Polygon(corners_in_chip(row.geometry, chip)).minimum_rotated_rectangle
        corners = shapely.get_coordinates(box)[:4] / chip.grid.shape.xy
        number = CLASSES.index(class_of(row.status, row.type))
        lines[row.chip].append(" ".join([str(number), *(f"{v:.6f}" for v in corners.ravel())]))
    for name, chip in chips.items():
        text = "".join(f"{line}\n" for line in lines[name])
        write_text(text, out / "labels" / f"{chip.path.stem}.txt")
        path = out / "images" / f"{chip.path.stem}.png"
        write_whole(path, partial(_write_png, pixels=chip_pixels(chip)))
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    ships = ", ".join(str(n) for n, name in enumerate(CLASSES) if name not in UNDECIDED)
    head = f"# To train on ships alone: classes=[{ships}]\n"
    text = f"{head}path: .\ntrain: images\nval: images\nnames:\n{names}"
    write_text(text, out / "data.yaml")


def _write_png(path: Path, pixels: xr.Dataset) -> None:
    """Write natural colours, 8 bits: the square root of reflectance, as eyes like it."""
    here = [band for band in ("red", "green", "blue", "nir", "pan") if band in pixels]
    chosen = [band if band in pixels else here[0] for band in ("red", "green", "blue")]
    stack = np.nan_to_num(np.stack([pixels[band].to_numpy() for band in chosen]))
    counts = stack.max() > 1.5  # an image whose numbers are no reflectances
    top = max(BRIGHTEST, float(np.percentile(stack, 99.5)) if counts else BRIGHTEST)
    values = (255 * np.sqrt(np.clip(stack / top, 0, 1))).round().astype(np.uint8)
    mpl_image.imsave(path, values.transpose(1, 2, 0), format="png")


def from_yolo(folder: Path, chips: Mapping[str, Chip]) -> list[Feature]:
    """Rectangles of a data set as labels, not yet checked as such.

    Raises
    ------
    LabelError
        The folder is no data set, or lines are at fault: each is named.

    """
    by_stem = {chip.path.stem: chip for chip in chips.values()}
    names = _class_names(folder)
    faults: list[str] = []
    features: list[Feature] = []
    for path in sorted((folder / "labels").rglob("*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            name, corners, fault = _of_line(line, names)
            fault = fault or annotation_fault(path.stem, name, by_stem)
            if fault:
                faults.append(f"{path.name}, line {number}: {fault}")
                continue
            chip = by_stem[path.stem]
            features.append(annotation_feature(corners * chip.grid.shape.xy, chip, name, {}))
    refuse_annotations(folder, faults)
    return features


def _class_names(folder: Path) -> dict[int, str]:
    """Names of classes by number, from data.yaml: a mapping or a list."""
    path = folder / "data.yaml"
    if not path.is_file():
        raise LabelError(f"{folder}: is no YOLO data set (it has no data.yaml)")
    text = path.read_text(encoding="utf-8", errors="replace")
    mapped = re.findall(r"^\s+(\d+):\s*['\"]?([\w-]+)['\"]?\s*$", text, re.MULTILINE)
    if mapped:
        return {int(number): name for number, name in mapped}
    listed = re.search(r"^names:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    names = re.findall(r"[\w-]+", listed[1]) if listed else []
    return dict(enumerate(names))


def _of_line(line: str, names: Mapping[int, str]) -> tuple[str, Float64s, str]:
    """Class and corners (4, 2), shares of the image, of one line; and what is wrong with it."""
    nothing = np.zeros((0, 2))
    try:
        number, *values = (float(part) for part in line.split())
    except ValueError:
        return "", nothing, "has something that is no number"
    known = np.isfinite(number) and int(number) in names
    if not known or len(values) != 8 or not (np.abs(values) <= FARTHEST).all():
        return "", nothing, "is not a known class and the four corners of a rectangle"
    return names[int(number)], np.array(values).reshape(4, 2), ""
