"""Stamps of the fold networks: current, and changed without touching a weight."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from drawn_scenes import drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.shipped import shipped
from gnomon.detect.centernet.network import Network
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.crossval.stamps import current_names, fingerprint, restamp
from gnomon.learn.fit import TrainOptions
from gnomon.learn.scenes import labelled_scenes
from gnomon.learn.train import BANDS, SIMULATED, rests_on, simulated_tensors, write_network


def test_a_stamp_changes_and_no_weight_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "n.safetensors"
    write_network(path, Network(), "old-1")
    before = load_file(path)
    restamp(path, "new-2")
    assert rests_on(path) == "new-2"
    after = load_file(path)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_fingerprint_is_that_of_the_pixels_and_the_steps() -> None:
    ships = OrientedBoxes.of([60, 150], [50, 90], 20, 4, [20, 80])
    scene = drawn_tensors(ships, 200, bands=len(BANDS))
    assert fingerprint([scene]) == fingerprint([scene])
    assert fingerprint([replace(scene, bands=scene.bands * 1.01)]) != fingerprint([scene])


@pytest.mark.slow
def test_the_stored_networks_of_the_folds_are_current(shared_data: Path) -> None:
    """Else `make evaluate` trains them again, for hours; see `gnomon.learn.crossval.stamps`."""
    configs, folder = shipped("configs"), shipped("models") / "s2-vessel-folds"
    folds = read_folds(configs / "folds.toml")
    ports = [port for fold in folds for port in fold.ports]
    catalogs = [
        str(shared_data / "s2-ports" / part / "catalog.json")
        for part in ("train", "val", "partial-bands")
    ]
    corrections = configs / "label-corrections.geojson"
    scenes = labelled_scenes(*catalogs, ports=ports, corrections=corrections)
    current = current_names(folds, scenes, simulated_tensors(SIMULATED), TrainOptions())
    stored = {fold.name: rests_on(folder / f"{fold.name}.safetensors") for fold in folds}
    assert stored == current
