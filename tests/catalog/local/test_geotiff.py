"""Bands, masks and footprints against rasterio; every bad file in one line."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.warp import transform
from shapely.geometry import Point, shape

from gnomon.datamodel.errors import AssetError
from gnomon.imagery.read import read_pixels
from own_images import (
    MS,
    NOON,
    VOSTOCHNY,
    made,
    numbers,
    only,
    outline_of,
    scenes,
    write_image,
    write_planet,
)


@pytest.mark.parametrize(
    ("descriptions", "expected"),
    [
        (("Near-Infrared", "Red", "green", "BLUE"), {"nir": 1, "red": 2, "green": 3, "blue": 4}),
        (("coastal_blue", "blue", "green_i", "green"), {"blue": 2, "green": 4}),
        (("B1", "PAN", "", "x"), {"pan": 2}),
    ],
)
def test_bands_by_their_descriptions(
    tmp_path: Path, descriptions: tuple[str, ...], expected: dict[str, int]
) -> None:
    write_image(tmp_path / "images" / "bay.tif", numbers(4), descriptions=descriptions)
    scene = only(made(tmp_path / "images", seen_at=NOON))
    assert {name: asset.band for name, asset in scene.assets.items()} == expected


def test_what_alpha_or_a_mask_hides_was_not_seen(tmp_path: Path) -> None:
    rgba = numbers(4, data_type="uint8")
    rgba[3] = 255
    rgba[:, :, :20] = 0
    write_image(tmp_path / "images" / "visual.tif", rgba)
    grey = np.concatenate([numbers(1), np.full((1, 40, 60), 65535, "uint16")])
    grey[1, 5, 30] = 0
    colours = (ColorInterp.gray, ColorInterp.alpha)
    write_image(tmp_path / "images" / "grey.tif", grey, colours=colours, corner=(650_000, 4.7e6))
    found = scenes(made(tmp_path / "images", seen_at=NOON))
    visual = read_pixels(found["visual"], None)
    assert set(visual) == {"red", "green", "blue"}
    assert np.isnan(visual["green"].to_numpy()[:, :20]).all()
    np.testing.assert_array_equal(visual["green"].to_numpy()[:, 20:], rgba[1, :, 20:])
    pan = read_pixels(found["grey"], None)["pan"].to_numpy()
    assert np.argwhere(np.isnan(pan)).tolist() == [[5, 30]]
    # Its outline is that of what was seen: two thirds of the grid.
    whole = shape(outline_of(tmp_path / "images" / "visual.tif"))
    assert found["visual"].footprint.area == pytest.approx(whole.area * 2 / 3, rel=1e-3)


def test_a_fourth_band_of_eight_bits_is_infrared_where_somebody_says_so(tmp_path: Path) -> None:
    """GDAL writes it as alpha by default, and dark water has 0 there."""
    values = numbers(4, data_type="uint8")
    values[3, 3, 4] = 0
    write_image(tmp_path / "images" / "bay.tif", values)
    pixels = read_pixels(only(made(tmp_path / "images", seen_at=NOON, bands=MS)), None)
    for place, name in enumerate(MS.split(",")):
        np.testing.assert_array_equal(pixels[name].to_numpy(), values[place])


def test_nodata_scale_and_offset_of_the_file(tmp_path: Path) -> None:
    values = numbers(1).astype("int16")
    values[0, :5] = -9999
    path = write_image(tmp_path / "images" / "bay.tif", values, nodata=-9999)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (1e-3,), (0.25,)
    scene = only(made(tmp_path / "images", seen_at=NOON))
    pan = read_pixels(scene, None)["pan"].to_numpy()
    assert np.isnan(pan[:5]).all()
    np.testing.assert_allclose(pan[5:], values[0, 5:] * 1e-3 + 0.25, rtol=1e-6)


@given(turn=st.floats(0, 45), size=st.integers(30, 1500))
def test_the_footprint_holds_all_that_was_seen_and_little_more(
    tmp_path_factory: pytest.TempPathFactory, turn: float, size: int
) -> None:
    """A frame that lies askew in its grid, as frames do."""
    y, x = (np.indices((size, size)) - size / 2) / size
    angle = math.radians(turn)
    along = x * math.cos(angle) + y * math.sin(angle)
    across = y * math.cos(angle) - x * math.sin(angle)
    seen = (abs(along) < 0.3) & (abs(across) < 0.3)
    folder = tmp_path_factory.mktemp("askew") / "images"
    write_image(folder / "bay.tif", (seen * 7).astype("uint8")[None], nodata=0)
    outline = only(made(folder, seen_at=NOON)).footprint
    rows, columns = np.nonzero(seen)
    some = slice(None, None, max(1, rows.size // 500))
    left, top = VOSTOCHNY
    longitudes, latitudes = transform(
        "EPSG:32652", "EPSG:4326",
        left + (columns[some] + 0.5) * 0.5, top - (rows[some] + 0.5) * 0.5,
    )  # fmt: skip
    assert all(outline.contains(Point(*p)) for p in zip(longitudes, latitudes, strict=True))
    whole = shape(outline_of(folder / "bay.tif"))
    margin = 8 / min(size, 1000)
    assert outline.area / whole.area < 0.36 * (1 + margin) ** 2 + margin


def test_an_image_over_the_antimeridian_is_in_two_parts(tmp_path: Path) -> None:
    corner = (817_500.0, 8_119_500.0)  # 180 degrees lies at 819 452
    write_image(
        tmp_path / "images" / "a.tif", numbers(1, 300, 400), gsd_m=10, corner=corner,
        crs="EPSG:32760",
    )  # fmt: skip
    scene = only(made(tmp_path / "images", seen_at="2024-11-05T00:10:00Z"))
    assert scene.footprint.geom_type == "MultiPolygon"
    assert scene.footprint.area < 0.01 * 4
    assert scene.sun_elevation_deg == pytest.approx(81, abs=5)


def askew(path: Path) -> None:
    write_image(path, numbers(1), transform=Affine(0.5, 0.1, 640e3, 0.1, -0.5, 4.734e6))


def southward(path: Path) -> None:
    write_image(path, numbers(1), transform=Affine(0.5, 0, 640e3, 0, 0.5, 4.734e6))


def oblong(path: Path) -> None:
    write_image(path, numbers(1), transform=Affine(0.5, 0, 640e3, 0, -0.6, 4.734e6))


def in_degrees(path: Path) -> None:
    write_image(path, numbers(1), crs="EPSG:4326", transform=Affine(1e-5, 0, 130.7, 0, -1e-5, 42.7))


def mercator(path: Path) -> None:
    write_image(path, numbers(1), crs="EPSG:3857", corner=(14.55e6, 5.27e6))


def in_feet(path: Path) -> None:
    write_image(path, numbers(1), crs="EPSG:2227", corner=(6_000_000, 2_100_000))


def without_crs(path: Path) -> None:
    write_image(path, numbers(1), crs=None)


def by_points(path: Path) -> None:
    points = [
        GroundControlPoint(row, col, 130.7 + col * 1e-5, 42.7 - row * 1e-5)
        for row, col in ((0, 0), (0, 60), (40, 0), (40, 60))
    ]
    write_image(path, numbers(1), crs="EPSG:4326", gcps=points, transform=None)


def page(path: Path) -> None:
    path.write_text("<html>log in</html>")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def short(path: Path) -> None:
    write_image(path, numbers(1, 400, 600))
    path.write_bytes(path.read_bytes()[:200_000])


def nothing_seen(path: Path) -> None:
    write_image(path, np.zeros((1, 40, 60), "uint8"), nodata=0)


def unnamed(path: Path) -> None:
    write_image(path, numbers(5))


def colour_table(path: Path) -> None:
    write_image(path, numbers(1, data_type="uint8"), photometric="palette")
    with rasterio.open(path, "r+") as file:
        file.write_colormap(1, {n: (n, n, n, 255) for n in range(256)})


def complex_numbers(path: Path) -> None:
    write_image(path, numbers(1).astype("complex64"))


def beside_nonsense(path: Path) -> None:
    write_image(path, numbers(1))
    path.with_suffix(".json").write_text('{"cornerCoordinates": []}')


def beside_another_place(path: Path) -> None:
    write_planet(path.parent, f"{path.stem}_metadata.json")
    write_image(path, numbers(1), corner=(700_000, 4_734_000))


def beside_another_sun(path: Path) -> None:
    write_planet(path.parent, f"{path.stem}_metadata.json", acquired="2024-11-05T03:10:00Z")
    write_image(path, numbers(1))


BAD = [
    (askew, "grid: is not north up; gdalwarp -t_srs EPSG:32652 makes it so"),
    (southward, "grid: is not north up; gdalwarp -t_srs EPSG:32652"),
    (oblong, "grid: has pixels of 0.5 x 0.6 m, and they must be square; gdalwarp -tr 0.5 0.5"),
    (in_degrees, "grid: is in degrees, and must be in metres; gdalwarp -t_srs EPSG:32652"),
    (mercator, "grid: has units of 0.73.* x 0.73.* m on the ground, not 1 m; gdalwarp -t_srs"),
    (in_feet, "grid: has units of 0.305 x 0.305 m on the ground, .* -t_srs EPSG:32610"),
    (without_crs, "grid: has no CRS; gdal_edit.py -a_srs"),
    (by_points, "grid: is not orthorectified; gdalwarp "),
    (page, "file: cannot be read .*; fetch it again"),
    (empty, "file: cannot be read .*; fetch it again"),
    (short, "file: cannot be read .*; fetch it again"),
    (nothing_seen, "pixels: are all nodata; leave the file out"),
    (unnamed, "bands: are not named in the file, which has 5; give --bands, as blue,green"),
    (colour_table, "pixels: are numbers of a colour table; gdal_translate -expand rgb"),
    (complex_numbers, "pixels: are complex64; gnomon reads optical images"),
    (beside_nonsense, "metadata: bad.json is not a Planet item .*; mend it, or move it away"),
    (beside_another_place, "metadata: bad_metadata.json is of another place; mend or remove it"),
    (beside_another_sun, r"sun: the one given \(azimuth 168.4, .*\) is 1\d degrees from where it"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "why"), BAD)
def test_a_bad_file_is_reported_in_one_line_and_the_rest_goes_in(
    tmp_path: Path, spoil: Any, why: str
) -> None:
    folder = tmp_path / "images"
    write_image(folder / "good.tif", numbers(1))
    spoil(folder / "bad.tif")
    answer = made(folder, seen_at=NOON)
    assert answer.items == ("good",)
    (fault,) = answer.faults
    assert isinstance(fault, AssetError)
    assert str(fault).startswith("bad.tif, ")
    assert "\n" not in str(fault)
    with pytest.raises(AssetError, match=why):
        raise fault
