"""A real STAC API and a static catalogue give the same; faults of servers and of items."""

import json
import socket
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from catalogs import write_catalog, write_scene
from conftest import Season
from gnomon.catalog import search as catalog
from gnomon.catalog.search import Found, find_scenes
from gnomon.datamodel.errors import CatalogError
from gnomon.datamodel.study import CatalogOptions
from gnomon.imagery.read import read_pixels
from servers import Fault, FileServer, stac_api

BAY = box(129.0, 42.78, 129.05, 42.82)
EVERYWHERE: dict[str, Any] = {"area": None}


def ids(found: Found) -> list[str]:
    return [scene.id for scene in found.scenes]


def options(url: str | Path, **changes: Any) -> CatalogOptions:
    quick = {"timeout_s": 2.0, "total_timeout_s": 20.0, "retries": 0}
    return CatalogOptions(url=str(url), **(quick | changes))


QUERIES: list[dict[str, Any]] = [
    {"area": None},
    {"area": BAY},
    {"area": box(0, 0, 1, 1)},
    {"area": None, "start": date(2024, 4, 1)},
    {"area": None, "end": date(2024, 4, 3)},
    {"area": None, "ids": ("april", "may", "none")},
    {"area": BAY, "start": date(2024, 4, 3), "end": date(2024, 4, 3)},
    {"area": box(130.2, 42.7, 130.3, 42.9), "start": date(2024, 1, 1)},
]


@pytest.mark.parametrize("query", QUERIES)
def test_an_api_and_a_static_catalogue_find_the_same(
    season: Season, season_api: tuple[str, FileServer], query: dict[str, Any]
) -> None:
    url, files = season_api
    ways = [
        find_scenes(options(season.path), **query),
        find_scenes(options(f"{files.url}/catalog.json"), **query),
        find_scenes(options(url), **query),
    ]
    listed = [
        [(s.id, s.seen_at, s.footprint, s.cloud_percent, s.sun_azimuth_deg) for s in one.scenes]
        for one in ways
    ]
    assert listed[0] == listed[1] == listed[2]
    assert [one.cloudy for one in ways].count(()) in (0, 3)
    assert not any(one.faults for one in ways)


def test_a_search_finds_what_lies_there_and_then(season: Season) -> None:
    every = find_scenes(options(season.path), area=None)
    assert ids(every) == ["march", "april", "elsewhere"]
    assert [scene.id for scene in every.cloudy] == ["may"]
    assert ids(find_scenes(options(season.path), area=BAY)) == ["march", "april"]
    clear = find_scenes(options(season.path, max_cloud_percent=99), area=BAY)
    assert ids(clear) == ["march", "april", "may"]
    april = find_scenes(
        options(season.path), area=BAY, start=date(2024, 4, 3), end=date(2024, 4, 3)
    )
    assert ids(april) == ["april"]


def test_the_same_pixels_through_the_api_and_from_the_disk(
    season: Season, season_api: tuple[str, FileServer]
) -> None:
    url, _ = season_api
    far = find_scenes(options(url), area=BAY).scenes
    near = find_scenes(options(season.path), area=BAY).scenes
    for one, other in zip(far, near, strict=True):
        assert one.assets["green"].href.startswith("http://")
        there, here = read_pixels(one, BAY), read_pixels(other, BAY)
        assert there.identical(here)
        assert np.isfinite(here.green).any()


def test_pages_are_followed_to_the_last(
    season: Season, season_api: tuple[str, FileServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "PAGE", 1)
    url, _ = season_api
    assert ids(find_scenes(options(url), area=None)) == ["march", "april", "elsewhere"]


def test_real_items_through_a_real_api(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "stac-items").glob("*.json"))
    with stac_api([json.loads(path.read_text()) for path in paths], tmp_path) as url:
        found = find_scenes(options(url), area=None)
        named = options(url, collections=("sentinel-1-grd", "sentinel-2-l1c"))
        asked = find_scenes(named, area=None)
        one = find_scenes(options(url), area=box(-40.2, -4, -40, -3.9))
    # L1C and radar only when asked for; the acquisition of two collections once.
    assert {scene.collection for scene in found.scenes} == {
        "sentinel-2-l2a", "sentinel-2-c1-l2a", "sentinel-s2-l2a-cogs",
    }  # fmt: skip
    assert len(found.scenes) == 5
    assert {scene.sensor for scene in asked.scenes} == {"optical", "sar"}
    assert ids(one) == ["S2B_24MUA_20250731_0_L2A"]
    assert (found.faults, asked.faults) == ((), ())


