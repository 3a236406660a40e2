"""An existing Dask cluster as the executor of a run.

Workers are processes on other machines, with the same gnomon. They get tasks and give results over
the network; the folder of the run, in which backgrounds lie, they must see themselves. A task whose
worker dies is given to another one by the scheduler, three times in all.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from gnomon.datamodel.errors import StudyError, WorkerError
from gnomon.workflow.digests import OBSERVED_BY, code_digest

TIMEOUT_S = 20
"""Until a scheduler that does not answer is given up."""


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Connect to a scheduler of `dask.distributed`.

    Parameters
    ----------
    address
        Such as ``tcp://10.0.0.5:8786``; ``tls://`` where the scheduler speaks that.

    Raises
    ------
    StudyError
        The extra is not installed.
    WorkerError
        The scheduler does not answer, has no workers, or one of them has another gnomon, whose
        results would be kept under the names of this one's.

    """
    try:
        from distributed import Client  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        why = "--scheduler: needs dask.distributed; pip install 'gnomon[dask]'"
        raise StudyError(why) from error
    try:
        client = Client(address, timeout=TIMEOUT_S)
    except (OSError, ValueError) as error:
        why = f"{address}: no scheduler answers ({error}); check the address and the network"
        raise WorkerError(why) from error
    with client:
        _check_workers(client.run(code_digest, *OBSERVED_BY, on_error="return"), address)
        yield client.get_executor(pure=False)


def _check_workers(found: dict[str, object], address: str) -> None:
    """Make sure that workers compute what this process would."""
    if not found:
        raise WorkerError(f"{address}: has no workers; start some")
    own = code_digest(*OBSERVED_BY)
    for worker, theirs in found.items():
        if theirs != own:
            why = "another version of gnomon or of its libraries, or none"
            raise WorkerError(f"{worker}: has {why}; install the same as here")
