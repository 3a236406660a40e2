"""Tasks are done once each by any executor, and cancelled when their results are not wanted."""

import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.workflow import executor
from gnomon.workflow.executor import completed, worker_processes


def square(number: int) -> int:
    return number * number


@given(
    numbers=st.lists(st.integers(-9, 9), unique=True),
    workers=st.sampled_from([None, 1, 3]),
)
def test_each_item_comes_once_with_its_own_result(numbers: list[int], workers: int | None) -> None:
    with ThreadPoolExecutor(workers) if workers else nullcontext(None) as pool:
        found = list(completed(square, numbers, pool))
    assert sorted(found) == sorted((n, n * n) for n in numbers)
    if workers is None:
        assert [item for item, _ in found] == numbers


def test_without_an_executor_a_task_waits_until_it_is_asked_for() -> None:
    done: list[int] = []
    results = completed(done.append, [1, 2, 3], None)
    next(results)
    assert done == [1]  # so that what is done is stored before the next one begins


def test_tasks_that_have_not_begun_are_cancelled_when_the_caller_stops() -> None:
    go, begun = Event(), []

    def task(number: int) -> int:
        begun.append(number)
        if number:
            go.wait(20)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = completed(task, range(50), pool)
        assert next(results) == (0, 0)
        results.close()  # type: ignore[attr-defined]
        go.set()
    assert len(begun) <= 2


def test_an_error_of_a_task_reaches_the_caller_and_cancels_the_others() -> None:
    class Slow(Executor):
        """Runs the first task and leaves the others waiting."""

        def __init__(self) -> None:
            self.futures: list[Future[int]] = []

        def submit(self, task, /, *items, **more):  # type: ignore[no-untyped-def]
            future: Future[int] = Future()
            if not self.futures:
                future.set_exception(ValueError("broken"))
            self.futures.append(future)
            return future

    pool = Slow()
    with pytest.raises(ValueError, match="broken"):
        list(completed(square, range(4), pool))
    assert [future.cancelled() for future in pool.futures] == [False, True, True, True]


def test_an_executor_has_a_bounded_number_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, they are asked for as others end."""
    monkeypatch.setattr(executor, "AHEAD", 3)
    asked: list[int] = []
    numbers = (asked.append(n) or n for n in range(20))
    with ThreadPoolExecutor(2) as pool:
        for count, (number, made) in enumerate(completed(square, numbers, pool), start=1):
            assert made == number * number
            assert len(asked) <= count + 3
    assert asked == list(range(20))


def test_results_come_as_they_are_completed_and_not_as_they_were_asked() -> None:
    with ThreadPoolExecutor(2) as pool:
        found = completed(lambda pause: time.sleep(pause) or pause, [0.6, 0.0], pool)
        assert [item for item, _ in found] == [0.0, 0.6]


@pytest.mark.slow
def test_worker_processes_do_tasks_and_start_from_nothing() -> None:
    with worker_processes(1) as pool:
        assert dict(completed(abs, range(-3, 1), pool)) == {n: -n for n in range(-3, 1)}
