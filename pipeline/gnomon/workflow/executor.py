"""Tasks on any `concurrent.futures.Executor`: here, in processes, on a Dask cluster.

Without an executor tasks are done in this thread, one after the other. All tasks hold the libraries
inside them to one thread (`gnomon.workflow.threads`), so that tables are the same either way.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def completed(
    task: Callable[[Item], Made], items: Iterable[Item], executor: Executor | None
) -> Iterator[tuple[Item, Made]]:
    """Do a task for each item, and give each result as soon as it is there.

    Parameters
    ----------
    task
        For another process it must be a function of a module.
    items
        What it is called with.
    executor
        Does the tasks; this thread, one after the other, if None.

    Yields
    ------
    item, result
        In the order in which they are completed. Whoever stops asking, or is interrupted, gives up
        the tasks that have not begun.

    """
    if executor is None:
        for item in items:
            yield item, task(item)
        return
    futures = {executor.submit(task, item): item for item in items}
    try:
        for future in as_completed(list(futures)):
            yield futures.pop(future), future.result()
    finally:
        for future in futures:
            future.cancel()


def worker_processes(count: int | None = None) -> ProcessPoolExecutor:
    """Processes that do the tasks of a run, one for each processor if no number is given.

    They start from nothing (``spawn``): a copy of a process whose libraries have started threads
    may wait for those forever. A script that calls this needs ``if __name__ == "__main__"``.
    """
    return ProcessPoolExecutor(
        count or os.cpu_count() or 1,
        mp_context=get_context("spawn"),
        initializer=_leave_interrupts,
    )


def _leave_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; only the first one decides what follows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
