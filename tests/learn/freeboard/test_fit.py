"""Fitting: a split run equals a whole one, and what can be learned is learned."""

import numpy as np
import pytest
import torch

from gnomon.freeboard.network import PosteriorOptions, PosteriorOutput
from gnomon.freeboard.window import ACROSS, ALONG, CONTEXT, WINDOW_BANDS
from gnomon.learn.freeboard.fit import PosteriorFitOptions, fit_posterior, posterior_loss
from gnomon.learn.freeboard.hulls import HullSamples

SMALL = PosteriorOptions(widths=(8, 8, 16), hidden=16, components=2)
OPTIONS = PosteriorFitOptions(steps=12, batch=16, save_every=4)


@pytest.fixture(scope="module")
def bars():
    """Ships of 100 m whose freeboard is the brightness of the window, half of them laden."""
    rng = np.random.default_rng(0)
    freeboard = rng.uniform(1, 6, 96)
    shape = (96, len(WINDOW_BANDS) + 1, ACROSS[2], ALONG[2])
    pixels = 0.2 * rng.normal(size=shape) + (freeboard - 3.5)[:, None, None, None]
    context = np.zeros((96, len(CONTEXT)))
    context[:, CONTEXT.index("cot_sun")] = 1.0
    laden = np.where(freeboard < 3.5, 1, 0)
    laden[::5] = -1
    return HullSamples(
        pixels=torch.tensor(pixels).half(),
        context=torch.tensor(context).float(),
        freeboard_m=torch.tensor(freeboard).float(),
        size=torch.zeros(96, 2),
        shift=torch.zeros(96, 3),
        laden=torch.tensor(laden, dtype=torch.int8),
        gsd_m=torch.full((96,), 3.0),
        sun_elevation_deg=torch.full((96,), 30.0),
    )


@pytest.mark.slow
def test_a_split_run_equals_a_whole_run(bars, tmp_path):
    whole = fit_posterior(bars, OPTIONS, network=SMALL)

    class StopError(Exception):
        pass

    def stop(step, _):
        if step == 8:
            raise StopError

    state = tmp_path / "run.state"
    with pytest.raises(StopError):
        fit_posterior(bars, OPTIONS, network=SMALL, on_step=stop, state=state)
    split = fit_posterior(bars, OPTIONS, network=SMALL, state=state)
    for one, other in zip(whole.parameters(), split.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.slow
def test_a_freeboard_that_the_pixels_show_is_learned(bars):
    options = PosteriorFitOptions(steps=80, batch=32, learning_rate=3e-3, keep=0.9)
    network = fit_posterior(bars, options, network=SMALL)
    with torch.no_grad():
        posterior = network(bars.pixels.float(), bars.context).posterior()
    truth = bars.freeboard_m.numpy()
    assert np.corrcoef(posterior.quantile(0.5), truth)[0, 1] > 0.9
    either = bars.laden.numpy() >= 0
    assert np.mean((posterior.p_laden > 0.5)[either] == (truth < 3.5)[either]) > 0.9


def test_a_ship_that_is_neither_laden_nor_in_ballast_does_not_move_the_odds(bars):
    rows = bars.take(torch.nonzero(bars.laden == -1)[:4, 0])
    ratio = torch.zeros(4, requires_grad=True)
    out = PosteriorOutput(
        logits=torch.zeros(4, 2),
        centre=torch.full((4, 2), 3.0),
        log_spread=torch.zeros(4, 2),
        log_lr_laden=ratio,
        size=torch.zeros(4, 4, requires_grad=True),
        shift=torch.zeros(4, 6),
    )
    posterior_loss(out, rows).backward()
    assert ratio.grad is None or not ratio.grad.any()
