"""One thread a task: the limit holds inside, and the process is as it was afterwards."""

import ctypes
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from gnomon.workflow.threads import one_thread


def counts() -> dict[str, int]:
    """Threads that each library would start from here."""
    known = {library["prefix"]: library["num_threads"] for library in threadpool_info()}
    return known | {f"mkl of {path.name}": count() for path, count in mkl().items()}


@functools.cache
def mkl() -> dict[Path, Callable[[], int]]:
    """MKL's own count, of the MKL in torch, which threadpoolctl does not find."""
    libraries = (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*")
    functions = {
        path: getattr(ctypes.CDLL(str(path)), "MKL_Get_Max_Threads", None) for path in libraries
    }
    return {path: function for path, function in functions.items() if function is not None}


@pytest.fixture(autouse=True)
def two() -> Iterator[None]:
    """A user's process with two threads in every library; as the test session has it after."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    np.linalg.svd(np.eye(3))
    yield
    torch.set_num_threads(before)


def test_every_library_has_one_thread_inside_and_as_many_as_before_after_it() -> None:
    before = counts()
    assert before["libgomp"] == torch.get_num_threads() == 2
    with one_thread():
        assert set(counts().values()) == {1}
        assert torch.get_num_threads() == 1
    assert counts() == before
    assert torch.get_num_threads() == 2


@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="a torch without MKL")
def test_mkl_is_limited_also_where_the_user_has_set_the_threads_of_torch() -> None:
    assert mkl()
    assert [count() for count in mkl().values()] == [2]
    with one_thread():
        assert [count() for count in mkl().values()] == [1]
    assert [count() for count in mkl().values()] == [2]


@given(depth=st.integers(1, 5))
def test_limits_within_limits_end_with_the_outermost(depth: int) -> None:
    before = counts()
    with ExitStack() as stack:
        for _ in range(depth):
            stack.enter_context(one_thread())
        with one_thread():
            pass
        assert set(counts().values()) == {1}
    assert counts() == before


def test_an_error_inside_restores_the_process() -> None:
    before = counts()
    with pytest.raises(ZeroDivisionError), one_thread():
        1 / 0  # noqa: B018
    assert counts() == before


@pytest.mark.parametrize("first_out", [0, 1])
def test_tasks_that_overlap_restore_process_and_threads_in_any_order(first_out: int) -> None:
    """The thread that leaves first must not lift the limit of the other, nor keep its own."""
    before = counts()
    inside, left = Barrier(2), Barrier(2)

    def task(number: int) -> tuple[int, dict[str, int], int]:
        mine = torch.get_num_threads()
        with one_thread():
            inside.wait(timeout=20)
            if number != first_out:
                left.wait(timeout=20)  # the other has left
            within = counts()
        after = torch.get_num_threads()
        if number == first_out:
            left.wait(timeout=20)
        return mine, within, after

    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(task, range(2)))
    for mine, within, after in seen:
        assert set(within.values()) == {1}
        assert after == mine
    assert counts() == before
    assert torch.get_num_threads() == 2


def test_a_new_thread_starts_with_the_users_number_after_a_limit() -> None:
    """What torch sets in threads that first ask it is not changed for good."""
    with one_thread():
        pass
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == 2
