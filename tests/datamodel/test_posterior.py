"""The posterior of a season counts the visits of each draw."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.posterior import PortPosterior, SeasonDraw

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC)


def draw(visits: int) -> SeasonDraw:
    none = np.zeros(visits, bool)
    return SeasonDraw(none, none, none, np.zeros(visits), np.zeros(visits), np.ones(visits), none)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_visits_are_counted_draw_by_draw_and_none_is_a_number(counts: list[int]) -> None:
    season = PortPosterior("a", START, END, 3.5, tuple(draw(n) for n in counts))
    assert season.visits.tolist() == counts
    assert season.visits.mean() == np.mean(counts)
