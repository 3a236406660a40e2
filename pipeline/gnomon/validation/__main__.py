"""`make validate`: measure everything again and write docs/validation.md; half an hour or more."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from gnomon.validation import load

SHIPS, SEED = 60, 2026
HEAD = """# What the numbers are worth

Written by `make validate` on {date}, which draws, reads and counts everything below anew in about
{minutes:.0f} minutes. Nothing here was tuned on these seeds.

"""


def main(out: Path = Path("docs")) -> None:
    """Measure and write."""
    console = Console(stderr=True, highlight=False)
    started = time.monotonic()
    measured = load.measure(ships=SHIPS, seed=SEED, progress=console.print)
    load.figure(measured).savefig(out / "validation-load.png", dpi=110)
    minutes = (time.monotonic() - started) / 60
    text = HEAD.format(date=datetime.now(UTC).date(), minutes=minutes) + load.section(measured)
    (out / "validation.md").write_text(text, encoding="utf-8")
    console.print(f"{out / 'validation.md'}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
