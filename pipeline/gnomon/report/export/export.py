"""A run in formats that other programs read, and a text to cite it by.

GeoPackage with a QGIS project, GeoJSON, KMZ, CSV, STAC.

An export is written whole or not at all. An earlier export is replaced; a folder that holds
anything else is refused, so that nothing of a researcher's own is lost. What a run lacks (visits,
if it only detected ships; pixels that are no longer available) is left out with a note.
"""

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from gnomon.datamodel.decisions import REVIEW, Decision, latest, read_review, review_in
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import write_folder_whole
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.progress import Progress
from gnomon.report.credits import WARNING, image_credits
from gnomon.report.export.citation import citation, csv_notes, sha256
from gnomon.report.export.geopackage import write_geopackage
from gnomon.report.export.kml import write_kmz
from gnomon.report.export.stac import write_stac
from gnomon.report.export.vectors import write_csv, write_geojson
from gnomon.report.figures.crops import Crops, crops
from gnomon.report.load_tables import INFERRED, REQUIRED, Run, public_location, read_run
from gnomon.report.numbers import published_sentences
from gnomon.report.publish import public_table, public_text, roots_of
from gnomon.report.reviews import ReviewUse, review_use

FORMATS = ("gpkg", "geojson", "kml", "csv", "stac")
TABLES = (*REQUIRED, *INFERRED)
NOTES = "README.txt"
"""What the CSV files say, beside them."""
MANIFEST = "export.json"
"""Digest of every file of an export, by which a later export recognises it."""
DECISION_FIELDS = ("decision", "type", "load_state", "identity", "note", "reviewer")


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    """What the run lacked, one line each."""
    without_pictures: bool
    """Pictures were requested, and some are missing."""
    unmatched: tuple[Decision, ...]
    """Decisions of analysts about detections that the run does not have."""
    rows: Mapping[str, int]
    """Number of rows of each table."""


def export_run(
    run: Path,
    out: Path,
    *,
    formats: Sequence[str] = FORMATS,
    pictures: bool = True,
    review: Path | None = None,
    on_progress: Progress | None = None,
) -> Exported:
    """Write a run in other formats.

    Parameters
    ----------
    run
        Folder of a run.
    out
        Folder to write, whole or not at all; an earlier export there is replaced.
    formats
        One or more of `FORMATS`.
    pictures
        Whether balloons show the pixels around each ship.
    review
        Decisions of analysts; ``review.geojson`` in the run's folder if left out and it exists.
    on_progress
        Called after each scene whose pictures are drawn.

    Raises
    ------
    GnomonError
        The folder is not one of a run, the review is faulty, ``out`` holds something else, or the
        disk is full.

    """
    chosen = _chosen(formats)
    _refuse_others(run, out)
    read = read_run(run)
    tables = {name: getattr(read, name) for name in TABLES}
    for name in ("detections", "observations"):  # as in the files of the run
        tables[name] = tables[name].assign(port=tables[name].port.replace(EVERYWHERE, None))
    standing = latest(read_review(review) if review else review_in(run))
    known = set(tables["detections"].detection_id)
    unmatched = tuple(one for name, one in standing.items() if name not in known)
    tables["detections"] = with_decisions(tables["detections"], standing)
    roots = roots_of(run, read.study.catalog.url if read.study else None)
    present = {
        name: public_table(name, frame, roots=roots)
        for name, frame in tables.items()
        if name not in read.left_out and _is_readable(run, name)
    }
    use = review_use(read, standing, file=review.name if review else REVIEW)
    drawn = _pictures(read, wanted=pictures and "kml" in chosen, on_progress=on_progress)

    def write(folder: Path) -> tuple[str, ...]:
        notes = _write(folder, chosen, read, present, drawn, use)
        _manifest(folder, read, chosen)
        return notes

    more = write_folder_whole(out, write)
    files = tuple(sorted(path for path in out.rglob("*") if path.is_file()))
    notes = (*read.notes, *use.notes, *drawn.notes, *more)
    counts = {name: len(frame) for name, frame in present.items()}
    return Exported(out, files, notes, bool(drawn.notes), unmatched, counts)


