"""Memory that is used again: what one window frees, the next takes.

An allocator gives large arrays back to the system and asks for them anew, and the system clears
every page that it hands out. For windows of a scene that takes as long as what is done with them;
kept, their memory is no more than what the largest of them needs.
"""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""


def keep_freed() -> None:
    """Have this process keep what it frees; where the allocator is not glibc's, nothing happens."""
    with suppress(AttributeError, OSError, TypeError):
        tell = ctypes.CDLL(None).mallopt
        tell(_MMAP_THRESHOLD, 1 << 30)
        tell(_TRIM_THRESHOLD, (1 << 31) - 1)
