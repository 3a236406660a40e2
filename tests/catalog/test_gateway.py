"""GDAL reads by the gateway what the server has, and no other program reads anything."""

import random
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from gnomon.catalog.gateway import (
    HEADER_BYTES,
    READ_AHEAD,
    Patience,
    RemoteFile,
    gateway_path,
    remote_file,
    without_gateway,
)
from gnomon.catalog.http import RangeError
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.scene import FileVersion
from gnomon.datamodel.trust import Trust
from hostile import Hostile, body, parts
from servers import LOOPBACK

DATA = random.Random(0).randbytes(200_000)


def found(server: Hostile, path: str = "/a.bin", trust: Trust = LOOPBACK) -> RemoteFile:
    return remote_file(f"{server.url}{path}", trust, FileVersion(), Patience(retries=0))


def ask(address: str, span: str, method: str = "GET") -> tuple[int, bytes, str | None]:
    wanted = urllib.request.Request(address, headers={"Range": span} if span else {}, method=method)
    try:
        with urllib.request.urlopen(wanted, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers["Content-Range"]
    except HTTPError as error:
        return error.code, error.read(), error.headers["Content-Range"]


def address_of(file: RemoteFile) -> str:
    return gateway_path(file).removeprefix("/vsicurl/")


@pytest.fixture
def server() -> Iterator[Hostile]:
    with Hostile({"/a.bin": parts(DATA)}) as one:
        yield one


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (0, HEADER_BYTES), (9, HEADER_BYTES + 1), (10**5, 15 * 10**4), (199_999, 200_000)],
)
def test_a_part_is_what_the_server_has_there(server: Hostile, start: int, stop: int) -> None:
    file = found(server)
    got = ask(address_of(file), f"bytes={start}-{stop - 1}")
    assert got == (206, DATA[start:stop], f"bytes {start}-{stop - 1}/200000")
    assert len(server.seen) == 1 + (stop > HEADER_BYTES)


def test_a_part_ends_with_its_file(server: Hostile) -> None:
    file = found(server)
    assert ask(address_of(file), "bytes=199990-300000")[1] == DATA[-10:]
    assert ask(address_of(file), "bytes=200000-300000") == (416, b"", "bytes */200000")
    with urllib.request.urlopen(urllib.request.Request(address_of(file), method="HEAD")) as answer:
        assert answer.headers["Content-Length"] == "200000"


def test_nothing_is_read_without_the_word_and_no_file_whole(server: Hostile) -> None:
    file = found(server)
    address = address_of(file)
    assert address.startswith("http://127.0.0.1:")
    stem = address.partition("?")[0]
    for other in (stem, f"{stem}?", f"{stem}?{'x' * 32}", f"{stem}?word={file.word}"):
        assert ask(other, "bytes=0-9")[:2] == (404, b"")
        assert ask(other, "", "HEAD")[0] == 404
    for span in ("", "bytes=0-", "bytes=-9", "bytes=0-3,7-9", f"bytes=0-{10**30}"):
        assert ask(address, span)[:2] == (416, b"")
    assert len(server.seen) == 1
    del file
    assert ask(address, "bytes=0-9")[0] == 404


def test_messages_name_the_file_and_not_the_gateway(server: Hostile) -> None:
    file = found(server)
    message = without_gateway(f"'{gateway_path(file)}' not recognized")
    assert message == f"'a.bin?{file.word}' not recognized"


def test_no_more_is_read_at_once_than_a_block_may_have(server: Hostile) -> None:
    few = Trust(hosts=LOOPBACK.hosts, limits=Limits(block_bytes=10**5))
    size, span = 10**9, f"bytes 0-{HEADER_BYTES - 1}/{10**9}"
    server.answers["/large"] = body(bytes(HEADER_BYTES), 206, **{"Content-Range": span})
    file = found(server, "/large", few)
    with pytest.raises(RangeError, match=r"block_bytes, 100,000"):
        file.read(HEADER_BYTES, HEADER_BYTES + READ_AHEAD + 10**5 + 1)
    assert file.size == size
    assert len(server.seen) == 1


def test_a_file_of_unknown_size_is_not_read(server: Hostile) -> None:
    span = {"Content-Range": f"bytes 0-{HEADER_BYTES - 1}/*"}
    server.answers["/a.bin"] = body(bytes(HEADER_BYTES), 206, **span)
    with pytest.raises(RangeError, match="does not say how large"):
        found(server)
