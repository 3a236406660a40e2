"""CITATION.txt: what a reader must know to cite a run, to judge it and to repeat it.

Method, versions, digests of weights and tables, catalogues, licences. Of a path on the author's
own disk only the last two parts are given.
"""

import hashlib
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from gnomon.datamodel.decisions import REVIEW, latest, review_in
from gnomon.report.credits import SIMULATED, WARNING, image_credits
from gnomon.report.load_tables import Run, public_location
from gnomon.report.numbers import published_sentences
from gnomon.report.publish import public_text
from gnomon.report.reviews import ReviewUse, effect_text, review_use
from gnomon.report.text import days_text

FINDING = (
    "Ships are found by a CFAR test over open water and a small convolutional network near quays; "
    "detections.parquet has one row per hull, with a calibrated score."
)
LOADS = (
    "Loads are estimated by fitting hull and shadow to the pixels; p_laden holds for a ship that "
    "is a tanker."
)
VISITS = (
    "Visits are modelled as a Poisson process with gamma-distributed stays, seen with a "
    "probability that is itself uncertain; counts and barrels are posteriors over seen and "
    "unseen visits."
)
RECORD = "Every observation (an image of a port) is a row, also if it is empty, cloudy or failed."
LICENCES = (
    "gnomon is under Apache-2.0. Images keep the terms of their providers, also where parts of "
    "them are shown; ask the provider before you publish commercial ones. What you make of this "
    "run is yours."
)
CSV_FORM = (
    "Times are UTC in ISO 8601, lengths metres, places degrees (lon, lat) or WKT, empty cells "
    "unknown. x_p05 and x_p95 bound a 90 % interval, x_p50 is the median, which is the middle "
    "meant above. image_p_laden_in and image_p_laden_out are what a visit's own images show; "
    "p_laden_in, p_laden_out, p_loaded and p_unloaded are supposed, given all other visits of the "
    "port too. The documentation of gnomon explains each column (Tables)."
)
_WIDTH = 79


def citation(run: Run, *, version: str, exported_on: str, use: ReviewUse | None = None) -> str:
    """Text of CITATION.txt.

    Parameters
    ----------
    run
        The run.
    version
        Version of gnomon that exports.
    exported_on
        Day of the export.
    use
        Of the decisions that are exported; of those in the run's folder if left out.

    """
    use = use or review_use(run, latest(review_in(run.folder)))
    description = public_text(run.study.description) if run.study else ""
    parts = [
        ("How to cite", [_how_to_cite(run, version, exported_on)]),
        ("What it is", [description, WARNING if run.simulated else ""]),
        ("What it found", list(_found(run, use))),
        ("Method", [" ".join(_method(run))]),
        ("Images", list(_images(run))),
        ("Other sources", list(_other_sources(run))),
        ("Versions", [f"{name} {one}" for name, one in run.metadata.versions.items()]),
        ("Digests (SHA-256)", ["\n".join(_digests(run, use))]),
        ("Licences", [LICENCES]),
    ]
    lines = []
    for title, paragraphs in parts:
        present = [part for part in paragraphs if part]
        if present:
            lines += [title.upper(), *(_wrapped(part) for part in present), ""]
    return "\n".join(lines)


def csv_notes(run: Run, tables: Iterable[str], use: ReviewUse) -> str:
    """Text of README.txt beside the CSV files: what they say, and how to read them.

    Parameters
    ----------
    run
        The run.
    tables
        Names of the files.
    use
        Of the decisions that are exported.

    """
    paragraphs = [
        WARNING if run.simulated else "",
        *_found(run, use),
        f"Files: {', '.join(f'{name}.csv' for name in tables)}.",
        CSV_FORM,
    ]
    return "\n\n".join(_wrapped(part) for part in paragraphs if part) + "\n"


def _found(run: Run, use: ReviewUse) -> Iterator[str]:
    """Published numbers, interval before middle, with their periods and the decisions in them."""
    sentences = published_sentences(run.seasons, run.ledger, run.loading)
    for sentence in (*sentences, effect_text(run, use), use.pending_text):
        if sentence:
            yield f"{SIMULATED}. {sentence}" if run.simulated else sentence


def _wrapped(text: str) -> str:
    """Lines of prose; text of several lines keeps them."""
    if "\n" in text:
        return text
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _method(run: Run) -> Iterator[str]:
    """How the tables were made, without what the study did not ask for."""
    yield FINDING
    yield LOADS if run.study is None or run.study.load.enabled else "No loads were estimated."
    yield VISITS if run.study is None or run.study.track.enabled else "No visits were inferred."
    yield RECORD


def _how_to_cite(run: Run, version: str, exported_on: str) -> str:
    made_at = run.metadata.made_at
    made_by = run.metadata.versions.get("gnomon", "of an unknown version")
    made_on = f"{made_at:%Y-%m-%d}" if made_at else "an unknown day"
    credit = WARNING if run.simulated else " ".join(image_credits(run.observations))
    mark = f"{SIMULATED}. " if run.simulated else ""
    seen = run.observations.seen_at.dropna()
    period = f", images of {days_text(seen.min(), seen.max())}" if len(seen) else ""
    return (
        f'{mark}gnomon {made_by}, run "{run.name}" of {made_on}{period}; '
        f"exported {exported_on} with gnomon {version}. {credit}"
    ).strip()


def _images(run: Run) -> Iterator[str]:
    seen = run.observations[run.observations.seen_at.notna()]
    for (collection, platform), rows in seen.groupby(["collection", "platform"]):
        observed = int((rows.status == "observed").sum())
        yield (
            f"{collection}, {platform}: {rows.scene_id.nunique()} scenes from "
            f"{rows.seen_at.min():%Y-%m-%d} to {rows.seen_at.max():%Y-%m-%d}, "
            f"{observed} of {len(rows)} observations made"
        )
    if run.study:
        yield f"Catalogue: {public_location(run.study.catalog.url)}"
    yield from image_credits(run.observations)


def _other_sources(run: Run) -> Iterator[str]:
    if not run.study:
        return
    fleet, ais, ports = run.study.track.fleet, run.study.track.ais, run.study.ports.file
    if len(run.visits):
        shipped = "fleet.csv of gnomon, which has a source for every value"
        if run.study.track.traffic != "small-tankers":
            shipped = "that of the traffic file, if it names one"
        yield f"Register of ships: {public_location(str(fleet)) if fleet else shipped}"
        yield f"AIS: {public_location(str(ais)) if ais else 'none'}"
    yield f"Ports: {public_location(str(ports)) if ports else 'ports.geojson of gnomon'}"


def _digests(run: Run, use: ReviewUse) -> Iterator[str]:
    """Of what the numbers rest on; a review is among it only if all of it was used."""
    weights = run.metadata.weights
    if weights:
        yield f"{weights.get('sha256')}  weights {weights.get('name')} {weights.get('version')}"
    traffic = run.metadata.traffic
    if traffic:
        where = public_location(str(traffic.get("name")))
        yield f"{traffic.get('sha256')}  which ships call and how they are seen: {where}"
    sources = ("run.json", REVIEW) if use.current else ("run.json",)
    for path in sorted(run.folder.iterdir()):
        if path.stem in run.left_out:
            continue
        if path.suffix == ".parquet" or path.name in sources:
            yield f"{sha256(path)}  {path.name}"


def sha256(path: Path) -> str:
    """SHA-256 digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
