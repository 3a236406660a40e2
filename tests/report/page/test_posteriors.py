"""Curves of freeboards from the table alone: normal distributions between bands of real tankers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from gnomon.report.page.posteriors import POINTS, curves_of_table

ROW = {
    "detection_id": "a", "freeboard_m": 3.0, "freeboard_sigma_m": 0.8, "length_m": 92.0,
    "length_sigma_m": 9.0, "beam_m": 15.0, "beam_sigma_m": 1.5,
}  # fmt: skip


def curve(**changed: Any) -> dict[str, Any]:
    return curves_of_table(pd.DataFrame([ROW | changed]))["a"]


@given(freeboard=st.floats(0.8, 5.0), sigma=st.floats(0.3, 2.0))
def test_a_curve_is_the_normal_density_with_its_peak_at_one(freeboard: float, sigma: float) -> None:
    made = curve(freeboard_m=freeboard, freeboard_sigma_m=sigma)
    x = np.array(made["x"])
    density = norm(freeboard, sigma).pdf(x)
    assert np.allclose(made["post"], density / density.max(), atol=0.02)
    assert max(made["post"]) == 1.0
    assert abs(x[np.argmax(made["post"])] - freeboard) <= (x[1] - x[0])
    assert made["like"] == []  # without pixels there is no likelihood to draw
    assert made["fitted"] is False


@given(length=st.floats(60, 180))
def test_laden_tankers_lie_deeper_than_those_in_ballast(length: float) -> None:
    made = curve(length_m=length, beam_m=length / 6.2)
    for band in (made["laden"], made["ballast"]):
        assert band[0] < band[1]
    assert made["laden"][0] < made["ballast"][0]
    assert made["laden"][1] < made["ballast"][1]
    assert len(made["x"]) == POINTS
    assert made["x"][0] == 0
    assert made["x"][-1] == pytest.approx(1.4 * made["ballast"][1], abs=0.02)


def test_an_uncertain_size_widens_the_bands() -> None:
    sure = curve(length_sigma_m=0.0, beam_sigma_m=0.0)
    unsure = curve(length_sigma_m=20.0, beam_sigma_m=4.0)
    for band in ("laden", "ballast"):
        assert np.ptp(unsure[band]) > np.ptp(sure[band])


@pytest.mark.parametrize("name", ["freeboard_m", "freeboard_sigma_m", "length_m", "beam_m"])
def test_a_row_without_a_value_has_no_curve_and_the_others_keep_theirs(name: str) -> None:
    rows = pd.DataFrame([ROW, ROW | {"detection_id": "b", name: None}])
    assert set(curves_of_table(rows)) == {"a"}
    assert curves_of_table(rows)["a"]["post"] == curve()["post"]
    assert curves_of_table(rows.iloc[1:]) == {}


def test_an_unknown_error_of_the_size_counts_as_none() -> None:
    assert curve(length_sigma_m=None, beam_sigma_m=None) == curve(length_sigma_m=0, beam_sigma_m=0)
