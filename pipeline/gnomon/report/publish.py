"""What a page or an export says of places on the author's own machine: nothing but two names.

They are given to others. A local file is named by the last two parts of its path, as text and
never as a link; an address keeps neither user and password nor its query, which may hold a key.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from gnomon.datamodel.addresses import without_secrets
from gnomon.report.load_tables import Run, public_location

TEXTS = {"observations": ("reason",), "seasons": ("notes",)}
"""Columns with messages, which may name files, by table."""
_LOCAL = re.compile(r"file://[^\s'\"<>()]*[^\s'\"<>().,:;]", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w/.:\\])(?:/[^\s/:;,'\"()<>]+){2,}|\b[A-Za-z]:\\[^\s:;,'\"()<>]+")


def is_address(location: str) -> bool:
    """Whether a location is one that others can open too."""
    return "://" in location and not location.casefold().startswith("file:")


def public_text(text: str, *, roots: tuple[str, ...] = ()) -> str:
    """Text without local paths, and without what is secret in addresses.

    Parameters
    ----------
    text
        For example why a scene could not be read.
    roots
        Folders that are taken out first: their names may have spaces, at which a path seems to end.

    """
    for root in roots:
        text = text.replace(f"{root.rstrip('/')}/", "")
    text = _LOCAL.sub(lambda found: public_location(found[0]), without_secrets(text))
    return _PATH.sub(lambda found: public_location(found[0]), text)


def public_table(name: str, frame: pd.DataFrame, *, roots: tuple[str, ...]) -> pd.DataFrame:
    """Table whose messages name no local path."""
    columns = {
        column: frame[column].map(lambda text: public_text(text, roots=roots), na_action="ignore")
        for column in TEXTS.get(name, ())
        if column in frame
    }
    return frame.assign(**{n: values.astype(frame[n].dtype) for n, values in columns.items()})


def public_run(run: Run) -> Run:
    """A run whose messages name no local path, with the addresses of items that others can open."""
    roots = roots_of(run.folder, run.study.catalog.url if run.study else None)
    sources = {
        scene: public_location(href)
        for scene, href in run.metadata.sources.items()
        if is_address(href)
    }
    return replace(
        run,
        observations=public_table("observations", run.observations, roots=roots),
        seasons=public_table("seasons", run.seasons, roots=roots),
        notes=tuple(public_text(note, roots=roots) for note in run.notes),
        metadata=replace(run.metadata, sources=sources),
    )


def roots_of(run: Path, catalog: str | None) -> tuple[str, ...]:
    """Folders whose names no export may have: of the run, of its catalogue, and of the user."""
    known = [run.resolve().parent, Path.home()]
    if catalog and not is_address(catalog):
        known.insert(0, Path(catalog).parent.parent)
    return tuple(str(folder) for folder in known if len(folder.parts) > 1)
