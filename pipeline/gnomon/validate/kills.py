"""`make kills`: a run that is killed a hundred times at random moments, against one left alone.

Part of the embedded study is run by a process that gets SIGKILL after a random time, and again, and
again, into the same folder. Whenever a run comes to its end, its tables must be those of the run
that nobody disturbed, byte for byte; then some of its results and its tables are removed, and the
killing goes on. After five kills in a row a run is left alone. Moments are drawn from zero to the
time that the last such run took, early ones more often, so that every stage is hit: search,
backgrounds, observations, inference, pictures, tables.

Each run is a fork of this process, which has loaded the libraries and done nothing else: so a kill
costs a run's work and not five seconds of imports.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnomon.datamodel.partials import PARTIAL
from gnomon.datamodel.study import Study, read_study
from gnomon.workflow.run import run
from gnomon.workflow.store import STORE
from gnomon.workflow.threads import one_thread

KILLS, SEED = 100, 17
STUDY, PORTS = Path("configs") / "embedded.toml", ("port-charlie",)
PERIOD = {"start": "2024-10-15", "end": "2024-11-02"}
IN_A_ROW = 5
"""Kills, before a run is left alone."""
REMOVED_SHARE = 0.5
"""Of the results, after a run that came to its end."""
KEPT = ("run.json",)
"""What says when a run was made, and so is another one each time."""


@dataclass
class KilledRuns:
    """What killing did."""

    killed: int = 0
    ended: int = 0
    """Runs that came to their end."""
    differing: int = 0
    """Tables that were not those of the undisturbed run."""
    left: int = 0
    """Files of half-written things after a run that came to its end."""


def kill_runs(kills: int, seed: int = SEED) -> KilledRuns:
    """Kill runs, so many times, and compare those that come to their end.

    Raises
    ------
    RuntimeError
        A run failed that was left alone, or that went on after a kill.

    """
    study = _study()
    rng, outcome = np.random.default_rng(seed), KilledRuns()
    with tempfile.TemporaryDirectory() as folder:
        whole, out = Path(folder) / "whole", Path(folder) / "killed"
        whole_s = _left_alone(study, whole)
        expected, in_a_row = _tables(whole), 0
        while outcome.killed < kills:
            after_s = whole_s * rng.random() * rng.random()
            if in_a_row < IN_A_ROW and _killed(_begun(study, out), after_s=after_s):
                outcome.killed += 1
                in_a_row += 1
                continue
            if in_a_row == IN_A_ROW:
                whole_s = _left_alone(study, out)
            in_a_row = 0
            _compare(out, expected, outcome)
            _remove_some(out, rng)
        _left_alone(study, out)
        _compare(out, expected, outcome)
    return outcome


def _study() -> Study:
    given = read_study(STUDY)
    ports = given.ports.model_copy(update={"names": PORTS})
    period = type(given.period).model_validate(PERIOD)
    return given.model_copy(update={"ports": ports, "period": period})


def _begun(study: Study, out: Path) -> int:
    """Begin a run in a process of its own, and give its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        with one_thread():
            run(study, out)
        code = 0
    finally:
        os._exit(code)


def _left_alone(study: Study, out: Path) -> float:
    """Run to the end; the seconds that it takes.

    Raises
    ------
    RuntimeError
        The run failed.

    """
    started = time.monotonic()
    if os.waitstatus_to_exitcode(os.waitpid(_begun(study, out), 0)[1]) != 0:
        raise RuntimeError("a run that was left alone failed")
    return time.monotonic() - started


def _killed(child: int, *, after_s: float) -> bool:
    """Kill a run after some time, and say whether it had not come to its end by then.

    Raises
    ------
    RuntimeError
        It ended with an error, as no run does for what an earlier one left.

    """
    until = time.monotonic() + after_s
    while time.monotonic() < until:
        time.sleep(0.01)
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            if os.waitstatus_to_exitcode(status) != 0:
                raise RuntimeError("a run failed after one that was killed")
            return False
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _tables(folder: Path) -> dict[str, bytes]:
    """All files of a run beside its store, but for what has the time in it."""
    files = [path for path in folder.iterdir() if path.is_file() and path.suffix == ".parquet"]
    return {path.name: path.read_bytes() for path in files if path.name not in KEPT}


def _compare(folder: Path, expected: dict[str, bytes], outcome: KilledRuns) -> None:
    found = _tables(folder)
    outcome.ended += 1
    outcome.differing += sum(
        found.get(name) != expected.get(name) for name in found.keys() | expected.keys()
    )
    outcome.left += sum(PARTIAL in path.name for path in folder.rglob("*"))


def _remove_some(folder: Path, rng: np.random.Generator) -> None:
    """Leave a run as it was before its end: without tables, and without some of its results."""
    for path in folder.glob("*.parquet"):
        path.unlink()
    for path in sorted((folder / STORE).iterdir()):
        if path.is_dir() and rng.random() < REMOVED_SHARE:
            shutil.rmtree(path)


def main(kills: str = str(KILLS)) -> int:
    """Kill runs, and say what came of it."""
    one = kill_runs(int(kills))
    print(  # noqa: T201
        f"{one.killed} kills; {one.ended} runs came to their end: {one.differing} tables differ "
        f"from those of an undisturbed run, {one.left} half-written things are left"
    )
    return 1 if one.differing or one.left or not one.ended else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
