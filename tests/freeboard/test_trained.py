"""Weights on disk: what is refused, and what recalibration does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gnomon.datamodel.errors import WeightsError
from gnomon.freeboard.network import PosteriorNetwork, PosteriorOptions
from gnomon.freeboard.trained import (
    Familiarity,
    Recalibration,
    infer,
    load_posterior,
    save_posterior,
)
from gnomon.freeboard.window import hull_window
from model_ships import model_chip

NAMES = ("blue", "green", "red", "nir")
ANY = Familiarity(torch.zeros(16), torch.eye(16), torch.full((1,), 9.0))
TWICE = Recalibration(gsd_m=(1.0, 9.0), widen=(1.0, 2.0), temper=(1.0, 3.0))


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    network = PosteriorNetwork(PosteriorOptions(widths=(8, 8, 16), hidden=16))
    folder = tmp_path / "small"
    save_posterior(
        folder,
        network,
        version="0",
        gsd_range_m=(0.3, 10.0),
        length_range_m=(50.0, 220.0),
        recalibration=TWICE,
        familiarity=ANY,
    )
    return folder, network


def test_saved_weights_give_the_same_posterior_recalibrated(saved):
    folder, network = saved
    trained = load_posterior(folder)
    chips = [model_chip(gsd=gsd) for gsd in (1.0, 3.0)]
    seen = trained.read(chips)
    found = seen.posterior
    windows = [hull_window(chip) for chip in trained.register(chips)]
    pixels, context = (
        torch.tensor(np.stack(values))
        for values in ([w.pixels for w in windows], [w.context for w in windows])
    )
    raw, features = infer(network.eval(), pixels, context)
    np.testing.assert_allclose(seen.strangeness, features.norm(dim=1) / 9, rtol=1e-5)
    # 3 m is the middle of 1 and 9 in its logarithm.
    np.testing.assert_allclose(found.spread, raw.spread * [[1.0], [1.5]], rtol=1e-5)
    np.testing.assert_allclose(found.log_lr_laden, raw.log_lr_laden * [1.0, 2.0], rtol=1e-5)


def test_weights_are_never_overwritten(saved):
    folder, network = saved
    with pytest.raises(WeightsError, match="never overwritten"):
        save_posterior(
            folder,
            network,
            version="1",
            gsd_range_m=(1, 2),
            length_range_m=(50, 220),
            recalibration=TWICE,
            familiarity=ANY,
        )


def test_damaged_weights_are_refused(saved):
    folder, _ = saved
    path = folder / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged"):
        load_posterior(folder)


def test_a_network_that_fails_its_check_is_refused(saved):
    from safetensors.torch import load_file, save_file

    folder, _ = saved
    check = load_file(folder / "check.safetensors")
    save_file(check | {"expected": check["expected"] + 0.1}, folder / "check.safetensors")
    with pytest.raises(WeightsError, match="output of its check"):
        load_posterior(folder)


def test_a_folder_without_a_model_is_no_folder_of_weights(tmp_path):
    with pytest.raises(WeightsError, match="No such file"):
        load_posterior(tmp_path)


def test_only_what_was_trained_on_is_known(saved):
    trained = load_posterior(saved[0])
    assert trained.knows(model_chip(gsd=10.0))
    assert not trained.knows(model_chip(gsd=11.0))
    assert not trained.knows(replace(model_chip(), bands=()))
    assert not trained.knows(replace(model_chip(), length_m=300.0))
