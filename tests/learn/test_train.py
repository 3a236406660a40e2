"""Training: the same seed gives the same weights, the loss falls, nothing is overwritten."""

from pathlib import Path

import pytest
import torch

from gnomon.datamodel.errors import CatalogError, WeightsError
from gnomon.detect.calibration import BoxErrors, Calibration, Curve
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.weights import find, load
from gnomon.learn import fit as training
from gnomon.learn.calibrate import read_calibration, write_calibration
from gnomon.learn.catalogs import cfar_finder, finder, marked_scenes, matched
from gnomon.learn.fit import TrainOptions, train
from gnomon.learn.train import evaluate, teach, trained

SMALL = NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))


def test_labelled_scenes_are_read_with_their_outlines(sea: Path) -> None:
    scenes = marked_scenes(str(sea))
    assert len(scenes) == 3
    for scene in scenes:
        learnt = scene.learnable()
        assert len(learnt.ships) + len(learnt.ignored) == len(scene.outlines) > 0
        # An outline lies over what is brighter than the water around it.
        for polygon in scene.polygons:
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


def test_a_training_that_was_interrupted_ends_with_the_weights_it_would_have_had(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SAVED_EVERY", 2)
    scenes = [scene.learnable() for scene in marked_scenes(str(sea))]
    options, saved = TrainOptions(steps=6, batch=2, seed=5), tmp_path / "state"
    straight = train(scenes, options, network=SMALL).state_dict()
    seen: list[int] = []

    def interrupt(step: int, _: float) -> None:
        seen.append(step)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(scenes, options, network=SMALL, saved=saved, progress=interrupt)
    resumed = train(scenes, options, network=SMALL, saved=saved, progress=interrupt).state_dict()
    assert seen == [0, 1, 2, 3, 2, 3, 4, 5]
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    # And what is finished is not done again.
    train(scenes, options, network=SMALL, saved=saved, progress=interrupt)
    assert len(seen) == 8


CALIBRATION = Calibration(
    threshold=0.4,
    ship=Curve(slope=1.2, intercept=-0.3),
    errors=BoxErrors(length_m=9, length_share=0.05, beam_m=4, beam_share=0.1, heading_deg=3),
)


def test_a_calibration_is_read_as_it_was_written_and_from_weights_too(tmp_path: Path) -> None:
    path = tmp_path / "calibration.toml"
    write_calibration(path, CALIBRATION)
    assert read_calibration(path) == CALIBRATION
    shipped = read_calibration(find("s2-vessel") / "model.toml")
    assert shipped == load("s2-vessel").model.calibration
    path.write_text("slope = 1")
    with pytest.raises(WeightsError, match="is no calibration"):
        read_calibration(path)


def test_what_was_trained_to_its_end_is_not_trained_again_unless_it_rests_on_something_else(
    sea: Path, tmp_path: Path
) -> None:
    scenes = [scene.learnable() for scene in marked_scenes(str(sea))]
    seen: list[int] = []

    def train_all(steps: int, states: str) -> Network:
        return trained(
            scenes, [], tmp_path / states, options=TrainOptions(steps=steps, batch=2),
            progress=lambda step, _: seen.append(step), finished=tmp_path / "finished",
        )  # fmt: skip

    first = train_all(2, "one")
    assert seen == [0, 1]
    again = train_all(2, "two")
    assert seen == [0, 1]
    torch.testing.assert_close(dict(again.state_dict()), dict(first.state_dict()))
    train_all(1, "three")
    assert seen == [0, 1, 0]


@pytest.mark.slow
def test_teaching_writes_weights_that_work_and_overwrites_none(sea: Path, tmp_path: Path) -> None:
    options = TrainOptions(steps=60, batch=4)
    out = tmp_path / "m"
    model = teach(
        [str(sea)], out, version="9", calibration=CALIBRATION, simulated=1, options=options
    )
    assert load(str(out)).model == model
    assert model.calibration == CALIBRATION
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    with pytest.raises(WeightsError, match="never overwritten"):
        teach([str(sea)], out, version="9", calibration=CALIBRATION, options=options)


def test_the_shipped_weights_beat_the_contrast_alone(shared_data: Path) -> None:
    """On ports that they know: what they are worth at others takes `make evaluate` to say."""
    scenes = marked_scenes(str(shared_data / "s2-ports" / "val" / "catalog.json"))
    ours, contrast = (
        matched(scenes, [find(s) for s in scenes], length_min_m=100).average_precision()
        for find in (finder("s2-vessel"), cfar_finder)
    )
    assert ours > contrast + 0.3
    assert ours > 0.75


def test_scores_are_told_as_a_table(sea: Path) -> None:
    text = evaluate("s2-vessel", str(sea))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 6
    assert "network" in lines[2]
    assert "contrast alone" in lines[4]
