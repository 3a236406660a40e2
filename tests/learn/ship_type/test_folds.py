"""Blocks of time: nothing near them and no ship of theirs is trained on."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chip_hulls import chip_hull
from gnomon.learn.ship_type.chip_hulls import same_ship
from gnomon.learn.ship_type.folds import GAP_DAYS, time_blocks, time_folds


@given(st.lists(st.floats(0, 300), min_size=4, max_size=80), st.integers(2, 6))
def test_blocks_are_consecutive_whole_days_and_cover_all(days, blocks):
    day = np.array(days)
    masks = time_blocks(day, blocks)
    assert (np.sum(masks, axis=0) == 1).all()
    for before, after in pairwise(masks):
        assert np.floor(day[before]).max() < np.floor(day[after]).min()


def test_no_ship_and_no_near_day_is_on_both_sides():
    hulls = [
        chip_hull(day=f"2017{month:02d}{day:02d}", lon=-122.30 - 0.005 * n, seed=n,
                  tanker=n % 3 > 0, length_px=44.0 + 4.0 * (n % 5))
        for n, (month, day) in enumerate((m, d) for m in (3, 5, 7, 9) for d in (1, 2, 28))
    ]  # fmt: skip
    day = np.array([one.label.seen_at.timestamp() for one in hulls]) / 86_400
    same = same_ship(hulls)
    folds = list(time_folds(hulls, blocks=3))
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(hulls)))
    assert any(len(fold.train) for fold in folds)
    for fold in folds:
        assert not same[np.ix_(fold.train, fold.test)].any()
        if len(fold.train):
            apart = np.abs(day[fold.train][:, None] - day[fold.test])
            assert apart.min() > GAP_DAYS
