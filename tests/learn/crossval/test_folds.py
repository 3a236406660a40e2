"""Folds: every port once, a network for each that rests on the others, and stored names."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from drawn_scenes import drawn_port
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.crossval import folds as module
from gnomon.learn.crossval.folds import Fold, fold_network, fold_network_name, read_folds
from gnomon.learn.fit import TrainOptions


def test_the_shipped_folds_name_every_port_once() -> None:
    folds = read_folds(shipped("configs") / "folds.toml")
    assert len(folds) == 5
    assert sum(len(fold.ports) for fold in folds) == 12
    assert folds[0].holds("S2_athens_20230818")
    assert not folds[0].holds("S2_genoa_20230710")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fold = 3", "should have tables"),
        ("[[fold]]\nports = ['a']", "two folds"),
        ("[[fold]]\nports = ['a']\n[[fold]]\nports = ['b', 'a']", "a in more than one"),
        ("[[fold]]\nports = ['a']\n[[fold]]\nports = []", "each with a port"),
        ("][", "should have tables"),
    ],
)
def test_a_bad_file_of_folds_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "folds.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=fault):
        read_folds(path)


FOLD = Fold(1, ("genoa", "klang"))
SCENES = [
    drawn_port([(100, 50, 20)], name=f"S2_{port}_2023")
    for port in ("genoa", "athens", "klang", "durban")
]


def test_a_fold_trains_on_the_scenes_of_other_ports() -> None:
    assert [scene.name for scene in FOLD.training(SCENES)] == ["S2_athens_2023", "S2_durban_2023"]
    assert FOLD.name == "without-genoa-klang"


def test_the_name_of_its_network_rests_on_the_other_ports_only() -> None:
    options = TrainOptions(steps=2)
    name = fold_network_name(FOLD, SCENES, [], options)
    moved = drawn_port([(110, 50, 20)], name="S2_genoa_2023")
    assert fold_network_name(FOLD, [moved, *SCENES[1:]], [], options) == name
    moved = drawn_port([(110, 50, 20)], name="S2_athens_2023")
    others = [SCENES[0], moved, *SCENES[2:]]
    assert fold_network_name(FOLD, others, [], options) != name


def test_a_network_is_trained_and_kept_under_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}
    monkeypatch.setattr(
        module, "train_network", lambda real, made, folder, **rest: asked.update(rest, real=real)
    )
    fold_network(FOLD, SCENES, [], tmp_path, options=TrainOptions(), finished=tmp_path)
    assert (asked["name"], len(asked["real"])) == (FOLD.name, 2)


def test_the_weights_without_casablanca_are_those_of_the_fold() -> None:
    models = shipped("models")
    one = load_file(models / "s2-vessel-without-athens-casablanca" / "weights.safetensors")
    fold = load_file(models / "s2-vessel-folds" / "without-athens-casablanca.safetensors")
    assert one.keys() == fold.keys()
    assert all(torch.equal(one[name], fold[name]) for name in one)
