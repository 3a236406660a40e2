"""The evidence page: one HTML file that holds everything, opened from disk or served.

The page is a shell of HTML, one script and one style sheet (built from ``web/``), and two blocks of
JSON: what is needed at once, and the pictures with the posteriors, which are parsed when a card is
opened.
"""

import html
import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path

from gnomon.datamodel.decisions import REVIEW, latest, review_in
from gnomon.datamodel.files import write_text
from gnomon.datamodel.progress import Progress
from gnomon.report.credits import SIMULATED, WARNING, image_credits
from gnomon.report.load_tables import Run, public_location, read_run
from gnomon.report.page.answers import answer
from gnomon.report.page.decisions import read_decisions
from gnomon.report.page.effects import effects_of
from gnomon.report.page.evidence import PageEvidence, page_evidence, strongest
from gnomon.report.page.payload import observations_of, ports_of, register_of, ships_of, visits_of
from gnomon.report.page.schema import GeoJson, PageData, PageEvidenceData, RunSection
from gnomon.report.page.shell import PAGE, SHELL, bundled, embedded, policy
from gnomon.report.publish import public_run
from gnomon.report.reviews import ReviewUse, review_use

FORMAT = 1
"""Version of the JSON between Python and the page."""
CLEAR = 0.3
"""Usable fraction of the water (of the berths, if known) from which an observation is clear."""


def write_report(
    folder: Path,
    *,
    out: Path | None = None,
    pictures: bool = True,
    on_progress: Progress | None = None,
) -> tuple[Path, tuple[str, ...]]:
    """Write the evidence page of a run.

    Parameters
    ----------
    folder
        Folder of a run, or of the tables that `gnomon track` started from.
    out
        HTML file to write; ``report.html`` in the folder if left out.
    pictures
        Whether to show pictures of ships; without them the page has the tables alone.
    on_progress
        Called after each scene.

    Returns
    -------
    path, notes
        The page, and what was missing.

    Raises
    ------
    GnomonError
        The folder is not one of a run, or the page cannot be written.

    """
    run = public_run(read_run(folder))
    seen = page_evidence(run, pictures=pictures, on_progress=on_progress)
    path = out or folder / PAGE
    write_text(page_html(run, seen), path)
    return path, (*run.notes, *_review_use(run).notes, *seen.notes)


def page_html(run: Run, seen: PageEvidence) -> str:
    """HTML of the page."""
    script, style, licences = map(bundled, ("page.js", "page.css", "LICENCES.txt"))
    return SHELL.format(
        policy=policy(script),
        version=html.escape(importlib.metadata.version("gnomon")),
        title=html.escape(f"{f'{SIMULATED}: ' if run.simulated else ''}{run.name}: evidence"),
        style=style,
        script=script,
        licences=licences,
        page=embedded(page_data(run, seen)),
        evidence=embedded(evidence_data(seen)),
    )


def page_data(run: Run, seen: PageEvidence) -> PageData:
    """Everything that the page shows except pictures and posteriors."""
    return {
        "format": FORMAT,
        "run": _run_section(run, seen),
        "answer": answer(run),
        "ports": ports_of(run, seen.coasts, seen.ports),
        "observations": observations_of(run),
        "ships": ships_of(run),
        "visits": visits_of(run),
        "register": register_of(run),
        "items": seen.items,
        "review": _review(run.folder),
        "reviewed": [one.detection_id for one in _review_use(run).used],
        **effects_of(run.decisions),
        "strongest": strongest(run, seen),
    }


def evidence_data(seen: PageEvidence) -> PageEvidenceData:
    """Pictures and posteriors, which the page parses when a card is opened."""
    return {"chips": seen.chips, "posteriors": seen.posteriors}


def _run_section(run: Run, seen: PageEvidence) -> RunSection:
    made_at = run.metadata.made_at
    return {
        "name": run.name,
        "description": run.study.description if run.study else "",
        "made_at": made_at.isoformat() if made_at else None,
        "shown_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": dict(run.metadata.versions),
        "weights": dict(run.metadata.weights),
        "catalog": public_location(run.study.catalog.url) if run.study else None,
        "credits": [WARNING] if run.simulated else image_credits(run.observations),
        "simulated": run.simulated,
        "clear": CLEAR,
        "notes": [*run.notes, *seen.notes],
    }


def _review_use(run: Run) -> ReviewUse:
    return review_use(run, latest(review_in(run.folder)))


def _review(folder: Path) -> GeoJson:
    """Decisions that an analyst has made already."""
    return {"type": "FeatureCollection", "features": read_decisions(folder / REVIEW)}
