"""The folder of a catalogue: whole or absent, movable, and never over what is not ours."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest

from gnomon.catalog.local.catalog import make_catalog
from gnomon.catalog.local.metadata import image_metadata
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.study import CatalogOptions
from gnomon.imagery.read import read_pixels
from own_images import (
    NOON,
    made,
    numbers,
    only,
    scenes,
    write_image,
)


def test_a_folder_moved_whole_still_opens(tmp_path: Path) -> None:
    before = tmp_path / "before"
    write_image(before / "images" / "bay 1, 50%.tif", numbers(1))
    write_image(before / "images" / "collection.tif", numbers(1), corner=(650_000, 4.7e6))
    made(before / "images", seen_at=NOON)
    after = tmp_path / "elsewhere" / "after"
    after.parent.mkdir()
    before.rename(after)
    found = find_scenes(CatalogOptions(url=str(after / "catalog" / "catalog.json")), area=None)
    assert {scene.id for scene in found.scenes} == {"bay 1, 50%", "collection"}
    for scene in found.scenes:
        np.testing.assert_array_equal(read_pixels(scene, None).pan.to_numpy(), numbers(1)[0])


def test_a_catalogue_among_its_images_and_one_far_from_them(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "images"
    write_image(folder / "bay.tif", numbers(1))
    for out, is_relative in (
        (folder / "catalog", True),
        (tmp_path / "a" / "b" / "catalog", False),
        (tmp_path / "catalog", True),
    ):
        answer = make_catalog(folder, out, defaults=image_metadata({"seen_at": NOON}))
        assert answer.path == out / "catalog.json"
        item = json.loads(next(out.rglob("bay.json")).read_text())
        assert item["assets"]["image"]["href"].startswith("..") == is_relative
        np.testing.assert_array_equal(read_pixels(only(answer), None).pan.to_numpy(), numbers(1)[0])


def test_an_earlier_catalogue_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    folder, out = tmp_path / "images", tmp_path / "catalog"
    write_image(folder / "old.tif", numbers(1))
    made(folder, seen_at=NOON)
    first = {path: path.read_bytes() for path in out.rglob("*.json")}
    made(folder, seen_at=NOON)
    assert {path: path.read_bytes() for path in out.rglob("*.json")} == first
    (folder / "old.tif").rename(folder / "new.tif")
    assert set(scenes(made(folder, seen_at=NOON))) == {"new"}
    assert not list(out.rglob("old*"))
    (out / "notes.json").write_text("{}")
    with pytest.raises(StoreError, match=r"holds notes\.json, which is no part of a catalogue"):
        made(folder, seen_at=NOON)
    assert (out / "notes.json").read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalog", "images"]


@pytest.mark.parametrize("what", ["images", "other", "file"])
def test_what_is_not_ours_is_not_touched(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "images"
    write_image(folder / "a.tif", numbers(1))
    other = tmp_path / "other"
    other.mkdir()
    (other / "catalog.json").write_text('{"id": "theirs", "links": []}')
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"name (another|a) folder"):
        make_catalog(folder, tmp_path / what, defaults=image_metadata({"seen_at": NOON}))
    assert (folder / "a.tif").is_file()
    assert (other / "catalog.json").is_file()


def test_a_catalogue_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image(tmp_path / "images" / "a.tif", numbers(1))
    made(tmp_path / "images", seen_at=NOON)
    before = {path: path.read_bytes() for path in (tmp_path / "catalog").rglob("*.json")}
    real = pystac.Item.save_object

    def full(self: pystac.Item, *args: Any, **options: Any) -> None:
        real(self, *args, **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pystac.Item, "save_object", full)
    with pytest.raises(StoreError, match=r"catalog: cannot be written \(No space left"):
        made(tmp_path / "images", seen_at="2024-11-06T02:00:00Z")
    assert {path: path.read_bytes() for path in (tmp_path / "catalog").rglob("*.json")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalog", "images"]
