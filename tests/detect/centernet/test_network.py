"""A network that only looks says what the trained one says, in half precision too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from drawn_sea import afloat, found, sea
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.cascade import find_hulls
from gnomon.detect.centernet.network import Network, NetworkOptions, for_inference
from gnomon.detect.weights import Weights, load
from gnomon.learn.catalogs import LOWEST, marked_scenes
from gnomon.learn.crossval.matches import account, counted

DOUBTFUL = 0.1
"""Hulls of a lower score are no one's ships."""


def inference(*, half: bool | None) -> Weights:
    """Shipped weights that look in half precision, in full, or (None) just as they were trained."""
    ready = load("s2-vessel")
    network = ready.network if half is None else for_inference(ready.network, half=half)
    vars(ready)["looking"] = network
    return ready


def alike(hulls: OrientedBoxes, others: OrientedBoxes) -> np.ndarray:
    """Which hulls have a twin: within 0.2 px, lengths within 2 %, scores within 0.02."""
    distance, twin = cKDTree(others.centres).query(hulls.centres)
    return (
        (distance < 0.2)
        & (np.abs(others.length[twin] / hulls.length - 1) < 0.02)
        & (np.abs(others.score[twin] - hulls.score) < 0.02)
    )


def trained(seed: int) -> Network:
    """A small network whose normalisations have seen something."""
    torch.manual_seed(seed)
    network = Network(NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))).train()
    for _ in range(3):
        network(torch.rand(2, 4, 64, 64), torch.ones(2, 4), torch.rand(2, 4, 64, 64))
    return network.eval()


def test_folding_changes_nothing_and_leaves_the_trained_network_alone() -> None:
    network = trained(0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    bands, present, past = torch.rand(2, 4, 64, 96), torch.ones(2, 4), torch.rand(2, 4, 64, 96)
    with torch.inference_mode():
        plain = network(bands, present, past)
        folded = for_inference(network, half=False)(bands, present, past)
    for name in ("centre", "shift", "size", "axis", "hull", "tanker"):
        torch.testing.assert_close(
            getattr(folded, name), getattr(plain, name), atol=1e-4, rtol=1e-4
        )
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in for_inference(network).modules())
    assert all(part.requires_grad for part in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_what_is_told_has_full_precision() -> None:
    told = for_inference(trained(1), half=True)(torch.rand(1, 4, 32, 32), torch.ones(1, 4))
    assert told.centre.dtype == told.tanker.dtype == torch.float32


def test_half_precision_finds_the_same_ships() -> None:
    pixels = sea(256)
    for number, (x, y) in enumerate((x, y) for x in range(30, 256, 56) for y in range(30, 256, 56)):
        afloat(pixels, x, y, length=9 + number, angle=23.0 * number)
    plain, half = (found(pixels, inference(half=half)) for half in (None, True))
    for some, others in ((plain, half), (half, plain)):
        clear = some[some.score > 0.6]  # one that is hardly told may be hardly not told
        assert len(clear) >= 12
        assert (
            alike(clear, others).mean() >= 0.9
        )  # of two cells as likely, the other may be the peak


@pytest.mark.slow
def test_half_precision_finds_the_same_ships_in_real_scenes(shared_data: Path) -> None:
    catalogs = [str(shared_data / "s2-ports" / part / "catalog.json") for part in ("train", "val")]
    scenes = marked_scenes(*catalogs)
    options = DetectOptions(threshold=LOWEST)
    plain, half = (
        [find_hulls(m.pixels, m.masks, weights=ready, options=options) for m in scenes]
        for ready in (inference(half=None), inference(half=True))
    )
    those = [
        alike(hulls[hulls.score >= DOUBTFUL], others)
        for hulls, others in zip(plain, half, strict=True)
    ]
    assert np.concatenate(those).mean() > 0.95
    for least_m in (50, 100):
        first, second = (counted(account(scenes, hulls), least_m) for hulls in (plain, half))
        assert first.average_precision() == pytest.approx(second.average_precision(), abs=0.003)
