"""The cascade on water that is drawn here: one row per hull, wherever a seam runs."""

import numpy as np
import odc.geo.xr
import pytest
import torch
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from gnomon.datamodel.study import DetectOptions
from gnomon.detect import cascade as detector
from gnomon.detect import tta as views
from gnomon.detect.cascade import find_hulls
from gnomon.detect.centernet.network import Maps
from gnomon.detect.hulls import Hulls, non_maximum_suppression
from gnomon.detect.proposals import CELL_PX
from gnomon.detect.weights import Weights, load
from gnomon.geo.tiles import windows

SIDE = 512
WATER = {"blue": 0.045, "green": 0.04, "red": 0.028, "nir": 0.02}
DECK = {"blue": 0.09, "green": 0.10, "red": 0.16, "nir": 0.17}


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load("s2-vessel")


def sea(side: int = SIDE, *, seed: int = 0) -> xr.Dataset:
    grid = GeoBox.from_bbox((0, 0, side * 10, side * 10), "EPSG:32653", resolution=10)
    rng = np.random.default_rng(seed)
    swell = rng.normal(0, 0.0015, grid.shape).astype(np.float32)
    return xr.Dataset(
        {band: odc.geo.xr.wrap_xr(np.float32(level) + swell, grid) for band, level in WATER.items()}
    )


def afloat(
    pixels: xr.Dataset,
    x: float,
    y: float,
    *,
    length: float = 14,
    beam: float = 2.4,
    angle: float = 30,
) -> None:
    """Draw a hull with soft edges, in place."""
    rows, columns = np.mgrid[: pixels.sizes["y"], : pixels.sizes["x"]] + 0.5
    turn = np.deg2rad(angle)
    dx, dy = columns - x, rows - y
    along = np.abs(dx * np.sin(turn) - dy * np.cos(turn))
    across = np.abs(dx * np.cos(turn) + dy * np.sin(turn))
    cover = np.clip(length / 2 - along + 0.5, 0, 1) * np.clip(beam / 2 - across + 0.5, 0, 1)
    for band, level in DECK.items():
        values = pixels[band].to_numpy()
        values += cover.astype(np.float32) * (np.float32(level) - values)


def open_water(pixels: xr.Dataset) -> xr.Dataset:
    shape = (pixels.sizes["y"], pixels.sizes["x"])
    everywhere = (("y", "x"), np.ones(shape, bool))
    nowhere = (("y", "x"), np.zeros(shape, bool))
    return xr.Dataset({"water": everywhere, "search": everywhere, "land": nowhere})


def found(pixels: xr.Dataset, weights: Weights, **layers: np.ndarray) -> Hulls:
    masks = open_water(pixels)
    for name, layer in layers.items():
        masks[name] = (("y", "x"), layer)
    return find_hulls(pixels, masks, weights=weights, options=DetectOptions())


SEAM = 3 * CELL_PX // 4
"""Where a raster of 1.5 cells is cut in two."""


@pytest.mark.parametrize("x", [SEAM - 1.0, SEAM - 0.4, SEAM, SEAM + 0.3, SEAM + 1.0])
@pytest.mark.parametrize("y", [SEAM - 0.5, SEAM + 0.5, SEAM + 40])
def test_a_ship_on_a_seam_between_cells_is_one_row(weights: Weights, x: float, y: float) -> None:
    pixels = sea(2 * SEAM)
    afloat(pixels, x, y)
    (hull,) = found(pixels, weights, water=np.zeros((2 * SEAM, 2 * SEAM), bool))
    assert hull[:2] == pytest.approx([x, y], abs=1.5)


@pytest.mark.parametrize("offset", [-1.2, -0.3, 0.0, 0.4, 1.1])
def test_a_ship_on_a_seam_between_windows_is_one_row(weights: Weights, offset: float) -> None:
    """The way `run` joins the windows of a tile, with windows of 160 pixels."""
    pixels = sea()
    afloat(pixels, 160 + offset, 160 - offset)
    parts = []
    for window in windows((SIDE, SIDE), core_px=160, halo_px=64):
        rows, columns = window.halo
        hulls = found(pixels.isel(y=rows, x=columns), weights)
        hulls[:, 0] += columns.start
        hulls[:, 1] += rows.start
        parts.append(hulls[window.claims(hulls[:, 0], hulls[:, 1])])
    assert len(non_maximum_suppression(np.concatenate(parts))) == 1


def test_ships_everywhere_are_all_found_once(weights: Weights) -> None:
    pixels, places = sea(), []
    for number, (x, y) in enumerate(
        (x, y) for x in range(24, SIDE, 48) for y in range(24, SIDE, 48)
    ):
        places.append((x, y))
        afloat(pixels, x, y, angle=17.0 * number)
    hulls = found(pixels, weights)
    assert len(hulls) == len(places)
    nearest = np.hypot(*(hulls[:, None, :2] - np.array(places)[None]).T).min(axis=1)
    assert nearest.max() < 2.0


