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
