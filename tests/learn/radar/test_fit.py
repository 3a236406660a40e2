"""Fits: the same again, in one piece or two; and mirror images have the truth of mirror images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gnomon.detect.radar_network import RadarNetwork, RadarNetworkOptions
from gnomon.learn.radar import fit
from gnomon.learn.radar.drawn import drawn_sheet
from gnomon.learn.radar.fit import RadarFitOptions, RadarSamples, fit_radar_network
from gnomon.simulate.radar.echoes import speckle_bank


@pytest.fixture(scope="module")
def samples() -> RadarSamples:
    bank = speckle_bank(np.random.default_rng(0), (256, 256), 10.0)
    return RadarSamples.of([drawn_sheet(n, quays=False, bank=bank) for n in (1, 2)])


def small() -> RadarNetwork:
    torch.manual_seed(0)
    return RadarNetwork(RadarNetworkOptions(widths=(8, 8), hidden=8))


OPTIONS = RadarFitOptions(steps=6, batch=8)


def test_a_fit_that_was_stopped_goes_on_as_if_it_was_not(
    samples: RadarSamples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "KEPT_EVERY", 2)
    whole = fit_radar_network(samples, OPTIONS, start=small())

    def stop(step: int, _: float) -> None:
        if step == 3:
            raise KeyboardInterrupt

    state = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        fit_radar_network(samples, OPTIONS, start=small(), state=state, on_step=stop)
    steps = []
    again = fit_radar_network(
        samples, OPTIONS, start=small(), state=state, on_step=lambda n, _: steps.append(n)
    )
    assert steps == [3, 4, 5, 6]
    for name, values in whole.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], values, rtol=0, atol=0)


def test_the_loss_falls(samples: RadarSamples) -> None:
    losses: list[float] = []
    options = RadarFitOptions(steps=40, batch=16, learning_rate=1e-2)
    fit_radar_network(samples, options, start=small(), on_step=lambda _, loss: losses.append(loss))
    assert np.mean(losses[-10:]) < 0.93 * np.mean(losses[:10])


def test_what_is_mirrored_and_turned_keeps_its_ship() -> None:
    """The axis and the middle of a bright bar, found by its moments after all is done to it."""
    count = 40
    crops = torch.full((count, 3, 64, 64), -1.0)
    crops[:, 2] = 0
    for row in range(count):
        for step in range(-8, 9):  # from the lower left to the upper right, right of the middle
            crops[row, :2, 28 - step // 2, 38 + step] = 2.0
    angle = np.deg2rad(2 * np.degrees(np.arctan2(2, 1)))
    batch = fit._Batch(
        crops, torch.ones(count, 3), torch.ones(count),
        torch.tensor([[6.0, -4.0]]).repeat(count, 1) / fit.OFFSET_PX, torch.zeros(count, 2),
        torch.ones(count), torch.full((count,), float(angle)), torch.ones(count),
    )  # fmt: skip
    done = fit._augmented(np.random.default_rng(3), batch)
    axes = set()
    for row in range(count):
        channel = 0 if done.known[row, 0] else 1
        y, x = np.nonzero(done.crops[row, channel].numpy() > 0.8)
        offset = done.offset[row].numpy() * fit.OFFSET_PX
        assert (x.mean() - 32, y.mean() - 32) == pytest.approx(tuple(offset), abs=0.6)
        spread = np.cov(x, -y)
        values, vectors = np.linalg.eigh(spread)
        east, north = vectors[:, np.argmax(values)]
        found = np.rad2deg(np.arctan2(east, north)) % 180
        wanted = np.rad2deg(float(done.double_axis[row]) / 2) % 180
        assert (found - wanted + 90) % 180 == pytest.approx(90, abs=4)
        axes.add(round(wanted))
    assert len(axes) == 4  # two mirror images, and both turned
