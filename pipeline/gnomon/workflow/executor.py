"""Tasks on any `concurrent.futures.Executor`: here, in processes, on a Dask cluster.

Without an executor tasks are done in this thread, one after the other. All tasks hold the libraries
inside them to one thread (`gnomon.workflow.threads`), so that tables are the same either way.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from gnomon.datamodel.errors import StudyError, WorkerError
from gnomon.workflow.workers import WorkerProcesses

AHEAD = 1000
"""Tasks that an executor has at once: enough for the workers of a large cluster, and no more than
memory holds, however many there are."""
Item = TypeVar("Item")
Made = TypeVar("Made")


def completed(
    task: Callable[[Item], Made],
    items: Iterable[Item],
    executor: Executor | None,
    *,
    given_up: Callable[[Item, WorkerError], Made] | None = None,
) -> Iterator[tuple[Item, Made]]:
    """Do a task for each item, and give each result as soon as it is there.

    Parameters
    ----------
    task
        For another process it must be a function of a module.
    items
        What it is called with; each is asked for when its turn comes near.
    executor
        Does the tasks; this thread, one after the other, if None.
    given_up
        Makes the result of an item whose task ended its process each time that it was tried; that
        is an error if left out.

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
    waiting = iter(items)
    futures = {executor.submit(task, item): item for item in islice(waiting, AHEAD)}
    try:
        while futures:
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                item = futures.pop(future)
                for following in islice(waiting, 1):
                    futures[executor.submit(task, following)] = following
                yield item, _result(item, future, given_up)
    finally:
        for future in futures:
            future.cancel()


def _result(
    item: Item,
    future: Future[Made],
    given_up: Callable[[Item, WorkerError], Made] | None,
) -> Made:
    try:
        return future.result()
    except Exception as error:
        if given_up is None or not isinstance(error, WorkerError | _killed_worker()):
            raise
        return given_up(item, error if isinstance(error, WorkerError) else WorkerError())


def _killed_worker() -> type[Exception]:
    """What Dask raises for a task that ended its workers; an error of ours where it is not used."""
    distributed = sys.modules.get("distributed")
    return distributed.KilledWorker if distributed else WorkerError


def threads_each(tasks: int, executor: Executor | None) -> int:
    """Threads that each of some tasks may have, so that no processor of this machine idles.

    One on a cluster and without an executor, where it is not known what else goes on.
    """
    return executor.threads_each(tasks) if isinstance(executor, WorkerProcesses) else 1


def executor_of(
    *, workers: int | None = None, scheduler: str | None = None
) -> AbstractContextManager[Executor]:
    """Who does the tasks of a run, as a command line names it.

    Parameters
    ----------
    workers
        How many processes here; one for each processor if neither is given.
    scheduler
        Address of a Dask cluster instead (`gnomon.workflow.cluster`).

    Raises
    ------
    StudyError
        Both are given.

    """
    if scheduler is None:
        return worker_processes(workers)
    if workers is not None:
        raise StudyError("--workers: says nothing of a cluster; leave it or --scheduler out")
    from gnomon.workflow.cluster import cluster  # noqa: PLC0415  # it imports this package's weights

    return cluster(scheduler)


def worker_processes(count: int | None = None) -> WorkerProcesses:
    """Processes that do the tasks of a run, one for each processor if no number is given.

    They start from nothing (``spawn``): a copy of a process whose libraries have started threads
    may wait for those forever. A script that calls this needs ``if __name__ == "__main__"``.
    """
    number = count or os.cpu_count() or 1
    return WorkerProcesses(number, partial(_new_pool, number))


def _new_pool(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_leave_interrupts
    )


def _leave_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; only the first one decides what follows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
