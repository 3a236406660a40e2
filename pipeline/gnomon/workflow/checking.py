"""What gnomon understands of files that people give it, before anything is computed.

Tables of ships and images are read as `gnomon track` and `gnomon load` read them, and compared with
each other and with the study. Files with a form of their own (studies, ports, reviews, labels,
corrections) are read by their own readers. A file is known by what stands in it, not by its name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.decisions import read_review
from gnomon.datamodel.errors import GnomonError, TableError
from gnomon.datamodel.geojson import read_collection
from gnomon.datamodel.ports import Port, read_ports
from gnomon.datamodel.study import LedgerOptions, TrackStudy, read_study, read_track_study
from gnomon.track.sightings import CONSEQUENCES
from gnomon.workflow.user_tables.columns import USED, Kind
from gnomon.workflow.user_tables.faults import Faults
from gnomon.workflow.user_tables.files import layer_names, open_table
from gnomon.workflow.user_tables.reading import (
    FOR_IMAGES,
    FOR_LOAD,
    FOR_TRACK,
    UserTable,
    understand,
    usable,
    with_evidence,
)
from gnomon.workflow.user_tables.season import (
    image_notes,
    loading_notes,
    port_notes,
    season_faults,
    ships_inside,
)

RowCounter = Callable[[Path], int]
"""Reads a file of one kind, or raises a `GnomonError`; how many rows it has."""
KINDS: tuple[Kind, ...] = ("detections", "observations")
_USES: dict[Kind, dict[str, tuple[str, ...]]] = {
    "detections": {"gnomon track": FOR_TRACK, "gnomon load": FOR_LOAD},
    "observations": {"gnomon track": FOR_IMAGES},
}
_MARKS = {
    "review": {"decision", "decided_at"},
    "labels": {"label_id", "chip"},
    "corrections": {"scene", "action"},
    "ship types": {"scene_id", "type", "sure"},
    "ports": {"port", "kind"},
}
"""Properties by which a GeoJSON of this kind is known."""
_OF_IMAGES = {
    "usable_fraction": CONSEQUENCES["usable_fraction"],
    "status": "no status: every image counts as observed",
    "sensor": "no sensor: optical assumed",
    "gsd_m": "no gsd_m: 10 m assumed",
    "platform": "no platform: tiles of one satellite pass count as images of their own",
}


@dataclass(frozen=True)
class FileCheck:
    """What was understood of one file, or one layer of it."""

    path: Path
    kind: str
    """``detections``, ``observations``, ``study``, ``review``, ``ports``, ..."""
    rows: int = 0
    form: str = ""
    """Kind of file, in words."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our name of each column that is used = its name in the file."""
    unused: tuple[str, ...] = ()
    place: str = ""
    """What places were read from, with their CRS."""
    bounds_deg: tuple[float, float, float, float] | None = None
    """West, south, east, north of the places."""
    start: datetime | None = None
    end: datetime | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    """Rows of each port; of a study, its ports and their berths and anchorages."""
    inside: int | None = None
    """Ships inside the areas of their ports; None if no area is known."""
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Commands, and what each still lacks; nothing if it can use the table."""
    missing: tuple[str, ...] = ()
    """Columns that are not there, each with what follows."""
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def check_files(
    paths: Sequence[Path], *, study: Path | None = None, readers: Mapping[str, RowCounter]
) -> list[FileCheck]:
    """Check files, each alone and against the others.

    Parameters
    ----------
    paths
        Of any kind that gnomon reads.
    study
        Its ports and names of columns hold for tables; a study among the files does likewise.
    readers
        Of the kinds "labels", "corrections" and "ship types", which rooms above this one read.

    Returns
    -------
    list
        In the order of the files; of a file of several layers one each.

    Raises
    ------
    TableError
        There are no files.

    """
    if not paths and not study:
        raise TableError(["name the files to check"])
    given = [study] if study else [path for path in paths if path.suffix.lower() == ".toml"]
    chosen = _check_study(given[0])[1:] if given else (TrackStudy(), ())
    checks = [_check_study(study)[0]] if study and study not in paths else []
    tables: list[UserTable] = []
    for path in paths:
        if path.suffix.lower() == ".toml":
            checks.append(_check_study(path)[0])
        elif (kind := _geojson_kind(path)) is not None:
            checks.append(_check_own(path, kind, readers))
        else:
            found, faulty = _check_tables(path, chosen[0])
            checks += faulty
            tables += found
    places = {path: place for place, path in enumerate(paths)}
    return sorted(
        checks + _compared(tables, chosen[1], chosen[0].ledger),
        key=lambda check: places.get(check.path, -1),
    )


def _check_study(path: Path) -> tuple[FileCheck, TrackStudy, tuple[Port, ...]]:
    try:
        study = read_track_study(path)
        ports = study.places()
        if study.catalog is not None:
            study = read_study(path)
    except GnomonError as error:
        return FileCheck(path, "study", faults=_lines(path, error)), TrackStudy(), ()
    without = "no [catalog]: good for gnomon track, not for gnomon run"
    notes = () if study.catalog is not None else (without,)
    names = {port.name: len(port.zones) for port in ports if port.name}
    return FileCheck(path, "study", form="TOML", ports=names, notes=notes), study, ports


def _lines(path: Path, error: GnomonError) -> tuple[str, ...]:
    """Faults of one file, each with its name."""
    if isinstance(error, TableError):
        return error.lines
    head, *rest = (line.strip() for line in str(error).splitlines())
    return tuple(f"{path}: {line}" for line in rest) or (head,)


def _geojson_kind(path: Path) -> str | None:
    """Which of the files with a form of their own this is; None for a table."""
    try:
        with path.open("rb") as file:
            if file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{":
                return None
        features = read_collection(path, error=TableError)
    except (OSError, GnomonError, TypeError):
        return None  # no GeoJSON in degrees: as a table it is read, or refused
    given = [f.get("properties") for f in features if isinstance(f, dict)]
    names = {name for one in given if isinstance(one, dict) for name in one}
    return next((kind for kind, marks in _MARKS.items() if marks <= names), None)


def _check_own(path: Path, kind: str, readers: Mapping[str, RowCounter]) -> FileCheck:
    count = {"review": _count_review, "ports": _count_ports, **readers}[kind]
    try:
        return FileCheck(path, kind, rows=count(path), form="GeoJSON")
    except GnomonError as error:
        return FileCheck(path, kind, form="GeoJSON", faults=_lines(path, error))


def _count_review(path: Path) -> int:
    return len(read_review(path))


def _count_ports(path: Path) -> int:
    return sum(1 + len(port.zones) for port in read_ports(path).values())


def _check_tables(path: Path, study: TrackStudy) -> tuple[list[UserTable], list[FileCheck]]:
    """Tables of a file, and what is wrong with it if none can be read."""
    columns: dict[Kind, dict[str, str]] = {
        "detections": study.track.detection_columns,
        "observations": study.track.observation_columns,
    }
    try:
        names = layer_names(path)
        layers = [kind for kind in KINDS if kind in names]
        if len(layers) > 1:
            raws = {kind: open_table(path, layer=kind) for kind in layers}
        else:
            raw = open_table(path, layer=layers[0] if layers else "detections")
            raws = {_kind_of(path, raw.frame, columns): raw}
        found = [understand(raw, kind, columns[kind]) for kind, raw in raws.items()]
        return [with_evidence(one) if one.kind == "detections" else one for one in found], []
    except TableError as error:
        return [], [FileCheck(path, "table", faults=error.lines)]


def _kind_of(path: Path, frame: pd.DataFrame, columns: Mapping[Kind, Mapping[str, str]]) -> Kind:
    own = {str(name) for name in frame.columns}
    names = own | {name.strip().casefold().replace(" ", "_") for name in own}
    ours = {kind: names | {o for o, t in columns[kind].items() if t in own} for kind in KINDS}
    if {"detection_id", "length_m", "score"} & ours["detections"]:
        return "detections"
    if "seen_at" in ours["observations"]:
        return "observations"
    if isinstance(frame, gpd.GeoDataFrame) or {"lon", "longitude", "wkt"} & names:
        return "detections"
    have = ", ".join(sorted(own)[:20])
    why = "is neither a table of ships (detection_id, length_m) nor of images (seen_at)"
    raise TableError([f"{path}: {why}; it has {have}"])


def _compared(
    tables: Sequence[UserTable], ports: tuple[Port, ...], ledger: LedgerOptions
) -> list[FileCheck]:
    """Checks of tables, the one of ships compared with the one of images."""
    checks = [_check_table(table, ports, ledger) for table in tables]
    by_kind = {kind: [n for n, t in enumerate(tables) if t.kind == kind] for kind in KINDS}
    if all(len(found) == 1 for found in by_kind.values()):
        ships, images = (by_kind[kind][0] for kind in KINDS)
        pair = tables[ships], tables[images]
        if not pair[0].lacks(FOR_TRACK) and not pair[1].lacks(FOR_IMAGES):
            faults = (*checks[ships].faults, *season_faults(*pair).lines)
            checks[ships] = replace(checks[ships], faults=faults)
            notes = (*checks[images].notes, *image_notes(*pair))
            checks[images] = replace(checks[images], notes=notes)
    return checks


def _check_table(table: UserTable, ports: tuple[Port, ...], ledger: LedgerOptions) -> FileCheck:
    frame, faults = table.frame, Faults(table.path)
    if table.kind == "detections":
        notes = tuple(port_notes(table, ports, faults))
    else:
        notes = tuple(loading_notes(table, ledger))
    uses = {use: table.lacks(needs) for use, needs in _USES[table.kind].items()}
    times = frame.seen_at.dropna() if table.kind == "observations" and "seen_at" in frame else ()
    counts = frame.port.value_counts(sort=False).to_dict() if "port" in frame else {}
    return FileCheck(
        table.path,
        table.kind,
        rows=len(frame),
        form=table.form,
        columns=table.names,
        unused=table.unused,
        place=table.place,
        bounds_deg=_bounds(frame),
        start=min(times).to_pydatetime() if len(times) else None,
        end=max(times).to_pydatetime() if len(times) else None,
        ports={str(name): int(count) for name, count in counts.items()},
        inside=ships_inside(table, ports),
        uses=uses,
        missing=_missing(table),
        notes=(*table.notes, *notes),
        faults=(*_row_faults(table, uses), *faults.lines),
    )


def _bounds(frame: pd.DataFrame) -> tuple[float, float, float, float] | None:
    if not isinstance(frame, gpd.GeoDataFrame) or not frame.geometry.notna().any():
        return None
    west, south, east, north = (float(v) for v in frame.total_bounds)
    return west, south, east, north


def _row_faults(table: UserTable, uses: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Faults of the rows for every command that can use the table; for none, what they lack."""
    needs = [_USES[table.kind][use] for use, lacking in uses.items() if not lacking]
    faults: dict[str, None] = dict.fromkeys(table.faults)
    for one in needs or list(_USES[table.kind].values())[:1]:
        try:
            usable(table, one)
        except TableError as error:
            faults |= dict.fromkeys(error.lines)
    return tuple(faults)


def _missing(table: UserTable) -> tuple[str, ...]:
    """What follows from columns that are not there, or empty."""
    follows: dict[str, Any] = _OF_IMAGES if table.kind == "observations" else CONSEQUENCES
    known = [name for name in USED[table.kind] if name in table.frame]
    full = {name for name in known if table.frame[name].notna().any()}
    full |= {"position"} if table.place else set()
    wanted = [name for name in follows if name in USED[table.kind] or name == "position"]
    return tuple(follows[name] for name in wanted if name not in full)