def test_empty_water_has_no_ship_and_costs_no_network(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector, "_crop", lambda *_: pytest.fail("the network was asked"))
    assert len(found(sea(), weights)) == 0


def test_a_ship_where_no_hull_may_lie_is_not_told(weights: Weights) -> None:
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
        assert hull[2] == pytest.approx(18, abs=3.5)
        assert abs((hull[4] - angle + 90) % 180 - 90) < 6


@pytest.mark.parametrize("missing", ["blue", "green", "red", "nir"])
def test_a_missing_band_is_coped_with(weights: Weights, missing: str) -> None:
    pixels = sea()
    afloat(pixels, 200, 180, length=20, beam=3.2)
    (hull,) = found(pixels.drop_vars(missing), weights)
    assert hull[:2] == pytest.approx([200, 180], abs=2)


def test_nothing_seen_is_nothing_found(weights: Weights) -> None:
    pixels = sea() * np.float32(np.nan)
    assert len(found(pixels, weights)) == 0


def test_a_hull_at_the_edge_of_the_raster_is_found(weights: Weights) -> None:
    pixels = sea()
    afloat(pixels, 4, SIDE / 2, angle=0)
    (hull,) = found(pixels, weights)
    assert hull[:2] == pytest.approx([4, SIDE / 2], abs=2)


def test_finer_pixels_show_the_hulls_that_coarse_ones_show(weights: Weights) -> None:
    """Each pixel cut into nine: the same hulls, three times as many pixels long."""
    pixels = sea(192)
    afloat(pixels, 60, 70)
    afloat(pixels, 130, 120, angle=80)
    grid = pixels.odc.geobox
    fine = GeoBox((576, 576), grid.affine @ Affine.scale(1 / 3), grid.crs)
    cut = {n: odc.geo.xr.wrap_xr(v.to_numpy().repeat(3, 0).repeat(3, 1), fine)
           for n, v in pixels.data_vars.items()}  # fmt: skip
    coarse, finer = (found(p, weights) for p in (pixels, xr.Dataset(cut)))
    assert len(coarse) == 2
    np.testing.assert_allclose(finer[:, :4], 3 * coarse[:, :4], rtol=1e-3)
    np.testing.assert_allclose(finer[:, 4:], coarse[:, 4:], rtol=1e-3)


class Drawn(torch.nn.Module):
    """Two peaks alike: the left within hull, the right on water."""

    def forward(self, bands: torch.Tensor, _: torch.Tensor, background: None) -> Maps:
        assert background is None
        chips, _, height, width = bands.shape
        centre = torch.full((chips, 1, height // 2, width // 2), -9.0)
        hull = torch.full_like(centre, -2.0)
        hull[..., : width // 4] = 2.0
        row, left, right = height // 4, width // 8, 3 * width // 8
        centre[..., row, left] = centre[..., row, right] = -1.0
        size = (
            torch.log(torch.tensor([12.0, 2.5]))[:, None, None]
            .expand(chips, 2, *hull.shape[2:])
            .clone()
        )
        return Maps(centre, torch.zeros_like(size), size, torch.ones_like(size), hull, hull / 4)


@pytest.mark.parametrize("body", [0.0, 0.5])
def test_the_map_of_hulls_weighs_what_the_model_says(
    weights: Weights, monkeypatch: pytest.MonkeyPatch, body: float
) -> None:
    monkeypatch.setattr(views, "DOUBT", (1.0, 1.0))  # one look: another would draw elsewhere
    pixels = sea(128)
    afloat(pixels, 60, 60)
    values = {"body": body, "slope": 1.0, "intercept": 0.0, "threshold": 0.01, "tanker_slope": 1.0}
    drawn = Weights(weights.model.model_copy(update=values), Drawn())
    hulls = found(pixels, drawn, water=np.zeros((128, 128), bool))
    left, right = hulls[np.argsort(hulls[:, 0])]
    assert left[5] == pytest.approx(1 / (1 + np.exp(1.0 - 2.0 * body)), abs=1e-4)
    assert right[5] == pytest.approx(1 / (1 + np.exp(1.0 + 2.0 * body)), abs=1e-4)
    # p_tanker: the logit of the head at the peak, which is hull / 4 here.
    assert left[7] == pytest.approx(1 / (1 + np.exp(-0.5)), abs=1e-4)
    assert np.isnan(found(pixels, weights, water=np.zeros((128, 128), bool))[:, 7]).all()
