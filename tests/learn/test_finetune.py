"""Finetuning on labelled chips: the same seed, a kill, what is held out, and what is refused."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import retrain_once
from chip_folders import decide, edit, write_chips
from gnomon.datamodel.errors import LabelError, WeightsError
from gnomon.detect import weights
from gnomon.detect.calibration import UNCALIBRATED, Calibration, Curve
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.learn.finetune import FinetuneOptions, finetune
from gnomon.learn.labels import read_labels

CALIBRATION = Calibration(
    threshold=0.3, ship=Curve(slope=1.2, intercept=-0.4), errors=UNCALIBRATED.errors
)
SMALL = NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))
QUICK = FinetuneOptions(steps=3, batch=2, simulated=0, checks=0, seed=1, save_every=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a small network that has learned nothing."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "small"
    weights.save(folder, Network(SMALL), version="1", calibration=CALIBRATION, trained_on=["x"])
    return folder


@pytest.fixture(scope="module")
def folder(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chips of three scenes with every ship decided on, but for two that are none."""
    place = tmp_path_factory.mktemp("finetuning") / "chips"
    write_chips(place, sea)
    decide(place)
    edit(place, {"april-04-1": {"status": "not_ship"}, "april-14-0": {"type": "tanker"}})
    return place


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return dict(weights.load(str(folder)).network.state_dict())


def same(one: Path, other: Path) -> bool:
    first, second = tensors(one), tensors(other)
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_same_seed_gives_the_same_weights(folder: Path, base: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    said: list[str] = []
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        options = replace(QUICK, seed=seed)
        finetune(
            folder, tmp_path / name, base=str(base), options=options,
            on_progress=lambda done, total, text: seen.append((done, total, text)),
            say=said.append,
        )  # fmt: skip
    assert same(tmp_path / "one", tmp_path / "same")
    assert not same(tmp_path / "one", tmp_path / "other")
    assert not same(tmp_path / "one", base)
    assert len(said) == 3
    assert "two trainings of 3 steps, the first without april-" in said[0]
    known = weights.read_model(str(tmp_path / "one")).trained_on
    assert known == ("april-04", "april-14", "april-24", "x")
    assert [(done, total) for done, total, _ in seen[:3]] == [(1, 3), (2, 3), (3, 3)]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "card.md",
        "check.safetensors",
        "item.json",
        "model.toml",
        "weights.safetensors",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other", "same"]


def test_new_weights_lie_between_old_and_learned(folder: Path, base: Path, tmp_path: Path) -> None:
    for name, share in (("none", 0.0), ("half", 0.5), ("all", 1.0)):
        finetune(
            folder, tmp_path / name, base=str(base), options=replace(QUICK, interpolation=share)
        )
    old = tensors(base)
    none, half, whole = (tensors(tmp_path / name) for name in ("none", "half", "all"))
    for name, value in old.items():
        if value.dtype.is_floating_point:
            assert torch.equal(none[name], value)
            torch.testing.assert_close(half[name], (value + whole[name]) / 2)


def test_a_kill_costs_nothing_but_time(folder: Path, base: Path, tmp_path: Path) -> None:
    """A real process, killed without notice; the next one ends with the same weights."""
    out = tmp_path / "killed"
    words = [sys.executable, retrain_once.__file__, str(folder), str(base), str(out), "5"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(words, env=environment, check=False, timeout=300)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    state = tmp_path / ".killed.training"
    (path,) = state.glob("final-run-*.pt")
    assert torch.load(path, weights_only=True)["step"] == 4
    steps: list[tuple[str, int]] = []
    finetune(
        folder, out, base=str(base), options=retrain_once.OPTIONS,
        on_progress=lambda done, _, item: steps.append((item.split(":")[0], done)),
    )  # fmt: skip
    assert steps == [("final run", 5), ("final run", 6)]
    finetune(folder, tmp_path / "whole", base=str(base), options=retrain_once.OPTIONS)
    assert same(tmp_path / "whole", out)
    assert not state.exists()


def test_the_state_of_another_training_is_not_gone_on_with(
    folder: Path, base: Path, tmp_path: Path
) -> None:

    def interrupt(done: int, total: int, text: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(folder, tmp_path / "m", base=str(base), options=QUICK, on_progress=interrupt)
    assert (tmp_path / ".m.training").is_dir()
    other = replace(QUICK, seed=9)
    finetune(folder, tmp_path / "m", base=str(base), options=other)
    finetune(folder, tmp_path / "plain", base=str(base), options=other)
    assert same(tmp_path / "m", tmp_path / "plain")


def test_nothing_is_overwritten_and_faults_come_first(
    folder: Path, base: Path, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(WeightsError, match="never overwritten"):
        finetune(folder, tmp_path / "there", base=str(base), options=QUICK)
    with pytest.raises(WeightsError, match="no such weights"):
        finetune(folder, tmp_path / "new", base="none", options=QUICK)
    hold = replace(QUICK, hold=("july",))
    with pytest.raises(LabelError, match="hold back some scenes and not all"):
        finetune(folder, tmp_path / "new", base=str(base), options=hold)
    assert not (tmp_path / "new").exists()


def test_the_card_says_what_was_held_back(folder: Path, base: Path, tmp_path: Path) -> None:
    model = finetune(folder, tmp_path / "m", base=str(base), options=QUICK, version="3")
    text = (tmp_path / "m" / "card.md").read_text()
    assert text.startswith("# m 3\n\nFinetuned from small 1")
    labels = read_labels(folder)
    ships = (labels.status == "ship").sum()
    assert f"{ships} ships and 1 hard negatives, in 3 scenes of east, west" in text
    assert f"1 tanker, {ships - 1} unknown" in text
    # Two ports are too few to leave one out: it is a scene.
    assert "chips of whole scenes that were held back, not chosen at random: april-" in text
    assert text.count("| small | chips held back |") == 1
    assert text.count("| new | chips held back |") == 1
    # Few ships: calibration, threshold and errors are those of the weights it began with.
    assert model.calibration == CALIBRATION
    assert "`score` is no tested probability" in text


def test_one_scene_leaves_nothing_to_hold_back(sea: Path, base: Path, tmp_path: Path) -> None:
    write_chips(tmp_path / "chips", sea)
    edit(tmp_path / "chips", {f"april-14-{n}": {"status": "ship"} for n in range(6)})
    finetune(tmp_path / "chips", tmp_path / "m", base=str(base), options=QUICK)
    text = (tmp_path / "m" / "card.md").read_text()
    assert "nothing could be held back" in text
    assert "| AP |" not in text
