"""Fitting: the same seed gives the same weights, the loss falls, an interruption costs nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from drawn_scenes import drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.learn.fit import TrainOptions, fit

BANDS = ("red", "nir")
SMALL = NetworkOptions(bands=BANDS, widths=(4, 8, 8, 8), blocks=(1, 1, 1))
OPTIONS = TrainOptions(steps=6, batch=2, seed=5, save_every=2)
SHIPS = OrientedBoxes.of([60, 150, 110], [50, 90, 160], 20, 4, [20, 80, 140], tanker=[1, 0, 1])
SCENES = [drawn_tensors(SHIPS, 220, bands=2)]


def same(one: Network, other: Network) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def stop_after(steps: int, seen: list[int]) -> Callable[[int, float], None]:
    def stop(step: int, _: float) -> None:
        seen.append(step)
        if len(seen) == steps:
            raise KeyboardInterrupt

    return stop


def test_the_same_seed_gives_the_same_weights() -> None:
    one, again = (fit(SCENES, OPTIONS, network=SMALL) for _ in range(2))
    assert same(one, again)
    assert not same(one, fit(SCENES, replace(OPTIONS, seed=6), network=SMALL))
    assert not one.training


def test_a_base_is_gone_on_from_and_left_as_it_was() -> None:
    torch.manual_seed(0)
    base = Network(SMALL)
    before = {name: value.clone() for name, value in base.state_dict().items()}
    slow = replace(OPTIONS, steps=1, learning_rate=1e-6)
    moved = fit(SCENES, slow, base=base).state_dict()
    assert all(torch.equal(base.state_dict()[name], value) for name, value in before.items())
    drift = [
        (moved[n] - v).abs().max() for n, v in before.items() if n.endswith(("weight", "bias"))
    ]
    assert 0 <= max(drift) < 1e-4


@pytest.mark.parametrize("steps_before_the_kill", [1, 4, 5])
def test_an_interrupted_fit_ends_with_the_weights_it_would_have_had(
    tmp_path: Path, steps_before_the_kill: int
) -> None:
    whole = fit(SCENES, OPTIONS, network=SMALL)
    state, seen = tmp_path / "state", []
    with pytest.raises(KeyboardInterrupt):
        fit(
            SCENES, OPTIONS, network=SMALL, state=state,
            on_step=stop_after(steps_before_the_kill, seen),
        )  # fmt: skip
    seen.clear()
    resumed = fit(SCENES, OPTIONS, network=SMALL, state=state, on_step=lambda s, _: seen.append(s))
    # The callback of a step runs before its state is written.
    assert seen == list(range((steps_before_the_kill - 1) // 2 * 2, 6))
    assert same(whole, resumed)
    # And what is finished is not done again.
    seen.clear()
    fit(SCENES, OPTIONS, network=SMALL, state=state, on_step=lambda s, _: seen.append(s))
    assert seen == []


@pytest.mark.slow
def test_fitting_makes_the_loss_small() -> None:
    losses: list[float] = []
    options = TrainOptions(steps=120, batch=8)
    fit(SCENES, options, network=SMALL, on_step=lambda _, loss: losses.append(loss))
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
    assert np.isfinite(losses).all()
