"""Land and pictures of ports: of the clearest scene, at their true place, and drawn once."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from PIL import Image
from pyproj import Transformer

from executors import Deadly
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.study import Study
from gnomon.imagery.read import read_pixels
from gnomon.workflow import port_pictures as drawing
from gnomon.workflow.plan import plan
from gnomon.workflow.port_pictures import (
    WIDTH_MAX_PX,
    overview,
    port_land,
    port_pictures,
    shows_land,
)
from gnomon.workflow.store import Store
from servers import Fault, FileServer
from simulated import BOX

AREA = BOX.geographic_extent.geom


@pytest.fixture(scope="module")
def observations(sea: Path) -> list[Observation]:
    study = Study.model_validate({"name": "test", "catalog": {"url": str(sea)}})
    found = plan(study).observations
    return [replace(one, port=replace(one.port, name="p", area=AREA)) for one in found]


def table_of(observations: list[Observation], usable: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_digest": [one.digest for one in observations],
            "status": "observed",
            "usable_fraction": usable,
        }
    )


def test_a_scene_that_ends_its_process_costs_its_picture_alone(
    observations: list[Observation], tmp_path: Path
) -> None:
    rows, store = table_of(observations, [0.2, 0.9, 0.5]), Store(tmp_path)
    assert len(port_pictures(rows, observations, store, Deadly())[1]) == 0
    assert len(port_pictures(rows, observations, store)[1]) == 1


def test_what_the_network_did_not_give_is_drawn_by_the_next_run(sea: Path, tmp_path: Path) -> None:
    with FileServer(sea.parent) as server:
        catalog = {"url": f"{server.url}/{sea.name}"}
        study = Study.model_validate({"name": "test", "catalog": catalog})
        remote = [replace(one, port=replace(one.port, name="p", area=AREA))
                  for one in plan(study).observations]  # fmt: skip
        rows = table_of(remote, [0.9, 0.2, 0.5])
        server.faults["/april-04/green.tif"] = Fault(status=404)
        assert len(port_pictures(rows, remote, Store(tmp_path))[1]) == 0
        server.faults.clear()
        assert len(port_pictures(rows, remote, Store(tmp_path))[1]) == 1
    assert len(port_pictures(rows, remote, Store(tmp_path))[1]) == 1


def test_a_port_is_drawn_from_its_clearest_scene_and_once(
    observations: list[Observation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    true_read = drawing.read_pixels

    def read(scene: Any, area: Any) -> xr.Dataset:
        asked.append(scene.id)
        return true_read(scene, area)

    monkeypatch.setattr(drawing, "read_pixels", read)
    rows = table_of(observations, [0.2, 0.9, 0.5])
    for _ in range(2):
        shores, views = port_pictures(rows, observations, Store(tmp_path))
        for found in (shores, views):
            names = list(zip(found.port, found.scene_id, strict=True))
            assert names == [("p", observations[1].scene.id)]
        assert views.seen_at.iloc[0] == observations[1].scene.seen_at
    assert asked == [observations[1].scene.id]


def test_a_scene_that_is_gone_costs_the_picture_and_stops_nothing(
    observations: list[Observation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(scene: Any, _: Any) -> xr.Dataset:
        raise AssetError(scene.id, "red", "the file is not there")

    monkeypatch.setattr(drawing, "read_pixels", fail)
    shores, views = port_pictures(
        table_of(observations, [0.2, 0.9, 0.5]), observations, Store(tmp_path)
    )
    assert len(shores) == len(views) == 0
    assert "picture" in views


def test_land_is_what_the_mask_calls_land_and_no_hull(
    observations: list[Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the truth: a peninsula of 300 m and a hull of 100 m by 20 m."""
    dry = np.zeros(BOX.shape.yx, bool)
    dry[100:130, :60] = True
    dry[30:32, 100:110] = True
    true_layers = drawing.usable_water

    def layers(pixels: Any, options: Any) -> Any:
        made = true_layers(pixels, options)
        return made.assign(land=(("y", "x"), dry))

    monkeypatch.setattr(drawing, "usable_water", layers)
    pixels = read_pixels(observations[0].scene, AREA)
    found = gpd.GeoSeries([port_land(pixels, AREA, observations[0].options.mask)], crs="EPSG:4326")
    drawn = found.to_crs(BOX.crs).iloc[0]
    truth = shapely.box(0, 100, 60, 130)
    truth = shapely.transform(truth, lambda xy: np.column_stack(BOX.affine @ (xy[:, 0], xy[:, 1])))
    assert drawn.symmetric_difference(truth).area < 0.02 * truth.area


