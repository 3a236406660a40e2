"""Fitting: what can be learned is learned, the same seed gives the same, and lengths are even."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from chip_hulls import chip_hull
from gnomon.detect.type_network import TypeNetworkOptions
from gnomon.learn.ship_type.fit import (
    BIN_M,
    TypeFitOptions,
    even_weights,
    fit_type_network,
    recoloured,
)
from gnomon.learn.ship_type.views import make_views

SMALL = TypeNetworkOptions(widths=(8, 16, 16), hidden=8)


def test_red_decks_are_told_from_hatches_and_the_same_seed_gives_the_same_weights():
    hulls = [chip_hull(tanker=bool(n % 2), seed=n) for n in range(8)]
    frames = make_views(hulls, (3.0, 6.0), seed=0)
    tanker, length_m = np.arange(8) % 2 == 1, np.full(8, 180.0)
    options = TypeFitOptions(steps=20, batch=8, keep=0.8)
    one, other = (
        fit_type_network(frames, tanker, length_m, options, network=SMALL) for _ in range(2)
    )
    for here, there in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(here, there, rtol=0, atol=0)
    unseen = [chip_hull(tanker=bool(n % 2), seed=n, axis_deg=77.0) for n in range(20, 26)]
    with torch.inference_mode():
        odds = one.log_odds(make_views(unseen, (4.0,), seed=3)[:, 0].float()).numpy()
    assert odds[1::2].min() > odds[::2].max()


@given(st.lists(st.tuples(st.booleans(), st.floats(60, 300)), min_size=1, max_size=60))
def test_of_like_length_both_kinds_are_drawn_alike_where_both_are_there(ships):
    tanker, length_m = (np.array(values) for values in zip(*ships, strict=True))
    chance = even_weights(tanker, length_m)
    np.testing.assert_allclose(chance.sum(), 1)
    assert (chance > 0).all()
    for one in np.unique(np.floor(length_m / BIN_M)):
        here = np.floor(length_m / BIN_M) == one
        yes, no = (here & tanker).sum(), (here & ~tanker).sum()
        if min(yes, no) * 8 >= here.sum():
            np.testing.assert_allclose(chance[here & tanker].sum(), chance[here & ~tanker].sum())


def test_recolouring_keeps_the_frame_but_not_its_colour():
    frames = make_views([chip_hull()], (3.0,), seed=0)[:, 0].float().expand(8, -1, -1, -1)
    draw = torch.Generator().manual_seed(0)
    out = recoloured(frames, draw)
    assert out.shape == frames.shape
    assert torch.isfinite(out).all()
    folded = [each + each.flip(-1) + each.flip(-2) + each.flip(-1, -2) for each in (out, frames)]
    alike = torch.corrcoef(torch.stack([each.mean((0, 1)).flatten() for each in folded]))[0, 1]
    assert alike > 0.9
    assert not torch.allclose(out[0].mean((1, 2)), out[1].mean((1, 2)), atol=0.02)
