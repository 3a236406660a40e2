"""Networks that left something out: made once, and never on what they are measured by."""

import numpy as np
import torch

from chip_hulls import chip_hull
from gnomon.learn.ship_type import measure
from gnomon.learn.ship_type.folds import TimeFold
from gnomon.learn.ship_type.measure import SIZES_M, AnchorageViews, kept, left_out_odds, odds_of


def test_what_was_made_is_not_made_again(tmp_path):
    path = tmp_path / "new" / "odds.safetensors"
    made = []

    def make():
        made.append(1)
        return torch.arange(3.0)

    for _ in range(2):
        assert kept(path, make).tolist() == [0, 1, 2]
    assert made == [1]


def test_each_block_is_scored_by_the_network_that_did_not_see_it(tmp_path, monkeypatch):
    hulls = [chip_hull(seed=n, tanker=n % 2 > 0) for n in range(6)]
    disputed = hulls[4].label.model_copy(update={"type_1": "tanker", "type_2": "bulk"})
    hulls[4] = type(hulls[4])(disputed, hulls[4].pixels, hulls[4].box)
    ships = AnchorageViews(hulls, torch.zeros(6, 2, 1), torch.zeros(6, len(SIZES_M)))
    folds = [TimeFold(np.array([2, 3, 4, 5]), np.array([0, 1])),
             TimeFold(np.array([0, 1, 4]), np.array([2, 3, 4, 5]))]  # fmt: skip
    fitted = []

    def fit(frames, tanker, length_m, options, *, network):
        fitted.append((len(frames), tanker.tolist(), options.seed, network.surroundings))
        return len(fitted)

    monkeypatch.setattr(measure, "time_folds", lambda _: folds)
    monkeypatch.setattr(measure, "fit_type_network", fit)
    monkeypatch.setattr(measure, "odds_of", lambda network, frames: network + 0 * frames[:])
    names = []
    odds, block = left_out_odds(ships, tmp_path, 7, names.append, surroundings=True)
    assert block.tolist() == [0, 0, 1, 1, 1, 1]
    assert (odds[:2] == 1).all()
    assert (odds[2:] == 2).all()
    assert odds.shape == (6, len(SIZES_M))
    # The disputed one is measured, and never fitted to.
    assert fitted == [(3, [False, True, True], 7, True), (2, [False, True], 7, True)]
    assert names == [f"block-{n}-seed-7-with-surroundings" for n in (0, 1)]


def test_odds_come_in_the_order_of_the_frames():
    class Mean(torch.nn.Module):
        def log_odds(self, frames):
            return frames.mean((1, 2, 3))

    frames = torch.arange(300.0).view(-1, 1, 1, 1).half().expand(-1, 3, 2, 2)
    torch.testing.assert_close(odds_of(Mean(), frames), torch.arange(300.0))
