"""A file server on this machine that gives parts of files, and counts what is asked of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

COUNTED = "/counted"
T = TypeVar("T")


Serve = Callable[[Connection, T], None]
"""Sends its port through a pipe, and then serves something for ever."""


@contextmanager
def serving(serve: Serve[T], something: T) -> Iterator[str]:
    """Serve something by a process of its own; gives its address."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=serve, args=(theirs, something), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def served(folder: Path) -> AbstractContextManager[str]:
    """Serve a folder by a process of its own; gives its address."""
    return serving(_serve, folder)


def counted(url: str) -> tuple[int, int]:
    """Requests that a server has had, and bytes of bodies that it gave."""
    with urlopen(f"{url}{COUNTED}", timeout=60) as answer:  # noqa: S310  # our own server
        requests, volume = json.load(answer)
    return int(requests), int(volume)


def _serve(pipe: Connection, folder: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    _Handler.folder = folder
    pipe.send(server.server_port)
    server.serve_forever()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = Path()
    requests = volume = 0

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.path == COUNTED:
            self._answer(200, json.dumps([_Handler.requests, _Handler.volume]).encode(), {})
            return
        path = self.folder / self.path.lstrip("/")
        if not path.is_file():
            self._answer(404, b"no", {})
            return
        size = path.stat().st_size
        first, _, last = (self.headers.get("Range") or "").removeprefix("bytes=").partition("-")
        start, stop = int(first or 0), min(int(last or size) + 1, size)
        with path.open("rb") as file:
            file.seek(start)
            body = file.read(stop - start)
        _Handler.requests += 1
        _Handler.volume += len(body) * (self.command == "GET")
        span = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"} if first else {}
        self._answer(206 if first else 200, body, span)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        length = {"Content-Length": str(len(body)), "Accept-Ranges": "bytes"}
        for name, value in (length | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing: figures are what is printed."""
