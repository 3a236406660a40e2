"""Corrections: errors in a set of labels, found by inspecting the images again.

A published file of labels stays as it is. Its errors are corrected beside it, in a
GeoJSON of one feature per correction, in EPSG:4326, with the properties

``scene``
    Identifier of the STAC item.
``action``
    ``drop``: no vessel is there. ``fix``: a vessel is, and the geometry is its outline. ``add``: a
    vessel that has no label. ``ignore``: it cannot be determined, so that it is neither a miss nor
    a false positive; such an outline may hold several hulls.
``label``
    Row of the label in the scene's own outlines, from 0; null for what has no label.
``length_m``
    Of the hull, as measured; null for ``drop`` and ``ignore``.
``reason``, ``doubt``
    Why, in a few words, and whether another careful person might decide otherwise.

The geometry of a ``drop`` or an ``ignore`` is the old outline. A correction must overlap the label
that it names: this exposes a row that has moved, or the wrong scene.

Completions are a second file of the same kind, drawn later: above all vessels of 50 to 100 m that
had no label. A detector is measured with them, and networks that are stored were trained without.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import geopandas as gpd
import pandas as pd
from pydantic import Field, StrictBool, model_validator
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.geojson import Row, read_geometry, read_rows, repeated, rows_table
from gnomon.learn.outlines import flags


class Correction(Row):
    """One feature of the file."""

    NAMED_BY: ClassVar = ("scene", "action", "label")

    scene: str
    action: Literal["drop", "fix", "add", "ignore"]
    label: int | None = Field(default=None, ge=0, lt=2**31)
    length_m: float | None = Field(default=None, gt=0)
    reason: str
    doubt: StrictBool
    geometry: Annotated[BaseGeometry, read_geometry("Polygon", "MultiPolygon")]

    @model_validator(mode="after")
    def _fits_its_action(self) -> "Correction":
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.action == "add" and self.label is not None:
            yield "label of what is added should be null"
        if self.action in ("drop", "fix") and self.label is None:
            yield "label should be a row of the scene's outlines, from 0"
        if self.action in ("add", "fix") and self.length_m is None:
            yield "length_m should be metres above 0"


def read_corrections(path: Path) -> gpd.GeoDataFrame:
    """Read the corrections of every scene.

    Parameters
    ----------
    path
        A GeoJSON file as the module's head describes it.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per correction, in the order of the file; ``label`` is a nullable integer.

    Raises
    ------
    LabelError
        The file is missing, is not GeoJSON, or a feature is at fault; every fault has its line.

    """
    rows = read_rows(
        path,
        Correction,
        error=LabelError,
        check=lambda rows: repeated(rows, _label_of, "label"),
    )
    table = rows_table(Correction, rows)
    return table.assign(label=pd.array([row.label for row in rows], dtype="Int64"))


def _label_of(row: Correction) -> tuple[str, int] | None:
    return None if row.label is None else (row.scene, row.label)


def corrected(
    outlines: gpd.GeoDataFrame, scene_id: str, corrections: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Labels of a scene with its corrections.

    Parameters
    ----------
    outlines
        The scene's labels, one row each, in any CRS, in the order of their file.
    scene_id
        Whose corrections to apply; those of other scenes are left out.
    corrections
        As `read_corrections` returns them.

    Returns
    -------
    geopandas.GeoDataFrame
        Labels that were kept or fixed, in their order, then what was added, in the CRS of
        ``outlines``. ``label``: row in ``outlines``, null for what was added. ``ignored``: neither
        a miss nor a false positive. ``measured``: the outline is that of a correction, drawn along
        the hull. ``doubt``: another careful person might decide otherwise.

    Raises
    ------
    LabelError
        A correction names a label that is not there, or does not overlap it.

    """
    rows = gpd.GeoDataFrame(
        {"label": pd.array(range(len(outlines)), "Int64")},
        geometry=outlines.geometry.to_numpy(),
        crs=outlines.crs,
    ).assign(
        ignored=flags(outlines, "ignored"),
        measured=flags(outlines, "measured"),
        doubt=False,
        length_m=outlines["length_m"].to_numpy() if "length_m" in outlines else None,
    )
    mine = corrections[corrections.scene == scene_id].to_crs(rows.crs)
    known = mine[mine.label.notna()]
    for one in known.itertuples():
        _check_place(scene_id, int(one.label), one.geometry, rows)
        rows.loc[one.label, "doubt"] = one.doubt
    fixed = known[known.action == "fix"]
    rows.loc[fixed.label, "geometry"] = fixed.geometry.to_numpy()
    rows.loc[fixed.label, "measured"] = True
    rows.loc[known.label[known.action == "ignore"], "ignored"] = True
    rows = rows.drop(index=known.label[known.action == "drop"])
    new = mine[mine.label.isna()]
    new = new.assign(ignored=new.action == "ignore", measured=new.action == "add")
    return pd.concat([rows, new[rows.columns]], ignore_index=True)


def with_completions(
    corrections: gpd.GeoDataFrame, completions: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Corrections and completions, which replace the correction of a label that both name."""
    both = pd.concat([corrections, completions], ignore_index=True)
    replaced = both.label.notna() & both.duplicated(["scene", "label"], keep="last")
    return both[~replaced].reset_index(drop=True)


def _check_place(scene_id: str, label: int, outline: BaseGeometry, rows: gpd.GeoDataFrame) -> None:
    who = f"correction of {scene_id}, label {label}"
    if label not in rows.index:
        raise LabelError(f"{who}: the scene has {len(rows)} labels, rows from 0")
    if not outline.intersects(rows.geometry[label]):
        raise LabelError(f"{who}: lies beside that label; is it another scene's, or another row?")
