"""Real servers on loopback: files by range requests, with faults to switch on, and a STAC API."""

import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from gnomon.datamodel.trust import Trust

LOOPBACK = Trust(hosts=("127.0.0.1",))
"""Of a catalogue that a study lets lead to this machine."""


@dataclass
class Fault:
    """What a server does instead of answering, to the next ``times`` requests of a path."""

    times: int = 1_000_000
    status: int = 0
    """Answer with this status."""
    retry_after: str | None = None
    hang: bool = False
    """Take the request and never answer, until the server is closed."""
    keep_bytes: int | None = None
    """Answer as if the file ended here."""
    body: bytes | None = None
    """Answer with this instead."""


class Loopback(ThreadingHTTPServer):
    """A server on this machine, up as long as its ``with`` block."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up waiting is part of the tests."""


class FileServer(Loopback):
    """HTTP/1.1 over a folder, with range requests; ``faults`` and ``seen`` are by path."""

    def __init__(self, folder: Path) -> None:
        super().__init__(_Handler)
        self.folder = folder
        self.faults: dict[str, Fault] = {}
        self.seen: list[tuple[str, str, str | None]] = []
        """Method, path and range of each request."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FileServer

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.seen.append((self.command, path, self.headers.get("Range")))
        fault = self.server.faults.get(path, Fault(times=0))
        if fault.times > 0:
            fault.times -= 1
        else:
            fault = Fault()
        if fault.hang:
            self.server.closing.wait(60)
            self.close_connection = True
            return
        file = self.server.folder / path.lstrip("/")
        if fault.status or not file.is_file():
            self._answer(fault.status or 404, b"no", retry_after=fault.retry_after)
            return
        body = file.read_bytes() if fault.body is None else fault.body
        self._part(body[: fault.keep_bytes])

    def _part(self, body: bytes) -> None:
        first, _, last = (self.headers.get("Range") or "").removeprefix("bytes=").partition("-")
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        if not first:
            self._answer(200, body, tag=tag)
            return
        start, stop = int(first), min(int(last or len(body)) + 1, len(body))
        if start >= len(body):
            self._answer(416, b"", content_range=f"bytes */{len(body)}")
            return
        span = f"bytes {start}-{stop - 1}/{len(body)}"
        self._answer(206, body[start:stop], content_range=span, tag=tag)

    def _answer(
        self,
        status: int,
        body: bytes,
        *,
        content_range: str = "",
        retry_after: str | None = None,
        tag: str = "",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if tag:
            self.send_header("ETag", tag)
        if content_range:
            self.send_header("Content-Range", content_range)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """The tests' output is not a server's log."""


@contextmanager
def stac_api(items: list[dict[str, object]], folder: Path) -> Iterator[str]:
    """Serve items with rustac's own server, memory backend; yields its address."""
    source = folder / "items.json"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [str(Path(sys.executable).with_name("rustac")), "serve", "--addr", address]
    log = folder / "rustac.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [*command, "--create-collections", str(source)], stdout=sink, stderr=sink
        )
    try:
        _wait_for(f"http://{address}/", server, log)
        yield f"http://{address}/"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"rustac did not start: {log.read_text()}")
