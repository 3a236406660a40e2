"""Hostile values in place of any part of a JSON document: of other types, sizes and signs."""

import json
import random
from collections.abc import Iterator
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -1e308, float("nan"), float("inf"), 10**400, "", " ", "x",
    "nan", "../../evil", "\ud800", "\x00", "a\nb", "<b>x</b>", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "2024-02-30T00:00:00Z", "file:///etc/passwd", "http://", "x" * 10_000,
    [], {}, [[]], [None], [1, 2, 3], [[1, 2], [3, 4]], {"a": 1}, {"href": 1}, [{"href": None}],
    ["text"], {"": ""},
)  # fmt: skip
"""What stands where something else is expected."""


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path of every part of a document."""
    parts: Any = ()
    if isinstance(document, dict):
        parts = document.items()
    elif isinstance(document, list):
        parts = enumerate(document[:3])
    for key, value in parts:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutated(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at one place."""
    copy = json.loads(json.dumps(document))
    part = copy
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return copy


def mutations(document: Any, count: int, seed: int = 0) -> Iterator[tuple[str, Any]]:
    """Some mutations of a document, each with what was done."""
    chance = random.Random(seed)
    every = [path for path in places(document) if len(path) < 6]
    for _ in range(count):
        path, value = chance.choice(every), chance.choice(VALUES)
        yield f"{path} = {value!r:.60}", mutated(document, path, value)
