"""Servers that mean harm cost no more than the study allows, and lead nowhere."""

import gzip
import os
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from gnomon.catalog.http import (
    HttpReader,
    OutOfTimeError,
    RefusedError,
    Request,
    SilentServerError,
    read_document,
)
from gnomon.catalog.vetting import AddressError, TooLargeError
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.trust import Trust
from hostile import (
    Answer,
    Hostile,
    body,
    bomb,
    drip,
    drip_headers,
    endless,
    redirect,
    status,
    torn,
)
from servers import LOOPBACK

SMALL = replace(LOOPBACK, limits=Limits(document_bytes=10**6))


def own(server: Hostile) -> Trust:
    """Of a catalogue that this server gives."""
    return Trust(catalog=f"{server.url}/catalog.json", private=True)


def reader(trust: Trust, *, total_s: float = 10.0, retries: int = 0) -> HttpReader:
    return HttpReader(
        trust, timeout_s=total_s, total_timeout_s=total_s, retries=retries, pause_s=0.01
    )


def get(address: str, trust: Trust = SMALL, **options: float) -> bytes:
    return reader(trust, **options).read(Request(address=address))  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_port_is_not_followed(code: int) -> None:
    with Hostile({"/": body(b"secret")}) as victim, Hostile() as server:
        server.answers["/"] = redirect(f"{victim.url}/", code)
        with pytest.raises(AddressError, match="private network"):
            get(f"{server.url}/", own(server))
        assert victim.seen == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://192.0.32.8/", "http://10.0.0.1/"])
def test_a_redirect_is_vetted_as_every_address(target: str) -> None:
    with Hostile({"/": redirect("/b"), "/b": redirect(target)}) as server:
        with pytest.raises(AddressError):
            get(f"{server.url}/")
        assert server.seen == ["GET /", "GET /b"]


def test_redirects_are_followed_where_they_may_lead() -> None:
    with Hostile({"/c/d": body(b"here")}) as server:
        server.answers |= {"/a": redirect("b"), "/b": redirect(f"{server.url}/c/d", 308)}
        assert get(f"{server.url}/a", own(server)) == b"here"
        server.answers["/c/d"] = body(b"h", 206, **{"Content-Range": "bytes 0-0/*"})
        found = reader(own(server)).located(f"{server.url}/a")
        assert found == (f"{server.url}/c/d", None, None)
        server.answers["/loop"] = redirect("/loop")
        with pytest.raises(SilentServerError, match="ever other addresses"):
            get(f"{server.url}/loop", own(server))


def test_a_file_is_found_with_its_size_and_version() -> None:
    """An ETag, else what else the server says."""
    part, day = {"Content-Range": "bytes 0-0/4492338"}, "Mon, 04 Mar 2024 02:12:00 GMT"
    said = {
        "/etag": (part | {"ETag": '"a-1"', "Last-Modified": day}, 4492338, '"a-1"'),
        "/time": (part | {"Last-Modified": day}, 4492338, f"{day}, 4492338 bytes"),
        "/size": (part, 4492338, "4492338 bytes"),
        "/open": ({"Content-Range": "bytes 0-0/*"}, None, None),
        "/odd": ({"Content-Range": "bytes 0-0/\u00b2"}, None, None),
    }
    with Hostile({path: body(b"I", 206, **given) for path, (given, *_) in said.items()}) as server:
        for path, (_, size, tag) in said.items():
            found = reader(own(server)).located(f"{server.url}{path}")
            assert found == (f"{server.url}{path}", size, tag)


def test_headers_and_passwords_stay_with_their_host() -> None:
    got: list[str] = []

    def noted(one: object) -> None:
        got.append(str(one.headers))  # type: ignore[attr-defined]
        body(b"")(one)  # type: ignore[arg-type]

    with Hostile({"/": noted}) as other, Hostile() as server:
        server.answers["/"] = redirect(f"{other.url}/")
        address = server.url.replace("//", "//anna:word@")
        request = Request(address=f"{address}/", headers={"X-Key": "key"})
        reader(LOOPBACK).read(request)
    assert "key" not in got[0]
    assert "Authorization" not in got[0]


