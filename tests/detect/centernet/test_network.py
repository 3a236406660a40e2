"""The network made for inference gives what the trained one gives, in half precision too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from drawn_sea import afloat, found, sea
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet import build
from gnomon.detect.centernet.network import Network, NetworkOptions, for_inference
from gnomon.detect.weights import Weights, load
from gnomon.learn.crossval.matches import matches_of, ranking_of
from gnomon.learn.finders import LOWEST
from gnomon.learn.scenes import labelled_scenes

DOUBTFUL = 0.1
"""Hulls of a lower score are compared with nothing."""


def inference(*, half: bool | None) -> Weights:
    """Shipped weights in half precision, in full, or (None) as they were trained."""
    ready = load("s2-vessel")
    network = ready.network if half is None else for_inference(ready.network, half=half)
    vars(ready)["inference"] = network
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


def test_maps_have_full_precision() -> None:
    maps = for_inference(trained(1), half=True)(torch.rand(1, 4, 32, 32), torch.ones(1, 4))
    assert maps.centre.dtype == maps.tanker.dtype == torch.float32


def test_half_precision_finds_the_same_ships() -> None:
    pixels = sea(256)
    for number, (x, y) in enumerate((x, y) for x in range(30, 256, 56) for y in range(30, 256, 56)):
        afloat(pixels, x, y, length=9 + number, angle=23.0 * number)
    plain, half = (found(pixels, inference(half=half)) for half in (None, True))
    for some, others in ((plain, half), (half, plain)):
        clear = some[some.score > 0.6]  # one near the threshold may be just below it
        assert len(clear) >= 12
        assert (
            alike(clear, others).mean() >= 0.9
        )  # of two cells as likely, the other may be the peak


@pytest.mark.slow
def test_half_precision_finds_the_same_ships_in_real_scenes(shared_data: Path) -> None:
    catalogs = [str(shared_data / "s2-ports" / part / "catalog.json") for part in ("train", "val")]
    scenes = labelled_scenes(*catalogs)
    options = DetectOptions(threshold=LOWEST)
    plain, half = (
        [Cascade(ready, options).find(m.pixels, m.masks) for m in scenes]
        for ready in (inference(half=None), inference(half=True))
    )
    those = [
        alike(hulls[hulls.score >= DOUBTFUL], others)
        for hulls, others in zip(plain, half, strict=True)
    ]
    assert np.concatenate(those).mean() > 0.95
    for least_m in (50, 100):
        first, second = (ranking_of(matches_of(scenes, hulls), least_m) for hulls in (plain, half))
        assert first.average_precision() == pytest.approx(second.average_precision(), abs=0.003)


def test_a_missing_band_is_read_as_missing_and_not_as_dark() -> None:
    network = trained(2)
    bands = torch.rand(1, 4, 32, 32) * 0.2
    without = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    other = bands.clone()
    other[:, 2] = torch.nan
    dark = bands.clone()
    dark[:, 2] = 0.0
    with torch.inference_mode():
        assert torch.equal(network(bands, without).centre, network(other, without).centre)
        assert not torch.allclose(
            network(dark, torch.ones(1, 4)).centre, network(other, without).centre
        )


def test_an_unknown_background_is_no_background() -> None:
    network, bands, present = trained(3), torch.rand(1, 4, 32, 32), torch.ones(1, 4)
    unknown = torch.full_like(bands, torch.nan)
    with torch.inference_mode():
        torch.testing.assert_close(
            network(bands, present, unknown).centre, network(bands, present).centre
        )
        known = network(bands, present, torch.rand(1, 4, 32, 32)).centre
        assert not torch.allclose(known, network(bands, present).centre)


def test_a_network_is_made_again_from_its_settings() -> None:
    network = trained(4)
    again = build(network.bands, background=network.background, settings=network.settings())
    assert again.options == network.options
    again.load_state_dict(network.state_dict())
    bands, present = torch.rand(1, 4, 32, 32), torch.ones(1, 4)
    with torch.inference_mode():
        maps = again.eval()(bands, present)
    assert torch.equal(maps.hull, network(bands, present).hull)


def test_a_network_without_a_head_for_tankers_gives_nan() -> None:
    plain = Network(NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1), tanker=False))
    maps = plain(torch.rand(1, 4, 32, 32), torch.ones(1, 4))
    assert maps.tanker.isnan().all()
    assert maps.centre.isfinite().all()
