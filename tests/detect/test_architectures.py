"""Architectures: found by name, folders and plug-ins alike, and run by the cascade end to end."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tiny_architecture
from boxes import box
from drawn_sea import afloat, found, sea
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.detect import architectures as module
from gnomon.detect import tta
from gnomon.detect.architectures import OutputMaps, Turn, architectures, builder
from gnomon.detect.calibration import UNCALIBRATED
from gnomon.detect.weights import load, save
from tiny_architecture import LEVEL, Brightness, TinyNetwork

BANDS = ("blue", "green", "red", "nir")
turns = st.builds(Turn, st.integers(0, 3), st.booleans())


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.metadata, "entry_points", tiny_architecture.entry_points)


@given(turns)
def test_a_turn_is_undone(turn: Turn) -> None:
    image = torch.arange(24.0).reshape(1, 1, 4, 6)
    assert torch.equal(turn.undone(turn.of(image)), image)
    # Against numpy, whose axes are the same.
    flipped = image.numpy()[..., ::-1] if turn.mirrored else image.numpy()
    expected = np.rot90(flipped, turn.quarters, (2, 3))
    np.testing.assert_array_equal(turn.of(image).numpy(), expected)


@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=5))
def test_the_mean_of_maps_is_taken_cell_by_cell(levels: list[float]) -> None:
    maps = Brightness.mean([Brightness(torch.full((1, 1, 2, 2), level)) for level in levels])
    np.testing.assert_allclose(maps.bright.numpy(), np.mean(levels), atol=1e-5)
    assert isinstance(maps, OutputMaps)


def test_folders_and_plug_ins_are_found_by_name(plugins: None) -> None:
    assert {"centernet", "tiny", "gone"} <= set(architectures())
    assert builder("tiny") is tiny_architecture.build


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("typo", r"no architecture 'typo'; there are centernet, gone, hollow, tiny, and plug-ins"),
        ("gone", r"architecture 'gone' \(a_package_that_is_not_installed\): No module named"),
        ("hollow", r"architecture 'hollow' \(commands\): .*no attribute 'build'"),
    ],
)
def test_an_architecture_that_is_not_there_is_refused_in_one_line(
    plugins: None, name: str, fault: str
) -> None:
    with pytest.raises(WeightsError, match=fault) as refused:
        builder(name)
    assert "\n" not in str(refused.value)


def test_a_plug_in_runs_through_the_cascade_end_to_end(
    plugins: None, tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tiny"
    model = save(folder, TinyNetwork(BANDS, LEVEL), version="1", calibration=UNCALIBRATED)
    assert (model.architecture, model.network) == ("tiny", {"level": LEVEL})
    pixels = sea(256)
    places = [(60.0, 70.0, 20.0), (180.0, 90.0, 110.0)]
    for x, y, angle in places:
        afloat(pixels, x, y, length=18, beam=3, angle=angle)
    read: list[Turn] = []
    turned_back = TinyNetwork.turned_back
    monkeypatch.setattr(TinyNetwork, "turned_back", lambda *a: read.append(a[2]) or turned_back(*a))
    boxes = found(pixels, load(str(folder)))
    boxes = boxes[np.argsort(boxes.x)]
    assert len(boxes) == 2
    for one, (x, y, angle) in zip(boxes, places, strict=True):
        assert (one.x, one.y) == pytest.approx((x, y), abs=0.6)
        assert one.length == pytest.approx(18, abs=3)
        assert abs((one.angle - angle + 90) % 180 - 90) < 3
    # Its scores are uncertain, so that all turns were read.
    assert set(read) == set(tta.TURNS)


def test_a_plug_in_is_trained_by_its_own_targets_and_loss() -> None:
    network = TinyNetwork(BANDS, LEVEL)
    ships = [box(30, 30, 20, 5, 40), OrientedBoxes.empty()]
    targets = network.targets(ships, counted=[torch.ones(1, 64, 64)] * 2, side_px=64)
    crops = 0.25 * targets.expand(-1, 4, -1, -1)
    optimiser = torch.optim.SGD(network.parameters(), lr=50.0)
    for _ in range(60):
        optimiser.zero_grad()
        loss = network.loss(network(crops, torch.ones(2, 4)), targets)
        loss.backward()
        optimiser.step()
    assert network.gain.item() == pytest.approx(4.0, rel=0.05)
