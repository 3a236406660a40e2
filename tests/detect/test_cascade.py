"""The cascade on water that is drawn here: one row per hull, wherever a seam runs."""

import numpy as np
import odc.geo.xr
import pytest
import torch
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from drawn_sea import SIDE, afloat, found, sea
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect import cascade as detector
from gnomon.detect import tta as views
from gnomon.detect.centernet.network import Maps
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.proposals import CELL_PX
from gnomon.detect.weights import Weights, load
from gnomon.geo.tiles import windows


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load("s2-vessel")


SEAM = 3 * CELL_PX // 4
"""Where a raster of 1.5 cells is cut in two."""


@pytest.mark.parametrize("x", [SEAM - 1.0, SEAM - 0.4, SEAM, SEAM + 0.3, SEAM + 1.0])
@pytest.mark.parametrize("y", [SEAM - 0.5, SEAM + 0.5, SEAM + 40])
def test_a_ship_on_a_seam_between_cells_is_one_row(weights: Weights, x: float, y: float) -> None:
    pixels = sea(2 * SEAM)
    afloat(pixels, x, y)
    (hull,) = found(pixels, weights, water=np.zeros((2 * SEAM, 2 * SEAM), bool))
    assert (hull.x, hull.y) == pytest.approx((x, y), abs=1.5)


@pytest.mark.parametrize("offset", [-1.2, -0.3, 0.0, 0.4, 1.1])
def test_a_ship_on_a_seam_between_windows_is_one_row(weights: Weights, offset: float) -> None:
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
        assert hull.length == pytest.approx(18, abs=3.5)
        assert abs((hull.angle - angle + 90) % 180 - 90) < 6


@pytest.mark.parametrize("missing", ["blue", "green", "red", "nir"])
def test_a_missing_band_is_coped_with(weights: Weights, missing: str) -> None:
    pixels = sea()
    afloat(pixels, 200, 180, length=20, beam=3.2)
    (hull,) = found(pixels.drop_vars(missing), weights)
    assert (hull.x, hull.y) == pytest.approx((200, 180), abs=2)


def test_nothing_seen_is_nothing_found(weights: Weights) -> None:
    pixels = sea() * np.float32(np.nan)
    assert len(found(pixels, weights)) == 0


def test_a_hull_at_the_edge_of_the_raster_is_found(weights: Weights) -> None:
    pixels = sea()
    afloat(pixels, 4, SIDE / 2, angle=0)
    (hull,) = found(pixels, weights)
    assert (hull.x, hull.y) == pytest.approx((4, SIDE / 2), abs=2)


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
    expected = coarse.scaled(3)
    for name in ("x", "y", "length", "beam", "angle", "score", "quayside", "p_tanker"):
        np.testing.assert_allclose(getattr(finer, name), getattr(expected, name), rtol=1e-3)


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
    left, right = hulls[np.argsort(hulls.x)]
    assert left.score == pytest.approx(1 / (1 + np.exp(1.0 - 2.0 * body)), abs=1e-4)
    assert right.score == pytest.approx(1 / (1 + np.exp(1.0 + 2.0 * body)), abs=1e-4)
    # p_tanker: the logit of the head at the peak, which is hull / 4 here.
    assert left.p_tanker == pytest.approx(1 / (1 + np.exp(-0.5)), abs=1e-4)
    assert np.isnan(found(pixels, weights, water=np.zeros((128, 128), bool)).p_tanker).all()