def test_a_name_that_resolves_to_another_place_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is vetted as an address of the internet, and leads to this machine when it is opened."""
    monkeypatch.setattr("gnomon.catalog.vetting._resolved", lambda *_: ["192.0.32.8"])
    with Hostile({"/": body(b"secret")}) as victim:
        public = Trust(catalog="https://192.0.32.8/v1")
        address = victim.url.replace("127.0.0.1", "localhost")
        with pytest.raises(AddressError, match=r"localhost:\d+, "):
            get(f"{address}/", public)
        assert victim.seen == []


@pytest.mark.parametrize("answer", [bomb(10**8), endless], ids=["bomb", "endless"])
def test_a_body_costs_no_more_than_its_limit(answer: Answer) -> None:
    with Hostile({"/": answer}) as server:
        tracemalloc.start()
        with pytest.raises(TooLargeError, match=r"document_bytes|compression"):
            get(f"{server.url}/")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert server.sent < 20 * 10**6
    assert peak < 10 * 10**6


def test_a_body_that_was_packed_too_well_is_refused() -> None:
    limits = Limits(document_bytes=10**9, compression=100)
    with (
        Hostile({"/": bomb(10**7)}) as server,
        pytest.raises(TooLargeError, match="compression, 100"),
    ):
        get(f"{server.url}/", replace(LOOPBACK, limits=limits))


def test_what_is_packed_as_usual_is_read() -> None:
    data = os.urandom(1000) * 300
    packed = body(gzip.compress(data), **{"Content-Encoding": "gzip"})
    with Hostile({"/": packed}) as server:
        assert get(f"{server.url}/") == data


@pytest.mark.parametrize("answer", [drip, drip_headers], ids=["body", "headers"])
def test_no_dripping_stretches_the_time(answer: Answer) -> None:
    with Hostile({"/": answer}) as server:
        began = time.monotonic()
        with pytest.raises(OutOfTimeError, match="total time"):
            get(f"{server.url}/", total_s=0.5, retries=3)
        assert time.monotonic() - began < 2


def test_a_host_of_many_addresses_has_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are tried one after the other, each until it gives up."""
    waits: list[float] = []

    def silent(_: object, timeout: float, *__: object, **___: object) -> None:
        waits.append(timeout)
        raise TimeoutError

    monkeypatch.setattr("gnomon.catalog.vetting._resolved", lambda *_: ["127.0.0.1"] * 50)
    monkeypatch.setattr("urllib3.util.connection.create_connection", silent)
    with pytest.raises(SilentServerError, match="too long"):
        get("http://127.0.0.1:1/", total_s=10)
    assert waits == [pytest.approx(0.2, rel=0.1)]


def test_a_kept_connection_is_cut_too() -> None:
    with Hostile({"/a": body(b"x"), "/b": drip}) as server:
        one = reader(LOOPBACK, total_s=1.0)
        assert one.read(Request(address=f"{server.url}/a")) == b"x"
        with pytest.raises(OutOfTimeError):
            one.read(Request(address=f"{server.url}/b"))


def test_a_proxy_is_used_and_held_to_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    public = Trust(catalog="http://192.0.32.8/v1")
    with Hostile({"http://192.0.32.8/a": body(b"x"), "http://192.0.32.8/b": drip}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert get("http://192.0.32.8/a", public) == b"x"
        with pytest.raises(OutOfTimeError):
            get("http://192.0.32.8/b", public, total_s=0.3)
        with pytest.raises(AddressError):
            get("http://10.0.0.1/a", public)
        assert proxy.seen == ["GET http://192.0.32.8/a", "GET http://192.0.32.8/b"]


def test_a_torn_body_is_asked_for_again() -> None:
    data = bytes(range(256)) * 100
    with Hostile({"/": torn(data, times=2)}) as server:
        with pytest.raises(SilentServerError):
            get(f"{server.url}/", retries=1)
        server.answers["/"] = torn(data, times=2)
        assert get(f"{server.url}/", retries=2) == data


@pytest.mark.parametrize("asked", ["-5", "x", "1e400", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_pause_that_cannot_be_is_not_kept(asked: str) -> None:
    with Hostile({"/": status(503, **{"Retry-After": asked})}) as server:
        with pytest.raises(RefusedError, match="503"):
            get(f"{server.url}/", retries=1)
        assert len(server.seen) == 2


def test_a_document_beside_an_item_is_read_alike(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Hostile({"/a.xml": body(b"<a/>"), "/b.xml": endless, "/c.xml": drip}) as server:
        assert read_document(f"{server.url}/a.xml", SMALL, timeout_s=5) == b"<a/>"
        with pytest.raises(TooLargeError):
            read_document(f"{server.url}/b.xml", SMALL, timeout_s=5)
        with pytest.raises(SilentServerError, match="too long"):
            read_document(f"{server.url}/c.xml", SMALL, timeout_s=0.3)
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_NO_SIGN_REQUEST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(OSError, match="there is no key"):
        read_document("s3://bucket/a.xml", SMALL, timeout_s=5)
    with pytest.raises(AddressError, match="no usable bucket"):
        read_document("s3://127.0.0.1:80@x/a.xml", SMALL, timeout_s=5)
