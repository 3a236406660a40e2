"""One thread a task, without a change to the settings of the user's process.

Parallelism is between tasks. A library that starts threads of its own inside a task makes two tasks
wait for each other: 16 hulls took 16 s of processor time with one thread and 80 to 140 s with two
on a busy machine of two cores. It also changes the order of sums, and with it the last digits.

Four libraries count threads. GDAL is given its number with each read (`gnomon.imagery.read`).
OpenMP and MKL, under torch, keep a number for each thread of the program, so that each task limits
its own thread and gives the number back. OpenBLAS, under numpy, has one number for the whole
process: the first task of those that run at the same time limits it, and the last one restores it.
Where the user holds OpenBLAS to another number meanwhile, that number stays.

``torch.set_num_threads`` is not used: it changes the process, and does not reach threads that have
asked torch already. Where the user has called it, it has also set MKL's number for the process,
which outweighs OpenMP's; MKL's number for a thread outweighs both.
"""

import ctypes
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

import torch
from threadpoolctl import ThreadpoolController

LIMIT = "gnomon-limit-of-openblas"
"""Name of the thread that holds the limit of the process."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the libraries inside this task to one thread; reentrant, and safe in several threads."""
    # A thread's first question to torch sets its OpenMP number. Later it would undo the limit.
    torch.get_num_threads()
    set_mkl = _mkl_of_thread()
    with _BLAS, _libraries().select(user_api="openmp").limit(limits=1):
        before = set_mkl(1)
        try:
            yield
        finally:
            set_mkl(before)


class _SharedLimit:
    """A limit of the whole process, held as long as any task is inside.

    A thread of its own holds it: `threadpoolctl` lets only the thread that set OpenBLAS's number
    restore it, and the task that came first may leave before the last one, or end.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._release = Event()
        self._holder: Thread | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._holder is None:
                held, self._release = Event(), Event()
                hold = (_libraries().select(user_api="blas"), held, self._release)
                self._holder = Thread(target=_hold, args=hold, name=LIMIT, daemon=True)
                self._holder.start()
                held.wait()

    def __exit__(self, *fault: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._holder is not None:
                self._release.set()
                self._holder.join()
                self._holder = None


def _hold(libraries: ThreadpoolController, held: Event, release: Event) -> None:
    with libraries.limit(limits=1):
        held.set()
        release.wait()


_BLAS = _SharedLimit()


@functools.cache
def _libraries() -> ThreadpoolController:
    """Libraries with threads of their own; those of numpy, scipy and torch are loaded by now."""
    return ThreadpoolController()


@functools.cache
def _mkl_of_thread() -> Callable[[int], int]:
    """MKL's own function that sets the number of the calling thread and returns the former one.

    torch has MKL built in, where `ThreadpoolController` does not find it. A torch without MKL has
    nothing to be limited.
    """
    for library in (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*"):
        function = getattr(ctypes.CDLL(str(library)), "MKL_Set_Num_Threads_Local", None)
        if function is not None:
            return function
    return lambda _: 0
