"""Drawn ships: their bound against brute force, prior knowledge about the truth, and portions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gnomon.freeboard.descent import FREEBOARD
from gnomon.freeboard.hull import PARAMETERS, SURFACES
from gnomon.freeboard.image import cover_of_pixels
from gnomon.freeboard.invert import ship_prior
from gnomon.freeboard.rows import read_chip
from gnomon.validate import ships
from gnomon.validate.ships import Cell

COARSE = Cell(10.0, 30.0, 110.0)


def test_every_combination_is_measured_once():
    cells = ships.every_cell()
    assert len(set(cells)) == len(cells) == 27


def test_a_ship_does_not_depend_on_what_else_is_drawn():
    one, again = (ships.portrait_of(COARSE, 5, 3) for _ in range(2))
    other = ships.portrait_of(COARSE, 5, 4)
    assert one.ship == again.ship
    assert one.ship != other.ship
    band = next(iter(one.pixels.data_vars))
    assert (one.pixels[band] == again.pixels[band]).all()


@pytest.mark.parametrize(
    ("known", "length", "beam"), [("click", 13.6, 7.6), ("register", 1.0, 0.3)]
)
def test_prior_knowledge_scatters_about_the_truth_as_it_claims(known, length, beam):
    one = ships.portrait_of(COARSE, 5, 0)
    chips = [
        ships.chip_of_portrait(one, COARSE, np.random.default_rng(k), known) for k in range(200)
    ]
    for name, truth in (("length_m", one.ship.length_m), ("beam_m", one.ship.beam_m)):
        values = np.array([getattr(chip, name) for chip in chips])
        sigma = getattr(chips[0], name.replace("_m", "_sigma_m"))
        assert abs(values.mean() - truth) < 4 * sigma / np.sqrt(200)
        assert values.std() == pytest.approx(sigma, rel=0.2)
    assert chips[0].length_sigma_m == pytest.approx(length, rel=0.15)
    assert chips[0].beam_sigma_m == pytest.approx(beam, rel=0.15)
    turned = np.array([chip.heading_deg - one.ship.heading_deg for chip in chips])
    # Either end may be taken for the bow, as often as not.
    assert 0.3 < np.mean((turned + 90) % 360 > 180) < 0.7
    axis = (turned + 90) % 180 - 90
    assert axis.std() == pytest.approx(4.0, rel=0.2)


def test_ships_of_the_model_are_drawn_from_the_prior_that_is_fitted():
    drawn = [ships._own_ship(COARSE, np.random.default_rng(k)) for k in range(30)]
    away = []
    for chip, truth, _ in drawn:
        mean, precision = ship_prior(chip)
        z = np.linalg.cholesky(precision).T @ (truth - mean)
        away.append(np.delete(z, FREEBOARD))
    away = np.array(away)[:, [0, 1]]
    assert abs(away.mean()) < 0.45
    assert away.std() == pytest.approx(1.0, abs=0.3)


def test_the_bound_is_the_inverse_of_a_dense_fisher_information():
    """Band by band and pixel by pixel, with the full covariance of the noise."""
    cell = Cell(10.0, 30.0, 60.0)
    chip, truth, bound = ships._own_ship(cell, np.random.default_rng(2))
    sun = chip.sun_azimuth_deg  # the same stream gives the same shade, found from the bound itself
    assert np.isfinite(sun)
    _, slopes, maps = ships._expanded(chip, truth, 1.0)
    zone = np.clip(1 - maps[SURFACES.index("water")], 0, 1)
    clutter = ((1 - zone) * ships.WATER_CLUTTER**2 + zone * ships.SHIP_CLUTTER**2) * 0.3**2
    _, precision = ship_prior(chip)
    found = ships._bound(slopes, maps, clutter, precision)
    bands, surfaces = 4, len(SURFACES)
    size = len(PARAMETERS) + bands * surfaces
    information = np.zeros((size, size))
    for pixel in range(maps.shape[1]):
        jacobian = np.zeros((bands, size))
        jacobian[:, : len(PARAMETERS)] = slopes[:, :, pixel].T
        for band in range(bands):
            start = len(PARAMETERS) + band * surfaces
            jacobian[band, start : start + surfaces] = maps[:, pixel]
        noise = ships.INSTRUMENT_SIGMA**2 * np.eye(bands) + clutter[pixel]
        information += jacobian.T @ np.linalg.solve(noise, jacobian)
    prior = np.zeros((size, size))
    prior[: len(PARAMETERS), : len(PARAMETERS)] = precision
    prior[FREEBOARD] = prior[:, FREEBOARD] = 0.0
    for band in range(bands):
        start = len(PARAMETERS) + band * surfaces
        prior[range(start, start + surfaces), range(start, start + surfaces)] = 1 / 0.1**2
    shade = [len(PARAMETERS) + b * surfaces + SURFACES.index("shadow") for b in range(bands)]
    lit = np.array(ships._LEVELS["water"])
    covariance = np.outer(0.25 * lit, 0.25 * lit) + np.diag((0.08 * lit) ** 2)
    prior[np.ix_(shade, shade)] = np.linalg.inv(covariance)
    exact = np.sqrt(np.linalg.inv(information + prior)[FREEBOARD, FREEBOARD])
    # Clutter that all bands share is split off exactly only where bands see the same signal.
    assert found == pytest.approx(exact, rel=0.25)
    assert bound == pytest.approx(found, rel=0.5)


def test_slopes_are_those_of_the_image():
    chip, truth, _ = ships._own_ship(Cell(10.0, 40.0, 60.0), np.random.default_rng(0))
    image, slopes, maps = ships._expanded(chip, truth, 1.0)
    levels = np.array([ships._LEVELS.get(name, (0.0,) * 4) for name in SURFACES]).T
    assert_allclose(maps, cover_of_pixels(chip, truth))
    step = np.zeros(len(truth))
    step[FREEBOARD] = 0.01
    after = levels @ cover_of_pixels(chip, truth + step)
    assert_allclose((after - image) / 0.01, slopes[FREEBOARD], atol=2e-4)


def test_a_finer_pixel_or_a_lower_sun_lowers_the_bound():
    bounds = {
        cell: np.median([ships._own_ship(cell, np.random.default_rng(k))[2] for k in range(5)])
        for cell in (Cell(10.0, 60.0, 70.0), Cell(10.0, 25.0, 70.0), Cell(3.0, 25.0, 70.0))
    }
    assert list(bounds.values()) == sorted(bounds.values(), reverse=True)


def test_portions_hold_every_ship_once():
    cells = [COARSE, Cell(3.0, 30.0, 70.0)]
    numbers = [(cell, n) for cell, part in ships._portions(cells, 23) for n in part]
    assert numbers == [(cell, n) for cell in cells for n in range(23)]


def test_rows_have_truth_and_estimate_side_by_side():
    (row,) = ships._simulated(COARSE, range(2, 3), 5, "register")
    one = ships.portrait_of(COARSE, 5, 2)
    chip = ships.chip_of_portrait(one, COARSE, np.random.default_rng([5, 2, 1]), "register")
    assert row["freeboard_true_m"] == one.ship.freeboard_m
    assert row["laden"] == one.laden
    assert row["freeboard_m"] == read_chip(chip).load.freeboard_m
