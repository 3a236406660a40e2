"""Own images through the common door: pixels against rasterio, the sun against pvlib."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping, shape

from commands import called
from gnomon.datamodel.errors import AssetError, CatalogError
from gnomon.imagery.read import geobox_of, read_pixels
from own_images import (
    MS,
    NOON,
    VOSTOCHNY,
    made,
    numbers,
    only,
    write_image,
)

COUNTS = (
    "no scale is given, so the numbers stay counts; for reflectance x 10000 give --scale 1e-4, "
    "for Sentinel-2's true colour of 8 bits --scale 0.00139"
)

NO_VIEW = "no view angles, so fewer loads can be determined; give --view-zenith and --view-azimuth"


@pytest.mark.parametrize(
    ("count", "data_type", "bands", "expected"),
    [
        (1, "uint16", None, {"pan": 1}),
        (1, "uint8", None, {"pan": 1}),
        (3, "uint8", None, {"red": 1, "green": 2, "blue": 3}),
        (4, "uint16", MS, {"blue": 1, "green": 2, "red": 3, "nir": 4}),
        (4, "uint8", MS, {"blue": 1, "green": 2, "red": 3, "nir": 4}),
        (2, "float32", "green nir", {"green": 1, "nir": 2}),
        (3, "uint16", "swir22, Red, pan", {"red": 2}),
    ],
)
def test_pixels_come_out_as_the_file_has_them(
    tmp_path: Path, count: int, data_type: str, bands: str | None, expected: dict[str, int]
) -> None:
    values = numbers(count, data_type=data_type)
    path = write_image(tmp_path / "images" / "bay.tif", values)
    scene = only(made(path.parent, seen_at=NOON, bands=bands, scale=2e-4, offset=-0.1))
    assert {name: asset.band for name, asset in scene.assets.items()} == expected
    assert scene.gsd_m == 0.5
    pixels = read_pixels(scene, None)
    assert set(pixels) == set(expected)
    with rasterio.open(path) as file:
        grid = geobox_of(scene)
        assert (grid.affine, grid.shape.yx) == (file.transform, file.shape)
        assert grid.crs == file.crs.to_wkt()
        for name, place in expected.items():
            oracle = file.read(place).astype("f4") * np.float32(2e-4) + np.float32(-0.1)
            np.testing.assert_array_equal(pixels[name].to_numpy(), oracle)


def test_an_area_of_a_panchromatic_scene(tmp_path: Path) -> None:
    values = numbers(1)
    write_image(tmp_path / "images" / "bay.tif", values)
    scene = only(made(tmp_path / "images", seen_at=NOON))
    left, top = VOSTOCHNY
    area = shape(
        transform_geom(
            "EPSG:32652", "EPSG:4326", mapping(box(left + 5.1, top - 9.9, left + 9.9, top - 5.1))
        )
    )
    pixels = read_pixels(scene, area)
    np.testing.assert_array_equal(pixels.pan.to_numpy(), values[0, 10:20, 10:20])


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({}, "time: is missing; give it by --seen-at, a column seen_at"),
        ({"seen_at": "2024-11-05T14:10:00Z"}, "time: at .* the sun stood .* below its horizon"),
        ({"seen_at": NOON, "bands": "blue,green"}, "bands: has 1, and 2 names are given"),
        ({"seen_at": NOON, "bands": "coastal"}, "bands: are not named"),
        ({"seen_at": NOON, "sun_azimuth_deg": 100, "sun_elevation_deg": 30}, "sun: the one given"),
    ],
)
def test_metadata_that_do_not_fit_the_file(
    tmp_path: Path, metadata: dict[str, Any], why: str
) -> None:
    write_image(tmp_path / "images" / "bad.tif", numbers(1))
    answer = made(tmp_path / "images", **metadata)
    assert answer.path is None
    assert not (tmp_path / "catalog").exists()
    with pytest.raises(AssetError, match=f"^bad.tif, {why}"):
        raise answer.faults[0]


def test_marks_that_cut_an_address_short(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "bay #1.tif", numbers(1))
    (fault,) = made(tmp_path / "images", seen_at=NOON).faults
    assert str(fault) == "bay #1.tif, name: has #, which cuts an address short; rename it"
    (tmp_path / "images").rename(tmp_path / "which?")
    with pytest.raises(CatalogError, match=r"has \?, which cuts an address short"):
        made(tmp_path / "which?", seen_at=NOON)


def test_files_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "one" / "a.tif", numbers(1))
    write_image(tmp_path / "images" / "two" / "a.tif", numbers(1))
    answer = made(tmp_path / "images", seen_at=NOON)
    assert [fault.item for fault in answer.faults] == ["one/a.tif", "two/a.tif"]
    assert "one/a.tif and two/a.tif would have one id" in str(answer.faults[0])


def test_the_order_of_files_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "images"
    for place, name in enumerate(("c", "a", "b")):
        write_image(folder / f"{name}.tif", numbers(1), corner=(64e4 + 900 * place, 4.734e6))
    (folder / "z.tif").write_text("<html>log in</html>")
    first = made(folder, seen_at=NOON)
    texts = {path.name: path.read_bytes() for path in (tmp_path / "catalog").rglob("*.json")}
    listed = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: reversed([*listed(self, pattern)]))
    again = made(folder, seen_at=NOON)
    assert (again.items, str(again.faults)) == (first.items, str(first.faults))
    assert {p.name: p.read_bytes() for p in listed(tmp_path / "catalog", "*.json")} == texts


def test_the_command_counts_what_went_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "images", tmp_path / "catalog"
    write_image(folder / "a.tif", numbers(4))
    words = ("catalog", folder, "--out", out, "--seen-at", NOON, "--bands", MS)
    assert called(monkeypatch, *words, "--scale", "1e-4", "--offset", "-0.1") == 0
    said = capsys.readouterr()
    assert said.out == f"{out}/catalog.json\n1 image, 0 left out\n"
    assert said.err == f"note: a.tif: {NO_VIEW}\n"
    write_image(folder / "b.tif", numbers(1), crs=None)
    assert called(monkeypatch, *words) == 3
    said = capsys.readouterr()
    assert said.out.endswith("1 image, 1 left out\n")
    assert said.err.splitlines() == [
        f"note: a.tif: {COUNTS}",
        f"note: a.tif: {NO_VIEW}",
        "left out: b.tif, grid: has no CRS; gdal_edit.py -a_srs EPSG:CODE writes the right one in",
    ]
    shutil.rmtree(out)
    (folder / "a.tif").unlink()
    assert called(monkeypatch, *words) == 1
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["left out", "gnomon"]
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("none",), "there is no such folder"),
        (("empty",), "there is no GeoTIFF"),
        (("images", "--seen-at", "2024-11-05T11:10:00"), "2024-11-05T11:10:00 has no zone"),
        (("images", "--seen-at", NOON, "--collection", "sentinel-2-l2a"), "is a known mission"),
        (("images", "--seen-at", NOON, "--collection", "a/b"), "cannot name a collection"),
    ],
)  # fmt: skip
def test_a_fault_of_the_whole_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    why: str,
) -> None:
    (tmp_path / "empty").mkdir()
    write_image(tmp_path / "images" / "a.tif", numbers(1))
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, "catalog", *words, "--out", "out") == 1
    said = capsys.readouterr().err
    assert said.startswith("gnomon: ")
    assert why in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()
