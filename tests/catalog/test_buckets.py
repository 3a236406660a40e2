"""Objects behind s3://, on a real server of the S3 protocol on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gnomon.catalog.buckets import has_key, read_object
from gnomon.catalog.http import read_document
from gnomon.catalog.vetting import TooLargeError
from gnomon.datamodel.trust import Trust
from object_server import BUCKET, object_server, put

BODY = bytes(range(256)) * 20


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[str]:
    with object_server() as address:
        put("product/annotation.xml", BODY)
        yield address


def read(name: str, *, most: int = 10_000) -> bytes:
    return read_object(f"s3://{BUCKET}/{name}", most=most, timeout_s=20)


def test_an_object_is_read_whole_and_none_that_is_larger_than_allowed() -> None:
    assert read("product/annotation.xml") == BODY
    assert read("product/annotation.xml", most=len(BODY)) == BODY
    with pytest.raises(TooLargeError, match="larger than"):
        read("product/annotation.xml", most=len(BODY) - 1)


def test_a_document_of_an_item_may_lie_there() -> None:
    trust = Trust(catalog="https://example.org/catalog.json")
    address = f"s3://{BUCKET}/product/annotation.xml"
    assert read_document(address, trust, timeout_s=20) == BODY


def test_what_is_not_there_is_one_line() -> None:
    with pytest.raises(OSError, match=r"nothing\.xml|exist") as caught:
        read("nothing.xml")
    assert "\n" not in str(caught.value)


def test_a_wrong_server_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_S3_ENDPOINT", "127.0.0.1:9")
    with pytest.raises(OSError, match="onnect") as caught:
        read("product/annotation.xml")
    assert "\n" not in str(caught.value)


def test_without_a_key_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("AWS_S3_ENDPOINT", "127.0.0.1:9")
    with pytest.raises(OSError, match="there is no key; set AWS_ACCESS_KEY_ID"):
        read("product/annotation.xml")


def test_a_public_bucket_needs_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not has_key({}, tmp_path)
    assert has_key({"AWS_NO_SIGN_REQUEST": "YES"}, tmp_path)
    assert not has_key({"AWS_NO_SIGN_REQUEST": "NO"}, tmp_path)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "YES")
    assert read("product/annotation.xml") == BODY
