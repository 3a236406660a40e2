"""The least squares against dense algebra, finite differences and scipy's minimiser."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from gnomon.freeboard import descent
from gnomon.freeboard.bins import binned
from gnomon.freeboard.descent import FREEBOARD, HEADING, LENGTH, K, P
from gnomon.freeboard.hull import Points, cover
from gnomon.freeboard.image import sight_of
from gnomon.freeboard.invert import ship_prior
from model_ships import model_chip, true_ship

ALL = tuple(range(P))


def problem_of(chip, *, sigma=0.003):
    """White noise and a broad prior of the reflectances, which dense algebra can follow."""
    bins = binned(chip)
    bands = len(bins.values)
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(bands * K, bands * K)) * 0.02
    mean, precision = ship_prior(chip)
    blur = torch.tensor([bins.blur_along_m])
    return descent.Problem(
        points=Points(
            torch.tensor(bins.east_m[None]), torch.tensor(bins.north_m[None]), blur, blur
        ),
        sight=sight_of(chip),
        values=torch.tensor(bins.values),
        weight=torch.full(bins.values.shape, sigma**-2, dtype=torch.float64),
        level_mean=torch.tensor(rng.normal(size=bands * K) * 0.05),
        level_precision=torch.tensor(np.linalg.inv(spread @ spread.T + 0.05 * np.eye(bands * K))),
        mean=torch.tensor(mean),
        precision=torch.tensor(precision),
        step=torch.tensor([0.05, 0.05, 0.05, 0.05, 1e-3, 0.05, 0.1, 0.004, 0.004, 0.02]).double(),
    )


@pytest.fixture(scope="module")
def problem():
    return problem_of(model_chip(3.0, gsd=10.0, bands=2))


def near(problem, seed=0):
    """A ship a little off the prior mean."""
    spread = np.linalg.cholesky(np.linalg.inv(problem.precision.numpy()))
    ship = problem.mean.numpy() + 0.5 * spread @ np.random.default_rng(seed).normal(size=P)
    return torch.tensor(ship)[None]


def design(problem, ship):
    """The image of a ship as a dense matrix: (bands * bins, bands * K)."""
    maps = cover(ship, problem.points, problem.sight)[0].numpy()
    return np.kron(np.eye(len(problem.values)), maps.T)


def test_the_marginal_likelihood_is_the_one_of_a_dense_normal(problem):
    """F without the prior of the ship: -log N(y; M a0, M S M' + noise), but for a constant."""
    values, offsets = problem.values.numpy().ravel(), []
    for seed in range(3):
        ship = near(problem, seed)
        m = design(problem, ship)
        prior = np.linalg.inv(problem.level_precision.numpy())
        noise = np.diag(1 / problem.weight.numpy().ravel())
        exact = multivariate_normal(m @ problem.level_mean.numpy(), m @ prior @ m.T + noise)
        away = problem.off_prior(ship)[0]
        ship_prior_term = 0.5 * float(away @ problem.precision @ away)
        f = float(descent.objective(problem, ship)) - ship_prior_term
        offsets.append(f + exact.logpdf(values))
    assert np.ptp(offsets) < 1e-4 * abs(offsets[0])


def test_the_reflectances_are_the_ridge_solution(problem):
    ship = near(problem)
    m = design(problem, ship)
    precision, mean = problem.level_precision.numpy(), problem.level_mean.numpy()
    weight = problem.weight.numpy().ravel()
    normal = m.T @ (weight[:, None] * m) + precision
    right = m.T @ (weight * problem.values.numpy().ravel()) + precision @ mean
    marginal = descent.marginalise(problem, cover(ship, problem.points, problem.sight))
    assert_allclose(marginal.levels.numpy().ravel(), np.linalg.solve(normal, right), rtol=1e-6)
    rest = problem.values.numpy().ravel() - m @ marginal.levels.numpy().ravel()
    off = marginal.levels.numpy().ravel() - mean
    chi2 = weight @ rest**2 + off @ precision @ off
    assert_allclose(2 * float(marginal.half_chi2), chi2, rtol=1e-8)


def test_the_gradient_is_that_of_the_energy(problem):
    """The log determinant is left out of the gradient on purpose, and so of the differences."""

    def energy(ship):
        maps = cover(ship, problem.points, problem.sight)
        away = problem.off_prior(ship)
        prior = 0.5 * (away * (away @ problem.precision)).sum(1)
        return float(descent.marginalise(problem, maps).half_chi2 + prior)

    fine = replace(problem, step=problem.step * 1e-3)
    ship = near(problem)
    found = descent.expand(fine, ship, fine.points, ALL).gradient[0].numpy()
    for k in ALL:
        step = torch.zeros(1, P, dtype=torch.float64)
        step[0, k] = 1e-4 * float(problem.step[k]) / 0.05
        slope = (energy(ship + step) - energy(ship - step)) / (2 * float(step[0, k]))
        assert found[k] == pytest.approx(slope, rel=2e-2, abs=2e-2 * np.abs(found).mean())


def test_the_curvature_is_symmetric_and_positive(problem):
    curvature = descent.expand(problem, near(problem), problem.points, ALL).curvature[0].numpy()
    assert_allclose(curvature, curvature.T, rtol=1e-8, atol=1e-8 * np.abs(curvature).max())
    assert (np.linalg.eigvalsh(curvature) > 0).all()


def test_the_descent_reaches_what_scipy_reaches():
    """At 3 m, where the data outweigh log|A|, which the step neglects."""
    problem = problem_of(model_chip(3.0, gsd=3.0, bands=1, length=60.0, seed=1))
    off = near(problem, 2) - problem.mean
    start = torch.tensor(true_ship(3.0, 60.0)) + 0.3 * off
    ships, objectives = descent.descend(problem, start, (1.0, 0.0), ALL, steps=30)
    scale = np.sqrt(np.diag(np.linalg.inv(problem.precision.numpy())))
    origin = start[0].numpy()

    def f(z):
        return float(descent.objective(problem, torch.tensor(origin + scale * z)[None]))

    best = minimize(f, np.zeros(P), method="BFGS", options={"gtol": 1e-3, "maxiter": 25})
    assert float(objectives[0]) < f(np.zeros(P))
    assert float(objectives[0]) < best.fun + 1.5
    assert abs(float(ships[0, FREEBOARD]) - (origin + scale * best.x)[FREEBOARD]) < 0.3


def test_fixed_parameters_stay_and_ships_remain_possible(problem):
    start = near(problem)
    free = (0, 1, FREEBOARD)
    ships, _ = descent.descend(problem, start, (6.0, 0.0), free, steps=6)
    moved = (ships - start)[0].numpy() != 0
    assert set(np.flatnonzero(moved)) <= set(free)
    wild = start.clone()
    wild[0, FREEBOARD], wild[0, LENGTH] = 30.0, 900.0
    ships, _ = descent.descend(problem, wild, (0.0,), ALL, steps=3)
    if float((ships - wild).abs().max()):
        assert 0.02 <= float(ships[0, FREEBOARD]) <= descent.top_m(float(problem.mean[LENGTH]))
        assert float(ships[0, LENGTH]) <= 500


def test_candidates_do_not_disturb_each_other(problem):
    starts = torch.cat([near(problem, seed) for seed in range(3)])
    together, objectives = descent.descend(problem, starts, (5.0, 0.0), ALL, steps=4)
    for k in range(3):
        alone, objective = descent.descend(problem, starts[k : k + 1], (5.0, 0.0), ALL, steps=4)
        assert_allclose(together[k].numpy(), alone[0].numpy(), atol=1e-6)
        assert_allclose(float(objectives[k]), float(objective[0]), rtol=1e-9)


def test_either_end_may_be_the_bow(problem):
    ship = near(problem)
    turned = ship.clone()
    turned[0, HEADING] += np.pi
    assert_allclose(problem.off_prior(turned), problem.off_prior(ship), atol=1e-12)


def test_extra_blur_adds_in_quadrature(problem):
    blurred = problem.blurred(7.0)
    sharp = problem.points.blur_along_m.numpy()
    assert_allclose(blurred.blur_along_m.numpy(), np.hypot(sharp, 7.0))
    assert (blurred.east_m == problem.points.east_m).all()


def test_the_profile_is_highest_at_the_true_freeboard():
    problem = problem_of(model_chip(3.0, gsd=3.0, seed=3))
    heights = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    ships = torch.tensor(np.tile(true_ship(3.0), (5, 1)))
    ships[:, FREEBOARD] = torch.tensor(heights)
    value = descent.profile(problem, ships).numpy()
    assert heights[value.argmax()] == 3.0
    assert (np.diff(value[:3]) > 0).all()
    assert (np.diff(value[2:]) < 0).all()


def test_the_profile_does_not_use_the_prior_of_the_freeboard(problem):
    ships = near(problem).repeat(3, 1)
    ships[:, FREEBOARD] = torch.tensor([1.0, 3.0, 5.0], dtype=torch.float64)
    pulled = problem.precision.clone()
    pulled[FREEBOARD, FREEBOARD] *= 100
    other = replace(problem, precision=pulled)
    assert_allclose(
        descent.profile(other, ships.clone()), descent.profile(problem, ships.clone()), rtol=1e-9
    )
