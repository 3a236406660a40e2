"""What a catalogue may lead to, by where it came from; names are resolved as the system does."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.catalog.vetting import (
    AddressError,
    TooLargeError,
    check_peer,
    read_file,
    trust_of,
    vetted,
)
from gnomon.datamodel.study import CatalogOptions
from gnomon.datamodel.trust import Trust

PUBLIC = Trust(catalog="https://192.0.32.8/v1")
"""Of an address of the internet, which nothing asks here."""
LOCAL = Trust(catalog="/data/catalog.json")
PRIVATE = Trust(catalog="http://127.0.0.1:8080/catalog.json", private=True)
INSIDE = [
    "http://127.0.0.1:9200/", "http://localhost/", "http://LOCALHOST:1/", "http://127.1/",
    "http://2130706433/", "http://0x7f.0.0.1/", "http://0.0.0.0/", "http://[::1]/",
    "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://10.1.2.3/", "http://172.16.0.1/", "http://192.168.1.1/", "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00::1]/",
    "http://224.0.0.1/", "http://user:word@127.0.0.1/", "http://192.0.32.8@127.0.0.1/",
    "http://127.0.0.1#@192.0.32.8/", "https://localhost./",
]  # fmt: skip


@pytest.mark.parametrize("trust", [PUBLIC, LOCAL], ids=["public", "local"])
@pytest.mark.parametrize("address", INSIDE)
def test_nothing_leads_into_a_private_network(address: str, trust: Trust) -> None:
    with pytest.raises(AddressError, match=r"private network.*\[catalog\] hosts"):
        vetted(address, trust)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "/etc/passwd", "./secret.tif", "secret.tif", "FILE:///etc/passwd",
        "file:/etc/passwd", "/vsicurl/http://192.0.32.8/a.tif", "/vsizip//etc/a.zip",
        "<VRTDataset></VRTDataset>", "GTIFF_DIR:1:/etc/a.tif", "vrt:///etc/a.tif", "",
        "ftp://192.0.32.8/a.tif", "gs://bucket/a.tif", "zip+https://192.0.32.8/a.zip!a.tif",
        "gopher://192.0.32.8/", "data:text/plain,x", "WMS:http://192.0.32.8/", "s3:///key",
        "s3://user@bucket:1/x", "http://", "http:///x", "http://192.0.32.8:x/",
        "http://192.0.32.8\\@127.0.0.1/", "http://192.0.32.8/\n127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_of_the_internet_leads_to_nothing_but_such(address: str) -> None:
    with pytest.raises(AddressError):
        vetted(address, PUBLIC)


@pytest.mark.parametrize(
    "address", ["https://192.0.32.8/a.tif?sig=x", "http://192.0.32.8:8080/", "s3://eodata/a/b.jp2"]
)
@pytest.mark.parametrize("trust", [PUBLIC, LOCAL, PRIVATE], ids=["public", "local", "private"])
def test_the_internet_is_open_to_all(address: str, trust: Trust) -> None:
    assert vetted(address, trust) == address


def test_a_catalogue_on_the_disk_leads_to_files(tmp_path: Path) -> None:
    path = tmp_path / "a b.tif"
    assert vetted(str(path), LOCAL) == str(path)
    assert vetted(path.as_uri(), LOCAL) == str(path)
    assert vetted("a.tif", LOCAL) == str(Path.cwd() / "a.tif")
    for hostile in (
        "/vsicurl/http://x/",
        "/./vsizip/x",
        "file:///vsimem/x",
        "file://host/x",
        "a\0b",
    ):
        with pytest.raises(AddressError):
            vetted(hostile, LOCAL)


def test_a_private_catalogue_leads_to_itself_and_no_further() -> None:
    assert vetted("http://127.0.0.1:8080/item.json", PRIVATE)
    for hostile in ("http://127.0.0.1:8081/", "http://10.0.0.1:8080/", "/etc/passwd", "file:///x"):
        with pytest.raises(AddressError):
            vetted(hostile, PRIVATE)


def test_a_study_allows_hosts_of_its_own() -> None:
    named = CatalogOptions(url="https://192.0.32.8/", hosts=("LocalHost:81", "10.0.0.1"))
    trust = trust_of(named)
    for address in ("http://localhost:81/a", "http://10.0.0.1/a", "https://10.0.0.1:99/a"):
        assert vetted(address, trust) == address
    for address in ("http://localhost:82/a", "http://127.0.0.1:81/a", "http://10.0.0.2/a"):
        with pytest.raises(AddressError):
            vetted(address, trust)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://127.0.0.1:1/c", True), ("http://localhost/c", True), ("http://10.0.0.1/c", True),
        ("https://192.0.32.8/c", False), ("/data/catalog.json", False),
        ("https://catalogue.invalid/c", False),
    ],
)  # fmt: skip
def test_a_catalogue_is_private_by_the_address_that_the_user_named(url: str, private: bool) -> None:
    assert trust_of(CatalogOptions(url=url)).private == private


def test_a_name_is_judged_again_by_where_its_connection_led() -> None:
    """A name can resolve to the internet when it is vetted, and to this machine a moment later."""
    check_peer("192.0.32.8", "rebound.example", 80, PUBLIC)
    with pytest.raises(AddressError, match=r"rebound.example:80, 127.0.0.1"):
        check_peer("127.0.0.1", "rebound.example", 80, PUBLIC)
    own = Trust(catalog="https://rebound.example/v1")
    with pytest.raises(AddressError):  # nor by the name of the catalogue itself
        check_peer("10.0.0.1", "rebound.example", 443, own)


@given(st.ip_addresses())
def test_no_address_is_open_that_the_standard_calls_private(address: object) -> None:
    if not address.is_global:  # type: ignore[attr-defined]
        with pytest.raises(AddressError):
            check_peer(str(address), "host", 80, PUBLIC)


@given(st.text(max_size=40))
def test_no_text_leads_from_the_internet_to_a_file(text: str) -> None:
    try:
        found = vetted(text, PUBLIC)
    except AddressError:
        return
    assert found.lower().startswith(("http://", "https://", "s3://"))


def test_a_message_has_no_secret() -> None:
    with pytest.raises(AddressError) as raised:
        vetted("ftp://anna:word@example.org/a?sig=KEY", PUBLIC)
    assert "word" not in str(raised.value)
    assert "KEY" not in str(raised.value)


def test_what_never_ends_or_is_too_large_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x" * 100)
    assert read_file(str(tmp_path / "a.json"), most=100) == b"x" * 100
    with pytest.raises(TooLargeError, match="document_bytes, 99"):
        read_file(str(tmp_path / "a.json"), most=99)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(AddressError, match="device or a pipe"):
            read_file(str(path), most=100)
    with pytest.raises(IsADirectoryError):
        read_file(str(tmp_path), most=100)


def test_a_name_that_no_one_knows_is_left_to_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert vetted("https://catalogue.invalid/c", PUBLIC)
