"""Where land and water are: as given, by an optical background, by a shoreline."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from catalogs import write_raster
from gnomon.datamodel.errors import AssetError, StudyError
from gnomon.datamodel.scene import Asset, Scene
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery import coast as module
from gnomon.imagery.coast import LAND, UNKNOWN, WATER, coast_of, codes_at, land_codes
from radar_scenes import write_land
from simulated import BOX

GRID = BOX
EAST = Geometry(shapely.box(601_440, 4_660_000, 610_000, 4_680_000), BOX.crs)
"""The right half."""
LAND_IN_THE_EAST = EAST.to_crs("EPSG:4326").geom


def test_land_as_given_is_exact_and_leaves_nothing_unknown(tmp_path: Path) -> None:
    write_land(tmp_path / "land.geojson", LAND_IN_THE_EAST)
    coast = coast_of(GRID, land=tmp_path / "land.geojson", background=None, options=MaskOptions())
    assert coast.source == "land as given"
    assert (coast.codes[:, :143] == WATER).all()
    assert (coast.codes[:, 145:] == LAND).all()


def test_along_a_shoreline_a_band_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "coastline_land", lambda _: LAND_IN_THE_EAST)
    coast = coast_of(GRID, land=None, background=None, options=MaskOptions())
    assert coast.source == "a shoreline, 500 m along it unknown"
    row = coast.codes[100]
    assert np.flatnonzero(row == UNKNOWN).tolist() == pytest.approx(range(94, 194), abs=1)
    assert (row[:94] == WATER).all()
    assert (row[195:] == LAND).all()


@pytest.fixture
def background(tmp_path: Path) -> Scene:
    """Dark water in the west, bright and leafy land in the east, on a grid of its own."""
    grid = GeoBox((200, 240), BOX.affine, BOX.crs)
    green = np.full((200, 240), 0.05)
    nir = np.full((200, 240), 0.02)
    green[:, 144:], nir[:, 144:] = 0.08, 0.30
    assets = {}
    for name, values in (("green", green), ("nir", nir)):
        dn = np.round(values * 10_000).astype(np.uint16)
        path = write_raster(tmp_path / f"{name}.tif", dn, transform=grid.affine, crs=str(grid.crs))
        assets[name] = Asset(href=str(path), name=name, scale=1e-4)
    outline = grid.extent.to_crs("EPSG:4326").geom
    return Scene(
        id="background", collection="c", platform="p", sensor="optical", gsd_m=10.0,
        seen_at=datetime(2024, 1, 1, tzinfo=UTC), footprint=outline, assets=assets,
    )  # fmt: skip


def test_an_optical_background_says_what_it_shows_and_nothing_else(background: Scene) -> None:
    coast = coast_of(GRID, land=None, background=background, options=MaskOptions())
    assert coast.source == "the port's optical background"
    assert (coast.codes[:200, 2:140] == WATER).all()
    assert (coast.codes[2:198, 148:236] == LAND).all()
    assert (coast.codes[202:] == UNKNOWN).all()


def test_a_damaged_background_is_an_error_and_no_reason_for_a_worse_source(
    background: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "coastline_land", lambda _: LAND_IN_THE_EAST)
    elsewhere = GeoBox(GRID.shape, GRID.affine.translation(700_000, 4_680_000)
                       @ GRID.affine.scale(10, -10), GRID.crs)  # fmt: skip
    far = coast_of(elsewhere, land=None, background=background, options=MaskOptions())
    assert far.source.startswith("a shoreline")
    path = Path(background.assets["nir"].href)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(AssetError, match="nir"):
        coast_of(GRID, land=None, background=background, options=MaskOptions())


def test_land_that_is_given_is_believed_more_than_a_background(
    background: Scene, tmp_path: Path
) -> None:
    write_land(tmp_path / "land.geojson", None)
    coast = coast_of(
        GRID, land=tmp_path / "land.geojson", background=background, options=MaskOptions()
    )
    assert (coast.codes == WATER).all()


def test_codes_at_places_are_those_of_the_pixel_and_unknown_beyond() -> None:
    coast = module.CoastMap(GRID, land_codes(LAND_IN_THE_EAST, GRID, unknown_m=0), "")
    x, y = np.array([10.9, 200.1, -0.1, 288.0]), np.array([0.0, 255.9, 5.0, 5.0])
    assert codes_at(coast, x, y).tolist() == [WATER, LAND, UNKNOWN, UNKNOWN]


def test_a_file_of_land_with_a_fault_is_named(tmp_path: Path) -> None:
    write_land(tmp_path / "land.geojson", shapely.Point(1, 2))
    with pytest.raises(StudyError, match=r"land\.geojson.*"):
        coast_of(GRID, land=tmp_path / "land.geojson", background=None, options=MaskOptions())
