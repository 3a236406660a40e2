"""Satellite passes: against a loop over pairs of observations."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gnomon.track.passes import ONE_PASS_DAYS, by_pass, number_passes

TIMES = st.lists(
    st.tuples(st.floats(0, 0.1), st.sampled_from(["2A", "2B"])), min_size=1, max_size=20
)


@given(TIMES)
def test_observations_are_of_one_pass_if_a_chain_of_short_gaps_joins_them(
    times: list[tuple[float, str]],
) -> None:
    times = sorted(times)
    day = np.array([time for time, _ in times])
    platforms = [name for _, name in times]
    frame = pd.DataFrame({"scene_id": range(len(times)), "platform": platforms})
    number = number_passes(frame, day)
    for platform in set(platforms):
        own = [n for n, name in enumerate(platforms) if name == platform]
        for one, two in itertools.pairwise(own):
            assert (number[one] == number[two]) == (day[two] - day[one] <= ONE_PASS_DAYS)
    for n, m in np.ndindex(len(times), len(times)):
        if number[n] == number[m]:
            assert platforms[n] == platforms[m]
    firsts = [number.tolist().index(k) for k in range(number.max() + 1)]
    assert firsts == sorted(firsts)
    joined = by_pass(range(len(times)), number, number.max() + 1)
    assert sorted(n for group in joined for n in group) == list(range(len(times)))


def test_without_a_platform_each_scene_is_a_pass() -> None:
    frame = pd.DataFrame({"scene_id": ["a", "b"]})
    assert number_passes(frame, np.array([0.0, 0.0])).tolist() == [0, 1]
