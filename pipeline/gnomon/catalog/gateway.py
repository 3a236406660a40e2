"""A gateway on this machine, by which GDAL reads the files of catalogues over HTTP.

GDAL's own client follows redirects to anywhere, resolves names for itself, and takes a body without
end. So it is given an address of this process instead, on 127.0.0.1, and each range of bytes that
it asks for there is fetched by the reader that vets addresses, redirects and connections
(`gnomon.catalog.http`): these bytes and no more, of the file that was found first, within the time
of a request. GDAL merges neighbouring ranges and asks for several at once, as it would at the
server. The beginning of a file, which it reads in small pieces, comes with the answer that says
where the file is.

The address holds a random word that no other program knows, and is good while the file is open.

(rasterio can also read from a Python object, ``opener=``. It keeps what it needs for that in the
thread that opened the file: another thread that reads from it crashes, as of rasterio 1.4.4.)
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from weakref import WeakValueDictionary

from gnomon.catalog.http import FilePart, HttpReader, RangeError
from gnomon.catalog.versions import WrongFileError, check_size, check_tag
from gnomon.datamodel.scene import FileVersion
from gnomon.datamodel.trust import Trust

HEADER_BYTES = 32_768
"""Of the beginning of a file, read at once."""
READ_AHEAD = 16 * 2**20
"""Bytes that GDAL may ask for at once beyond those of a block: what its cache holds."""
_ADDRESS = re.compile(r"/vsicurl/http://127\.0\.0\.1:\d+/")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """With servers of files."""

    timeout_s: float = 60.0
    """Of one request, from its beginning to its last byte."""
    retries: int = 3
    """After an answer that may be better the next time."""
    pause_s: float = 0.5
    """Before the first of them; each further one waits twice as long."""


@dataclass(eq=False, kw_only=True)
class RemoteFile:
    """A file of a server, of which parts can be read; safe to read from several threads."""

    begin: FilePart
    version: FileVersion
    trust: Trust
    patience: Patience
    word: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    fault: Exception | None = None
    """Why a part could not be read. GDAL then tries others, which are not asked for."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.begin.place.size or 0

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from one place to before another, at most to the end.

        Raises
        ------
        AddressError
            A redirect leads where the catalogue may not lead.
        OSError, OutOfTimeError
            The server does not give them, or others than these.
        WrongFileError
            The file has changed since it was found.

        """
        stop = min(stop, self.size)
        if stop <= len(self.begin.data):
            return self.begin.data[start:stop]
        if stop - start > (most := self.trust.limits.block_bytes + READ_AHEAD):
            limit = f"[catalog.limits] block_bytes, {self.trust.limits.block_bytes:,}"
            why = f"{stop - start:,} bytes at once, {most:,} being the most with {limit}"
            raise RangeError(f"decoding it takes {why}")
        with _reader(self.trust, self.patience, os.getpid()) as reader:
            part = reader.part(self.begin.place.address, start, stop)
        if part.place.size != self.size:
            raise WrongFileError("has changed while it was read; run again")
        check_tag(part.place.tag, self.version)
        return part.data


def remote_file(address: str, trust: Trust, version: FileVersion, patience: Patience) -> RemoteFile:
    """Find a file of which parts can be read, and read its beginning.

    Raises
    ------
    AddressError
        It, or a redirect, leads where the catalogue may not lead.
    OSError, OutOfTimeError
        The server does not give it, or gives whole files only.
    WrongFileError
        It is not the file that its catalogue means.

    """
    with _reader(trust, patience, os.getpid()) as reader:
        begin = reader.part(address, 0, HEADER_BYTES)
    if begin.place.size is None:
        raise RangeError(
            "the server does not say how large the file is; fetch it, and use its path"
        )
    check_size(begin.place.size, version)
    check_tag(begin.place.tag, version)
    return RemoteFile(begin=begin, version=version, trust=trust, patience=patience)


def gateway_path(file: RemoteFile) -> str:
    """What GDAL opens to read a file, as long as that is kept."""
    server = _gateway(os.getpid())
    server.files[file.word] = file
    name = file.begin.place.address.partition("?")[0].rpartition("/")[2]
    name = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return f"/vsicurl/http://127.0.0.1:{server.server_port}/{name}?{file.word}"


def without_gateway(text: str) -> str:
    """A message of GDAL's that names a file as its user knows it."""
    return _ADDRESS.sub("", text)


@contextmanager
def _reader(trust: Trust, patience: Patience, process: int) -> Iterator[HttpReader]:
    """A reader for one thread, with connections that an earlier one left open."""
    idle = _idle(trust, patience, process)
    try:
        reader = idle.get_nowait()
        reader.begin_anew()
    except Empty:
        reader = HttpReader(
            trust,
            timeout_s=patience.timeout_s,
            total_timeout_s=patience.timeout_s * (patience.retries + 1),
            retries=patience.retries,
            pause_s=patience.pause_s,
        )
    yield reader
    idle.put(reader)  # one that failed is left alone


@lru_cache(maxsize=4)
def _idle(_trust: Trust, _patience: Patience, _process: int) -> "SimpleQueue[HttpReader]":
    return SimpleQueue()


class _Gateway(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # connections that GDAL makes at once

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: WeakValueDictionary[str, RemoteFile] = WeakValueDictionary()


@lru_cache(maxsize=1)
def _gateway(_process: int) -> _Gateway:
    """Of this process: a thread does not live on in a fork."""
    server = _Gateway()
    Thread(target=server.serve_forever, name="gateway", daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Gateway

    def do_HEAD(self) -> None:
        file = self._file()
        self._answer(200 if file else 404, size=file.size if file else 0)

    def do_GET(self) -> None:
        file, asked = self._file(), _RANGE.fullmatch(self.headers.get("Range", ""))
        if file is None or asked is None:
            self._answer(416 if file else 404)
            return
        start, stop = int(asked[1]), min(int(asked[2]) + 1, file.size)
        if start >= stop:
            self._answer(416, span=f"*/{file.size}")
            return
        if file.fault:
            self._answer(502)
            return
        try:
            data = file.read(start, stop)
        except Exception as error:  # noqa: BLE001 - whoever has the file open raises it
            file.fault = error
            self._answer(502)
            return
        self._answer(206, size=len(data), span=f"{start}-{stop - 1}/{file.size}")
        self.wfile.write(data)

    def _file(self) -> RemoteFile | None:
        return self.server.files.get(self.path.partition("?")[2])

    def _answer(self, status: int, *, size: int = 0, span: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.send_header("Accept-Ranges", "bytes")
        if span:
            self.send_header("Content-Range", f"bytes {span}")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """What GDAL reads is no news."""
