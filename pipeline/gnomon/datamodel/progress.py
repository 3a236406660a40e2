"""How a long task reports its progress to the caller."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with what is done, how much there is in all, and the name of the last item."""


def silent(_done: int, _total: int, _item: str) -> None:
    """Report nothing."""
