"""The comparison: rows of both methods, and its table."""

import numpy as np
import pandas as pd
import pytest

from gnomon.validate.amortised import by_cell, compared, portrait_hull, raycast_of
from gnomon.validate.ships import Cell, portrait_of

CELL = Cell(10.0, 30.0, 70.0)


def test_all_methods_read_the_same_ships():
    rows = compared([CELL], ships=2, seed=4)
    truth = rows.groupby("method").freeboard_true_m.apply(list)
    assert truth["fit"] == truth["network"] == truth["both"]
    assert truth["fit"][0] == raycast_of(CELL, 4, 0).truth.freeboard_m


def test_the_table_has_error_bias_coverage_and_verdicts():
    rows = pd.DataFrame(
        {
            "gsd_m": 3.0,
            "sun_elevation_deg": 20.0,
            "length_m": 110.0,
            "method": "network",
            "freeboard_true_m": [2.0, 2.0, 5.0, 5.0],
            "laden": [True, True, False, False],
            "freeboard_m": [3.0, 3.0, 6.0, 4.0],
            "freeboard_sigma_m": 1.0,
            "freeboard_p05_m": [1.0, 2.5, 4.0, 3.0],
            "freeboard_p95_m": [4.0, 4.0, 7.0, 6.0],
            "log_lr_laden": [2.0, 1.0, -1.0, 1.5],
            "load_state": ["laden", "indeterminate", "ballast", "laden"],
        }
    )
    (table,) = by_cell(rows).to_dict("records")
    assert table["rmse_m"] == pytest.approx(1.0)
    assert table["bias_m"] == pytest.approx(0.5)
    assert table["coverage"] == pytest.approx(0.75)
    assert table["auc"] == pytest.approx(0.75)
    assert table["verdicts"] == pytest.approx(0.75)
    assert table["wrong"] == pytest.approx(1 / 3)


def test_a_portrait_comes_with_its_own_truth_and_chip():
    hull = portrait_hull(Cell(0.5, 40.0, 70.0), 5, 1)
    one = portrait_of(Cell(0.5, 40.0, 70.0), 5, 1)
    assert hull.bands == ("pan",)
    assert hull.truth.freeboard_m == one.ship.freeboard_m
    assert hull.sun_azimuth_deg == one.light.sun_azimuth_deg
    np.testing.assert_array_equal(hull.image[0], one.pixels["pan"].to_numpy())
