"""Which content a file has: published multihashes, a real item, and real servers that replace."""

import hashlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import quick_options
from conftest import Season
from gnomon.catalog.search import find_scenes
from gnomon.catalog.stac_item import StacAsset
from gnomon.catalog.versions import (
    MULTIHASHES,
    VersionReader,
    WrongFileError,
    check_content,
    check_own_file,
    check_tag,
    listed_version,
    tag_of_file,
)
from gnomon.datamodel.scene import FileVersion, Scene
from gnomon.datamodel.trust import Trust
from hostile import Hostile, body
from servers import Fault, FileServer
from stac_items import described, read_item


def refused(data: bytes, version: FileVersion, why: str) -> None:
    with pytest.raises(WrongFileError, match=why) as raised:
        check_content(data, version)
    assert "\n" not in str(raised.value)
    assert "; " in str(raised.value)


@pytest.mark.parametrize(
    "multihash",
    [  # of the word "multihash", as multiformats/multihash publishes them; the last by md5sum
        "111488c2f11fb2ce392acb5b2986e640211c4690073e",
        "12209cbc07c3f991725836a3aa2a581ca2029198aa420b9d99bc0e131d9f3e2cbe47",
        "d501101ff1d062dc3bfcfd7a9218e64c1308a0",
    ],
)
def test_published_multihashes(multihash: str) -> None:
    check_content(b"multihash", FileVersion(checksum=multihash))
    refused(b"multihasi", FileVersion(checksum=multihash), "checksum .* another file")


@given(
    data=st.binary(max_size=99), other=st.binary(max_size=99), start=st.sampled_from([*MULTIHASHES])
)
def test_only_the_listed_content_passes(data: bytes, other: bytes, start: str) -> None:
    name = MULTIHASHES[start]
    listed = FileVersion(size=len(data), checksum=start + hashlib.new(name, data).hexdigest())
    check_content(data, listed)
    if other != data:
        refused(other, listed, "bytes and not the|checksum")
        refused(other, replace(listed, size=None), "checksum")


@given(
    data=st.binary(max_size=20),
    text=st.text(max_size=80),
    hexes=st.from_regex("1220[0-9a-f]{1,63}"),
)
def test_a_checksum_of_an_unknown_kind_refuses_nothing(data: bytes, text: str, hexes: str) -> None:
    """It still tells one version from another."""
    for checksum in (text, hexes[:67]):
        check_content(data, FileVersion(checksum=checksum))


@pytest.mark.parametrize("size", ["12", True, -1, 1.5, None, [], {}])
@pytest.mark.parametrize("checksum", [12, True, None, "", [], {}])
def test_what_is_no_size_and_no_checksum_says_nothing(size: object, checksum: object) -> None:
    asset = StacAsset({"href": "x.tif", "file:size": size, "file:checksum": checksum}, None)
    assert listed_version(asset) == FileVersion()


def test_the_real_item_that_has_checksums(shared_data: Path) -> None:
    folder = shared_data / "stac-items"
    scene = described(read_item(folder / "earth-search_S2B_T20EPT_20250731T131905_L2A.json"))
    assert scene.assets["blue"].version == FileVersion(
        size=4492338,
        checksum="1220a85a80e8ba32bc8565530f9097c2ede4e82c5217e0966525c2434c8c721d043c",
    )
    assert scene.granule_metadata_version.size == 179694
    other = described(read_item(folder / "earth-search_S2B_20EPT_20250731_0_L2A.json"))
    assert other.assets["blue"].version == other.granule_metadata_version == FileVersion()


def test_a_file_on_the_own_disk_is_known_by_size_checksum_and_time(tmp_path: Path) -> None:
    path = tmp_path / "b.tif"
    path.write_bytes(b"one")
    listed = FileVersion(size=3, checksum="1220" + hashlib.sha256(b"one").hexdigest())
    check_own_file(path, replace(listed, tag=tag_of_file(path)))
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    with pytest.raises(WrongFileError, match="checksum"):
        check_own_file(path, listed)
    path.write_bytes(b"four")
    with pytest.raises(WrongFileError, match="has 4 bytes and not the 3"):
        check_own_file(path, listed)
    before = FileVersion(tag=tag_of_file(path))
    os.utime(path, ns=(2, 2))
    with pytest.raises(WrongFileError, match="changed since the catalogue was searched; run again"):
        check_own_file(path, before)


