"""One file that shows a run: everything in it, nothing fetched, opened from disk or served.

The page is a shell of HTML, one script and one style sheet (built from ``web/``), and two blocks of
JSON: what is needed at once, and the pictures, which are unpacked when a card is opened.
"""

import html
import importlib.metadata
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gnomon.datamodel.files import write_text
from gnomon.datamodel.progress import Progress
from gnomon.report.load_tables import Run, read_run
from gnomon.report.page.answers import answer
from gnomon.report.page.decisions import FILE as REVIEW
from gnomon.report.page.decisions import read_decisions
from gnomon.report.page.evidence import Evidence, evidence
from gnomon.report.page.payload import observations_of, ports_of, register_of, ships_of, visits_of
from gnomon.report.page.shell import FILE, SHELL, bundled, embedded, policy

FORMAT = 1
"""Of the JSON between Python and the page."""
CLEAR = 0.3
"""Usable fraction of the water (of the berths, where they are known) from which a look is clear."""


def write_report(
    folder: Path,
    *,
    out: Path | None = None,
    pictures: bool = True,
    progress: Progress | None = None,
) -> tuple[Path, tuple[str, ...]]:
    """Write the evidence page of a run.

    Parameters
    ----------
    folder
        Of a run, or of tables that `gnomon track` went on from.
    out
        HTML to be written; ``report.html`` in the folder if left out.
    pictures
        Whether to read pixels; without them the page has the tables alone.
    progress
        Told of each scene that is read.

    Returns
    -------
    path, notes
        The page, and what was missing.

    Raises
    ------
    GnomonError
        The folder is not one of a run, or the page cannot be written.

    """
    run = read_run(folder)
    seen = evidence(run, pictures=pictures, progress=progress)
    path = out or folder / FILE
    text = rendered(run, seen, beside=path.parent)
    write_text(text, path)
    return path, (*run.notes, *seen.notes)


def rendered(run: Run, seen: Evidence, *, beside: Path | None = None) -> str:
    """The page as text; ``beside`` is the folder that it will lie in, for links to local items."""
    script, style, licences = map(bundled, ("page.js", "page.css", "LICENCES.txt"))
    return SHELL.format(
        policy=policy(script),
        version=html.escape(importlib.metadata.version("gnomon")),
        title=html.escape(f"{run.name}: evidence"),
        style=style,
        script=script,
        licences=licences,
        page=embedded(page_of(run, seen, beside=beside)),
        evidence=embedded({"chips": seen.chips, "curves": seen.curves}),
    )


def page_of(run: Run, seen: Evidence, *, beside: Path | None = None) -> dict[str, Any]:
    """Everything that the page shows but the pictures."""
    return {
        "format": FORMAT,
        "run": _about(run, seen),
        "answer": answer(run),
        "ports": ports_of(run, seen.coasts),
        "observations": observations_of(run),
        "ships": ships_of(run),
        "visits": visits_of(run),
        "register": register_of(run),
        "items": _links(seen.items, beside),
        "review": _review(run.folder),
    }


def _about(run: Run, seen: Evidence) -> dict[str, Any]:
    told = run.told
    return {
        "name": run.name,
        "description": run.study.description if run.study else "",
        "made_at": str(told.get("made_at", "")) or None,
        "shown_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {str(k): str(v) for k, v in _dict(told.get("versions")).items()},
        "weights": {str(k): str(v) for k, v in _dict(told.get("weights")).items()},
        "catalog": _public(run.study.catalog.url) if run.study else None,
        "simulated": run.simulated,
        "clear": CLEAR,
        "notes": [*run.notes, *seen.notes],
    }


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _public(url: str) -> str:
    """An address as it is; of a path, which is the writer's own affair, only the end."""
    return url if "://" in url else "/".join(Path(url).parts[-2:])


def _links(items: dict[str, str], beside: Path | None) -> dict[str, str]:
    """Addresses of items by scene; of local ones the path from the page."""
    links = {}
    for scene, href in items.items():
        if href.startswith(("http://", "https://")):
            links[scene] = href
        elif beside is not None and "://" not in href:
            links[scene] = Path(os.path.relpath(href, beside.resolve())).as_posix()
    return links


def _review(folder: Path) -> dict[str, Any]:
    """Decisions that are there already."""
    features = read_decisions(folder / REVIEW)
    return {"type": "FeatureCollection", "features": features}
