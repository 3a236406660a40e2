"""Places along the pier, and the load in the course of a stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.simulate.season.world.presence import (
    BERTH_SPACING_M,
    PIER_DEG,
    Kind,
    Presence,
    along_pier,
    berth_position,
    joined_presence,
    stays_of,
)


def one_stay(begin: float, end: float, laden: tuple[float, float]) -> Presence:
    days = np.array([0.0]), np.array([10.0])
    return stays_of(
        Kind.TANKER,
        days=days,
        size=(np.array([80.0]), np.array([13.0])),
        position=berth_position(np.array([0])),
        berth=np.array([0]),
        laden=(np.array([laden[0]]), np.array([laden[1]])),
        pumped=(np.array([begin]), np.array([end])),
    )


@given(st.floats(0, 5), st.floats(0.1, 5), st.floats(0, 10), st.booleans())
def test_cargo_is_pumped_at_an_even_rate(
    begin: float, takes: float, day: float, loads: bool
) -> None:
    stay = one_stay(begin, begin + takes, (0.0, 1.0) if loads else (1.0, 0.0))
    share = min(max((day - begin) / takes, 0.0), 1.0)
    found = stay.load_at(np.array([0]), np.array([day]))[0]
    assert found == pytest.approx(share if loads else 1.0 - share)


def test_places_along_the_pier_are_metres_apart() -> None:
    at = berth_position(np.arange(4))
    assert np.hypot(np.diff(at.east), np.diff(at.north)) == pytest.approx(BERTH_SPACING_M)
    assert np.degrees(np.arctan2(at.east[1], at.north[1])) == pytest.approx(PIER_DEG)
    sea = along_pier(np.array([0.0]), np.array([50.0]))
    assert np.hypot(*sea)[0] == pytest.approx(50.0)
    assert sea.east[0] * at.east[1] + sea.north[0] * at.north[1] == pytest.approx(0.0, abs=1e-9)
    assert sea.north[0] < 0  # the sea is in the south


def test_stays_that_are_joined_can_be_taken_apart() -> None:
    one, two = one_stay(1.0, 2.0, (0.0, 1.0)), one_stay(3.0, 4.0, (1.0, 1.0))
    both = joined_presence([one, two])
    assert len(both) == 2
    for field, value in vars(both.some(np.array([False, True]))).items():
        assert value == pytest.approx(getattr(two, field))
