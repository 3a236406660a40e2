"""What a reader must know to cite a run, to trust it and to make it again: plain text.

Method, versions, digests of weights and tables, catalogues, licences. Paths of the writer's own
disk are told by their last two parts.
"""

import hashlib
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gnomon.report.load_tables import Run

SIMULATED = "These scenes are SIMULATED: they show the method, not the world."
METHOD = (
    "Ships are found by a contrast test over open water and a small network near quays; one row "
    "per hull, with a calibrated score. Loads are read by fitting hull and shadow to the pixels; "
    "p_laden holds for a ship that is a tanker. Visits are a Poisson process with gamma stays, "
    "seen with a chance that is itself uncertain; counts and barrels are posteriors over what was "
    "seen and what was not. Every look is a row, also the empty, cloudy and failed ones."
)
_WIDTH = 79


def citation(run: Run, *, version: str, shown_at: str) -> str:
    """Text of CITATION.txt.

    Parameters
    ----------
    run
        As read.
    version
        Of the gnomon that exports.
    shown_at
        Day of the export.

    """
    parts = [
        ("How to cite", [_cite(run, version, shown_at)]),
        ("What it is", [run.study.description if run.study else "", *_warnings(run)]),
        ("Method", [METHOD]),
        ("Images", list(_images(run))),
        ("Other sources", list(_others(run))),
        ("Versions", [f"{k} {v}" for k, v in _dict(run.told.get("versions")).items()]),
        ("Digests (SHA-256)", ["\n".join(_digests(run))]),
        ("Licences", [_LICENCES]),
    ]
    lines = []
    for title, paragraphs in parts:
        told = [part for part in paragraphs if part]
        if told:
            lines += [title.upper(), *(_wrapped(part) for part in told), ""]
    return "\n".join(lines)


_LICENCES = (
    "gnomon is under Apache-2.0. Images keep the terms of their providers, also where pieces of "
    "them are shown; ask before publishing commercial ones. What you make of this run is yours."
)


def _wrapped(text: str) -> str:
    """Lines of prose; what has lines already keeps them."""
    if "\n" in text:
        return text
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _cite(run: Run, version: str, shown_at: str) -> str:
    made = str(run.told.get("made_at", ""))[:10] or "an unknown day"
    by = _dict(run.told.get("versions")).get("gnomon", "unknown version")
    return (
        f'gnomon {by}, run "{run.name}" of {made}, exported {shown_at} with gnomon {version}. '
        f"{_marks(run)}"
    ).strip()


def _marks(run: Run) -> str:
    return SIMULATED if run.simulated else " ".join(credits_of(run.observations))


def _warnings(run: Run) -> list[str]:
    return [SIMULATED] if run.simulated else []


def credits_of(observations: pd.DataFrame) -> list[str]:
    """Lines that the providers of images ask for, by the looks that were looked at."""
    seen = observations[(observations.status == "observed") & observations.seen_at.notna()]
    made = seen.collection.astype("str").str.startswith("synthetic")
    real = seen[seen.platform.astype("str").str.startswith("sentinel-") & ~made]
    years = sorted({str(time.year) for time in real.seen_at})
    return [f"Contains modified Copernicus Sentinel data {', '.join(years)}."] if years else []


def _images(run: Run) -> Iterator[str]:
    seen = run.observations[run.observations.seen_at.notna()]
    for (collection, platform), rows in seen.groupby(["collection", "platform"]):
        observed = int((rows.status == "observed").sum())
        yield (
            f"{collection}, {platform}: {rows.scene_id.nunique()} scenes from "
            f"{rows.seen_at.min():%Y-%m-%d} to {rows.seen_at.max():%Y-%m-%d}, "
            f"{observed} of {len(rows)} looks made"
        )
    if run.study:
        yield f"Catalogue: {public(run.study.catalog.url)}"
    yield from credits_of(run.observations)


def _others(run: Run) -> Iterator[str]:
    if not run.study:
        return
    fleet, ais, ports = run.study.track.fleet, run.study.track.ais, run.study.ports.file
    if len(run.visits):
        own = public(str(fleet)) if fleet else "fleet.csv of gnomon, with a source for every value"
        yield f"Register of ships: {own}"
        yield f"AIS: {public(str(ais))}" if ais else "AIS: none"
    yield f"Ports: {public(str(ports)) if ports else 'ports.geojson of gnomon'}"


def public(place: str) -> str:
    """An address without what signs it; of a path, which is the writer's own affair, the end."""
    if "://" in place:
        return place.split("?", maxsplit=1)[0]
    return "/".join(Path(place).parts[-2:])


def _digests(run: Run) -> Iterator[str]:
    weights = _dict(run.told.get("weights"))
    if weights:
        yield f"{weights.get('sha256')}  weights {weights.get('name')} {weights.get('version')}"
    for path in sorted(run.folder.iterdir()):
        if path.suffix == ".parquet" or path.name in ("run.json", "review.geojson"):
            yield f"{sha256(path)}  {path.name}"


def sha256(path: Path) -> str:
    """Digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
