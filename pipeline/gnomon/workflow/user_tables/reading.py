"""A user's table of ships or images, read to the columns that tracking and the load stage use."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import geopandas as gpd
import pandas as pd

from gnomon.track.implausible import implausible_images, implausible_ships
from gnomon.workflow.user_tables.cells import (
    json_texts,
    numbers_of,
    plain_values,
    times_of,
    words_of,
)
from gnomon.workflow.user_tables.columns import SHAPES, TABLES, USED, Kind, named_columns
from gnomon.workflow.user_tables.faults import Faults
from gnomon.workflow.user_tables.files import RawTable, open_table
from gnomon.workflow.user_tables.loads import with_load_evidence
from gnomon.workflow.user_tables.places import CRS, Places, find_places, outline_sizes

FOR_TRACK = ("scene_id", "port", "length_m")
FOR_LOAD = ("detection_id", "scene_id", "place")
FOR_IMAGES = ("scene_id", "port", "seen_at")
_SIZES = ("length_m", "beam_m", "heading_deg")


@dataclass(frozen=True)
class UserTable:
    """A table of detections or observations with gnomon's names, and what was understood of it."""

    path: Path
    kind: Kind
    frame: pd.DataFrame
    """With places a GeoDataFrame of points, and ``footprint`` where it has outlines; its index
    numbers the rows of the file from 0."""
    form: str
    """Kind of file, in words."""
    names: Mapping[str, str]
    """Our name of a column that is used = theirs."""
    unused: tuple[str, ...]
    """Columns that are kept and not used."""
    place: str
    """What places were read from; empty if there are none."""
    notes: tuple[str, ...]
    """What was assumed."""
    faults: tuple[str, ...]
    """What is wrong, a line each."""
    load_notes: tuple[str, ...] = ()
    """What the evidence of load was made of, without the path."""

    def lacks(self, needs: tuple[str, ...]) -> tuple[str, ...]:
        """What of these columns (or "place") the table does not have at all."""
        return tuple(
            name
            for name in needs
            if (not self.place if name == "place" else name not in self.frame)
        )


def read_detections(
    path: Path, *, needs: tuple[str, ...] = FOR_LOAD, columns: Mapping[str, str] | None = None
) -> UserTable:
    """Read a table of ships.

    Parameters
    ----------
    path
        Of any format (`gnomon.workflow.user_tables.files`), with places of any kind
        (`gnomon.workflow.user_tables.places`).
    needs
        Columns, or "place", without which it is of no use; no row may lack them.
    columns
        Our name of a column = theirs.

    Raises
    ------
    TableError
        It cannot be used; every fault has its line.

    """
    table = inspect_table(path, "detections", columns or {})
    return usable(with_evidence(table) if needs == FOR_TRACK else table, needs)


def with_evidence(table: UserTable) -> UserTable:
    """A table of ships with ``log_lr_laden``, from what it says about load in any way."""
    faults = Faults(table.path, list(table.faults))
    frame, notes = with_load_evidence(table.frame, faults)
    said = (*table.notes, *(f"{table.path}: {note}" for note in notes))
    lines = tuple(faults.lines)
    return replace(table, frame=frame, notes=said, load_notes=notes, faults=lines)


def read_observations(path: Path, *, columns: Mapping[str, str] | None = None) -> UserTable:
    """Read a table of images, those without ships among them.

    Parameters
    ----------
    path
        As in `read_detections`; places are not needed.
    columns
        Our name of a column = theirs.

    Raises
    ------
    TableError
        It cannot be used; every fault has its line.

    """
    return usable(inspect_table(path, "observations", columns or {}), FOR_IMAGES)


def usable(table: UserTable, needs: tuple[str, ...]) -> UserTable:
    """A table, if it can be used.

    Raises
    ------
    TableError
        It has faults, or lacks what it needs.

    """
    faults = Faults(table.path, list(table.faults))
    lacking = table.lacks(needs)
    if "place" in lacking and table.faults:
        lacking = tuple(name for name in lacking if name != "place")  # why, is said already
    if lacking and not len(table.frame):
        return replace(table, frame=_without_rows(table.frame, lacking))
    if lacking:
        have = ", ".join(dict.fromkeys([*table.names.values(), *table.unused]))
        columns = "detection_columns" if table.kind == "detections" else "observation_columns"
        remedy = f"rename a column, or map it in the study ([track] {columns})"
        if lacking == ("place",):
            remedy = "give lon and lat, a geometry, or WKT"
        faults.add(f"lacks {', '.join(lacking)}; {remedy}; it has {have}")
    for name in needs:
        if name in table.frame:
            _check_complete(table, name, faults)
    faults.refuse()
    return table


def _without_rows(frame: pd.DataFrame, lacking: tuple[str, ...]) -> pd.DataFrame:
    """A table without rows: no ship was found, and some formats keep no columns of nothing."""
    plain = pd.DataFrame(frame).assign(
        **{name: pd.Series(dtype="str") for name in lacking if name != "place"}
    )
    return gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries([], crs=CRS), crs=CRS)


