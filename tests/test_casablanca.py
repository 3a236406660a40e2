"""The labelled scene that travels with the repository: whole, small, valid and attributed."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pystac
import pytest
import rasterio
import shapely

from gnomon.datamodel.shipped import shipped

FOLDER = shipped("configs") / "casablanca"
BANDS = ("blue", "green", "red", "nir", "swir16")


@pytest.fixture(scope="module")
def item() -> pystac.Item:
    catalog = pystac.Catalog.from_file(str(FOLDER / "catalog.json"))
    (only,) = catalog.get_items(recursive=True)
    return only


def test_the_catalogue_is_valid_stac_and_leads_to_one_scene(item: pystac.Item) -> None:
    assert item.get_collection().id == "sentinel-2-l2a"
    schema = json.loads((FOLDER / "collection.json").read_text(encoding="utf-8"))
    assert schema["license"] == "other"
    pystac.Catalog.from_file(str(FOLDER / "catalog.json")).validate()


def test_its_files_are_small_tiled_and_of_one_grid(item: pystac.Item) -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1.2e6
    grids = set()
    for band in BANDS:
        with rasterio.open(item.assets[band].get_absolute_href()) as raster:
            assert raster.profile["tiled"]
            assert raster.overviews(1)
            grids.add((raster.crs.to_epsg(), raster.transform, raster.shape))
            pixels = raster.read(1, masked=True)
            # Reflectance of a harbour in daylight: dark water, bright roofs.
            assert 100 < np.ma.median(pixels) < 3000
    assert len(grids) == 1


def test_every_label_lies_in_the_scene(item: pystac.Item) -> None:
    outlines = gpd.read_file(item.assets["ships"].get_absolute_href())
    assert len(outlines) == item.properties["ship_count"] == 15
    assert outlines.within(shapely.geometry.shape(item.geometry)).all()


def test_licence_and_attribution_travel_with_it(item: pystac.Item) -> None:
    licence = (FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    assert "MIT License" in licence
    assert "Copyright (c) 2023 ShipDetectionExperts" in licence
    said = "Contains modified Copernicus Sentinel data 2023"
    assert said in licence
    assert said in item.properties["attribution"]


def test_pixels_and_labels_are_those_of_the_data_set(shared_data: Path) -> None:
    source = shared_data / "s2-ports" / "val" / "S2_casablanca_20230426"
    for band in BANDS:
        assert (FOLDER / f"{band}.tif").read_bytes() == (source / f"{band}.tif").read_bytes()
    ours, theirs = (gpd.read_file(place / "ships.geojson") for place in (FOLDER, source))
    assert shapely.equals_exact(ours.geometry, theirs.geometry).all()
