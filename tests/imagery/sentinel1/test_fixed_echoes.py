"""The median of the darker half of passes: what stays is in it, and ships that leave are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.imagery.sentinel1.fixed_echoes import FEWEST_PASSES, UNIT_DB, UNKNOWN, fixed_echo

SEA, SHIP = 0.01, 5.0


def stacked(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None, None]


@given(count=st.integers(FEWEST_PASSES, 30), stay=st.integers(0, 30), seed=st.integers(0, 99))
def test_a_ship_of_three_in_four_passes_is_never_fixed_and_one_of_seven_in_eight_always_is(
    count: int, stay: int, seed: int
) -> None:
    stay = min(stay, count)
    values = np.r_[np.full(stay, SHIP), np.full(count - stay, SEA)]
    np.random.default_rng(seed).shuffle(values)
    is_fixed = fixed_echo(stacked(*values))[0, 0] * UNIT_DB > 10 * np.log10(SHIP) - 1
    if stay <= 3 * count / 4:
        assert not is_fixed
    if stay >= 7 * count / 8:
        assert is_fixed


def test_of_the_fewest_passes_a_stay_of_six_leaves_nothing() -> None:
    found = fixed_echo(stacked(*[SHIP] * 6, *[SEA] * (FEWEST_PASSES - 6)))
    assert found[0, 0] == round(10 * np.log10(SEA) / UNIT_DB)


@given(st.lists(st.one_of(st.floats(1e-4, 100), st.just(np.nan)), min_size=1, max_size=20))
def test_it_is_the_median_of_the_darker_half_of_those_that_saw_the_place(
    values: list[float],
) -> None:
    known = sorted(v for v in values if np.isfinite(v))
    darker = known[: (len(known) + 1) // 2]
    found = fixed_echo(stacked(*values))[0, 0]
    if len(known) < FEWEST_PASSES:
        assert found == UNKNOWN
    else:
        expected = darker[(len(darker) - 1) // 2]
        assert found * UNIT_DB == pytest.approx(10 * np.log10(expected), abs=0.051)
