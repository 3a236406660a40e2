"""What scenes ask of a machine: with and without keys, on a disk and behind a signature."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import Season
from gnomon.catalog.access import CDSE_ENDPOINT, missing_access
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.scene import RadarFiles, Scene, SideFile
from gnomon.datamodel.study import CatalogOptions

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
CDSE = {"AWS_S3_ENDPOINT": CDSE_ENDPOINT, "AWS_VIRTUAL_HOSTING": "FALSE"}


@pytest.fixture
def scene(season: Season) -> Scene:
    return find_scenes(CatalogOptions(url=season.path), area=None).scenes[0]


def at(scene: Scene, address: str) -> Scene:
    moved = {name: replace(asset, href=f"{address}/{name}") for name, asset in scene.assets.items()}
    return replace(scene, assets=moved)


def test_files_that_are_there_need_nothing(scene: Scene, tmp_path: Path) -> None:
    assert missing_access(scene, {}, home=tmp_path) == ()
    assert missing_access(at(scene, "https://example.org"), {}, home=tmp_path) == ()


def test_files_that_are_not_there_are_missing(scene: Scene, tmp_path: Path) -> None:
    (what,) = missing_access(at(scene, str(tmp_path / "none")), {}, home=tmp_path)
    assert what.startswith(f"files of scenes, such as {tmp_path}/none/")


@pytest.mark.parametrize(
    ("environment", "count"),
    [({}, 3), (KEYS, 2), (CDSE, 1), (KEYS | CDSE, 0), ({"AWS_PROFILE": "cdse"} | CDSE, 0)],
)
def test_the_copernicus_data_space_needs_a_key_and_its_own_server(
    scene: Scene, tmp_path: Path, environment: dict[str, str], count: int
) -> None:
    missing = missing_access(at(scene, "s3://eodata/S2"), environment, home=tmp_path)
    assert len(missing) == count
    assert all("; set " in what for what in missing)


def test_a_public_bucket_needs_no_key(scene: Scene, tmp_path: Path) -> None:
    bucket = at(scene, "s3://sentinel-cogs")
    assert missing_access(bucket, {"AWS_NO_SIGN_REQUEST": "YES"}, home=tmp_path) == ()
    assert len(missing_access(bucket, {}, home=tmp_path)) == 1
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").touch()
    assert missing_access(bucket, {}, home=tmp_path) == ()


def test_radar_behind_s3_needs_a_key_and_the_library_that_reads_its_xml(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xml = SideFile(href="s3://sentinel-s1-l1c/vv.xml", name="schema-product-vv")
    files = RadarFiles(annotation=xml, calibration=xml, noise=xml)
    radar = replace(at(scene, "s3://sentinel-s1-l1c"), radar={"vv": files})
    assert missing_access(radar, KEYS, home=tmp_path) == ()
    (what,) = missing_access(radar, {}, home=tmp_path)
    assert "AWS_SECRET_ACCESS_KEY" in what
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "s3fs" else found(name)
    )
    (what,) = missing_access(radar, KEYS, home=tmp_path)
    assert "gnomon[s3]" in what


def test_planetary_computer_needs_its_signing_library(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = replace(at(scene, "https://x.blob.core.windows.net"), signing="planetary-computer")
    found = importlib.util.find_spec
    for there in (None, found("json")):
        monkeypatch.setattr(
            importlib.util, "find_spec",
            lambda name, there=there: there if name == "planetary_computer" else found(name),
        )  # fmt: skip
        missing = missing_access(signed, {}, home=tmp_path)
        assert [what.partition("; ")[2] for what in missing] == (
            [] if there else ["pip install 'gnomon[planetary]'"]
        )
