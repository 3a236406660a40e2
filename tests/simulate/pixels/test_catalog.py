"""Simulated scenes on disk: read back to the last count, valid STAC, whole or absent."""

import itertools
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pystac
import pytest
import rasterio
from shapely.geometry import shape

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.study import CatalogOptions
from gnomon.imagery.quality import Quality
from gnomon.imagery.read import read_pixels
from gnomon.simulate.pixels.catalog import scene_item, write_catalog, write_scene
from gnomon.simulate.pixels.scene import SceneSpec, simulate
from simulated import spec


def small(day: int, rows: int = 40, columns: int = 60) -> SceneSpec:
    """Open water, cut small."""
    whole = spec(day)
    return replace(whole, geobox=whole.geobox[:rows, :columns])


def test_a_catalogue_is_read_back_to_the_last_count(tmp_path: Path) -> None:
    scene = spec(24)
    pixels, truth = simulate(scene, scl=True)
    item = write_scene(tmp_path, scene, pixels, truth)
    path = write_catalog(tmp_path, [item], description="one scene")
    (found,) = find_scenes(CatalogOptions(url=str(path)), area=None).scenes
    assert found.collection == "synthetic-sentinel-2"
    assert found.sun_elevation_deg == pytest.approx(scene.light.sun_elevation_deg)
    again = read_pixels(found, None)
    for band in ("blue", "green", "red", "nir"):
        np.testing.assert_allclose(again[band], pixels[band], atol=0.51e-4)
    with rasterio.open(tmp_path / scene.id / "swir16.tif") as file:
        assert file.res == (20.0, 20.0)
    np.testing.assert_array_equal(again.quality == Quality.WATER, pixels.scl == 6)
    cloudy = pixels.scl.isin((8, 9, 10))
    np.testing.assert_array_equal(again.quality == Quality.CLOUD, cloudy)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".part")]


def test_the_catalogue_is_valid_stac_and_knows_its_extent(tmp_path: Path) -> None:
    specs = [small(day) for day in (4, 14)]
    specs[1] = replace(specs[1], collection="synthetic-daily-3m", id="other")
    items = [write_scene(tmp_path, one, *simulate(one)) for one in specs]
    path = write_catalog(tmp_path, items, description="two collections")
    root = pystac.Catalog.from_file(str(path))
    assert {child.id for child in root.get_children()} == {
        "synthetic-sentinel-2", "synthetic-daily-3m",
    }  # fmt: skip
    for one, item in itertools.product(specs, root.get_items(recursive=True)):
        item.validate()
        if item.id == one.id:
            assert item.datetime == one.seen_at
            outline = one.geobox.extent.to_crs("EPSG:4326").geom
            assert shape(item.geometry).symmetric_difference(outline).area < 1e-12
            assert item.collection_id == one.collection
    for child in root.get_children():
        assert isinstance(child, pystac.Collection)
        child.validate()
        (interval,) = child.extent.temporal.intervals
        assert interval[0] == interval[1]


def test_the_labels_are_the_truth(tmp_path: Path) -> None:
    scene = spec(14)
    pixels, truth = simulate(scene)
    item = write_scene(tmp_path, scene, pixels, truth)
    labels = gpd.read_file(tmp_path / scene.id / "ships.geojson")
    assert item.assets["ships"].roles == ["labels"]
    assert labels.length_m.tolist() == pytest.approx(truth.length_m.tolist())
    read, drawn = (frame.to_crs(32652).geometry for frame in (labels, truth))
    overlap = read.intersection(drawn).area / drawn.area
    assert (overlap > 0.999).all()


@pytest.mark.parametrize(("rows", "columns"), [(40, 60), (41, 60), (40, 61)])
def test_coarse_bands_have_half_as_many_pixels_where_that_divides_the_scene(
    tmp_path: Path, rows: int, columns: int
) -> None:
    scene = small(4, rows, columns)
    write_scene(tmp_path, scene, *simulate(scene, scl=True))
    even = rows % 2 == columns % 2 == 0
    for band, step in (("green", 1), ("swir16", 2 if even else 1), ("scl", 2 if even else 1)):
        with rasterio.open(tmp_path / scene.id / f"{band}.tif") as file:
            assert file.shape == (rows // step, columns // step)
            assert file.bounds == pytest.approx(tuple(scene.geobox.extent.boundingbox))


def test_no_measured_pixel_is_nodata(tmp_path: Path) -> None:
    scene = small(4)
    pixels, truth = simulate(scene)
    write_scene(tmp_path, scene, pixels * 0, truth)
    with rasterio.open(tmp_path / scene.id / "red.tif") as file:
        assert file.nodata == 0
        assert np.all(file.read(1) == 1)


def test_an_item_is_described_alike_before_and_after_its_files_are_written(
    tmp_path: Path,
) -> None:
    scene = small(24)
    pixels, truth = simulate(scene, scl=True)
    bands = [str(name) for name in pixels]
    written = write_scene(tmp_path, scene, pixels, truth)
    assert scene_item(scene, bands).to_dict() == written.to_dict()


def test_a_scene_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    scene = small(4)
    pixels, truth = simulate(scene)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_scene(tmp_path / "file", scene, pixels, truth)
    broken = pixels.assign(red=pixels.red.astype("complex64"))
    with pytest.raises((TypeError, ValueError, np.exceptions.ComplexWarning)):
        write_scene(tmp_path, scene, broken, truth)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