def _chosen(formats: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in formats if name not in FORMATS]:
        raise StoreError(f"unknown format {', '.join(unknown)}; choose from {', '.join(FORMATS)}")
    if not formats:
        raise StoreError(f"name at least one format: {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in formats)


def _refuse_others(run: Path, out: Path) -> None:
    """Refuse to replace anything but an unchanged export."""
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
        raise StoreError(f"{out}: is not empty and not an export; name another folder") from None
    for name in sorted(there - {MANIFEST}):
        if name not in made:
            raise StoreError(f"{out}: has {name}, which no export wrote; move it or name another")
        if sha256(out / name) != made[name]:
            raise StoreError(f"{out}: {name} was changed; move it or name another folder")


def with_decisions(detections: gpd.GeoDataFrame, standing: Mapping[str, Decision]) -> Any:
    """Detections with analysts' decisions in columns ``review_*``, if there are any."""
    if not standing:
        return detections
    decisions = [standing.get(name) for name in detections.detection_id]
    columns: dict[str, Any] = {
        f"review_{name}": pd.Series([getattr(one, name, None) for one in decisions], dtype="str")
        for name in DECISION_FIELDS
    }
    times = [one.decided_at if one else None for one in decisions]
    columns["review_decided_at"] = pd.Series(pd.to_datetime(times, utc=True))
    return detections.reset_index(drop=True).assign(**columns)


def _is_readable(run: Path, name: str) -> bool:
    """Whether a table can be read; if not, it is left out, with a note from `read_run`."""
    try:
        pq.read_metadata(run / f"{name}.parquet")
    except (OSError, ValueError):
        return False
    return True


def _pictures(run: Run, *, wanted: bool, on_progress: Progress | None) -> Crops:
    return crops(run.detections, run.folder, on_progress=on_progress) if wanted else Crops({}, ())


def _write(
    folder: Path,
    formats: tuple[str, ...],
    run: Run,
    tables: Mapping[str, pd.DataFrame],
    drawn: Crops,
    use: ReviewUse,
) -> tuple[str, ...]:
    """Write every format; returns what was left out, one line each."""
    notes: tuple[str, ...] = ()
    about = describe(run)
    sentences = [*published_sentences(run.seasons, run.ledger, run.loading), *use.notes]
    csv = partial(write_csv, simulated=INFERRED if run.simulated else ())
    for kind, write in (("geojson", partial(write_geojson, about=about)), ("csv", csv)):
        if kind in formats:
            (folder / kind).mkdir()
            for name, frame in tables.items():
                write(name, frame, folder / kind)
    if "csv" in formats:
        text = csv_notes(run, tables, use)
        (folder / "csv" / NOTES).write_text(text, encoding="utf-8")
    if "gpkg" in formats:
        write_geopackage(folder, tables, run, about=about)
    if "kml" in formats:
        path = folder / "gnomon.kmz"
        write_kmz(
            path,
            tables,
            name=run.name,
            about="\n".join([about, *sentences]),
            pictures=drawn.pictures,
            simulated=run.simulated,
        )
    if "stac" in formats:
        items = write_stac(
            folder / "stac",
            tables,
            name=run.name,
            about=about,
            sources=_sources(run),
            citation="../CITATION.txt",
            version=_version(),
            simulated=run.simulated,
            made_at=run.metadata.made_at,
        )
        notes = () if items else ("no STAC catalogue: no observation was made",)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    text = citation(run, version=_version(), exported_on=today, use=use)
    (folder / "CITATION.txt").write_text(text, encoding="utf-8")
    return notes


def describe(run: Run) -> str:
    """Description, credits and warning of a run, a line each."""
    description = public_text(run.study.description) if run.study else ""
    lines = [description, *image_credits(run.observations)]
    return "\n".join([line for line in lines if line] + ([WARNING] if run.simulated else []))


def _version() -> str:
    return importlib.metadata.version("gnomon")


def _sources(run: Run) -> dict[str, str]:
    """Location of each scene's STAC item, as far as the run has it."""
    known = dict(run.metadata.sources)
    if run.study and "://" in (url := run.study.catalog.url) and not url.endswith(".json"):
        pairs = zip(run.observations.collection, run.observations.scene_id, strict=True)
        api = {s: f"{url.rstrip('/')}/collections/{c}/items/{s}" for c, s in pairs if pd.notna(c)}
        known = api | known
    return known


def _manifest(folder: Path, run: Run, formats: tuple[str, ...]) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "gnomon": _version(),
        "run": public_location(str(run.folder.resolve())),
        "formats": formats,
        "notes": [public_text(note, roots=roots_of(run.folder, None)) for note in run.notes],
        "files": {path.relative_to(folder).as_posix(): sha256(path) for path in files},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
