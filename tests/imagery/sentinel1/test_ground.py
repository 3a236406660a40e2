"""Lines and samples on a map: against the orbit's own formulas, and there and back."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.scene import Scene
from gnomon.geo.geoid import undulation_m
from gnomon.imagery.sentinel1.ground import RadarGround, ground_grid
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.workflow.plan import plan
from radar_scenes import PLACE, box_m, radar_spec, radar_study, write_radar


@pytest.fixture(scope="module")
def scene(radar_sea: Path) -> Scene:
    return plan(radar_study(radar_sea)).observations[0].scene


@pytest.fixture(scope="module")
def ground(scene: Scene) -> RadarGround:
    return RadarGround.of(scene, ground_grid(scene, box_m(-1500, -1500, 1500, 1500)))


def orbit_pixels(
    column: np.ndarray, row: np.ndarray, grid: GeoBox, **orbit: bool
) -> tuple[np.ndarray, ...]:
    """Lines and samples by the closed form, at the height of the sea."""
    x, y = grid.affine @ (column, row)
    lon, lat = Transformer.from_crs(str(grid.crs), "EPSG:4326", always_xy=True).transform(x, y)
    return radar_spec(orbit=orbit).orbit.pixels(lon, lat, float(undulation_m(*PLACE)))


def test_places_are_those_of_the_orbit(ground: RadarGround) -> None:
    column, row = np.array([10.0, 150.0, 290.0]), np.array([280.0, 140.0, 20.0])
    line, sample = ground.in_image(column, row)
    wanted = orbit_pixels(column, row, ground.grid)
    np.testing.assert_allclose([line, sample], wanted, atol=0.01)
    np.testing.assert_allclose(ground.on_map(line, sample), [column, row], atol=0.01)


def test_between_the_nodes_straight_lines_will_do(ground: RadarGround) -> None:
    part = ground.grid[37:180, 60:211]
    line, sample = ground.part_in_image(part)
    rows, columns = np.mgrid[37:180, 60:211] + 0.5
    wanted = ground.in_image(columns, rows)
    np.testing.assert_allclose([line, sample], wanted, atol=0.05)
    window = ground.window(part)
    assert window is not None
    column, row = ground.window_on_map(window)
    grid = np.meshgrid(window.rows, window.columns, indexing="ij")
    np.testing.assert_allclose([column, row], ground.on_map(*grid), atol=0.05)


def test_a_window_holds_its_part_and_little_else(ground: RadarGround) -> None:
    part = ground.grid[50:150, 100:260]
    window = ground.window(part)
    assert window is not None
    line, sample = ground.part_in_image(part)
    assert window.top <= line.min() < line.max() <= window.top + window.lines - 1
    assert window.left <= sample.min() < sample.max() <= window.left + window.samples - 1
    assert window.lines * window.samples < 1.6 * 100 * 160


def test_what_the_image_does_not_show_is_not_there(ground: RadarGround) -> None:
    far = ground.grid.translate_pix(5000, 0)
    assert ground.window(far) is None
    edge = ground.grid.pad(150)
    window = ground.window(edge)
    assert window is not None
    assert (window.top, window.left) == (0, 0)
    assert (window.lines, window.samples) == (440, 440)
    line, _ = ground.part_in_image(edge)
    assert np.isnan(line[0, 0])
    assert np.isfinite(line[300, 300])
    layer = xr.Dataset({"seen": (("line", "sample"), np.ones((440, 440), bool))})
    seen = ground.layers_on_map(layer, window, edge)["seen"].to_numpy()
    assert not seen[0, 0]
    assert seen[300, 300]


def test_an_area_beyond_the_footprint_is_refused(scene: Scene) -> None:
    with pytest.raises(AssetError, match="the area lies outside this scene"):
        ground_grid(scene, box_m(50_000, 0, 51_000, 1_000))


@pytest.mark.parametrize("northward", [True, False])
def test_boxes_keep_their_place_size_and_axis(tmp_path: Path, northward: bool) -> None:
    """Also where lines and samples are a mirror image of the map."""
    spec = radar_spec(orbit={"northward": northward}, ships=(), polarisations=("vv",))
    scene = plan(radar_study(write_radar(tmp_path, [spec]))).observations[0].scene
    ground = RadarGround.of(scene, ground_grid(scene, box_m(-1500, -1500, 1500, 1500)))
    window = GridWindow(100, 80, 200, 200)
    boxes = OrientedBoxes.of([100.0, 40.0], [90.0, 150.0], [20.0, 12.0], [4.0, 3.0], [0.0, 90.0])
    placed = ground.boxes_on_map(boxes, window)
    # A box along the lines' direction lies along the track, one across it along range.
    wanted = orbit_pixels(
        placed.x.astype(float), placed.y.astype(float), ground.grid, northward=northward
    )
    np.testing.assert_allclose(wanted[0], boxes.y - 0.5 + window.top, atol=0.1)
    np.testing.assert_allclose(wanted[1], boxes.x - 0.5 + window.left, atol=0.1)
    assert placed.length[0] == pytest.approx(20 * 1.013, rel=0.01)  # a line is 10.13 m
    assert placed.length[1] == pytest.approx(12, rel=0.01)
    assert placed.beam[1] == pytest.approx(3 * 1.013, rel=0.01)
    assert abs(placed.angle[0] - placed.angle[1]) == pytest.approx(90, abs=0.5)
    along = ground.towards_satellite_deg(150, 150) + 90
    # North of the grid is 1.3 degrees west of north.
    assert (placed.angle[0] - along - 1.3 + 90) % 180 == pytest.approx(90, abs=0.1)


def test_the_satellite_is_where_the_orbit_has_it(ground: RadarGround) -> None:
    assert ground.towards_satellite_deg(150, 150) == pytest.approx(270 + 4, abs=1.5)
    sample = orbit_pixels(np.array([150.0]), np.array([150.0]), ground.grid)[1]
    wanted = float(radar_spec().orbit.incidence_deg(sample)[0])
    assert ground.incidence_deg(150, 150) == pytest.approx(wanted, abs=0.02)


def test_a_picture_shows_each_place_where_it_is(ground: RadarGround) -> None:
    """A picture of the numbers of lines is the lines of the map's pixels."""
    part = ground.grid[100:140, 120:170]
    window = ground.window(part)
    assert window is not None
    lines = np.broadcast_to(window.rows[:, None], (window.lines, window.samples))
    pixels = xr.Dataset({"vv": (("line", "sample"), lines.astype(np.float32))})
    shown = ground.picture(pixels, window, part)["vv"].to_numpy()
    np.testing.assert_allclose(shown, ground.part_in_image(part)[0], atol=0.01)
