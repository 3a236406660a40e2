"""What the verifier is taught: who is right of several proposals, and who is shown."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from gnomon.detect import train as training
from gnomon.detect.cells import HALO_PX
from gnomon.detect.network import Network, NetworkOptions, for_looking
from gnomon.detect.proposals import (
    CORE_PX,
    SHORTEST_PX,
    error,
    proposals,
    shown_of_chip,
    train_verifier,
)
from gnomon.detect.train import TrainOptions
from gnomon.detect.truth import Labelled
from gnomon.detect.verifier import CROP_PX, Verifier, VerifierOptions
from gnomon.marked import marked_scenes

CELLS = CORE_PX // 2 + HALO_PX
ALL = np.ones((CELLS, CELLS), bool)
SMALL = VerifierOptions(widths=(4, 8, 8, 8), blocks=(0, 0, 0, 0))


def rows(*hulls: tuple[float, float, float, float, float, float]) -> np.ndarray:
    return np.array([(*h, 0, np.nan) for h in hulls], np.float32).reshape(-1, 8)


SHIP = np.array([[60, 60, 20, 4, 0, np.nan]], np.float32)


def shown(hulls: np.ndarray, ships: np.ndarray, counted: np.ndarray = ALL) -> dict:
    told, meant = shown_of_chip(hulls, ships, counted, np.random.default_rng(0))
    return {tuple(h[:2].tolist()): int(m) for h, m in zip(told, meant, strict=True)}


def test_of_two_proposals_of_one_ship_the_one_that_covers_her_is_right() -> None:
    hulls = rows((60, 61, 19, 4, 2, 0.5), (60, 66, 8, 4, 0, 0.9), (30, 90, 20, 4, 0, 0.5))
    told = shown(hulls, SHIP)
    assert told[60.0, 61.0] == 0
    assert (60.0, 66.0) not in told  # neither right nor wrong
    assert told[30.0, 90.0] == -1


def test_what_nobody_knows_or_may_be_a_boat_teaches_nothing() -> None:
    unknown = ALL.copy()
    unknown[40:50, 10:20] = False
    hulls = rows((30, 90, 20, 4, 0, 0.5), (90, 30, SHORTEST_PX - 0.1, 2, 0, 0.9))
    assert shown(hulls, SHIP[:0], unknown) == {}
    assert list(shown(hulls, SHIP[:0]).values()) == [-1]
    assert shown(rows((30, 90, 20, 4, 0, 0.01)), SHIP[:0]) == {}  # no proposal


def test_a_ship_that_was_not_proposed_is_shown_all_the_same() -> None:
    assert shown(rows(), SHIP) == {(60.0, 60.0): 0}
    off_the_middle = SHIP + np.array([[60, 0, 0, 0, 0, 0]], np.float32)
    assert shown(rows(), off_the_middle) == {}


@pytest.fixture(scope="module")
def scenes(sea: Path) -> list[Labelled]:
    return [scene.learnable() for scene in marked_scenes(str(sea))]


@pytest.fixture(scope="module")
def network() -> Network:
    """One that has learned nothing and proposes everywhere."""
    torch.manual_seed(0)
    made = Network(NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))).eval()
    made.heads.bias.data[0] = 0.0
    return made


def test_batches_are_the_same_for_the_same_seed_and_go_on_anywhere(
    scenes: list[Labelled], network: Network
) -> None:
    looking = for_looking(network)
    first, second = islice(proposals(scenes, looking, batch=2, seed=3), 2)
    (again,) = islice(proposals(scenes, looking, batch=2, seed=3, start=1), 1)
    torch.testing.assert_close(vars(again), vars(second), equal_nan=True)
    assert first.crops.shape[1:] == (4, *CROP_PX)
    right = first.ship > 0
    assert right.any()
    assert not right.all()
    assert torch.isfinite(first.off).all(dim=1).equal(right)


def test_a_ship_that_is_right_is_told_where_she_lies(
    scenes: list[Labelled], network: Network
) -> None:
    """Hulls of the sea are bright: the light of a right crop is where its answer says."""
    some = next(proposals(scenes, for_looking(network), batch=8, seed=1))
    rows_px = (torch.arange(CROP_PX[0]) + 0.5 - CROP_PX[0] / 2) * 0.5
    seen = []
    for crop, (length, _), off in zip(some.crops, some.sides, some.off, strict=True):
        if torch.isfinite(off).all() and length * off[2].exp() < 30:
            light = (crop[3] - crop[3].nanmedian()).clamp(min=0).nan_to_num()
            centre = (light.sum(1) * rows_px).sum() / light.sum()
            seen.append((-float(off[0] * length), float(centre)))
    wanted, found = np.array(seen).T
    assert np.median(np.abs(wanted - found)) < 1.5


def test_a_verifier_learns_and_what_was_interrupted_ends_alike(
    scenes: list[Labelled], network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SAVED_EVERY", 2)
    options, losses = TrainOptions(steps=6, batch=2, average=0.5), []
    straight = train_verifier(scenes, network, options, verifier=SMALL)

    def interrupt(step: int, loss: float) -> None:
        losses.append(loss)
        if step == 3:
            raise KeyboardInterrupt

    saved = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        train_verifier(scenes, network, options, verifier=SMALL, saved=saved, progress=interrupt)
    resumed = train_verifier(scenes, network, options, verifier=SMALL, saved=saved)
    torch.testing.assert_close(dict(resumed.state_dict()), dict(straight.state_dict()))
    assert isinstance(resumed, Verifier)


def test_an_error_is_small_where_all_is_right_and_knows_crops_without_ships() -> None:
    ship, off = torch.tensor([1.0, 0.0]), torch.full((2, 5), torch.nan)
    off[0] = 0.1
    said = torch.tensor([[9.0, *[0.1] * 5], [-9.0, *[3.0] * 5]])
    assert error(said, ship, off) < 0.15
    assert error(-said, ship, off) > 5
    assert error(said[1:], ship[1:], off[1:]).isfinite()
