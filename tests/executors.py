"""Executors whose processes end."""

from concurrent.futures import Executor, Future

from gnomon.datamodel.errors import WorkerError


class Deadly(Executor):
    """Each of its processes ends, as for want of memory."""

    def submit(self, task, /, *items, **more):  # type: ignore[no-untyped-def]
        future: Future[object] = Future()
        future.set_exception(WorkerError())
        return future
