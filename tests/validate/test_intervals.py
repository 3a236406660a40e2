"""Measures of intervals and bias, by hand and by simulation."""

import numpy as np
import pandas as pd
import pytest

from gnomon.validate.intervals import half_width, held, relative_error, relative_error_sigma


def test_intervals_hold_at_their_ends_too() -> None:
    rows = pd.DataFrame(
        {"visits": [4.0, 5.0, 9.0], "visits_low": [4.0, 6.0, 2.0], "visits_high": [8.0, 9.0, 9.0]}
    )
    assert held(rows).tolist() == [True, False, True]
    assert half_width(rows).tolist() == [2.0, 1.5, 3.5]


def test_the_error_is_of_the_sum_and_its_sigma_is_the_spread_of_repeated_sums() -> None:
    rng, errors, sigmas = np.random.default_rng(1), [], []
    for _ in range(400):
        true = pd.Series(rng.uniform(20, 60, 50))
        found = true * rng.normal(1.1, 0.3, 50)
        errors.append(relative_error(found, true))
        sigmas.append(relative_error_sigma(found, true))
    assert np.mean(errors) == pytest.approx(0.1, abs=0.01)
    assert np.mean(sigmas) == pytest.approx(np.std(errors), rel=0.15)


def test_without_a_truth_there_is_no_error() -> None:
    none, some = pd.Series([0.0, 0.0]), pd.Series([1.0, 2.0])
    assert np.isnan([relative_error(some, none), relative_error_sigma(some, none)]).all()
    one = pd.Series([3.0])
    assert np.isnan(relative_error_sigma(one, one))
