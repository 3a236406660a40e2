"""Calibration: a score is a probability, an error is a deviation."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.detect.calibration import BoxErrors, Calibration, Curve
from gnomon.detect.weights import find, read_model
from gnomon.learn.calibrate import (
    calibrated,
    read_calibration,
    tanker_curve,
    write_calibration,
)
from gnomon.learn.metrics import Matched

ERRORS = BoxErrors(length_m=10, length_share=0.05, beam_m=5, beam_share=0.1, heading_deg=3)


def simulated(rng: np.random.Generator, count: int, *, slope: float, intercept: float) -> Matched:
    """Hulls whose chance of being ships follows a logistic curve of their logit."""
    raw = rng.normal(0, 2, count)
    ship = rng.random(count) < expit(slope * raw + intercept)
    label = np.where(ship, np.cumsum(ship) - 1, -1)
    length = rng.uniform(6, 30, count)
    truth = OrientedBoxes.of(0, 0, length, length / 6, 40.0)
    found = OrientedBoxes.of(
        0,
        0,
        length + rng.normal(0, 1.2, count),
        np.maximum(length / 6 + rng.normal(0, 0.5, count), 0),
        40.0 + rng.normal(0, 3.0 * 10 / length),
        score=expit(raw),
    )
    return Matched(label, found, truth[ship])


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (2.0, 0.5)])
def test_the_curve_is_found(slope: float, intercept: float) -> None:
    fitted = calibrated(
        simulated(np.random.default_rng(1), 4000, slope=slope, intercept=intercept), gsd_m=10.0
    )
    assert fitted.ship.slope == pytest.approx(slope, rel=0.12)
    assert fitted.ship.intercept == pytest.approx(intercept, abs=0.15)


@given(share=st.floats(0.1, 0.9))
def test_p_tanker_is_a_likelihood_ratio_however_many_tankers_there_are(share: float) -> None:
    rng = np.random.default_rng(7)
    tanker = rng.random(4000) < share
    # Two normal densities of one width: their log ratio is 1.5 times the distance from the middle.
    raw = rng.normal(np.where(tanker, 0.75, -0.75), 1.0)
    curve = tanker_curve(expit(2 * raw + 1), tanker.astype(float))
    probability = curve(expit(2 * np.array([0.5, -0.5]) + 1))
    assert logit(probability) == pytest.approx([1.5 * 0.5, -1.5 * 0.5], abs=0.35)


def test_p_tanker_is_not_estimated_from_a_few_ships_or_from_chance() -> None:
    rng = np.random.default_rng(1)
    few = np.arange(40) < 9
    assert tanker_curve(np.where(few, 0.9, 0.1), few.astype(float)) is None
    tanker = rng.random(200) < 0.4
    assert tanker_curve(rng.random(200), tanker.astype(float)) is None
    assert tanker_curve(np.where(tanker, 0.3, 0.6), tanker.astype(float)) is None


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    ship, tanker = Curve(slope=1.25, intercept=-0.5), Curve(slope=0.7, intercept=0.2)
    one = Calibration(threshold=0.3, ship=ship, tanker=tanker, errors=ERRORS)
    write_calibration(tmp_path / "calibration.toml", one)
    assert read_calibration(tmp_path / "calibration.toml") == one
    raw = np.array([0.1, 0.5, np.nan])
    assert one.p_tanker(raw) == pytest.approx(expit(0.7 * logit(raw) + 0.2), nan_ok=True)


def test_the_errors_are_the_deviations() -> None:
    errors = calibrated(
        simulated(np.random.default_rng(2), 4000, slope=1, intercept=1), gsd_m=10.0
    ).errors
    assert errors.length_m == pytest.approx(12.0, rel=0.1)
    assert errors.length_share < 0.04
    assert errors.beam_m == pytest.approx(5.0, rel=0.1)
    assert errors.heading_deg == pytest.approx(3.0, rel=0.1)


def test_the_threshold_has_the_best_f1() -> None:
    matched = simulated(np.random.default_rng(3), 2000, slope=1.5, intercept=-0.5)
    fitted = calibrated(matched, gsd_m=10.0)
    score = fitted.score(matched.found.score)

    def f1(least: float) -> float:
        taken = score >= least
        right = (taken & (matched.label >= 0)).sum()
        return float(2 * right / (taken.sum() + len(matched.truth)))

    assert f1(fitted.threshold) >= max(f1(t) for t in np.linspace(0.01, 0.99, 99)) - 1e-3


@given(st.integers(0, 2**31))
def test_a_clean_split_gives_no_certainty(seed: int) -> None:
    """Ten ships above ten others: the best is no certain ship (Platt's smoothing)."""
    rng = np.random.default_rng(seed)
    score = np.concatenate([rng.uniform(0.8, 0.99, 10), rng.uniform(0.02, 0.3, 10)])
    label = np.concatenate([np.arange(10), np.full(10, -1)])
    hulls = OrientedBoxes.of(np.ones(20), 1, 1, 1, 1, score=score)
    fitted = calibrated(Matched(label, hulls, hulls[:10]), gsd_m=10.0)
    assert 0.6 < fitted.score(np.array([0.99]))[0] < 0.999


@given(st.integers(0, 2**31), st.floats(0.3, 3), st.floats(-2, 2))
def test_the_curve_is_the_maximum_of_the_likelihood(
    seed: int, slope: float, intercept: float
) -> None:
    """Against a dense grid around the fit: no curve near it is more likely."""
    matched = simulated(np.random.default_rng(seed), 300, slope=slope, intercept=intercept)
    fitted = calibrated(matched, gsd_m=10.0)
    raw, right = logit(matched.found.score.astype(float)), matched.label >= 0
    yes, no = right.sum(), (~right).sum()
    wanted = np.where(right, (yes + 1) / (yes + 2), 1 / (no + 2))

    def surprise(a: float, b: float) -> float:
        p = expit(a * raw + b)
        return float(-(wanted * np.log(p) + (1 - wanted) * np.log1p(-p)).sum())

    best = surprise(fitted.ship.slope, fitted.ship.intercept)
    for a in np.linspace(0.8, 1.2, 9):
        for b in np.linspace(-0.3, 0.3, 9):
            assert best <= surprise(fitted.ship.slope * a, fitted.ship.intercept + b) + 1e-3


def test_what_is_no_calibration_is_refused_and_the_shipped_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calibration.toml"
    for text in ("slope = 1", "][", "[calibration]\nthreshold = 0.5\n"):
        path.write_text(text)
        with pytest.raises(WeightsError, match="is no calibration") as caught:
            read_calibration(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="is no calibration"):
        read_calibration(tmp_path / "none.toml")
    shipped = read_calibration(find("s2-vessel") / "model.toml")
    assert shipped == read_model("s2-vessel").calibration
