"""`make validate`: measure everything again and write docs/validation.md; half an hour or so.

The real ships are fitted again where their pictures are at hand: GNOMON_DATA names the folder that
has ``planet-3m``. Without it their section is left out, and that is said.
"""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from gnomon.validation import load, planet

SHIPS, SEED = 60, 2026
HEAD = """# What the numbers are worth

Written by `make validate` on {date}, which draws, reads and counts everything below anew in about
{minutes:.0f} minutes. Nothing that is simulated was tuned on these seeds.

"""


def main(out: Path = Path("docs")) -> None:
    """Measure and write."""
    console = Console(stderr=True, highlight=False)
    started = time.monotonic()
    measured = load.measure(ships=SHIPS, seed=SEED, progress=console.print)
    load.figure(measured).savefig(out / "validation-load.png", dpi=110)
    minutes = (time.monotonic() - started) / 60
    text = HEAD.format(date=datetime.now(UTC).date(), minutes=minutes) + load.section(measured)
    text += "\n" + _real_ships(out)
    (out / "validation.md").write_text(text, encoding="utf-8")
    console.print(f"{out / 'validation.md'}")


def _real_ships(out: Path) -> str:
    pictures = Path(os.environ.get("GNOMON_DATA", "")) / "planet-3m"
    if not pictures.is_dir():
        return "Real ships were not looked at again: GNOMON_DATA names no folder with planet-3m.\n"
    return planet.planet_section(pictures, Path("docs") if (Path("docs")).is_dir() else out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
