"""`make validate`: measure everything again and write docs/validation.md.

Load state takes about half an hour, seasons an hour. `make validate PART=seasons` measures one part
and leaves the others as they are. GNOMON_SEASONS is the number of seasons with each schedule, 100
if it is not set. Worlds (`gnomon.validate.worlds`) take GNOMON_WORLDS seasons of each case, 4 if it
is not set, and keep them in build/ for as long as the inference stays as it is.
Freeboards of ray-cast ships (`gnomon.validate.judged`) take GNOMON_SHIPS of each cell, 100 if it is
not set, and 45 minutes.
The real ships are fitted again where their images are at hand: GNOMON_DATA names the folder that
has ``planet-3m``. Without it that part is left alone.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from gnomon.validate import planet
from gnomon.validate.freeboard import figure, measure, section
from gnomon.validate.judged import judge_ships, judged_section
from gnomon.validate.repeats import repeats_section
from gnomon.validate.seasons import SEASONS, validate_seasons
from gnomon.validate.worlds import read_worlds, world_cases, worlds_table
from gnomon.validate.worlds_report import worlds_section
from gnomon.workflow.digests import code_digest
from gnomon.workflow.executor import worker_processes

SHIPS, SEED, WORLDS, JUDGED_SHIPS = 60, 2026, 4, 100
DOCS, BUILD = Path("docs"), Path("build")
JUDGED = ("simulate/season", "track", "ledger", "physics", "workflow/infer.py")
"""What the numbers of worlds rest on."""
err = Console(stderr=True, highlight=False)


def _load() -> str:
    measured = measure(ships=SHIPS, seed=SEED, on_progress=err.print)
    figure(measured).savefig(DOCS / "validation-load.png", dpi=110)
    return section(measured)


def _freeboard() -> str:
    ships = int(os.environ.get("GNOMON_SHIPS", JUDGED_SHIPS))
    return judged_section(judge_ships(ships=ships, seed=SEED, on_progress=err.print))


def _real_ships() -> str | None:
    pictures = Path(os.environ.get("GNOMON_DATA", "")) / "planet-3m"
    if not pictures.is_dir():
        err.print("Real ships: GNOMON_DATA names no folder with planet-3m; left as they are.")
        return None
    return planet.planet_section(pictures, DOCS)


def _repeats() -> str | None:
    pictures = Path(os.environ.get("GNOMON_DATA", "")) / "s2-anchorage"
    if not pictures.is_dir():
        err.print("Repeats: GNOMON_DATA names no folder with s2-anchorage; left as they are.")
        return None
    return repeats_section(pictures)


def _seasons() -> str:
    measured = validate_seasons(int(os.environ.get("GNOMON_SEASONS", SEASONS)), seed=SEED)
    measured.figure.savefig(DOCS / "validation-ledger.png", dpi=110)
    return measured.markdown


def _worlds() -> str:
    seasons = int(os.environ.get("GNOMON_WORLDS", WORLDS))
    path = BUILD / f"worlds-{code_digest(*JUDGED)[:12]}.csv"
    with worker_processes() as pool:
        for number, made in enumerate(read_worlds(world_cases(), seasons, path, pool), 1):
            err.print(f"{number}: {made.case}, {made.sensors}, season {made.seed}")
    text = worlds_section(worlds_table(path))
    err.print(Markdown(text))
    return text


PARTS: dict[str, Callable[[], str | None]] = {
    "load": _load,
    "freeboard": _freeboard,
    "ships": _real_ships,
    "repeats": _repeats,
    "seasons": _seasons,
    "worlds": _worlds,
}


def main(*names: str) -> None:
    """Measure some parts, or all, and replace their sections."""
    path = DOCS / "validation.md"
    for name in names or PARTS:
        if name not in PARTS:
            sys.exit(f"there is no part {name}; there are {', '.join(PARTS)}")
        started = time.monotonic()
        text = PARTS[name]()
        if text is None:
            continue
        section_text = (
            f"{text}\n*{datetime.now(UTC):%Y-%m-%d}, {(time.monotonic() - started) / 60:.0f} min*"
        )
        path.write_text(
            placed(path.read_text(encoding="utf-8"), name, section_text), encoding="utf-8"
        )
        err.print(f"{path}: {name}")


def placed(document: str, name: str, text: str) -> str:
    """Document with a part replaced, or added at its end."""
    block = f"<!-- {name} -->\n{text}\n<!-- /{name} -->"
    there = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
    if there.search(document):
        return there.sub(lambda _: block, document)
    return f"{document.rstrip()}\n\n{block}\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