def _check_complete(table: UserTable, name: str, faults: Faults) -> None:
    """Refuse rows without a value that every row needs."""
    missing = table.frame[name].isna()
    if name == "seen_at" and "status" in table.frame:
        missing &= table.frame.status == "observed"
    if name == "port" and missing.all():
        return  # whole scenes, of no port
    if any(f", {name}: " in line for line in table.faults):
        return  # cells that are no numbers or times have been named
    faults.add_where(missing, "is empty", column=name)


def inspect_table(path: Path, kind: Kind, columns: Mapping[str, str]) -> UserTable:
    """Read a table as far as it can be understood, with its faults.

    Raises
    ------
    TableError
        It cannot even be opened.

    """
    raw = open_table(path, layer=kind)
    return understand(raw, kind, columns)


def understand(raw: RawTable, kind: Kind, columns: Mapping[str, str]) -> UserTable:
    """As `inspect_table`, of a file that was opened."""
    faults = Faults(raw.path)
    frame, names = named_columns(raw, kind, columns, faults)
    places = find_places(raw, frame, faults) if kind == "detections" else None
    plain = pd.DataFrame(frame.drop(columns=[n for n in _geometries(frame) if n in frame]))
    for name in plain.columns:
        plain[name] = _column(plain[name], raw, kind, str(name), faults)
    notes = list(raw.notes)
    if kind == "detections":
        plain, more = _completed(plain, places)
        notes += [f"{raw.path}: {note}" for note in more]
    _check_rows(plain, kind, faults)
    placed = _with_places(plain, places)
    if not faults.lines:
        faults.add_all(
            implausible_ships(placed)
            if kind == "detections"
            else implausible_images(placed, now=datetime.now(UTC))
        )
    notes += places.notes if places else ()
    used = {ours: theirs for ours, theirs in names.items() if ours in USED[kind]}
    rest = [str(n) for n in raw.frame.columns if n not in used.values() and n not in SHAPES]
    return UserTable(
        path=raw.path,
        kind=kind,
        frame=placed,
        form=raw.form,
        names=used,
        unused=tuple(rest),
        place=places.how if places else "",
        notes=tuple(notes),
        faults=tuple(faults.lines),
    )


def _geometries(frame: pd.DataFrame) -> list[str]:
    """Columns that hold shapes, also as text."""
    typed = [str(n) for n in frame if isinstance(frame[n].dtype, gpd.array.GeometryDtype)]
    return [*typed, *SHAPES]


def _column(values: pd.Series, raw: RawTable, kind: Kind, name: str, faults: Faults) -> pd.Series:
    """Values of one column, of the type that its schema has."""
    schema = TABLES[kind].to_schema().columns.get(name)
    if name == "identity" or (schema is not None and name in USED[kind] and _is_text(schema)):
        if name in ("zones", "visibility", "recall"):
            return json_texts(values, name, faults)
        return words_of(values, kind, name, faults)
    if schema is not None and name in USED[kind] and str(schema.dtype) == "float64":
        return numbers_of(values, kind, name, faults, decimal_comma=raw.decimal_comma)
    if name == "seen_at" and kind == "observations":
        return times_of(values, name, faults)
    return plain_values(values) if raw.is_text else values


def _is_text(schema: object) -> bool:
    return "string" in str(getattr(schema, "dtype", ""))


def _completed(frame: pd.DataFrame, places: Places | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Detections with the sizes that their outlines have, where they have none of their own."""
    notes: list[str] = []
    if places is not None and places.outline is not None:
        own = frame.reindex(columns=_SIZES)
        # Measuring takes a tenth of a millisecond each, and most tables have all sizes.
        sizes = outline_sizes(places.outline[own.isna().any(axis=1)]).reindex(frame.index)
        for name in _SIZES:
            given = own[name].astype(float)
            taken = int((given.isna() & sizes[name].notna()).sum())
            if taken:
                notes.append(f"{name} of {taken:,} ships from their outlines")
            frame = frame.assign(**{name: given.fillna(sizes[name])})
    return frame, tuple(notes)


def _check_rows(frame: pd.DataFrame, kind: Kind, faults: Faults) -> None:
    """Refuse rows that are there twice, or say not whether they are an observation."""
    if kind == "detections":
        if "detection_id" in frame:
            ids = frame.detection_id
            twice = ids.notna() & ids.duplicated(keep=False)
            names = ", ".join(ids[twice].unique()[:10])
            faults.add_where(
                twice, f"{names} is there twice; give each ship its own", column=ids.name
            )
            if ids.notna().any():
                faults.add_where(ids.isna(), "is empty", column=ids.name)
        return
    if "status" in frame:
        why = "is empty; write observed, skipped (too cloudy) or failed"
        faults.add_where(frame.status.isna(), why, column="status")
    if {"scene_id", "port"} <= set(frame):
        twice = frame.duplicated(["scene_id", "port"], keep=False) & frame.scene_id.notna()
        if twice.any():
            first = frame[twice].iloc[0]
            why = (
                f"{first.scene_id} at {first.port} is there twice; keep one row per scene and port"
            )
            faults.add_where(twice, why)


def _with_places(frame: pd.DataFrame, places: Places | None) -> pd.DataFrame:
    if places is None:
        return frame
    if places.outline is not None:
        frame = frame.assign(footprint=places.outline)
    return cast("pd.DataFrame", gpd.GeoDataFrame(frame, geometry=places.centre, crs=CRS))
