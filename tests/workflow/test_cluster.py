"""A real scheduler and real workers on loopback: the same tables, also when a worker is killed."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import gnomon
from commands import write_study
from gnomon.datamodel.errors import StudyError, WorkerError
from gnomon.workflow import cluster as connecting
from gnomon.workflow.cluster import cluster
from gnomon.workflow.executor import completed, executor_of

distributed = pytest.importorskip("distributed")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(gnomon.__file__).parents[1])}
DASK = (sys.executable, "-m", "dask")


@contextmanager
def process(*words: str, log: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as sink:
        started = subprocess.Popen(
            [*DASK, *words], stdout=sink, stderr=sink, env=env, cwd=log.parent
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait(20)


@contextmanager
def dask(folder: Path, **options: str) -> Iterator[tuple[str, list[int]]]:
    """Address of a scheduler, and process ids of its two workers."""
    file = folder / "scheduler.json"
    here = ("--host", "127.0.0.1", "--no-dashboard")
    own = ENVIRONMENT | {f"DASK_DISTRIBUTED__{name.upper()}": v for name, v in options.items()}
    with ExitStack() as stack:

        def start(log: str, *words: str) -> int:
            command = (*words, *here, "--scheduler-file", str(file))
            return stack.enter_context(process(*command, log=folder / log, env=own)).pid

        start("scheduler.log", "scheduler", "--port", "0")
        more = ("--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        workers = [start(f"{n}.log", "worker", *more) for n in range(2)]
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address, workers


@pytest.mark.slow
def test_a_killed_worker_changes_no_table(sea: Path, tmp_path: Path) -> None:
    """Of a whole run: the worker is killed after the first of three observations."""
    study = write_study(tmp_path, sea)
    command = [sys.executable, "-c", "from gnomon.cli import main; main()", "run", str(study)]
    with dask(tmp_path) as (address, workers), subprocess.Popen(
        [*command, "--out", str(tmp_path / "dask"), "--scheduler", address],
        env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    ) as run:  # fmt: skip
        assert run.stderr is not None
        text = ""
        for line in run.stderr:
            text += line
            if line.startswith("observing: 1 of 3"):
                os.kill(workers[0], signal.SIGKILL)
    assert run.returncode == 0, text
    assert "observing: 3 of 3" in text
    subprocess.run(
        [*command, "--out", str(tmp_path / "one"), "--workers", "1"],
        check=True, env=ENVIRONMENT, capture_output=True,
    )  # fmt: skip
    tables = sorted(path.name for path in (tmp_path / "one").glob("*.parquet"))
    assert len(tables) > 9
    for name in tables:
        one, other = (tmp_path / way / name for way in ("one", "dask"))
        assert one.read_bytes() == other.read_bytes(), name


@pytest.mark.slow
def test_a_task_that_ends_its_worker_is_given_up_and_another_gnomon_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dask(tmp_path, scheduler__allowed_failures="0") as (address, _):
        with executor_of(scheduler=address) as executor:
            assert dict(completed(abs, range(-3, 1), executor)) == {n: -n for n in range(-3, 1)}
            with pytest.raises(ValueError, match="math domain error"):
                list(completed(math.sqrt, [-1], executor, given_up=lambda *_: 0.0))
            assert list(completed(os._exit, [7], executor, given_up=lambda *_: "up")) == [(7, "up")]
        monkeypatch.setattr(connecting, "code_digest", lambda *_: os.getpid())
        with pytest.raises(WorkerError, match="has another version of gnomon"):
            cluster(address).__enter__()


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "TIMEOUT_S", 0.2)
    with pytest.raises(WorkerError, match=r"tcp://127\.0\.0\.1:9: no scheduler answers") as raised:
        cluster("tcp://127.0.0.1:9").__enter__()
    assert "\n" not in str(raised.value)
    with pytest.raises(WorkerError, match="no scheduler answers"):
        cluster("nonsense://x").__enter__()


def test_workers_and_scheduler_exclude_each_other() -> None:
    with pytest.raises(StudyError, match="--workers: says nothing of a cluster"):
        executor_of(workers=2, scheduler="tcp://127.0.0.1:9")
