"""Damage files for hours and see that each reader reads or refuses them: ``make fuzz``.

A line every ten seconds counts the inputs. Each reader gets the same time, so that the quick ones
see most of them. The input of a finding stays in build/fuzz/, with the name of its reader first;
put into tests/fuzz_inputs/ it is a test. Each input comes from a seed: the same seed gives the same
inputs to a reader's turn, as many as its time allows.
"""

import argparse
import faulthandler
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from fuzz_readers import readers
from fuzzing import FindingError, Reader, damaged, drawn_edits, saved, tried

FOLDER = Path("build") / "fuzz"
SECONDS = 60
"""That one input may take."""
MEMORY = 16 * 2**30
"""Bytes of address space; torch and GDAL map some of it without using it."""
TURN_S = 0.5
"""Of one reader at a time: quick readers get many inputs."""
SHOWN_S = 10.0
KEPT = 100
"""Inputs of one reader's findings that stay."""


def main() -> int:
    """Run until the time is over; 1 if anything was found."""
    options = _options()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    _bound()
    found: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        every = readers(Path(place))
        chosen = [every[name] for name in options.readers or every]
        _say(f"seed {seed}, {len(chosen)} readers, {options.minutes:g} minutes")
        ends, shown = time.monotonic() + 60 * options.minutes, time.monotonic()
        turn = 0
        while time.monotonic() < ends and sum(counts.values()) < options.inputs:
            reader = chosen[turn % len(chosen)]
            chance = random.Random(f"{seed} {turn}")
            turn_ends = time.monotonic() + TURN_S
            while time.monotonic() < turn_ends:
                found.update(_one(reader, chance))
                counts[reader.name] += 1
            turn += 1
            if time.monotonic() - shown > SHOWN_S:
                shown = time.monotonic()
                _show(counts, found)
    _show(counts, found)
    for what, times in found.most_common():
        _say(f"{times:8,} x {what}")
    return 1 if found else 0


def _one(reader: Reader, chance: random.Random) -> list[str]:
    data = damaged(chance.choice(reader.sound), drawn_edits(chance))
    (FOLDER / "last").write_bytes(data)  # a crash of the process leaves it
    signal.alarm(SECONDS)
    try:
        tried(reader, data)
    except FindingError as finding:
        what = _kind(finding)
        if len(list(FOLDER.glob(f"{reader.name}--*"))) < KEPT:
            saved(finding, reader, data, FOLDER)
        return [what]
    finally:
        signal.alarm(0)
    return []


def _kind(finding: FindingError) -> str:
    """A finding by what was raised where, whatever the values are."""
    cause = finding.__cause__
    while cause is not None and cause.__traceback__ is None:
        cause = cause.__cause__
    trace = cause.__traceback__ if cause else None
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "gnomon" in file:
            place = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{str(finding)[:100]!r} at {place}"


def _show(counts: Counter[str], found: Counter[str]) -> None:
    fewest = min(counts.values(), default=0)
    every = f"{sum(counts.values()):,} inputs, {fewest:,} or more of each reader"
    _say(f"{every}, {found.total():,} findings")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _bound() -> None:
    """No input may take all the time or memory."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def late(*_: object) -> None:
        raise TimeoutError(f"it took more than {SECONDS} s")

    signal.signal(signal.SIGALRM, late)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", help="names of readers; all if left out")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--inputs", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
