"""Corrections: what a second look at the pictures says of a set of labels.

A file of labels is somebody else's and stays as it is. What is wrong with it stands beside it, in a
GeoJSON of one feature per correction, in EPSG:4326, with the properties

``scene``
    Identifier of the STAC item.
``action``
    ``drop``: no vessel is there. ``fix``: a vessel is, and the geometry is her outline. ``add``: a
    vessel that has no label. ``ignore``: it cannot be told, so that it can neither be missed nor
    be a false alarm; such an outline may hold several hulls.
``label``
    Row of the label in the scene's own outlines, from 0; null for what has no label.
``length_m``
    Of the hull, as measured; null for ``drop`` and ``ignore``.
``reason``, ``doubt``
    Why, in a few words, and whether another careful person might decide otherwise.

The geometry of a ``drop`` or an ``ignore`` is the old outline. An correction must overlap the label
that it speaks of: so a row that has moved, or the wrong scene, is found out.
"""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import LabelError

ACTIONS = ("drop", "fix", "add", "ignore")
PROPERTIES = ("scene", "action", "label", "length_m", "reason", "doubt")


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
        The file is missing, is not GeoJSON, or a feature is at fault; all faults are listed.

    """
    try:
        rows = gpd.read_file(path)
    except Exception as error:  # pyogrio raises several unrelated types
        raise LabelError(f"{path}: cannot be read as GeoJSON ({error})") from error
    if missing := set(PROPERTIES) - set(rows.columns):
        raise LabelError(f"{path}: features lack the properties {', '.join(sorted(missing))}")
    if faults := list(_faults(rows)):
        raise LabelError(f"{path}: " + "; ".join(faults))
    rows = rows[[*PROPERTIES, "geometry"]]
    return rows.assign(label=rows.label.astype("Int64"), doubt=rows.doubt.astype(bool))


def corrected(
    outlines: gpd.GeoDataFrame, scene_id: str, corrections: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Labels of a scene after a second look.

    Parameters
    ----------
    outlines
        The scene's labels, one row each, in any CRS, in the order of their file.
    scene_id
        Which corrections to heed; those of other scenes are let be.
    corrections
        As `read_corrections` gives them.

    Returns
    -------
    geopandas.GeoDataFrame
        Labels that were kept or fixed, in their order, then what was added, in the CRS of
        ``outlines``. ``label``: row in ``outlines``, null for what was added. ``ignored``: neither
        to be missed nor a false alarm. ``measured``: the outline is that of an correction, drawn
        along the hull. ``doubt``: another careful person might decide otherwise.

    Raises
    ------
    LabelError
        An correction names a label that is not there, or does not overlap it.

    """
    rows = gpd.GeoDataFrame(
        {"label": pd.array(range(len(outlines)), "Int64")},
        geometry=outlines.geometry.to_numpy(),
        crs=outlines.crs,
    ).assign(ignored=False, measured=False, doubt=False)
    mine = corrections[corrections.scene == scene_id].to_crs(rows.crs)
    known = mine[mine.label.notna()]
    for one in known.itertuples():
        _refuse_elsewhere(scene_id, int(one.label), one.geometry, rows)
        rows.loc[one.label, "doubt"] = one.doubt
    fixed = known[known.action == "fix"]
    rows.loc[fixed.label, "geometry"] = fixed.geometry.to_numpy()
    rows.loc[fixed.label, "measured"] = True
    rows.loc[known.label[known.action == "ignore"], "ignored"] = True
    rows = rows.drop(index=known.label[known.action == "drop"])
    new = mine[mine.label.isna()]
    new = new.assign(ignored=new.action == "ignore", measured=new.action == "add")
    return pd.concat([rows, new[rows.columns]], ignore_index=True)


def _faults(rows: gpd.GeoDataFrame) -> Iterator[str]:
    for place, row in enumerate(rows.itertuples(), start=1):
        who = f"feature {place} ({row.scene}, {row.action}, label {_said(row.label)})"
        if row.action not in ACTIONS:
            yield f"{who}: action should be one of {', '.join(ACTIONS)}"
        if row.geometry is None or row.geometry.is_empty or not row.geometry.is_valid:
            yield f"{who}: its geometry is missing or not valid"
        elif row.geometry.geom_type not in ("Polygon", "MultiPolygon"):
            yield f"{who}: is a {row.geometry.geom_type}, should be a Polygon"
        if row.action == "add" and pd.notna(row.label):
            yield f"{who}: what is added has no label, should be null"
        if row.action in ("drop", "fix") and (pd.isna(row.label) or row.label < 0):
            yield f"{who}: label should be a row of the scene's outlines, from 0"
        if row.action in ("add", "fix") and not row.length_m > 0:
            yield f"{who}: length_m should be metres above 0"
        if row.doubt not in (True, False):
            yield f"{who}: doubt should be true or false"
    twice = rows.label.notna() & rows.duplicated(["scene", "label"])
    yield from (
        f"{row.scene}: label {_said(row.label)} is amended more than once"
        for row in rows[twice].itertuples()
    )


def _said(label: float | None) -> str:
    return "null" if pd.isna(label) else f"{label:g}"


def _refuse_elsewhere(
    scene_id: str, label: int, outline: BaseGeometry, rows: gpd.GeoDataFrame
) -> None:
    who = f"correction of {scene_id}, label {label}"
    if label not in rows.index:
        raise LabelError(f"{who}: the scene has {len(rows)} labels, rows from 0")
    if not outline.intersects(rows.geometry[label]):
        raise LabelError(f"{who}: lies beside that label; is it another scene's, or another row?")
