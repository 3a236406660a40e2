"""The descent of a loss, its average, and its state."""

from pathlib import Path

import torch
from torch import nn

from gnomon.learn.averaging import AveragedDescent, update_ema


def small() -> nn.Sequential:
    """With floating-point weights and, in the batch norm, a count."""
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def descent() -> AveragedDescent[nn.Sequential]:
    torch.manual_seed(2)
    return AveragedDescent(small(), steps=20, learning_rate=0.1, weight_decay=0.01, keep=0.9)


def learn(run: AveragedDescent[nn.Sequential], steps: int) -> None:
    for _ in range(steps):
        batch = torch.randn(8, 3, generator=torch.Generator().manual_seed(run.step))
        run.descend(((run.model(batch) - 3) ** 2).mean())


def test_an_average_is_the_weighted_sum_of_all_models() -> None:
    """Against the closed form of an exponential moving average."""
    torch.manual_seed(1)
    models = [small() for _ in range(4)]
    average = small()
    average.load_state_dict(models[0].state_dict())
    for model in models[1:]:
        update_ema(average, model, 0.7)
    shares = [0.7**3, 0.3 * 0.7**2, 0.3 * 0.7, 0.3]
    states = [model.state_dict() for model in models]
    for name, value in average.state_dict().items():
        if value.dtype.is_floating_point:
            mixed = sum(share * state[name] for share, state in zip(shares, states, strict=True))
            torch.testing.assert_close(value, mixed)
        else:
            assert value == states[-1][name]


def test_an_interrupted_descent_ends_where_it_would_have_ended(tmp_path: Path) -> None:
    whole, first, second = descent(), descent(), descent()
    learn(whole, 12)
    learn(first, 5)
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    learn(second, 7)
    assert second.step == whole.step == 12
    for run in (whole.model, whole.ema):
        again = second.model if run is whole.model else second.ema
        for one, other in zip(run.state_dict().values(), again.state_dict().values(), strict=True):
            assert torch.equal(one, other)


def test_the_average_follows_early_and_lags_behind_later() -> None:
    run = descent()
    learn(run, 1)
    weights = [part.state_dict()["0.weight"].clone() for part in (run.model, run.ema)]
    start = descent().model.state_dict()["0.weight"]
    torch.testing.assert_close(weights[1], (start + weights[0]) / 2)
    learn(run, 15)
    assert not torch.allclose(run.ema.state_dict()["0.weight"], run.model.state_dict()["0.weight"])