def test_the_real_ports(shared_data: Path) -> None:
    found = find_scenes(options(shared_data / "s2-ports" / "train" / "catalog.json"), area=None)
    assert len(found.scenes) == 9
    genoa = find_scenes(
        options(shared_data / "s2-ports" / "train" / "catalog.json"), area=box(8.8, 44.3, 9, 44.5)
    )
    assert ids(genoa) == ["S2_genoa_20230710"]


places = st.builds(
    lambda x, y, w: box(x, y, x + w, y + 0.05),
    st.floats(128.9, 130.4),
    st.floats(42.6, 42.9),
    st.floats(0.001, 1),
)


@settings(max_examples=25, deadline=None)
@given(area=places, first=st.dates(date(2024, 2, 1), date(2024, 6, 1)), days=st.integers(0, 90))
def test_what_is_found_is_what_a_look_at_each_item_gives(
    season: Season, area: BaseGeometry, first: date, days: int
) -> None:
    last = date.fromordinal(first.toordinal() + days)
    found = find_scenes(options(season.path), area=area, start=first, end=last)
    every = find_scenes(options(season.path), area=None)
    expected = [
        scene.id
        for scene in every.scenes
        if scene.footprint.intersection(area).area > 0 and first <= scene.seen_at.date() <= last
    ]
    assert ids(found) == expected


