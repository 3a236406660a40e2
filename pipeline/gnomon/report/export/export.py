"""A run in the formats that others open: GeoJSON, KMZ, CSV, STAC, and the text to cite it by.

Everything is written to a folder beside the one that was asked for and renamed when it is whole. An
earlier export is replaced; a folder that holds anything else is refused, so that nothing of a
researcher's own is lost. What a run does not have (visits of a run that only found ships, pixels
that cannot be had any more) is left out and named.
"""

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from gnomon.datamodel.decisions import Decision, latest, read_review, review_in
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import write_folder_whole
from gnomon.datamodel.progress import Progress
from gnomon.report.export.citation import SIMULATED, citation, credits_of, public, sha256
from gnomon.report.export.kml import write_kmz
from gnomon.report.export.stac import from_item, write_stac
from gnomon.report.export.vectors import write_csv, write_geojson
from gnomon.report.figures.crops import Crops, crops
from gnomon.report.load_tables import EVERYWHERE, Run, read_run

FORMATS = ("geojson", "kml", "csv", "stac")
TABLES = ("detections", "observations", "visits", "seasons", "voyages", "ledger")
MANIFEST = "export.json"
"""Names every file of an export; by it an export knows an earlier one."""
DECIDED = ("decision", "type", "load_state", "identity", "note", "reviewer")


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    """What the run did not have, one line each."""
    without_pictures: bool
    """Pictures were asked for, and some could not be had."""
    lost: tuple[Decision, ...]
    """Decisions of analysts about detections that the run does not have."""
    rows: Mapping[str, int]
    """Of each table."""


