"""Conversions: every factor has its source, and two published figures cannot both hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.physics.conversion import (
    BARRELS_PER_TONNE,
    CONVERSIONS,
    SCENARIOS,
    barrels,
    reconcile,
    tonnes,
)


def test_every_factor_has_a_source() -> None:
    assert all(len(row.source) > 10 for row in CONVERSIONS)
    assert len(BARRELS_PER_TONNE) == len(CONVERSIONS)


@given(st.floats(0, 1e7), st.sampled_from(sorted(BARRELS_PER_TONNE)))
def test_there_and_back(mass: float, product: str) -> None:
    factor = BARRELS_PER_TONNE[product]
    assert tonnes(barrels(mass, factor), factor) == pytest.approx(mass)


def test_published_conversions_come_out() -> None:
    # China's notifications to the Committee, and VOA's with the Committee's table.
    assert barrels(2388, BARRELS_PER_TONNE["unspecified"]) == pytest.approx(19_892, rel=1e-3)
    assert barrels(8000, BARRELS_PER_TONNE["diesel"]) == pytest.approx(60_000, rel=0.01)


def test_56000_tonnes_and_a_million_barrels_cannot_both_be_right() -> None:
    claims = reconcile()
    assert all(claim.barrels_of_tonnes < 0.65e6 for claim in claims)
    assert all(claim.tonnes_of_barrels > 86_000 for claim in claims)
    liquid = [claim for claim in claims if claim.product != "lpg"]
    # The register's known ships carry 1,150 to 5,807 t: barrels fit them, tonnes hardly.
    assert all(2_900 < claim.deadweight_for_barrels_t < 4_200 for claim in liquid)
    assert claims[0].deadweight_for_tonnes_t == pytest.approx(1447, abs=1)


def test_the_panels_rule_makes_a_million_barrels_of_43_visits() -> None:
    assert 43 * 3460 * SCENARIOS[-1] * BARRELS_PER_TONNE["diesel"] == pytest.approx(1e6, rel=0.01)
    assert np.all(np.diff(SCENARIOS) > 0)


@given(st.floats(1e3, 1e6), st.floats(1e4, 1e8), st.floats(1, 500))
def test_two_figures_agree_for_the_product_of_their_ratio_alone(
    mass: float, volume: float, visits: float
) -> None:
    for claim in reconcile(claimed_tonnes=mass, claimed_barrels=volume, visits=visits):
        factor = BARRELS_PER_TONNE[claim.product]
        assert claim.barrels_of_tonnes / volume == pytest.approx(factor / (volume / mass))
        assert claim.tonnes_of_barrels / mass == pytest.approx((volume / mass) / factor)
        ratio = claim.deadweight_for_barrels_t / claim.deadweight_for_tonnes_t
        assert ratio == pytest.approx(claim.tonnes_of_barrels / mass)


def test_the_two_tables_differ_by_a_few_percent() -> None:
    both = [row for row in CONVERSIONS if row.unsd_2004]
    ratios = np.array([row.unsd_2004 / row.barrels_per_tonne for row in both])
    assert len(both) == 5
    assert np.abs(ratios - 1).max() < 0.045
    # Light products have more barrels to the tonne.
    factors = [row.barrels_per_tonne for row in both]
    assert factors == sorted(factors, reverse=True)
