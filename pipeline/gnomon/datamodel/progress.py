"""How a long task reports its progress to the caller."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with what is done, how much there is in all (0 if unknown), and the name of the last item.
An empty name says that so many were done before the task began."""
Stages = Callable[[str], Progress]
"""Called with the name of each stage as it begins; gives what its progress is reported to."""


def silent(_done: int, _total: int, _item: str) -> None:
    """Report nothing."""


def silent_stages(_stage: str) -> Progress:
    """Report nothing of any stage."""
    return silent
