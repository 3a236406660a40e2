"""Servers that fail, hang or ask for patience, and documents that are none."""

import json
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import quick_options, refused
from gnomon.catalog.documents import DocumentReader, one_line, parsed_object
from gnomon.catalog.search import find_scenes
from gnomon.catalog.vetting import TooLargeError
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.limits import Limits
from hostile import Answer, Hostile, bomb, drip, endless
from servers import Fault, FileServer


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault(status=404), "refuses .404.*check the address"),
        (Fault(status=500), "fails on its own side .500.*try later"),
        (Fault(status=429, retry_after="0"), "too many requests .429.*try later"),
        (Fault(hang=True), "does not answer.*check the address"),
        (Fault(body=b"<html>log in</html>"), "not with JSON"),
        (Fault(keep_bytes=20), "not with JSON"),
    ],
)
@pytest.mark.parametrize("path", ["/catalog.json", "/collection.json"])
def test_a_failing_server_is_reported_in_one_line(
    file_server: FileServer, fault: Fault, why: str, path: str
) -> None:
    file_server.faults[path] = fault
    refused(f"{file_server.url}/catalog.json", why, timeout_s=0.3)


def test_a_server_that_is_not_there() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/catalog.json"
    refused(url, "does not answer.*check the address and the network")


def test_a_server_that_dies_in_the_middle_is_no_faulty_item(file_server: FileServer) -> None:
    file_server.faults["/april/april.json"] = Fault(status=503)
    refused(f"{file_server.url}/catalog.json", "fails on its own side .503")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(file_server: FileServer, status: int) -> None:
    file_server.faults["/april/april.json"] = Fault(times=2, status=status, retry_after="0")
    found = find_scenes(quick_options(f"{file_server.url}/catalog.json", retries=3), area=None)
    assert [scene.id for scene in found.scenes] == ["march", "april", "elsewhere"]
    asked = [path for _, path, _ in file_server.seen]
    assert asked.count("/april/april.json") == 3


def test_the_pause_that_a_server_asks_for_is_kept(file_server: FileServer) -> None:
    file_server.faults["/collection.json"] = Fault(times=1, status=429, retry_after="1")
    began = time.monotonic()
    find_scenes(quick_options(f"{file_server.url}/catalog.json", retries=1), area=None)
    assert time.monotonic() - began >= 1


def test_no_pause_goes_past_the_total_time_limit(file_server: FileServer) -> None:
    file_server.faults["/collection.json"] = Fault(status=503, retry_after="3600")
    began = time.monotonic()
    refused(f"{file_server.url}/catalog.json", "pause of 3600 s.*total_timeout_s", retries=5)
    assert time.monotonic() - began < 2


def test_a_server_that_always_hangs_ends_with_the_total_time(file_server: FileServer) -> None:
    file_server.faults["/collection.json"] = Fault(hang=True)
    began = time.monotonic()
    refused(
        f"{file_server.url}/catalog.json", "total", retries=20, timeout_s=0.2, total_timeout_s=1.0
    )
    assert time.monotonic() - began < 3


def test_a_local_and_a_remote_document_are_the_same(file_server: FileServer) -> None:
    path, url = str(file_server.folder / "catalog.json"), f"{file_server.url}/catalog.json"
    local = DocumentReader(quick_options(path)).document(path)
    assert DocumentReader(quick_options(url)).document(url) == local


def test_an_item_that_cannot_be_read_is_an_error_of_its_own(
    file_server: FileServer, tmp_path: Path
) -> None:
    reader = DocumentReader(quick_options(file_server.url))
    (tmp_path / "list.json").write_text(json.dumps([1]))
    local = [str(tmp_path / name) for name in ("absent.json", "list.json")]
    for href in (*local, f"{file_server.url}/absent.json"):
        error = reader.item(href)
        assert isinstance(error, AssetError)
        assert error.item == href
        assert "mend the catalogue" in str(error)


@pytest.mark.parametrize("depth", [60, 2000, 10**6])
def test_what_is_nested_without_end_is_no_document(depth: int, tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_text('{"a": ' + "[" * depth + "]" * depth + "}")
    if depth < 64:
        assert DocumentReader(quick_options(path)).document(str(path))
        return
    refused(path, r"more deeply than \[catalog.limits\] json_depth, 64")


@pytest.mark.parametrize("answer", [bomb(10**8), endless], ids=["bomb", "endless"])
def test_a_catalogue_that_never_ends_is_refused(answer: Answer) -> None:
    with Hostile({"/catalog.json": answer}) as server:
        limits = Limits(document_bytes=10**6)
        refused(f"{server.url}/catalog.json", r"\[catalog.limits\]", limits=limits)
        assert server.sent < 20 * 10**6


def test_no_dripping_catalogue_stretches_the_total_time() -> None:
    with Hostile({"/catalog.json": drip}) as server:
        began = time.monotonic()
        refused(f"{server.url}/catalog.json", "total time", timeout_s=5.0, total_timeout_s=0.5)
        assert time.monotonic() - began < 2


def test_a_large_file_on_the_disk_is_no_document_either(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text("{}" + " " * 2000)
    refused(tmp_path / "catalog.json", "document_bytes", limits=Limits(document_bytes=1000))


@pytest.mark.parametrize("text", ["", "one\n  two", "x" * 500])
def test_a_message_is_one_line_that_can_be_read(text: str) -> None:
    line = one_line(ValueError(text))
    assert "\n" not in line
    assert 0 < len(line) <= 200


def test_a_name_that_cannot_be_resolved_is_reported_in_plain_words() -> None:
    """Names under .invalid exist nowhere (RFC 6761); the library nests three errors around that."""
    refused(
        "https://catalogue.invalid/v1/catalog.json",
        "its name cannot be resolved: is there a network", timeout_s=2.0,
    )  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=3),
)


def depth_of(value: object) -> int:
    """By walking through it."""
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, inside), default=0)
    return 0


@given(st.dictionaries(st.text(), JSON, max_size=4), st.booleans())
def test_a_document_is_what_pythons_own_parser_makes_of_it(value: object, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assert parsed_object(text, Limits(json_depth=64)) == json.loads(text)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.integers(8, 12))
def test_brackets_in_texts_are_no_depth(value: object, most: int) -> None:
    for _ in range(6):
        value = {'[{\\"': value, "]": '}"\\'}
    text = json.dumps(value)
    if depth_of(value) <= most:
        assert parsed_object(text, Limits(json_depth=most)) == value
    else:
        with pytest.raises(TooLargeError, match="json_depth"):
            parsed_object(text, Limits(json_depth=most))


def test_half_a_letter_in_one_item_leaves_the_page_readable() -> None:
    text = '{"features": [{"id": "\\ud800"}, {"id": "b"}]}'
    assert parsed_object(text, Limits())["features"][1] == {"id": "b"}
