"""Training: what is finished is not trained again, and no weights are overwritten."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from drawn_scenes import drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.detect.calibration import BoxErrors, Calibration, Curve
from gnomon.detect.centernet.network import Network
from gnomon.detect.weights import load
from gnomon.learn.fit import TrainOptions
from gnomon.learn.tensors import SceneTensors
from gnomon.learn.train import (
    BANDS,
    SIMULATED_SHARE,
    read_network,
    rests_on,
    scene_weights,
    train,
    train_network,
    write_network,
)

CALIBRATION = Calibration(
    threshold=0.4,
    ship=Curve(slope=1.2, intercept=-0.3),
    errors=BoxErrors(length_m=9, length_share=0.05, beam_m=4, beam_share=0.1, heading_deg=3),
)
SHIPS = OrientedBoxes.of([60, 150], [50, 90], 20, 4, [20, 80], tanker=[1, 0])


def scene(name: str = "drawn", *, real: bool = True) -> SceneTensors:
    return drawn_tensors(SHIPS, 200, name=name, bands=len(BANDS), real=real)


def test_a_finished_network_is_trained_again_only_if_it_rests_on_something_else(
    tmp_path: Path,
) -> None:
    seen: list[int] = []

    def run(steps: int, states: str, real: SceneTensors) -> Network:
        return train_network(
            [real], [], tmp_path / states, options=TrainOptions(steps=steps, batch=2),
            on_step=lambda step, _: seen.append(step), finished=tmp_path / "finished",
        )  # fmt: skip

    first = run(2, "one", scene())
    assert seen == [0, 1]
    again = run(2, "two", scene())
    assert seen == [0, 1]
    torch.testing.assert_close(dict(again.state_dict()), dict(first.state_dict()))
    run(1, "three", scene())
    assert seen == [0, 1, 0]
    brighter = replace(scene(), bands=scene().bands * 1.5)
    run(1, "four", brighter)
    assert seen == [0, 1, 0, 0]


def test_a_stored_network_is_read_in_half_of_its_digits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    path = tmp_path / "n.safetensors"
    write_network(path, network, "all-123")
    assert rests_on(path) == "all-123"
    for name, value in read_network(path).state_dict().items():
        if value.dtype.is_floating_point:
            assert torch.equal(value, before[name].half().float())


def test_simulated_scenes_are_a_fixed_share() -> None:
    real, simulated = [scene("a"), scene("b")], [scene("c", real=False)] * 3
    weights = scene_weights(real, simulated)
    assert sum(weights[:2]) == pytest.approx(1 - SIMULATED_SHARE)
    assert sum(weights[2:]) == pytest.approx(SIMULATED_SHARE)
    assert sum(scene_weights(real, [])) == pytest.approx(1)


@pytest.mark.slow
def test_training_writes_weights_that_work_and_overwrites_none(sea: Path, tmp_path: Path) -> None:
    options, out = TrainOptions(steps=4, batch=2), tmp_path / "m"
    progress: list[tuple[int, int]] = []
    said: list[str] = []
    model = train(
        [str(sea)], out, version="9", calibration=CALIBRATION, simulated=0, options=options,
        on_progress=lambda done, total, _: progress.append((done, total)), say=said.append,
    )  # fmt: skip
    assert len(said) == 1
    assert "3 scenes with" in said[0]
    assert "4 steps of 2 chips" in said[0]
    assert load(str(out)).model == model
    assert model.calibration == CALIBRATION
    assert model.trained_on == ("april-04", "april-14", "april-24")
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    with pytest.raises(WeightsError, match="never overwritten"):
        train([str(sea)], out, version="9", calibration=CALIBRATION, options=options)


def test_an_interrupted_training_goes_on_from_its_state(tmp_path: Path) -> None:
    options = TrainOptions(steps=4, batch=2, save_every=1)
    seen: list[int] = []

    def interrupt(step: int, _: float) -> None:
        seen.append(step)
        if len(seen) == 3:
            raise KeyboardInterrupt

    whole = train_network([scene()], [], tmp_path / "whole", options=options)
    with pytest.raises(KeyboardInterrupt):
        train_network([scene()], [], tmp_path / "parts", options=options, on_step=interrupt)
    resumed = train_network(
        [scene()], [], tmp_path / "parts", options=options, on_step=lambda s, _: seen.append(s)
    )
    assert seen == [0, 1, 2, 2, 3]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name])


def test_states_of_other_scenes_lie_beside_each_other(tmp_path: Path) -> None:
    options = TrainOptions(steps=1, batch=1)
    for real in ([scene("a")], [scene("b")], [scene("a"), scene("b")]):
        train_network(real, [], tmp_path, options=options)
    assert len(list(tmp_path.glob("all-*.state"))) == 3


def test_a_network_that_is_no_file_or_has_no_name_is_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "finished" / "all.safetensors"
    path.parent.mkdir()
    save_file({k: v.contiguous() for k, v in Network().state_dict().items()}, path)
    assert rests_on(path) == ""
    seen: list[int] = []
    train_network(
        [scene()], [], tmp_path / "states", options=TrainOptions(steps=1, batch=1),
        on_step=lambda step, _: seen.append(step), finished=path.parent,
    )  # fmt: skip
    assert seen == [0]
    assert rests_on(path).startswith("all-")