def test_radar_fine_pixels_and_scenes_without_colours_or_infrared_show_no_land(
    observations: list[Observation],
) -> None:
    scene = observations[0].scene
    assert shows_land(scene)
    assert not shows_land(replace(scene, gsd_m=3.0))
    assert not shows_land(replace(scene, sensor="sar"))
    colours = {name: scene.assets[name] for name in ("blue", "green", "red")}
    assert shows_land(replace(scene, assets=colours))
    del colours["blue"]
    assert not shows_land(replace(scene, assets=colours))


def mercator_y(latitude_deg: np.ndarray | float) -> np.ndarray:
    """The textbook's formula, for a sphere of radius 1."""
    return np.log(np.tan(np.pi / 4 + np.radians(latitude_deg) / 2))


@settings(max_examples=20)
@given(
    zone=st.integers(1, 60),
    north_m=st.floats(500_000, 7_500_000),
    side=st.integers(60, 900),
    row=st.floats(0.2, 0.8),
    column=st.floats(0.2, 0.8),
)
def test_a_bright_spot_lies_at_its_longitude_and_latitude(
    zone: int, north_m: float, side: int, row: float, column: float
) -> None:
    """Where pyproj says that it lies, to within two pixels of the picture."""
    grid = GeoBox((side, side), Affine(10, 0, 560_000, 0, -10, north_m), f"EPSG:{32600 + zone}")
    light = np.full((side, side), 0.05, np.float32)
    y, x, reach = int(row * side), int(column * side), max(side // 60, 1)
    light[y - reach : y + reach + 1, x - reach : x + reach + 1] = 1.0
    layers = dict.fromkeys(("red", "green", "blue"), (("y", "x"), light))
    made = overview(xr.Dataset(layers, coords=xr_coords(grid, dims=("y", "x"))))
    image = Image.open(io.BytesIO(made["picture"]))
    width, height = image.size
    assert width <= min(WIDTH_MAX_PX + 1, side + 1)
    grey = np.asarray(image.convert("L")).astype(float)
    rows, columns = np.nonzero(grey > 200)
    east, north = grid.affine @ (x + 0.5, y + 0.5)
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(east, north)
    across = (lon - made["west"]) / (made["east"] - made["west"]) * width
    top, bottom = mercator_y(made["north"]), mercator_y(made["south"])
    down = (top - mercator_y(lat)) / (top - bottom) * height
    assert columns.mean() + 0.5 == pytest.approx(across, abs=2)
    assert rows.mean() + 0.5 == pytest.approx(down, abs=2)


def test_ground_beyond_the_scene_is_transparent() -> None:
    grid = GeoBox((100, 100), Affine(10, 0, 700_000, 0, -10, 6_500_000), "EPSG:32652")
    light = np.full((100, 100), 0.05, np.float32)
    light[:, :30] = np.nan
    layers = dict.fromkeys(("red", "green", "blue"), (("y", "x"), light))
    made = overview(xr.Dataset(layers, coords=xr_coords(grid, dims=("y", "x"))))
    alpha = np.asarray(Image.open(io.BytesIO(made["picture"])))[..., 3]
    middle = alpha[alpha.shape[0] // 2]
    assert middle[: int(0.2 * len(middle))].max() == 0
    assert middle[int(0.4 * len(middle)) : int(0.9 * len(middle))].min() == 255
