"""Planet's metadata as Planet writes it, and real chips of PlanetScope."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.warp import transform

from gnomon.imagery.read import read_pixels
from own_images import (
    PLANET,
    made,
    numbers,
    only,
    scenes,
    write_image,
    write_planet,
    write_table,
)


def test_a_delivery_of_planet(tmp_path: Path) -> None:
    """Eight bands, surface reflectance, a mask of usable pixels, and the picture."""
    folder = tmp_path / "images" / "PSScene"
    write_planet(folder)
    values = numbers(8)
    values[:, :10] = 0
    start = folder / PLANET["id"]  # type: ignore[operator]
    write_image(Path(f"{start}_3B_AnalyticMS_SR_8b_harmonized_clip.tif"), values, gsd_m=3)
    write_image(Path(f"{start}_3B_udm2_clip.tif"), numbers(8, data_type="uint8"), gsd_m=3)
    write_image(Path(f"{start}_3B_Visual_clip.tif"), numbers(4, data_type="uint8"), gsd_m=3)
    answer = made(tmp_path / "images")
    scene = only(answer)
    assert scene.id == "20241105_021000_72_105e_3B_AnalyticMS_SR_8b_harmonized_clip"
    assert {name: asset.band for name, asset in scene.assets.items()} == {
        "blue": 2, "green": 4, "red": 6, "nir": 8,
    }  # fmt: skip
    pixels = read_pixels(scene, None)
    oracle = values[7].astype("f4") * np.float32(1e-4)
    np.testing.assert_array_equal(pixels.nir.to_numpy(), np.where(values[7] == 0, np.nan, oracle))
    assert scene.seen_at == datetime(2024, 11, 5, 2, 10, 0, 722684, UTC)
    assert (scene.sun_azimuth_deg, scene.sun_elevation_deg) == (168.4, 30.4)
    assert scene.view_azimuth_deg == 285.7
    # asin(sin(3.1) (1 + 475 / 6371)), worked out by hand
    assert scene.view_zenith_deg == pytest.approx(3.332, abs=1e-3)
    assert scene.platform == "planetscope-105e"
    assert (scene.cloud_percent, scene.gsd_m) == (7, 3)
    assert scene.processed_at == datetime(2024, 11, 5, 9, 3, 40, tzinfo=UTC)
    assert [note.split(": ")[1].split(";")[0] for note in answer.notes] == [
        "a mask of usable pixels, not an image",
        f"shows what PSScene/{scene.id}.tif shows",
    ]


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("PSScene", 4, {"blue": 1, "green": 2, "red": 3, "nir": 4}),
        ("PSScene", 3, {"red": 1, "green": 2, "blue": 3}),
        ("SkySatScene", 4, {"blue": 1, "green": 2, "red": 3, "nir": 4}),
        ("SkySatCollect", 1, {"pan": 1}),
        ("REOrthoTile", 5, {"blue": 1, "green": 2, "red": 3, "nir": 5}),
    ],
)
def test_orders_of_bands_of_planet(
    tmp_path: Path, kind: str, count: int, expected: dict[str, int]
) -> None:
    write_planet(tmp_path / "images", "bay.json", item_type=kind)
    write_image(tmp_path / "images" / "bay.tif", numbers(count))
    scene = only(made(tmp_path / "images"))
    assert {name: asset.band for name, asset in scene.assets.items()} == expected
    # The direction of SkySat's azimuth is in doubt, and so is left to a table.
    assert (scene.view_azimuth_deg is None) == (kind != "PSScene")
    assert scene.view_zenith_deg is not None


def test_real_chips_of_planetscope(shared_data: Path, tmp_path: Path) -> None:
    """Two chips as GeoTIFFs in UTM: the table's sun was computed by another program."""
    source = shared_data / "planet-3m"
    if not (source / "chips.csv").is_file():
        pytest.skip(f"no chips at {source}")
    chips = pd.read_csv(source / "chips.csv").query("label_ship == 1").drop_duplicates("scene_id")
    rows = []
    for chip in chips.iloc[[0, -1]].itertuples():
        with rasterio.open(source / "chips" / chip.file) as file:
            values = file.read([1, 2, 3])
        (x,), (y,) = transform("EPSG:4326", "EPSG:32610", [chip.lon], [chip.lat])
        write_image(
            tmp_path / "images" / f"{chip.scene_id}.tif", values, gsd_m=3,
            corner=(x - 120, y + 120), crs="EPSG:32610",
        )  # fmt: skip
        rows.append({"file": f"{chip.scene_id}.tif", "seen_at": chip.datetime_utc})
    found = scenes(made(tmp_path / "images", table=write_table(tmp_path, *rows)))
    for chip in chips.iloc[[0, -1]].itertuples():
        scene = found[chip.scene_id]
        assert scene.sun_elevation_deg == pytest.approx(chip.sun_elevation_deg, abs=0.06)
        assert scene.sun_azimuth_deg == pytest.approx(chip.sun_azimuth_deg, abs=0.2)
        with rasterio.open(source / "chips" / chip.file) as file:
            for place, band in enumerate(("red", "green", "blue"), start=1):
                oracle = file.read(place)
                np.testing.assert_array_equal(read_pixels(scene, None)[band].to_numpy(), oracle)