def export(
    run: Path,
    out: Path,
    *,
    formats: Sequence[str] = FORMATS,
    pictures: bool = True,
    review: Path | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a run in other formats.

    Parameters
    ----------
    run
        Its folder.
    out
        Folder to be made, whole or not at all; an earlier export there is replaced.
    formats
        Some of `FORMATS`.
    pictures
        Whether balloons get the pixels around a ship, read from the run's catalogue.
    review
        Decisions of analysts; ``review.geojson`` in the run's folder if left out and it is there.
    progress
        Told of each scene whose pictures are drawn.

    Raises
    ------
    GnomonError
        The folder is no run's, the review is faulty, ``out`` holds something else, or the disk is
        full.

    """
    chosen = _chosen(formats)
    _refuse_others(run, out)
    read = read_run(run)
    tables = {name: getattr(read, name) for name in TABLES}
    for name in ("detections", "observations"):  # as the files have it, for want of a port
        tables[name] = tables[name].assign(port=tables[name].port.replace(EVERYWHERE, None))
    standing = latest(read_review(review) if review else review_in(run))
    known = set(tables["detections"].detection_id)
    lost = tuple(one for name, one in standing.items() if name not in known)
    tables["detections"] = with_decisions(tables["detections"], standing)
    present = {name: frame for name, frame in tables.items() if _is_there(run, name)}
    drawn = _pictures(read, wanted=pictures and "kml" in chosen, progress=progress)

    def write(folder: Path) -> tuple[str, ...]:
        notes = _write(folder, chosen, read, present, drawn, out=out)
        _manifest(folder, read, chosen)
        return notes

    more = write_folder_whole(out, write)
    files = tuple(sorted(path for path in out.rglob("*") if path.is_file()))
    notes = (*read.notes, *drawn.notes, *more)
    counts = {name: len(frame) for name, frame in present.items()}
    return Exported(out, files, notes, bool(drawn.notes), lost, counts)


def _chosen(formats: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in formats if name not in FORMATS]:
        raise StoreError(f"no format {', '.join(unknown)}; there are {', '.join(FORMATS)}")
    if not formats:
        raise StoreError(f"name a format: {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in formats)


def _refuse_others(run: Path, out: Path) -> None:
    """Refuse to replace anything but an export as it was left."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise StoreError(f"{out}: is a file or a link; name a folder")
    if out.exists() and run.resolve().is_relative_to(out.resolve()):
        raise StoreError(f"{out}: holds the run itself; name another folder")
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if not p.is_dir()}
    if not there:
        return
    try:
        made = dict(json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError(f"{out}: is not empty and no export; name another folder") from None
    for name in sorted(there - {MANIFEST}):
        if name not in made:
            raise StoreError(f"{out}: has {name}, which no export wrote; move it or name another")
        if sha256(out / name) != made[name]:
            raise StoreError(f"{out}: {name} was changed; move it or name another folder")


def with_decisions(detections: gpd.GeoDataFrame, standing: Mapping[str, Decision]) -> Any:
    """Detections with what analysts decided, in columns ``review_*`` where anybody did."""
    if not standing:
        return detections
    told = [standing.get(name) for name in detections.detection_id]
    columns: dict[str, Any] = {
        f"review_{name}": pd.Series([getattr(one, name, None) for one in told], dtype="str")
        for name in DECIDED
    }
    times = [one.decided_at if one else None for one in told]
    columns["review_decided_at"] = pd.Series(pd.to_datetime(times, utc=True))
    return detections.reset_index(drop=True).assign(**columns)


def _is_there(run: Path, name: str) -> bool:
    """Whether a table can be read; what cannot is left out, and the run's notes say so."""
    try:
        pq.read_metadata(run / f"{name}.parquet")
    except (OSError, ValueError):
        return False
    return True


def _pictures(run: Run, *, wanted: bool, progress: Progress | None) -> Crops:
    if not wanted:
        return Crops({}, {}, ())
    if run.study is None:
        return Crops({}, {}, ("no pictures: the run does not say which catalogue it read",))
    return crops(run.detections, run.study.catalog, progress=progress)


def _write(
    folder: Path,
    formats: tuple[str, ...],
    run: Run,
    tables: Mapping[str, pd.DataFrame],
    drawn: Crops,
    *,
    out: Path,
) -> tuple[str, ...]:
    """Write every format; returns what could not be, one line each."""
    notes: tuple[str, ...] = ()
    about = about_of(run)
    for kind, write in (("geojson", write_geojson), ("csv", write_csv)):
        if kind in formats:
            (folder / kind).mkdir()
            for name, frame in tables.items():
                write(name, frame, folder / kind)
    if "kml" in formats:
        path = folder / "gnomon.kmz"
        write_kmz(path, tables, name=run.name, about=about, pictures=drawn.pictures)
    if "stac" in formats:
        items = write_stac(
            folder / "stac",
            tables,
            name=run.name,
            about=about,
            sources=_sources(run, drawn.items, out / "stac" / "item"),
            citation="../CITATION.txt",
            version=_version(),
            made_at=_made_at(run),
        )
        notes = () if items else ("no STAC: no look was made, so there is no item",)
    text = citation(run, version=_version(), shown_at=f"{datetime.now(UTC):%Y-%m-%d}")
    (folder / "CITATION.txt").write_text(text, encoding="utf-8")
    return notes


def about_of(run: Run) -> str:
    """A line or two: what a run is, and what must be said with it."""
    said = [run.study.description if run.study else "", *credits_of(run.observations)]
    return "\n".join([line for line in said if line] + ([SIMULATED] if run.simulated else []))


def _version() -> str:
    return importlib.metadata.version("gnomon")


def _made_at(run: Run) -> datetime | None:
    try:
        made = datetime.fromisoformat(str(run.told.get("made_at")))
    except ValueError:
        return None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _sources(run: Run, found: Mapping[str, str], item: Path) -> dict[str, str]:
    """Addresses of the scenes' own items, as far as run or catalogue tell them."""
    told = run.told.get("sources")
    known = {**(told if isinstance(told, dict) else {}), **found}
    if run.study and "://" in (url := run.study.catalog.url) and not url.endswith(".json"):
        pairs = zip(run.observations.collection, run.observations.scene_id, strict=True)
        api = {s: f"{url.rstrip('/')}/collections/{c}/items/{s}" for c, s in pairs if pd.notna(c)}
        known = api | known
    return {scene: from_item(str(href).split("?")[0], item) for scene, href in known.items()}


def _manifest(folder: Path, run: Run, formats: tuple[str, ...]) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    told = {
        "gnomon": _version(),
        "run": public(str(run.folder.resolve())),
        "formats": formats,
        "notes": run.notes,
        "files": {path.relative_to(folder).as_posix(): sha256(path) for path in files},
    }
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
