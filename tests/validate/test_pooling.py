"""Numbers of the pooling, found again on readings that were made with known ones."""

import numpy as np
import pytest

from gnomon.freeboard.pooled import pool
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.state import Evidence
from gnomon.physics.hydrostatics import tankers
from gnomon.validate.amortised import raycast_of
from gnomon.validate.pooling import ReadShip, fitted_pooling, read_ships
from gnomon.validate.ships import Cell

SHIPS = tankers(110.0, 17.0, length_sigma_m=1.0, beam_sigma_m=0.3)
GRID = np.linspace(0.02, 13.0, 400)


def read_alike(rng: np.random.Generator, *, sigma: float, said: float, sun: float) -> ReadShip:
    """A ship whose network errs by sigma and says another error; the fit says nothing new."""
    truth = rng.uniform(4, 7)
    one = np.ones((1, 1))
    laden = bool(rng.random() < 0.5)
    posterior = FreeboardMixture(
        one, (truth + sigma * rng.normal()) * one, said * one, np.array([8.0 if laden else -8.0])
    )
    evidence = Evidence(GRID, -0.5 * ((GRID - 5.5) / 60) ** 2, 0.0)
    return ReadShip(Cell(3.0, sun, 110.0), truth, laden, posterior, evidence, SHIPS)


def test_intervals_that_are_too_narrow_are_widened_under_the_sun_where_they_are() -> None:
    rng = np.random.default_rng(3)
    ships = [read_alike(rng, sigma=0.6, said=0.3, sun=20.0) for _ in range(100)]
    ships += [read_alike(rng, sigma=0.3, said=0.3, sun=60.0) for _ in range(100)]
    pooling = fitted_pooling(ships)
    low, high = pooling.widen[0]
    assert 1.4 < low < 2.4
    assert 0.8 < high < 1.35
    held = []
    for ship in ships:
        belief = pool(
            ship.posterior,
            gsd_m=3.0,
            sun_elevation_deg=ship.cell.sun_elevation_deg,
            evidence=ship.evidence,
            ships=ship.ships,
            pooling=pooling,
        )
        held.append(belief.quantile(0.05) < ship.freeboard_m < belief.quantile(0.95))
    assert 0.83 < np.mean(held) < 0.97


def test_evidence_that_says_nothing_changes_no_odds() -> None:
    rng = np.random.default_rng(4)
    ships = [read_alike(rng, sigma=0.3, said=0.3, sun=20.0) for _ in range(30)]
    assert fitted_pooling(ships).network_weight[0] > 0.9


def test_ships_are_read_by_network_and_fit() -> None:
    (ship,) = read_ships([Cell(3.0, 30.0, 110.0)], raycast_of, 5, 1)
    assert ship.freeboard_m == raycast_of(Cell(3.0, 30.0, 110.0), 5, 0).truth.freeboard_m
    assert ship.posterior.log_lr_laden.shape == (1,)
    assert ship.evidence.outlier == pytest.approx(0.01, abs=0.07)
