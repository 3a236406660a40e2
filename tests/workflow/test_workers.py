"""Tasks are done although processes are killed, and what kills its process is given up alone."""

import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.errors import WorkerError
from gnomon.workflow.executor import completed
from gnomon.workflow.workers import WorkerProcesses


def forked(count: int) -> ProcessPoolExecutor:
    """Processes that are there at once; those of a run import all of gnomon first."""
    return ProcessPoolExecutor(count, mp_context=get_context("fork"))


def workers(count: int) -> WorkerProcesses:
    return WorkerProcesses(count, partial(forked, count))


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def square_or_die(number: int) -> int:
    if number == 3:
        kill_self()
    return number * number


def die_once(number: int, folder: Path) -> int:
    mark = folder / str(number)
    if number in (2, 5) and not mark.exists():
        mark.touch()
        kill_self()
    return number


def test_a_task_whose_process_is_killed_is_tried_again(tmp_path: Path) -> None:
    with workers(2) as pool:
        found = dict(completed(partial(die_once, folder=tmp_path), range(8), pool))
    assert found == {number: number for number in range(8)}
    assert {path.name for path in tmp_path.iterdir()} == {"2", "5"}


def test_what_kills_its_process_twice_is_given_up_and_nothing_else_is() -> None:
    with workers(3) as pool:
        found = dict(
            completed(square_or_die, range(9), pool, given_up=lambda number, _error: -number)
        )
    assert found == {number: number * number for number in range(9)} | {3: -3}


def test_without_a_result_for_it_what_is_given_up_is_an_error() -> None:
    with workers(1) as pool, pytest.raises(WorkerError, match="its process ended twice"):
        list(completed(square_or_die, [3], pool))


def test_errors_of_tasks_and_cancelled_tasks_are_as_of_any_executor() -> None:
    with workers(1) as pool:
        slow, waiting, wrong = (
            pool.submit(time.sleep, 0.2),
            pool.submit(abs, 1),
            pool.submit(int, "x"),
        )
        assert waiting.cancel()
        with pytest.raises(ValueError, match="invalid literal"):
            wrong.result(10)
        assert not wait([slow], 10).not_done
        assert list(pool.map(abs, [-1, -2])) == [1, 2]
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(abs, 1)


@given(st.integers(1, 64), st.integers(0, 200))
def test_threads_of_tasks_fill_the_processors_and_no_more(count: int, tasks: int) -> None:
    pool = WorkerProcesses(count, lambda: forked(1))
    each = pool.threads_each(tasks)
    assert each >= 1
    if 0 < tasks <= count:
        assert count - tasks < each * tasks <= count
    pool.shutdown()
