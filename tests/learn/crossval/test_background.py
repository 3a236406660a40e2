"""The season on which the worth of a background is measured."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from drawn_scenes import drawn_port
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.weights import uncalibrated
from gnomon.learn.crossval import background
from gnomon.learn.crossval.background import (
    HULK,
    STAYER,
    BackgroundGain,
    background_table,
    measure_background,
    season_scenes,
    write_season,
)
from gnomon.learn.crossval.matches import matches_of
from gnomon.simulate.pixels.scene import truth
from simulated import spec


def test_one_ship_stays_ten_observations_and_one_for_ever_and_none_lies_on_them() -> None:
    seen: Counter[tuple[str, str]] = Counter()
    scenes: Counter[str] = Counter()
    for one, names in season_scenes():
        outlines = truth(one).to_crs(one.geobox.crs).geometry
        assert len(outlines) == len(names)
        port = one.id.split("_")[1]
        scenes[port] += 1
        for name, hull in zip(names, outlines, strict=True):
            if name in (STAYER, HULK):
                seen[port, name] += 1
                assert (outlines.intersection(hull).area > 1).sum() == 1
    for port, count in scenes.items():
        assert 20 <= count <= 30
        assert (seen[port, STAYER], seen[port, HULK]) == (10, count)


def test_weights_that_take_no_background_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="takes no background"):
        measure_background(uncalibrated(Network(NetworkOptions(background=False))), tmp_path)


PLACES = [(100.0, 50.0, 20.0), (200.0, 50.0, 16.0), (300.0, 150.0, 14.0)]


def gain(*, with_score: float) -> BackgroundGain:
    """A scene with a stayer, a hulk and a ship, found with one score without a background."""
    scene = drawn_port(PLACES, ignored=(1,))
    x, y, length = np.array(PLACES).T
    found = [
        OrientedBoxes.of(x, y, length, 3.0, 0.0, score=scores)
        for scores in ([0.9, 0.9, 0.9], [with_score, 0.1, 0.9])
    ]
    without, given = (matches_of([scene], [boxes]) for boxes in found)
    return BackgroundGain([scene], [STAYER, HULK, "other"], without, given, 0.75)


def cells(text: str, name: str) -> list[str]:
    row = [line for line in text.splitlines() if line.startswith(f"| {name}")][-1]
    return [cell.strip() for cell in row.split("|")[2:-1]]


def test_the_hulk_counts_neither_as_a_ship_nor_as_a_false_alarm() -> None:
    text = background_table(gain(with_score=0.8), 0.5)
    assert cells(text, "... precision, recall at 0.50")[:2] == ["1.00, 1.00", "1.00, 1.00"]
    assert cells(text, "false alarms")[:2] == ["0.0 / 0.0", "0.0 / 0.0"]
    assert "everywhere, 2 labels" in text
    assert cells(text, "hulks found in 1 observations") == ["1 (0.90)", "0 (0.10)"]


def test_a_stayer_that_became_background_is_reported() -> None:
    text = background_table(gain(with_score=0.2), 0.5)
    assert cells(text, "stayers found in 1 observations") == ["1 (0.90)", "0 (0.20)"]
    assert "The background is known for 75% of the usable water." in text


def test_the_season_is_the_same_each_time_and_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [(one.id, one.seed, names) for one, names in season_scenes()]
    again = [(one.id, one.seed, names) for one, names in season_scenes()]
    assert first == again
    assert len({name for name, _, _ in first}) == len(first)
    monkeypatch.setattr(background, "season_scenes", lambda: [(spec(4), ())])
    path = write_season(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.tif")}
    assert write_season(tmp_path) == path
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.tif")} == before
    assert len(before) > 0
