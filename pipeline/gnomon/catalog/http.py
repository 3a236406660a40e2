"""One reader for all that comes over HTTP and is not pixels.

It follows redirects itself, so that each of them is vetted (`gnomon.catalog.vetting`), and checks
where each connection really led before it sends anything: a name may resolve to one address when it
is vetted and to another when it is opened. Bodies are counted as they are decompressed. A request
ends with its time, whatever the server does: one that sends a byte now and then is cut off.

A 429, a 5xx, and an answer that breaks off are tried again after growing pauses, or after the pause
that the server asks for (``Retry-After``), until the retries or the total time are used up.

Where the environment names a proxy, that connects, and the addresses of hosts are known only as far
as they resolve here.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util.retry import Retry

from gnomon.catalog.buckets import read_object
from gnomon.catalog.connections import OPEN, CheckedAdapter, Connections
from gnomon.catalog.vetting import (
    AddressError,
    TooLargeError,
    address_count,
    is_object,
    is_remote,
    read_file,
    vetted,
)
from gnomon.datamodel.addresses import keep_secrets_out_of_logs, without_secrets
from gnomon.datamodel.trust import Trust

RETRIED = (429, 500, 502, 503, 504)
REDIRECTS = 5
REDIRECTED = (301, 302, 303, 307, 308)
FOR_ANYONE = ("accept", "accept-encoding", "range")
"""Headers that a redirect takes along to another host."""
CHUNK = 65_536
RATIO_FROM = 2**20
"""Bytes from which the ratio of compression counts: short documents of one value compress well."""
LONGEST_PAUSE_S = 60.0
Used = TypeVar("Used")


class OutOfTimeError(Exception):
    """The total time limit is used up, or would be by the next pause."""


class RangeError(OSError):
    """A server gives whole files only, or anything for a part."""


class SilentServerError(OSError):
    """There was no answer, or it broke off: why, in plain words."""


class RefusedError(OSError):
    """A server refused, or failed on its own side."""

    def __init__(self, status: int, address: str) -> None:
        super().__init__(f"HTTP response code: {status}")
        self.status, self.address = status, address


class Located(NamedTuple):
    """Where a file was found, and which version of it."""

    address: str
    """At the end of redirects."""
    size: int | None
    """Bytes of the whole file, where the server says it."""
    tag: str | None
    """ETag, else time of the last change and size; None where the server says none of them."""


class FilePart(NamedTuple):
    """Some bytes of a file, and where and what that is."""

    data: bytes
    place: Located


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a server."""

    address: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    parameters: Mapping[str, Any] | None = None
    """Of the query."""
    body: Any = None
    """Sent as JSON."""


