"""Simulated tankers: their sizes, and evidence that is a likelihood ratio."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from gnomon.physics import hydrostatics
from gnomon.simulate.season.tankers import (
    GSD_M,
    LENGTHS_M,
    P_WORTHLESS,
    SEPARATION,
    SUN_DEG,
    ShipDimensions,
    draw_deadweight,
    laden_separation,
    simulate_log_lr,
    small_tankers,
)


def test_evidence_is_a_likelihood_ratio() -> None:
    # For a true ratio r, ships in ballast weighted by exp(r) are laden: E[exp r | ballast] = 1.
    rng = np.random.default_rng(0)
    d = np.full(200_000, 1.2)
    ratio = simulate_log_lr(rng, d, np.zeros(len(d)))
    assert np.exp(ratio).mean() == pytest.approx(1.0, abs=0.03)
    assert np.abs(ratio).max() <= np.log(1 / P_WORTHLESS)


@pytest.mark.parametrize("d", [0.5, 1.5, 3.0])
def test_the_separation_is_that_of_two_normals(d: float) -> None:
    """A laden ship has a positive ratio with probability Phi(d / 2)."""
    rng = np.random.default_rng(1)
    laden = simulate_log_lr(rng, np.full(20_000, d), np.ones(20_000))
    ballast = simulate_log_lr(rng, np.full(20_000, d), np.zeros(20_000))
    assert (laden > 0).mean() == pytest.approx(norm.cdf(d / 2), abs=0.015)
    assert (ballast < 0).mean() == pytest.approx(norm.cdf(d / 2), abs=0.015)


def test_half_a_cargo_is_no_evidence_on_average() -> None:
    rng = np.random.default_rng(2)
    ratio = simulate_log_lr(rng, np.full(40_000, 2.0), np.full(40_000, 0.5))
    assert ratio.mean() == pytest.approx(0, abs=0.05)


def test_the_separation_is_the_table_at_its_nodes() -> None:
    for i, length in enumerate(LENGTHS_M):
        for j, geometry in enumerate((0.0, 0.5, 1.0)):
            for k, gsd in enumerate(GSD_M):
                found = laden_separation(length, geometry, gsd, np.array(SUN_DEG))
                assert found == pytest.approx(SEPARATION[i, j, k]), (length, geometry, gsd)


@settings(max_examples=60)
@given(
    st.floats(50, 200), st.floats(0, 1), st.floats(0.4, 12), st.floats(15, 65), st.floats(0.01, 1)
)
def test_separation_grows_with_length_resolution_and_shadow(
    length: float, geometry: float, gsd: float, sun: float, more: float
) -> None:
    here = laden_separation(length, geometry, gsd, sun)
    assert laden_separation(length * (1 + more), geometry, gsd, sun) >= here - 1e-9
    assert laden_separation(length, geometry, gsd * (1 - more / 2), sun) >= here - 1e-9
    assert laden_separation(length, geometry, gsd, sun * (1 - more / 2)) >= here - 1e-9
    assert laden_separation(length, geometry * (1 - more), gsd, sun) >= here - 1e-9


def test_beyond_the_table_its_edge_holds_and_short_ships_shrink() -> None:
    assert laden_separation(300, 0.5, 20, 80) == pytest.approx(laden_separation(180, 0.5, 10, 60))
    whole = laden_separation(70, 0.5, 3, 30)
    assert laden_separation(35, 0.5, 3, 30) == pytest.approx(whole / 4)


def test_small_tankers_are_those_of_the_reports() -> None:
    """1,000 to 9,000 t deadweight, predominantly on the lower end."""
    ships = small_tankers(np.random.default_rng(0), 2000)
    assert 1000 < np.quantile(ships.deadweight_t, 0.05) < 1500
    assert 6000 < np.quantile(ships.deadweight_t, 0.99) < 9500
    assert np.median(ships.deadweight_t) < 4000
    assert ((ships.length_m > 62) & (ships.length_m < 122)).all()


def test_a_laden_draught_of_the_reports_gives_their_deadweight() -> None:
    """Two shapes reported by AIS: 71 x 11 m and 105 x 16 m, of 1,500 and 5,000 t or so."""
    rng = np.random.default_rng(1)
    for length, beam, low, high in ((71.0, 11.0, 1250, 1800), (105.0, 16.0, 4700, 6000)):
        tonnes = draw_deadweight(rng, np.full(4000, length), np.full(4000, beam))
        assert low < tonnes.mean() < high
        assert 0.02 < tonnes.std() / tonnes.mean() < 0.1


def test_the_ledgers_other_relation_agrees_on_average() -> None:
    ships = small_tankers(np.random.default_rng(2), 400)
    known = hydrostatics.tankers(
        ships.length_m, ships.beam_m, length_sigma_m=np.full(400, 0.5),
        beam_sigma_m=np.full(400, 0.3), draws=64,
    )  # fmt: skip
    ratio = known.deadweight_t.mean() / ships.deadweight_t.mean()
    assert ratio == pytest.approx(1, abs=0.08)


@given(st.integers(0, 1000), st.permutations(range(5)))
def test_ships_are_taken_and_joined_by_number(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    ships = ShipDimensions(*rng.uniform(1, 9, (3, 5)))
    one, two = ships.of(np.array(order[:2])), ships.of(np.array(order[2:]))
    joined = one.join(two)
    for name in ("length_m", "beam_m", "deadweight_t"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(ships, name)[order])


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0.1, 6))
def test_evidence_is_bounded_and_even_handed(seed: int, load: float, d: float) -> None:
    """Laden and ballast exchanged, the same random numbers give the opposite ratio."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1, 50)

    class Fixed:
        """A generator that returns given normal numbers."""

        def __init__(self, sign: float) -> None:
            self.sign = sign

        def normal(self, mean: np.ndarray, sigma: np.ndarray) -> np.ndarray:
            return mean + self.sign * sigma * z

    full = np.full(50, d)
    one = simulate_log_lr(Fixed(1.0), full, np.full(50, load))
    two = simulate_log_lr(Fixed(-1.0), full, np.full(50, 1 - load))
    np.testing.assert_allclose(one, -two, atol=1e-9)
    assert np.abs(one).max() <= np.log(1 / P_WORTHLESS)


@given(st.floats(62, 122), st.floats(1.01, 1.3))
def test_deadweight_grows_with_length_and_beam(length: float, factor: float) -> None:
    def tonnes(m: float, beam: float) -> float:
        rng = np.random.default_rng(0)
        return float(draw_deadweight(rng, np.full(5, m), np.full(5, beam)).mean())

    beam = 0.157 * length
    assert tonnes(length * factor, beam) > tonnes(length, beam)
    # Draught follows the beam: deadweight grows with its square.
    assert tonnes(length, beam * factor) == pytest.approx(factor**2 * tonnes(length, beam))
