"""Tables of simulated scenes are recognised by their collections and models."""

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.simulated import NOTE, are_simulated, carry_mark
from gnomon.simulate.season.campaign import as_tables, simulate_season, trade_2024

REAL = pd.DataFrame({"collection": ["sentinel-2-l2a", None], "model": ["s2-vessel@0123", None]})


@pytest.mark.parametrize("column", ["collection", "model"])
def test_one_row_marks_the_whole(column: str) -> None:
    word = {"collection": "synthetic-daily-3m", "model": "simulated"}[column]
    drawn = pd.concat([REAL, pd.DataFrame({column: [word]})])
    assert are_simulated(drawn, REAL)
    assert are_simulated(REAL, drawn) == (column == "collection")
    assert not are_simulated(REAL, REAL)


def test_tables_without_these_columns_say_nothing() -> None:
    assert not are_simulated(pd.DataFrame({"scene_id": ["synthetic"]}), pd.DataFrame())


def test_the_simulator_of_seasons_is_recognised() -> None:
    hulls, images = as_tables(simulate_season(np.random.default_rng(3), trade_2024()))
    assert are_simulated(hulls, images)


def test_the_mark_is_read_from_the_first_note_only() -> None:
    assert carry_mark(pd.DataFrame({"notes": [None, f"{NOTE}; more"]}))
    assert not carry_mark(pd.DataFrame({"notes": [None, f"ships named {NOTE}"]}))
