"""Damage to files of any format, and what a reader may do with it: read the file or refuse it.

An input is one of a reader's sound files after a few edits. Edits are plain values: hypothesis
draws and shrinks them (test_fuzz.py), a generator of random numbers draws them by the million
(fuzz.py), and the damaged file becomes a test where a reader stumbled over it (fuzz_inputs/).
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from gnomon.datamodel.errors import GnomonError
from mutations import VALUES, mutated, places

WORD = re.compile(rb"[\w.+-]+")
TOKENS: tuple[bytes, ...] = (
    b"", b" ", b"0", b"-1", b"nan", b"NaN", b"inf", b"-Infinity", b"1e308", b"1e999", b"9" * 400,
    b"0x7fffffff", b"4294967295", b"true", b"null", b"None", b"[]", b"{}", b'""', b'"', b"'", b"x",
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b",", b";", b"\t", b"=", b"<",
    b"&a;", b"<!--", b"\\ud800", b"../../evil", b"/etc/passwd", b"file:///etc/passwd",
    b"http://127.0.0.1:9/", b"9999-12-31T23:59:59Z", b"0000-00-00T00:00:00Z", b"2024-02-30T25:61Z",
    b"POLYGON EMPTY", b"GEOMETRYCOLLECTION", b"EPSG:0", b"[" * 2000, b"x" * 20_000,
)  # fmt: skip
NUMBERS = (b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\x01\x00\x00\x00")
KINDS = ("value", "word", "insert", "cut", "repeat", "flip", "number", "end")


class Edit(NamedTuple):
    """One change of a file."""

    kind: str
    place: float
    """Where, from 0, the beginning, to 1."""
    size: float
    """How much, from 0 to 1."""
    value: int
    """Which of the hostile values."""


class Reader(NamedTuple):
    """A reader, sound files for it, and what it may raise."""

    name: str
    sound: tuple[bytes, ...]
    read: Callable[[bytes], object]
    raises: tuple[type[Exception], ...] = (GnomonError,)


class FindingError(Exception):
    """A reader did with a file what none may do."""


def drawn_edits(chance: random.Random) -> list[Edit]:
    """Edits for one input, mostly few."""
    return [
        Edit(chance.choice(KINDS), chance.random(), chance.random() ** 3, chance.randrange(1000))
        for _ in range(min(1 + int(chance.expovariate(1.0)), 6))
    ]


def damaged(data: bytes, edits: Sequence[Edit]) -> bytes:
    """A file after some edits."""
    for edit in edits:
        data = _VALUES[edit.kind](data, edit)
    return data


def tried(reader: Reader, data: bytes) -> bool:
    """Whether a reader reads a file; it may also refuse it in words that can be printed.

    Raises
    ------
    FindingError
        It ends otherwise.

    """
    try:
        reader.read(data)
    except reader.raises as error:
        text = str(error)
        if not all(line.isprintable() for line in text.splitlines()) or not text.strip():
            raise FindingError(f"{reader.name}: its refusal cannot be printed: {text!r}") from error
        return False
    except Exception as error:
        raise FindingError(f"{reader.name}: {type(error).__name__}: {error}") from error
    return True


def _at(data: bytes, edit: Edit) -> int:
    return min(int(edit.place * (len(data) + 1)), len(data))


def _span(data: bytes, edit: Edit) -> tuple[int, int]:
    start = _at(data, edit)
    return start, min(len(data), start + 1 + int(edit.size * len(data) / 4))


def _value(data: bytes, edit: Edit) -> bytes:
    """Another value at a place of a JSON; of another format, another word."""
    parsed = _parsed(data)
    if parsed is None:
        return _word(data, edit)
    document, paths = parsed
    path = paths[min(int(edit.place * len(paths)), len(paths) - 1)]
    changed = mutated(document, path, VALUES[edit.value % len(VALUES)])
    return json.dumps(changed).encode()


@lru_cache(maxsize=200)
def _parsed(data: bytes) -> tuple[Any, list[tuple[Any, ...]]] | None:
    try:
        document = json.loads(data)
        paths = list(places(document))
    except (ValueError, RecursionError):
        return None
    return (document, paths) if paths else None


def _word(data: bytes, edit: Edit) -> bytes:
    words = [found.span() for found in WORD.finditer(data)]
    if not words:
        return _insert(data, edit)
    start, stop = words[min(int(edit.place * len(words)), len(words) - 1)]
    return data[:start] + TOKENS[edit.value % len(TOKENS)] + data[stop:]


def _insert(data: bytes, edit: Edit) -> bytes:
    start = _at(data, edit)
    return data[:start] + TOKENS[edit.value % len(TOKENS)] + data[start:]


def _cut(data: bytes, edit: Edit) -> bytes:
    start, stop = _span(data, edit)
    return data[:start] + data[stop:]


def _repeat(data: bytes, edit: Edit) -> bytes:
    start, stop = _span(data, edit)
    times = 2 if stop - start > 1000 else 1 + edit.value % 20
    return data[:start] + data[start:stop] * times + data[stop:]


def _flip(data: bytes, edit: Edit) -> bytes:
    start = _at(data, edit)
    if start == len(data):
        return data
    return data[:start] + bytes([data[start] ^ (1 << edit.value % 8)]) + data[start + 1 :]


def _number(data: bytes, edit: Edit) -> bytes:
    """A number of binary headers: none, the largest, one."""
    start = _at(data, edit)
    return data[:start] + NUMBERS[edit.value % len(NUMBERS)] + data[start + 4 :]


def _end(data: bytes, edit: Edit) -> bytes:
    return data[: _at(data, edit)]


_VALUES: dict[str, Callable[[bytes, Edit], bytes]] = {
    "value": _value,
    "word": _word,
    "insert": _insert,
    "cut": _cut,
    "repeat": _repeat,
    "flip": _flip,
    "number": _number,
    "end": _end,
}


def saved(finding: FindingError, reader: Reader, data: bytes, folder: Path) -> Path:
    """Keep the input of a finding, with what happened beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    code = re.sub(r"[^A-Za-z0-9]+", "-", str(finding))[:80].strip("-")
    path = folder / f"{reader.name}--{code}"
    path.write_bytes(data)
    return path
