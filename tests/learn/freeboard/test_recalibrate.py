"""Recalibration: posteriors that are too narrow are widened to what is true, in their range."""

import numpy as np
import pytest
import torch

from gnomon.freeboard.posterior import FreeboardMixture, from_latent
from gnomon.learn.freeboard import recalibrate as module


def posterior_of(rng, count, *, narrow, hot):
    """Truths, laden or not, and posteriors too narrow and odds too sure by factors."""
    truth = rng.normal(6, 1.5, count)
    centre = truth + 0.5 * rng.normal(size=count)
    laden = rng.integers(2, size=count)
    seen = np.where(laden == 1, 1.0, -1.0) + rng.normal(size=count)
    posterior = FreeboardMixture(
        weight=np.ones((count, 1)),
        centre=centre[:, None],
        spread=np.full((count, 1), 0.5 / narrow),
        # Of two normal distributions two deviations apart the log likelihood ratio is 2 x.
        log_lr_laden=hot * 2 * seen,
    )
    return from_latent(truth), laden, posterior


def test_factors_undo_what_is_wrong(monkeypatch):
    rng = np.random.default_rng(1)
    truth, laden, posterior = posterior_of(rng, 4000, narrow=1.6, hot=2.0)
    samples = type(
        "Samples",
        (),
        {
            "pixels": None,
            "context": None,
            "gsd_m": torch.full((4000,), 3.0),
            "freeboard_m": torch.tensor(truth),
            "laden": torch.tensor(laden),
        },
    )
    monkeypatch.setattr(module, "infer", lambda *_: (posterior, None))
    found = module.recalibrate(None, samples)
    assert len(found.gsd_m) == 1
    assert found.widen[0] == pytest.approx(1.6, rel=0.08)
    assert found.temper[0] == pytest.approx(0.5, rel=0.08)


def test_too_few_chips_are_no_recalibration(monkeypatch):
    truth, laden, posterior = posterior_of(np.random.default_rng(2), 10, narrow=2, hot=1)
    samples = type(
        "Samples",
        (),
        {
            "pixels": None,
            "context": None,
            "gsd_m": torch.full((10,), 3.0),
            "freeboard_m": torch.tensor(truth),
            "laden": torch.tensor(laden),
        },
    )
    monkeypatch.setattr(module, "infer", lambda *_: (posterior, None))
    assert module.recalibrate(None, samples).widen == (1.0,)


def test_what_is_unlike_the_samples_is_strange(monkeypatch):
    rng = np.random.default_rng(4)
    mix = torch.tensor(rng.normal(size=(6, 6)), dtype=torch.float32)
    drawn = {
        "samples": torch.tensor(rng.normal(size=(3000, 6)), dtype=torch.float32) @ mix,
        "held": torch.tensor(rng.normal(size=(3000, 6)), dtype=torch.float32) @ mix,
    }
    chips = {name: type("Samples", (), {"pixels": name, "context": None}) for name in drawn}
    monkeypatch.setattr(module, "infer", lambda _, pixels, context: (None, drawn[pixels]))
    found = module.familiar_with(None, chips["samples"], chips["held"])
    assert (found.strangeness(drawn["held"]) > 1).float().mean() == pytest.approx(0.005, abs=0.002)
    far = 8 * drawn["held"][:20]
    assert (found.strangeness(far) > 1).float().mean() > 0.8
