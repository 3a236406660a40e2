"""`make kills`: a run that is killed a hundred times at random moments, against one left alone.

Part of the embedded study is run by a process that gets SIGKILL after a random time, and again, and
again, into the same folder. Whenever a run comes to its end, its tables must be those of the run
that nobody disturbed, byte for byte; then some of its results and its tables are removed, and the
killing goes on. Moments are drawn from zero to the time that a whole run takes, early ones more
often, so that every stage is hit: search, backgrounds, observations, inference, pictures, tables.

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
        The undisturbed run failed.

    """
    study = _study()
    rng, outcome = np.random.default_rng(seed), KilledRuns()
    with tempfile.TemporaryDirectory() as folder:
        whole, out = Path(folder) / "whole", Path(folder) / "killed"
        started = time.monotonic()
        if not _ended(_begun(study, whole)):
            raise RuntimeError("the undisturbed run failed")
        longest_s, expected = time.monotonic() - started, _tables(whole)
        while outcome.killed < kills:
            child = _begun(study, out)
            if _killed(child, after_s=longest_s * rng.random() * rng.random()):
                outcome.killed += 1
            else:
                _compare(out, expected, outcome)
                _remove_some(out, rng)
        if not _ended(_begun(study, out)):
            raise RuntimeError("the run after the last kill failed")
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


def _ended(child: int) -> bool:
    """Whether a run comes to its end."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


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
