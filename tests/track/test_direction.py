"""Direction of trade: even-handed, and against direct sums over operations."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from gnomon.track.direction import (
    BALLAST,
    LADEN,
    LOADS,
    LOG_PRIOR,
    MISREAD,
    SHARES,
    UNLIKE_SHAPE,
    UNLOADS,
    combine_ends,
    contradicts,
    draw_operations,
    load_log_ratios,
    mixture_log_posterior,
    operation_log_likelihood,
    operation_probabilities,
    others_probabilities,
)

SWAP = [UNLOADS, LOADS, LADEN, BALLAST]
RATIOS = st.lists(st.floats(-4.5, 4.5), max_size=6)


def images(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, count), rng.uniform(0, 1, count)


def visits(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    each = [operation_log_likelihood(*images(int(rng.integers(99)), 3)) for _ in range(count)]
    return np.array(each).reshape(-1, 4)


@given(st.integers(0, 10_000), st.integers(0, 5), st.floats(0, 1))
def test_the_likelihood_of_an_operation_is_a_direct_sum(
    seed: int, count: int, p_tanker: float
) -> None:
    """Over pumping complete or not at each image, its ratio being laden over ballast."""
    ratio, elapsed = images(seed, count)
    direct = []
    for begin, end in ((0, 1), (1, 0), (0, 0), (1, 1)):
        product = 1.0
        for r, x in zip(ratio, elapsed, strict=True):
            done = 3 * x**2 - 2 * x**3
            p = {1: math.exp(r / 2), 0: math.exp(-r / 2)}
            product *= (1 - done) * p[begin] + done * p[end]
        direct.append(product)
    read = p_tanker * (1 - MISREAD)
    expected = read * np.array(direct) / np.mean(direct) + 1 - read
    found = np.exp(operation_log_likelihood(ratio, elapsed, p_tanker=p_tanker))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_ends_that_are_not_known_are_averaged() -> None:
    """Over an early and a late image that change places: nothing tells loading from unloading."""
    ratio, known = np.array([-3.0, 3.0]), np.array([[0.1, 0.9], [0.9, 0.1]])
    both = operation_log_likelihood(ratio, known)
    assert both[LOADS] == pytest.approx(both[UNLOADS])
    one = operation_log_likelihood(ratio, known[:1])
    np.testing.assert_allclose(one, operation_log_likelihood(ratio, known[0]))
    assert one[UNLOADS] < both[UNLOADS] < one[LOADS]


@given(RATIOS, st.integers(0, 100))
def test_laden_and_ballast_change_places_and_nothing_else_does(
    evidence: list[float], seed: int
) -> None:
    """No prior contains the direction of trade."""
    ratio = np.array(evidence)
    elapsed = np.random.default_rng(seed).uniform(0, 1, len(ratio))
    one = operation_log_likelihood(ratio, elapsed)
    two = operation_log_likelihood(-ratio, elapsed)
    np.testing.assert_allclose(one, two[SWAP], atol=1e-9)
    mean, other = (operation_probabilities(np.stack([each, each])).mean(0) for each in (one, two))
    np.testing.assert_allclose(mean, other[SWAP], atol=1e-9)


def test_the_mixtures_are_a_prior_that_is_even() -> None:
    np.testing.assert_allclose(SHARES.sum(1), 1)
    assert np.exp(LOG_PRIOR).sum() == pytest.approx(1)
    mean = np.exp(LOG_PRIOR) @ SHARES
    assert mean[LOADS] == pytest.approx(mean[UNLOADS], abs=1e-12)
    assert mean[BALLAST] == pytest.approx(mean[LADEN], abs=1e-12)


@given(st.integers(1, 30))
def test_without_evidence_loading_is_as_likely_as_unloading(count: int) -> None:
    each = operation_probabilities(np.zeros((count, 4)))
    np.testing.assert_allclose(each, np.broadcast_to(np.exp(LOG_PRIOR) @ SHARES, (count, 4)))


def test_early_ballast_and_late_laden_is_loading() -> None:
    operations = operation_log_likelihood(np.array([-3.0, 3.0]), np.array([0.1, 0.9]))
    assert operations.argmax() == LOADS
    assert operations[LOADS] - operations[UNLOADS] > 2.5


@given(RATIOS)
def test_one_visit_weighs_no_more_than_misreading_allows(evidence: list[float]) -> None:
    ratio = 100 * np.array(evidence)
    operations = operation_log_likelihood(ratio, np.full(len(ratio), 0.02))
    assert operations.max() - operations.min() <= np.log((4 * (1 - MISREAD) + MISREAD) / MISREAD)


def joint(operations: np.ndarray) -> dict[tuple[int, ...], float]:
    """Probability of every combination of operations, summed over mixtures."""
    out = {}
    for chosen in itertools.product(range(4), repeat=len(operations)):
        likelihood = np.exp(operations[range(len(chosen)), chosen].sum())
        out[chosen] = float(np.exp(LOG_PRIOR) @ SHARES[:, chosen].prod(1)) * likelihood
    total = sum(out.values())
    return {chosen: p / total for chosen, p in out.items()}


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_probabilities_are_those_of_every_combination_enumerated(seed: int, count: int) -> None:
    operations = visits(seed, count)
    expected = np.zeros((count, 4))
    for chosen, p in joint(operations).items():
        expected[range(count), chosen] += p
    np.testing.assert_allclose(operation_probabilities(operations), expected, atol=1e-9)


def test_draws_have_the_probabilities_of_the_combinations() -> None:
    """Jointly: whether two visits do the same is as often as it should be."""
    operations = visits(3, 2)
    rng = np.random.default_rng(0)
    draws = np.array([draw_operations(rng, operations).operation for _ in range(4000)])
    for chosen, p in joint(operations).items():
        assert (draws == chosen).all(1).mean() == pytest.approx(p, abs=0.03), chosen


def test_the_mixture_of_many_clear_visits_is_theirs() -> None:
    """Three of four load, the others stay in ballast."""
    loads, stays = np.log([0.97, 0.01, 0.01, 0.01]), np.log([0.01, 0.01, 0.97, 0.01])
    operations = np.array([loads] * 60 + [stays] * 20)
    posterior = np.exp(mixture_log_posterior(operations))
    mean = posterior @ SHARES / posterior.sum()
    assert mean == pytest.approx([0.75, 0, 0.25, 0], abs=0.08)


# --- visits that do not follow the trade of their port -------------------------------------------


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.integers(1, 20))
def test_visits_that_follow_no_trade_are_a_share_that_is_integrated_over(
    seed: int, count: int
) -> None:
    """Likelihood of the three trades by adaptive integration over the share."""
    operations = visits(seed, count)
    likelihood = np.exp(operations)
    posterior = np.exp(mixture_log_posterior(operations))
    for followed, prior in (([LOADS], 0.4), ([UNLOADS], 0.4), ([BALLAST, LADEN], 0.1)):
        rest = [n for n in range(4) if n not in followed]
        yes, no = likelihood[:, followed].mean(1), likelihood[:, rest].mean(1)

        def density(root: float, yes: np.ndarray = yes, no: np.ndarray = no) -> float:
            share = root**2  # without the pole of the density at 0
            both = ((1 - share) * yes + share * no).prod()
            return float(both * beta(*UNLIKE_SHAPE).pdf(share) * 2 * root) if root else 0.0

        expected = prior * quad(density, 0, 1, limit=200)[0]
        alike = [np.ptp(SHARES[:, which], 1) < 1e-12 for which in (followed, rest)]
        trade = alike[0] & alike[1]
        assert posterior[trade].sum() == pytest.approx(expected, rel=1e-6)


def test_a_few_visits_in_a_hundred_do_not_follow_the_trade() -> None:
    prior = np.exp(LOG_PRIOR)
    loads = SHARES[:, LOADS] > np.maximum(SHARES[:, UNLOADS], 0.5)
    unlike = prior[loads] @ (1 - SHARES[loads, LOADS]) / prior[loads].sum()
    assert 0.02 < unlike < 0.08


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_what_the_others_say_does_not_rest_on_the_visit_itself(seed: int, count: int) -> None:
    operations = visits(seed, count)
    found = others_probabilities(operations)
    for n in range(count):
        silent = operations.copy()
        silent[n] = 0
        np.testing.assert_allclose(found[n], operation_probabilities(silent)[n], atol=1e-9)


CLEAR = operation_log_likelihood(np.array([-3.0, 3.0]), np.array([0.05, 0.95]))
CONTRARY = operation_log_likelihood(np.array([6.0, -6.0]), np.array([0.05, 0.95]))


def test_a_visit_that_shows_the_contrary_is_not_overruled_by_all_others() -> None:
    """Thirty visits load, and one clearly unloads: neither it nor the trade becomes unsure."""
    operations = np.array([CLEAR] * 30 + [CONTRARY])
    each = operation_probabilities(operations)
    assert each[:-1, LOADS].min() > 0.97
    assert others_probabilities(operations)[-1, LOADS] > 0.95
    assert 0.1 < each[-1, UNLOADS] < 0.9
    many = operation_probabilities(np.array([CLEAR] * 30 + [CONTRARY] * 3))
    assert many[-1, UNLOADS] > each[-1, UNLOADS]
    assert many[0, LOADS] > 0.95


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_contradiction_is_one_of_laden_and_ballast_that_are_both_known(p: list[float]) -> None:
    own, others = np.array(p[:2]), np.array(p[2:])
    found = contradicts(own, others)
    either = [
        max(one, 1 - one) > 0.9 and max(two, 1 - two) > 0.9 and (one > 0.5) != (two > 0.5)
        for one, two in zip(own, others, strict=True)
    ]
    assert found == any(either)
    edge = np.abs(np.abs(np.array(p) - 0.5) - 0.4).min() < 1e-9
    assert edge or found == contradicts(1 - own, 1 - others)


@given(st.integers(0, 10_000))
def test_ends_combine_by_what_an_operation_implies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrival, departure = rng.normal(0, 1, (2, 3, 2))
    found = combine_ends(arrival, departure)
    loads = {LOADS: (0, 1), UNLOADS: (1, 0), BALLAST: (0, 0), LADEN: (1, 1)}
    for operation, (come, leave) in loads.items():
        np.testing.assert_allclose(found[:, operation], arrival[:, come] + departure[:, leave])


@given(st.integers(0, 10_000))
def test_load_ratios_are_those_of_sums_over_operations(seed: int) -> None:
    operations = np.random.default_rng(seed).normal(0, 2, (4, 4))
    p = np.exp(operations)
    come, leave = load_log_ratios(operations)
    laden_in, laden_out = p[:, UNLOADS] + p[:, LADEN], p[:, LOADS] + p[:, LADEN]
    np.testing.assert_allclose(np.exp(come), laden_in / (p.sum(1) - laden_in))
    np.testing.assert_allclose(np.exp(leave), laden_out / (p.sum(1) - laden_out))
