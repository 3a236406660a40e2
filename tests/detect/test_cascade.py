"""The cascade on water that is drawn here: one box per hull, wherever a seam runs."""

import numpy as np
import odc.geo.xr
import pytest
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from drawn_sea import SIDE, afloat, found, open_water, sea
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.study import DetectOptions
from gnomon.detect import cascade
from gnomon.detect.calibration import UNCALIBRATED
from gnomon.detect.cascade import Cascade
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.proposals import TILE_PX
from gnomon.detect.tta import uncertain_tiles
from gnomon.detect.weights import Weights, load
from gnomon.geo.tiles import windows


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load("s2-vessel")


SEAM = 3 * TILE_PX // 4
"""Where a raster of 1.5 tiles is cut in two."""


@pytest.mark.parametrize("x", [SEAM - 1.0, SEAM - 0.4, SEAM, SEAM + 0.3, SEAM + 1.0])
@pytest.mark.parametrize("y", [SEAM - 0.5, SEAM + 0.5, SEAM + 40])
def test_a_ship_on_a_seam_between_tiles_is_one_box(weights: Weights, x: float, y: float) -> None:
    pixels = sea(2 * SEAM)
    afloat(pixels, x, y)
    (hull,) = found(pixels, weights, water=np.zeros((2 * SEAM, 2 * SEAM), bool))
    assert (hull.x, hull.y) == pytest.approx((x, y), abs=1.5)


@pytest.mark.parametrize("offset", [-1.2, -0.3, 0.0, 0.4, 1.1])
def test_a_ship_on_a_seam_between_windows_is_one_box(weights: Weights, offset: float) -> None:
    """The way `run` joins the windows of a tile, with windows of 160 pixels."""
    pixels = sea()
    afloat(pixels, 160 + offset, 160 - offset)
    parts = []
    for window in windows((SIDE, SIDE), core_px=160, halo_px=64):
        rows, columns = window.halo
        hulls = found(pixels.isel(y=rows, x=columns), weights)
        hulls = hulls.shifted(columns.start, rows.start)
        parts.append(hulls[window.claims(hulls.x, hulls.y)])
    assert len(non_maximum_suppression(OrientedBoxes.concatenate(parts))) == 1


