"""Training: the same seed gives the same weights, the loss falls, nothing is overwritten."""

from pathlib import Path

import pytest
import torch

from gnomon.detect.network import NetworkOptions
from gnomon.detect.train import TrainOptions, train
from gnomon.detect.weights import load
from gnomon.errors import CatalogError, WeightsError
from gnomon.training import contrast_finder, finder, judge, marked_scenes, matched, teach

SMALL = NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))


def test_labelled_scenes_are_read_with_their_outlines(sea: Path) -> None:
    scenes = marked_scenes(str(sea))
    assert len(scenes) == 3
    for scene in scenes:
        ships = scene.learnable().ships
        assert len(ships) == len(scene.outlines) > 0
        # An outline lies over what is brighter than the water around it.
        for polygon in scene.polygons():
            x, y = polygon.centroid.coords[0]
            nir = scene.pixels.nir.to_numpy()
            assert nir[int(y), int(x)] > 1.3 * float(scene.pixels.nir.median())


def test_a_catalogue_without_labels_is_refused(season) -> None:
    with pytest.raises(CatalogError, match="no item has outlines of ships"):
        marked_scenes(season.path)


def test_the_same_seed_gives_the_same_weights(sea: Path) -> None:
    scenes = [scene.learnable() for scene in marked_scenes(str(sea))]
    options = TrainOptions(steps=3, batch=2, seed=5)
    one, same = (train(scenes, options, network=SMALL).state_dict() for _ in range(2))
    other = train(scenes, TrainOptions(steps=3, batch=2, seed=6), network=SMALL).state_dict()
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_training_makes_the_loss_small(sea: Path) -> None:
    scenes = [scene.learnable() for scene in marked_scenes(str(sea))]
    losses: list[float] = []
    train(
        scenes,
        TrainOptions(steps=120, batch=8),
        network=SMALL,
        progress=lambda _, loss: losses.append(loss),
    )
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


@pytest.mark.slow
def test_teaching_writes_weights_that_work_and_overwrites_none(sea: Path, tmp_path: Path) -> None:
    options = TrainOptions(steps=150, batch=4)
    model = teach(
        str(sea), tmp_path / "m", version="9", held=["april-04"], simulated=1, options=options
    )
    assert load(str(tmp_path / "m")).model == model
    with pytest.raises(WeightsError, match="never overwritten"):
        teach(
            str(sea), tmp_path / "m", version="9", held=["april-04"], simulated=1, options=options
        )
    with pytest.raises(CatalogError, match="hold back some scenes"):
        teach(str(sea), tmp_path / "n", version="9", held=["may"], options=options)


def test_the_network_beats_the_contrast_alone_on_ports_it_never_saw(shared_data: Path) -> None:
    """The main claim of the detector, on real pixels: Casablanca and Gdynia."""
    scenes = marked_scenes(str(shared_data / "s2-ports" / "val" / "catalog.json"))
    ours, contrast = (
        matched(scenes, [find(s) for s in scenes], length_min_m=100).average_precision()
        for find in (finder("s2-vessel"), contrast_finder)
    )
    # Measured: see models/s2-vessel/card.md; the margin allows for other library versions.
    assert ours > contrast + 0.3
    assert ours > 0.75


def test_scores_are_told_as_a_table(sea: Path) -> None:
    text = judge("s2-vessel", str(sea))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 6
    assert "network" in lines[2]
    assert "contrast alone" in lines[4]