class HttpReader:
    """Reads bodies within the limits of a catalogue and one total time.

    Parameters
    ----------
    trust
        What the catalogue may lead to.
    timeout_s
        Of one request, from its beginning to its last byte.
    total_timeout_s
        Of all requests with their pauses, from now.
    retries
        After an answer that may be better the next time.
    pause_s
        Before the first of them; each further one waits twice as long.

    """

    def __init__(
        self,
        trust: Trust,
        *,
        timeout_s: float,
        total_timeout_s: float,
        retries: int,
        pause_s: float = 0.5,
    ) -> None:
        keep_secrets_out_of_logs("urllib3")
        self.trust = trust
        self.timeout_s = timeout_s
        self.retries = retries
        self.pause_s = pause_s
        self.total_timeout_s = total_timeout_s
        self.deadline = time.monotonic() + total_timeout_s
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, CheckedAdapter(pool_maxsize=1, max_retries=0))
        self._connections = Connections(trust)

    def located(self, address: str) -> Located:
        """Find a file of which a part can be read, by asking for its first byte.

        That is no dearer than a HEAD, which an address that was signed for reading refuses.

        Raises
        ------
        RangeError
            The server gives whole files only; for the rest as of `read`.

        """
        return self.part(address, 0, 1).place

    def part(self, address: str, start: int, stop: int) -> FilePart:
        """Bytes of a file from one place to before another, or to its end.

        Raises
        ------
        RangeError
            The server gives whole files only, or other bytes; for the rest as of `read`.

        """
        # What is packed for the way has other places than the file.
        headers = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        return self._tried(
            Request(address=address, headers=headers), lambda answer: _part(answer, start, stop)
        )

    def begin_anew(self) -> None:
        """Have the total time again, from now, with the connections that are open."""
        self.deadline = time.monotonic() + self.total_timeout_s

    def read(self, request: Request) -> bytes:
        """Body of an answer.

        Raises
        ------
        AddressError
            It, or a redirect, leads where the catalogue may not lead.
        OutOfTimeError
            The total time is used up.
        RefusedError, SilentServerError
            There is no answer with a body, also after the retries.
        TooLargeError
            The body is larger than allowed.

        """
        return self._tried(request, self._body)

    def _tried(self, request: Request, use: Callable[[requests.Response], Used]) -> Used:
        """What a request gives, at last."""
        for attempt in range(self.retries + 1):
            try:
                return self._followed(request, use)
            except SilentServerError:
                if attempt == self.retries:
                    raise
                self._pause(attempt, None)
            except _BusyError as busy:
                if attempt == self.retries:
                    raise RefusedError(busy.status, request.address) from None
                self._pause(attempt, busy.retry_after)
        raise AssertionError("unreachable")

    def _pause(self, attempt: int, asked: str | None) -> None:
        pause = _seconds(asked)
        if pause is None:
            pause = min(self.pause_s * 2.0**attempt, LONGEST_PAUSE_S)
        if time.monotonic() + pause > self.deadline:
            raise OutOfTimeError(f"it asks for a pause of {pause:.0f} s, past the total time limit")
        time.sleep(pause)

    def _followed(self, request: Request, use: Callable[[requests.Response], Used]) -> Used:
        """Use the answer at the end of redirects."""
        for _ in range(REDIRECTS + 1):
            address = vetted(request.address, self.trust)
            if not is_remote(address):
                raise AddressError(
                    f"{without_secrets(address)} is not read over http or https; mend it"
                )
            with self._answer(request) as answer:
                if answer.status_code not in REDIRECTED or "Location" not in answer.headers:
                    _check_status(answer, address)
                    return use(answer)
                target = urljoin(address, answer.headers["Location"])
                request = _redirected(request, answer.status_code, target)
        raise SilentServerError(f"{without_secrets(address)} leads to ever other addresses")

    @contextmanager
    def _answer(self, request: Request) -> Iterator[requests.Response]:
        """Answer whose body has not been read; the connection is cut when the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTimeError("the total time limit is used up")
        seconds = min(self.timeout_s, left)
        token = OPEN.set(self._connections)
        cut = Timer(seconds, self._connections.cut)
        cut.daemon = True
        self._connections.was_cut = False
        cut.start()
        try:
            with self._sent(request, seconds) as answer:
                yield answer
            if self._connections.was_cut:
                raise TimeoutError
        except (requests.RequestException, HTTPError, OSError) as error:
            late = self._connections.was_cut  # what was cut off may look like all of it
            known = SilentServerError | RefusedError | RangeError | _BusyError
            if isinstance(error, known) and not late:
                raise
            if time.monotonic() >= self.deadline:
                raise OutOfTimeError("the total time limit is used up") from error
            raise SilentServerError("it took too long" if late else _plain(error)) from error
        finally:
            cut.cancel()
            OPEN.reset(token)

    def _sent(self, request: Request, seconds: float) -> requests.Response:
        self._connections.proxied = _is_proxied(request.address)
        return self._session.request(
            request.method,
            request.address,
            headers=request.headers,
            params=request.parameters,
            json=request.body,
            # All addresses of a host together have the time of the request.
            timeout=(seconds / address_count(request.address), seconds),
            stream=True,
            allow_redirects=False,
        )

    def _body(self, answer: requests.Response) -> bytes:
        """Body, counted while it is decompressed, so that a bomb costs no more than the limit."""
        limits, parts, size = self.trust.limits, [], 0
        while chunk := answer.raw.read1(CHUNK, decode_content=True):
            parts.append(chunk)
            size += len(chunk)
            if size > limits.document_bytes:
                name = f"document_bytes, {limits.document_bytes:,}"
                raise TooLargeError(f"is larger than [catalog.limits] {name}")
            if size > RATIO_FROM and size > limits.compression * answer.raw.tell():
                name = f"compression, {limits.compression:g}"
                raise TooLargeError(f"is compressed by more than [catalog.limits] {name}")
        return b"".join(parts)


class _BusyError(Exception):
    """A server that may answer the next time."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        super().__init__(status, retry_after)
        self.status, self.retry_after = status, retry_after


