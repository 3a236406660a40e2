"""Worker processes that are replaced when they die.

The kernel ends a process that wants too much memory, and Python's pool of processes then gives up
all of its tasks. Here they are done again by new processes. Which task ended its process cannot be
seen, so those that were running are tried again alone, one after the other; one that ends its
process again is given up, and the others go on.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from threading import Condition, RLock
from typing import Any

from gnomon.datamodel.errors import WorkerError


@dataclass(eq=False)
class _Job:
    """A task, and what its caller waits for."""

    task: Callable[[], Any]
    future: Future[Any]
    alone: bool = False
    """Whether it was running when a process died, and is tried with no other beside it."""


class WorkerProcesses(Executor):
    """Processes, as many as asked for, for tasks that can be done twice.

    Parameters
    ----------
    count
        Tasks that are done at the same time.
    new_pool
        Makes as many processes; it is called at first, and after each death.

    """

    def __init__(self, count: int, new_pool: Callable[[], ProcessPoolExecutor]) -> None:
        self._count, self._new_pool = count, new_pool
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[_Job] = deque()
        self._suspects: deque[_Job] = deque()
        self._running: set[_Job] = set()
        self._closed = False
        # A pool that breaks as it is given a task reports to the thread that gives it.
        self._changed = Condition(RLock())

    def threads_each(self, tasks: int) -> int:
        """Threads that each of so many tasks may have, so that all together are ``count``."""
        return max(1, self._count // max(tasks, 1))

    def submit(
        self, task: Callable[..., Any], /, *items: Any, **named: Any
    ) -> Future[Any]:  # the parent's own signature cannot be said without its private types
        """Have a task done.

        The future raises `WorkerError` if the task ended its process twice.
        """
        job = _Job(partial(task, *items, **named), Future())
        with self._changed:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.append(job)
            self._start()
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when their tasks are done; without ``wait``, what waits is dropped."""
        with self._changed:
            self._closed = True
            if cancel_futures or not wait:
                for job in self._waiting:
                    job.future.cancel()
            self._start()
            if wait:
                self._changed.wait_for(self._idle)
            pool = self._pool
        if pool is not None:
            pool.shutdown(wait=wait)

    def _idle(self) -> bool:
        return not (self._running or self._suspects or self._waiting)

    def _start(self) -> None:
        """Begin as many tasks as may run; a suspect runs alone, before all others."""
        while self._suspects and not self._running:
            self._begin(self._suspects.popleft())
        while self._waiting and not self._suspects and self._may_run_beside():
            job = self._waiting.popleft()
            if job.future.set_running_or_notify_cancel():
                self._begin(job)
        self._changed.notify_all()

    def _may_run_beside(self) -> bool:
        return len(self._running) < self._count and not any(job.alone for job in self._running)

    def _begin(self, job: _Job) -> None:
        self._running.add(job)
        try:
            self._pool = self._pool or self._new_pool()
            inner = self._pool.submit(job.task)
        except BrokenProcessPool:  # it broke since the last task ended
            self._pool = self._new_pool()
            inner = self._pool.submit(job.task)
        inner.add_done_callback(partial(self._end, job, self._pool))

    def _end(self, job: _Job, pool: ProcessPoolExecutor, inner: Future[Any]) -> None:
        error = CancelledError() if inner.cancelled() else inner.exception()
        with self._changed:
            self._running.discard(job)
            died = isinstance(error, BrokenProcessPool)
            if died and self._pool is pool:
                self._pool = None
            if died and not job.alone:
                job.alone = True
                self._suspects.append(job)
                self._start()
                return
            self._start()
        if died:
            job.future.set_exception(WorkerError())
        elif error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(inner.result())