def damaged(item: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    """A copy of an item under another name, with parts replaced or, by None, removed."""
    copy = json.loads(json.dumps(item)) | {"id": name}
    for key, value in changes.items():
        part = copy["properties"] if key in ("datetime", "view:sun_elevation") else copy
        part[key] = value
    return copy


def test_faulty_items_are_told_and_stop_nothing(tmp_path: Path) -> None:
    whole = write_scene(tmp_path, "whole", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    assets = whole["assets"]
    bad = {
        "no-time": {"datetime": None},
        "no-place": {"geometry": None},
        "no-assets": {"assets": {}},
        "no-sun": {"view:sun_elevation": float("nan")},
        "picture": {"assets": assets | {"green": assets["green"] | {"type": "image/png"}}},
        "no-properties": {"properties": None},
        "a-collection": {"type": "Collection"},
    }
    items: list[dict[str, Any] | str] = [whole]
    for name, changes in bad.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(damaged(whole, name, **changes)))
        items.append(path.name)
    (tmp_path / "torn.json").write_text('{"type": "Fea')
    items += ["torn.json", "absent.json"]
    root = write_catalog(tmp_path, items)
    with FileServer(tmp_path) as server:
        for url in (str(root), f"{server.url}/catalog.json"):
            found = find_scenes(options(url), area=None)
            assert ids(found) == ["whole"]
            told = {fault.item.split("/")[-1]: str(fault.error) for fault in found.faults}
            assert set(told) == {*bad, "torn.json", "absent.json"}
            assert all("\n" not in text and "; " in text for text in told.values())
            assert "picture, green: is image/png" in told["picture"]
            assert "view:sun_elevation" in told["no-sun"]
            # As far as a faulty item says where and when it is, it is searched like the others.
            elsewhere = find_scenes(options(url), area=box(0, 0, 1, 1), end=date(2000, 1, 1))
            left = {fault.item.split("/")[-1] for fault in elsewhere.faults}
            assert "picture" not in left
            assert "torn.json" in left


def test_what_is_known_of_a_faulty_item_travels_with_it(tmp_path: Path) -> None:
    item = write_scene(tmp_path, "x", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    (tmp_path / "x" / "x.json").write_text(json.dumps(item | {"assets": {}}))
    (fault,) = find_scenes(options(write_catalog(tmp_path, [item])), area=None).faults
    assert (fault.item, fault.collection, fault.platform) == ("x", "sentinel-2-l2a", "sentinel-2c")
    assert fault.seen_at is not None
    assert fault.seen_at.isoformat() == "2024-03-04T02:12:00+00:00"
    assert fault.footprint is not None
    assert fault.footprint.area > 0


def test_a_loop_of_links_ends(season: Season, tmp_path: Path) -> None:
    root = json.loads((season.folder / "catalog.json").read_text())
    root["links"] = [
        {"rel": "child", "href": "./catalog.json"},
        {"rel": "child", "href": str(season.folder / "collection.json")},
    ]
    (tmp_path / "catalog.json").write_text(json.dumps(root))
    assert len(find_scenes(options(tmp_path / "catalog.json"), area=None).scenes) == 3


def refused(url: str | Path, why: str, **changes: Any) -> CatalogError:
    """Search, and hold the error to one line that names the address and says what to do."""
    with pytest.raises(CatalogError, match=why) as raised:
        find_scenes(options(url, **changes), area=None)
    text = str(raised.value)
    assert text.startswith(f"{url}: ")
    assert "\n" not in text
    assert "; " in text
    return raised.value


def test_catalogues_on_disk_that_are_none(tmp_path: Path) -> None:
    refused(tmp_path / "absent.json", "No such file.*name an existing catalog.json")
    refused(tmp_path, "Is a directory.*name an existing catalog.json")
    for name, text, why in (
        ("empty.json", "", "not with JSON"),
        ("page.json", "<html>", "not with JSON"),
        ("list.json", "[1]", "no object"),
        ("binary.json", "\udcff", "not a usable STAC catalogue|codec"),
        ("item.json", '{"type": "Feature"}', "its type is Feature"),
        ("bare.json", '{"type": "Catalog", "id": "x", "links": []}', "has no items"),
        ("links.json", '{"type": "Catalog", "links": [{"rel": "child"}]}', "not a usable STAC"),
    ):
        (tmp_path / name).write_text(text, errors="surrogateescape")
        refused(tmp_path / name, why)


def test_collections_that_are_not_there(season: Season, season_api: tuple[str, FileServer]) -> None:
    for url in (season.path, season_api[0]):
        refused(url, "no collection landsat; it has sentinel-2-l2a", collections=("landsat",))


def test_only_collections_that_gnomon_reads_are_searched(tmp_path: Path) -> None:
    item = write_scene(tmp_path, "x", seen_at="2024-03-04T02:12:00Z", shape_px=(16, 16))
    root = write_catalog(tmp_path, [item])
    path = tmp_path / "collection.json"
    as_written = json.loads(path.read_text())
    for name, found in (("sentinel-2-l1c", None), ("harbour-0.5m", ["x"])):
        path.write_text(json.dumps(as_written | {"id": name}))
        (tmp_path / "x" / "x.json").write_text(json.dumps(item | {"collection": name}))
        if found is None:
            refused(root, "no collection that gnomon reads; it has sentinel-2-l1c; name one")
            assert ids(find_scenes(options(root, collections=(name,)), area=None)) == ["x"]
        else:
            assert ids(find_scenes(options(root), area=None)) == found


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
def test_servers_that_fail_say_so_in_one_line(
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
def test_what_passes_is_tried_again(file_server: FileServer, status: int) -> None:
    file_server.faults["/april/april.json"] = Fault(times=2, status=status, retry_after="0")
    found = find_scenes(options(f"{file_server.url}/catalog.json", retries=3), area=None)
    assert ids(found) == ["march", "april", "elsewhere"]
    asked = [path for _, path, _ in file_server.seen]
    assert asked.count("/april/april.json") == 3


def test_the_pause_that_a_server_asks_for_is_made(file_server: FileServer) -> None:
    file_server.faults["/collection.json"] = Fault(times=1, status=429, retry_after="1")
    began = time.monotonic()
    find_scenes(options(f"{file_server.url}/catalog.json", retries=1), area=None)
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