def _check_status(answer: requests.Response, address: str) -> None:
    if answer.status_code in RETRIED:
        raise _BusyError(answer.status_code, answer.headers.get("Retry-After"))
    if not 200 <= answer.status_code < 300:
        raise RefusedError(answer.status_code, address)


def _part(answer: requests.Response, start: int, stop: int) -> FilePart:
    """What an answer gives, if that is what was asked for: no more of it is read."""
    if answer.status_code != 206:
        raise RangeError("the server gives no parts of files; fetch it, and use its path")
    span, _, total = answer.headers.get("Content-Range", "").rpartition("/")
    size = int(total) if total.isascii() and total.isdigit() else None
    end = stop if size is None else min(stop, size)
    if span != f"bytes {start}-{end - 1}":
        raise RangeError("the server gives other bytes than it is asked for; fetch the file")
    data = _read(answer, end - start + 1)
    if len(data) > end - start:
        raise RangeError("the server gives more bytes than it is asked for; fetch the file")
    if len(data) < end - start:
        raise SilentServerError("the answer broke off")
    return FilePart(data, _place(answer, size))


def _read(answer: requests.Response, most: int) -> bytes:
    parts = []
    while most > 0 and (chunk := answer.raw.read1(min(CHUNK, most), decode_content=False)):
        parts.append(chunk)
        most -= len(chunk)
    return b"".join(parts)


def _place(answer: requests.Response, size: int | None) -> Located:
    written = answer.headers.get("Last-Modified")
    parts = [part for part in (written, size and f"{size} bytes") if part]
    return Located(str(answer.url), size, answer.headers.get("ETag") or ", ".join(parts) or None)


def _redirected(request: Request, status: int, target: str) -> Request:
    """Ask the next host for the same; what was meant for the first host alone stays behind."""
    keeps = status in (307, 308) or request.method == "GET"
    same = urlsplit(target)[:2] == urlsplit(request.address)[:2]
    headers = request.headers or {}
    return Request(
        address=target,
        method=request.method if keeps else "GET",
        headers={k: v for k, v in headers.items() if same or k.lower() in FOR_ANYONE},
        body=request.body if keeps else None,
    )


def _seconds(retry_after: str | None) -> float | None:
    """Pause that a server asks for."""
    if retry_after is None:
        return None
    try:
        return float(Retry().parse_retry_after(retry_after))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _plain(error: BaseException) -> str:
    """Why there was no answer; the library's own text nests three errors in parentheses."""
    text = str(error)
    for sign, why in (
        ("NameResolution", "its name cannot be resolved: is there a network?"),
        ("refused", "the connection was refused"),
        ("timed out", "it took too long"),
    ):
        if sign in text:
            return why
    return without_secrets(" ".join(text.split())) or type(error).__name__


def _is_proxied(address: str) -> bool:
    proxies = requests.utils.get_environ_proxies(address)
    return bool(select_proxy(address, proxies))


def read_document(address: str, trust: Trust, *, timeout_s: float) -> bytes:
    """Bytes of a document beside an item, on a disk, over HTTP or behind ``s3://``.

    Raises
    ------
    AddressError, TooLargeError
        It may not be opened, or is larger than allowed.
    OSError
        It cannot be read.

    """
    place = vetted(address, trust)
    if is_remote(place):
        reader = HttpReader(trust, timeout_s=timeout_s, total_timeout_s=timeout_s, retries=2)
        try:
            return reader.read(Request(address=place))
        except OutOfTimeError as error:
            raise SilentServerError("it took too long") from error
    most = trust.limits.document_bytes
    if is_object(place):
        return read_object(place, most=most, timeout_s=timeout_s)
    return read_file(place, most=most)