def test_what_is_not_known_is_not_compared() -> None:
    for pair in ((None, "a"), ("a", None), (None, None), ("a", "a")):
        check_tag(pair[0], FileVersion(tag=pair[1]))


@pytest.fixture
def found(file_server: FileServer) -> tuple[Scene, ...]:
    options = quick_options(f"{file_server.url}/catalog.json")
    return find_scenes(options, area=None).scenes


def test_each_file_is_asked_once_for_one_byte_and_answers_with_its_version(
    season: Season, file_server: FileServer, found: tuple[Scene, ...]
) -> None:
    reader = VersionReader(quick_options(file_server.url))
    file_server.seen.clear()
    scenes = reader.with_versions(found)
    assert reader.with_versions(found) == scenes
    asked = Counter((path, part) for _, path, part in file_server.seen)
    assert asked == {
        (f"/{scene.id}/{asset.href.rpartition('/')[2]}", "bytes=0-0"): 1
        for scene in found
        for asset in scene.assets.values()
    }
    for scene in scenes:
        for asset in scene.assets.values():
            path = season.folder / scene.id / asset.href.rpartition("/")[2]
            assert asset.version.tag == f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"'
    assert reader.notes == ()
    changed = Fault(body=b"other")
    file_server.faults["/april/green.tif"] = changed
    again = VersionReader(quick_options(file_server.url)).with_versions(found)
    differ = {
        one.id for one, other in zip(scenes, again, strict=True) if one.inputs != other.inputs
    }
    assert differ == {"april"}


def test_what_the_catalogue_knows_is_not_asked_and_nothing_is_if_the_study_says_so(
    file_server: FileServer, found: tuple[Scene, ...]
) -> None:
    file_server.seen.clear()
    options = quick_options(file_server.url)
    listed = [
        replace(
            scene,
            assets={
                name: replace(asset, version=FileVersion(checksum="1220ab"))
                for name, asset in scene.assets.items()
            },
        )
        for scene in found
    ]
    assert VersionReader(options).with_versions(listed) == tuple(listed)
    silent = options.model_copy(update={"ask_files": False})
    assert VersionReader(silent).with_versions(found) == found
    assert file_server.seen == []


def test_a_server_that_does_not_say_is_noted_and_a_dead_one_is_left_alone(
    file_server: FileServer, found: tuple[Scene, ...]
) -> None:
    file_server.faults["/march/red.tif"] = Fault(status=404)
    reader = VersionReader(quick_options(file_server.url))
    (march,) = (scene for scene in reader.with_versions(found) if scene.id == "march")
    assert march.assets["red"].version == FileVersion()
    assert march.assets["green"].version.tag
    assert reader.notes == (
        "the version of 1 file is unknown (no answer): a new one is not noticed",
    )
    paths = [f"/{scene.id}/{asset.href.rpartition('/')[2]}"
             for scene in found for asset in scene.assets.values()]  # fmt: skip
    file_server.faults |= {path: Fault(status=503) for path in paths}
    file_server.seen.clear()
    dead = VersionReader(quick_options(file_server.url))
    assert dead.with_versions(found) == found
    assert len(file_server.seen) <= 8 < len(paths)
    assert f"version of {len(paths)} files" in dead.notes[0]


def test_files_of_this_machine_are_looked_at_for_catalogues_of_this_machine_only(
    season: Season,
) -> None:
    (scene,) = find_scenes(quick_options(season.path), area=None, ids=["april"]).scenes
    reader = VersionReader(quick_options(season.path))
    for asset in reader.with_versions([scene])[0].assets.values():
        assert asset.version.tag == tag_of_file(Path(asset.href))
    remote = replace(scene, trust=Trust(catalog="https://catalogue.example/stac"))
    reader = VersionReader(quick_options("https://catalogue.example/stac", hosts=()))
    assert reader.with_versions([remote]) == (remote,)


def test_an_address_that_may_not_be_opened_is_not_asked(found: tuple[Scene, ...]) -> None:
    with Hostile({"/x.tif": body(b"I", 206)}) as victim:
        asset = replace(found[0].assets["green"], href=f"{victim.url}/x.tif")
        scene = replace(found[0], assets={"green": asset})
        reader = VersionReader(quick_options("https://catalogue.example/stac", hosts=()))
        assert reader.with_versions([scene]) == (scene,)
        assert victim.seen == []
