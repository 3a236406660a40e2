"""A real server on loopback that means harm: it redirects, drips, bombs, breaks off, never ends."""

import gzip
import json
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from servers import Loopback

Answer = Callable[["Handler"], object]


class Hostile(Loopback):
    """Answers each path as a test says; ``seen`` has the requests."""

    def __init__(self, answers: dict[str, Answer] | None = None) -> None:
        super().__init__(Handler)
        self.answers = answers or {}
        self.seen: list[str] = []
        self.sent = 0
        """Bytes of bodies that never end."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hostile

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.seen.append(f"{self.command} {path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with suppress(OSError):
            self.server.answers.get(path, status(404))(self)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def start(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """The tests' output is not a server's log."""


def body(data: bytes, code: int = 200, **headers: str) -> Answer:
    def answer(one: Handler) -> None:
        one.start(code, {"Content-Length": str(len(data)), **headers})
        one.wfile.write(data)

    return answer


def parts(data: bytes) -> Answer:
    """A file as it should be served, in ranges."""

    def answer(one: Handler) -> None:
        start, stop = asked(one, len(data))
        span = f"bytes {start}-{stop - 1}/{len(data)}"
        body(data[start:stop], 206, **{"Content-Range": span})(one)

    return answer


def asked(one: Handler, size: int) -> tuple[int, int]:
    """First byte of a range and the one behind its last."""
    first, _, last = one.headers["Range"].removeprefix("bytes=").partition("-")
    return int(first), min(int(last) + 1, size)


def first(good: Answer, then: Answer) -> Answer:
    """One thing to the first request, another to all others."""
    left = [good]

    def answer(one: Handler) -> None:
        chosen = left.pop() if left else then
        chosen(one)

    return answer


def part(data: bytes, body_of: Answer) -> Answer:
    """The headers of a part, and another body."""

    def answer(one: Handler) -> None:
        start, stop = asked(one, len(data))
        one.start(206, {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"})
        one.close_connection = True
        body_of(one)

    return answer


def endless_part(data: bytes) -> Answer:
    return part(data, pour)


def drip_part(data: bytes) -> Answer:
    return part(data, trickle)


def torn_part(data: bytes) -> Answer:
    return part(data, lambda one: one.wfile.write(b"x"))


def document(values: object) -> Answer:
    return body(json.dumps(values).encode())


def status(code: int, **headers: str) -> Answer:
    return lambda one: one.start(code, {"Content-Length": "0", **headers})


def redirect(target: str, code: int = 302) -> Answer:
    return status(code, Location=target)


def bomb(size: int) -> Answer:
    """Zeros, packed a thousandfold."""
    return body(gzip.compress(b"0" * size), **{"Content-Encoding": "gzip"})


def endless(one: Handler) -> None:
    """As fast as the client reads."""
    one.start(200, {"Connection": "close"})
    pour(one)


def pour(one: Handler) -> None:
    while not one.server.closing.is_set():
        one.wfile.write(b" " * 65_536)
        one.server.sent += 65_536


def drip(one: Handler) -> None:
    """A byte now and then, so that no wait between two of them is long."""
    one.start(200, {"Content-Length": "1000000"})
    trickle(one)


def trickle(one: Handler) -> None:
    while not one.server.closing.is_set():
        one.wfile.write(b" ")
        time.sleep(0.02)


def drip_headers(one: Handler) -> None:
    one.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not one.server.closing.is_set():
        one.wfile.write(b"x")
        time.sleep(0.02)


def torn(data: bytes, *, times: int) -> Answer:
    """The body breaks off in its middle, for the first times."""
    left = [times]

    def answer(one: Handler) -> None:
        cut = left[0] > 0
        left[0] -= 1
        one.start(200, {"Content-Length": str(len(data)), "Connection": "close"})
        one.wfile.write(data[: len(data) // 2] if cut else data)
        one.close_connection = True

    return answer