def test_what_lies_outside_the_searched_ground_is_not_read_again(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, read = sea(), []
    for x, y in ((100.0, 100.0), (400.0, 120.0), (270.0, 300.0)):
        afloat(pixels, x, y)

    def noted(boxes: OrientedBoxes, shape: tuple[int, int]) -> object:
        read.append(boxes)
        return uncertain_tiles(boxes, shape)

    monkeypatch.setattr(cascade, "uncertain_tiles", noted)
    left = np.broadcast_to(np.arange(SIDE) < SIDE // 2, (SIDE, SIDE)).copy()
    (hull,) = found(pixels, weights, water=np.zeros((SIDE, SIDE), bool), search=left)
    assert (hull.x, hull.y) == pytest.approx((100, 100), abs=1.5)
    (boxes,) = read
    assert len(boxes) > 0
    assert (boxes.x < SIDE // 2).all()


def test_ships_everywhere_are_all_found_once(weights: Weights) -> None:
    pixels, places = sea(), []
    for number, (x, y) in enumerate(
        (x, y) for x in range(24, SIDE, 48) for y in range(24, SIDE, 48)
    ):
        places.append((x, y))
        afloat(pixels, x, y, angle=17.0 * number)
    hulls = found(pixels, weights)
    assert len(hulls) == len(places)
    nearest = np.hypot(*(hulls.centres[:, None] - np.array(places)[None]).T).min(axis=1)
    assert nearest.max() < 2.0


def test_empty_water_has_no_ship_and_no_crop_is_read(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cascade, "_crop", lambda *_: pytest.fail("the network was asked"))
    assert len(found(sea(), weights)) == 0


def test_a_ship_where_no_hull_may_lie_is_not_found(weights: Weights) -> None:
    pixels = sea()
    afloat(pixels, 200, 200)
    search = np.ones((SIDE, SIDE), bool)
    search[150:250, 150:250] = False
    assert len(found(pixels, weights, search=search)) == 0


def test_length_and_axis_are_those_of_the_hull(weights: Weights) -> None:
    for angle in (0, 45, 90, 135, 160):
        pixels = sea()
        afloat(pixels, 200.3, 180.7, length=18, beam=3, angle=angle)
        (hull,) = found(pixels, weights)
        assert hull.length == pytest.approx(18, abs=3.5)
        assert abs((hull.angle - angle + 90) % 180 - 90) < 6


@pytest.mark.parametrize("missing", ["blue", "green", "red", "nir"])
def test_a_ship_is_found_without_any_one_band(weights: Weights, missing: str) -> None:
    pixels = sea()
    afloat(pixels, 200, 180, length=20, beam=3.2)
    (hull,) = found(pixels.drop_vars(missing), weights)
    assert (hull.x, hull.y) == pytest.approx((200, 180), abs=2)


def test_pixels_without_values_have_no_ship(weights: Weights) -> None:
    pixels = sea() * np.float32(np.nan)
    assert len(found(pixels, weights)) == 0


def test_a_hull_at_the_edge_of_the_raster_is_found(weights: Weights) -> None:
    pixels = sea()
    afloat(pixels, 4, SIDE / 2, angle=0)
    (hull,) = found(pixels, weights)
    assert (hull.x, hull.y) == pytest.approx((4, SIDE / 2), abs=2)


@pytest.mark.parametrize(("factor", "side"), [(3, 192), (32, 64)])
def test_finer_pixels_give_the_boxes_of_coarse_ones(
    weights: Weights, factor: int, side: int
) -> None:
    """Each pixel repeated: at 3.3 m, and at 0.3125 m, the lower end of the range."""
    pixels = sea(side)
    afloat(pixels, 30, 34)
    if side > 64:
        afloat(pixels, 130, 120, angle=80)
    coarse, finer = (found(p, weights) for p in (pixels, resized(pixels, factor)))
    assert len(coarse) == 1 + (side > 64)
    expected = coarse.scaled(factor)
    for name in ("x", "y", "length", "beam", "angle", "score", "quayside", "p_tanker"):
        np.testing.assert_allclose(getattr(finer, name), getattr(expected, name), rtol=1e-3)


def resized(pixels: xr.Dataset, factor: int) -> xr.Dataset:
    """Each pixel cut into factor x factor."""
    grid = pixels.odc.geobox
    shape = (factor * grid.shape.y, factor * grid.shape.x)
    fine = GeoBox(shape, grid.affine @ Affine.scale(1 / factor), grid.crs)
    cut = {n: v.to_numpy().repeat(factor, 0).repeat(factor, 1) for n, v in pixels.data_vars.items()}
    return xr.Dataset({n: odc.geo.xr.wrap_xr(v, fine) for n, v in cut.items()})


@pytest.mark.parametrize(("step", "shape"), [(3, (10, 14)), (2, (4, 4)), (5, (26, 9))])
def test_averages_are_those_of_a_loop_and_masks_take_the_majority(
    step: int, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(step)
    grid = GeoBox(shape, Affine(10, 0, 500, 0, -10, 900), "EPSG:32653")
    values, mask = rng.random(shape, np.float32), rng.random(shape) < 0.6
    layers = {"nir": odc.geo.xr.wrap_xr(values, grid), "water": odc.geo.xr.wrap_xr(mask, grid)}
    coarse = cascade._averaged(xr.Dataset(layers), grid, step)
    assert coarse.nir.shape == (shape[0] // step, shape[1] // step)
    for row, column in np.ndindex(coarse.nir.shape):
        square = np.s_[row * step : (row + 1) * step, column * step : (column + 1) * step]
        assert coarse.nir[row, column] == pytest.approx(values[square].mean(), rel=1e-5)
        assert coarse.water[row, column] == (mask[square].mean() >= 0.5)
    # A square lies where its pixels lie.
    x, y = coarse.odc.geobox.affine @ (1.0, 1.0)
    assert (x, y) == pytest.approx(grid.affine @ (step, step))


@pytest.mark.parametrize("gsd_m", [0.2, 15.0, 30.0])
def test_pixels_outside_the_range_of_the_weights_are_refused(
    weights: Weights, gsd_m: float
) -> None:
    grid = GeoBox.from_bbox((0, 0, 64 * gsd_m, 64 * gsd_m), "EPSG:32653", shape=(64, 64))
    pixels = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.zeros(grid.shape, np.float32), grid)})
    with pytest.raises(WeightsError, match=rf"pixels of {gsd_m:g} m are outside the 0.3 to 14 m"):
        found(pixels, weights)


def test_raw_scores_are_calibrated_and_an_option_overrides_the_threshold(weights: Weights) -> None:
    pixels = sea(192)
    afloat(pixels, 60, 70)
    afloat(pixels, 130, 120, length=7, beam=2, angle=80)
    masks = open_water(pixels)
    raw = Weights(weights.model.model_copy(update={"calibration": UNCALIBRATED}), weights.network)
    lowest = DetectOptions(threshold=0.02)
    plain, calibrated = (Cascade(w, lowest).find(pixels, masks) for w in (raw, weights))
    expected = weights.model.calibration.score(plain.score)
    kept = expected >= 0.02
    np.testing.assert_allclose(np.sort(calibrated.score), np.sort(expected[kept]), rtol=1e-4)
    # The shipped weights have no curve for p_tanker.
    assert np.isnan(calibrated.p_tanker).all()
    assert np.isfinite(plain.p_tanker).all()
    strict = Cascade(weights, DetectOptions()).find(pixels, masks)
    assert len(strict) == (calibrated.score >= weights.model.calibration.threshold).sum()
