"""Calibration: probabilities are Platt's curve, and an unknown p_tanker stays unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.special import expit

from gnomon.detect.calibration import (
    IDENTITY,
    UNCALIBRATED,
    BoxErrors,
    Calibration,
    Curve,
    bounded_logit,
)

ERRORS = BoxErrors(length_m=10, length_share=0.05, beam_m=5, beam_share=0.1, heading_deg=3)
scores = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9).map(
    lambda values: np.array(values, np.float32)
)


@given(st.floats(-8, 8), st.floats(0.1, 3), st.floats(-2, 2))
def test_a_curve_is_the_logistic_of_the_raw_logit(
    logit: float, slope: float, intercept: float
) -> None:
    probability = Curve(slope=slope, intercept=intercept)(np.array([1 / (1 + np.exp(-logit))]))
    assert probability == pytest.approx(1 / (1 + np.exp(-slope * logit - intercept)), abs=1e-4)


@given(scores, st.floats(0.1, 3), st.floats(-2, 2))
def test_a_curve_keeps_the_order_and_stays_within_0_and_1(
    raw: np.ndarray, slope: float, intercept: float
) -> None:
    probability = Curve(slope=slope, intercept=intercept)(np.sort(raw))
    assert (np.diff(probability) >= 0).all()
    assert ((probability > 0) & (probability < 1)).all()


@given(scores)
def test_evidence_is_finite_and_undone_by_the_logistic(raw: np.ndarray) -> None:
    assert np.isfinite(bounded_logit(raw)).all()
    np.testing.assert_allclose(expit(bounded_logit(raw)), raw, atol=2e-6)
    np.testing.assert_allclose(IDENTITY(raw), raw, atol=2e-6)


def test_p_tanker_is_nan_without_a_curve_and_of_a_network_without_the_head() -> None:
    raw = np.array([0.2, 0.9], np.float32)
    unknown = Calibration(threshold=0.4, ship=IDENTITY, errors=ERRORS)
    assert np.isnan(unknown.p_tanker(raw)).all()
    assert np.isnan(UNCALIBRATED.p_tanker(np.full(2, np.nan, np.float32))).all()
    assert unknown.score(raw) == pytest.approx(raw, abs=1e-6)


@pytest.mark.parametrize(
    "values", [{"threshold": 0.0}, {"threshold": 1.0}, {"ship": {"slope": 0, "intercept": 0}}]
)
def test_a_calibration_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    usual = {"threshold": 0.5, "ship": IDENTITY, "errors": ERRORS}
    with pytest.raises(ValidationError):
        Calibration.model_validate(usual | values)
