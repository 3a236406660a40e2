"""Comparing weights: the split leaves whole groups out, and few ships keep a calibration."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drawn_scenes import drawn_port
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import LabelError
from gnomon.detect import weights
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.learn import compare as comparing
from gnomon.learn.compare import HOLDOUT, PORTS_MIN, SHIPS_MIN, compare, split
from gnomon.learn.scenes import LabelledScene

PLACES = [(60.0 + 22 * n, 100.0, 16.0) for n in range(15)]
PORT = drawn_port(PLACES)


def sample(scene: str, port: str | None, ships: int) -> LabelledScene:
    """A scene of which only the count of ships matters."""
    return replace(PORT, name=scene, port=port, outlines=PORT.outlines.iloc[:ships])


groups = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.integers(0, 9)),
    min_size=1,
    max_size=8,
)


@given(groups, st.integers(0, 99))
def test_a_split_divides_groups_and_never_a_group(
    rows: list[tuple[str | None, int]], seed: int
) -> None:
    samples = [sample(f"s{n}", port, ships) for n, (port, ships) in enumerate(rows)]
    parts = split(samples, (), seed=seed)
    assert len(parts.train) + len(parts.holdout) == len(samples)
    ports = {port for port, ships in rows if port and ships}
    name = {"port": lambda x: str(x.port), "scene": lambda x: x.name}.get(parts.by)
    if name is None:
        assert parts.holdout == ()
        assert sum(ships > 0 for _, ships in rows) <= 1
        return
    assert parts.by == ("port" if len(ports) >= PORTS_MIN else "scene")
    assert not {name(x) for x in parts.train} & {name(x) for x in parts.holdout}
    held = sum(len(x.outlines) for x in parts.holdout)
    left = sum(len(x.outlines) for x in parts.train)
    assert held > 0
    assert left > 0
    # No group more than it takes to reach the share.
    most = max(
        sum(len(x.outlines) for x in parts.holdout if name(x) == one)
        for one in {name(x) for x in parts.holdout}
    )
    assert held - most < HOLDOUT * (held + left)


def test_what_is_asked_for_is_held_out_and_never_everything() -> None:
    samples = [sample("april", "a", 3), sample("may", "b", 3), sample("june", "b", 2)]
    assert [x.name for x in split(samples, ("b",), seed=0).holdout] == ["may", "june"]
    assert [x.name for x in split(samples, ("june", "april"), seed=0).holdout] == ["april", "june"]
    for hold in (("july",), ("a", "b")):
        with pytest.raises(LabelError, match="not all of them; there are april, june, may"):
            split(samples, hold, seed=0)


@pytest.fixture(scope="module")
def base() -> weights.Weights:
    torch.manual_seed(0)
    raw = weights.uncalibrated(Network(NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))))
    calibration = raw.model.calibration.model_copy(update={"threshold": 0.31})
    model = raw.model.model_copy(update={"calibration": calibration, "name": "base"})
    return weights.Weights(model, raw.network)


def finders(monkeypatch: pytest.MonkeyPatch, *, score: Sequence[float]) -> None:
    """Every network finds each ship, with these scores, and as many piers with 0.05."""
    ships = np.array(PLACES)

    def find(scene: LabelledScene) -> OrientedBoxes:
        count = len(scene.outlines)
        right = OrientedBoxes.of(
            ships[:count, 0], 100.0, 16.0, 3.0, 0.0, score=score[:count], p_tanker=0.5
        )
        piers = OrientedBoxes.of(ships[:count, 0], 180.0, 16.0, 3.0, 0.0, score=0.05)
        return OrientedBoxes.concatenate([right, piers])

    monkeypatch.setattr(comparing, "weights_finder", lambda _: find)


def test_enough_ships_give_a_new_calibration(
    base: weights.Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    finders(monkeypatch, score=[0.6 + n / 100 for n in range(15)])
    holdout = [sample("one", "a", 15), sample("two", "b", SHIPS_MIN - 15)]
    comparison = compare(base, base.network, holdout, [sample("simulated", None, 15)])
    assert comparison.calibrated
    assert comparison.model.calibration.ship != base.model.calibration.ship
    assert [(row.weights, row.scenes) for row in comparison.rows] == [
        ("base", "chips held back"), ("new", "chips held back"),
        ("base", "simulated"), ("new", "simulated"),
    ]  # fmt: skip
    held = comparison.rows[0]
    assert (held.ships, held.average_precision, held.recall) == (SHIPS_MIN, 1.0, 1.0)
    # No ship has a type: the curve of p_tanker is that of the base weights.
    assert comparison.model.calibration.tanker == base.model.calibration.tanker


def test_few_ships_keep_the_calibration_of_the_base(
    base: weights.Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    finders(monkeypatch, score=[0.9] * 15)
    comparison = compare(base, base.network, [sample("one", "a", 15)], ())
    assert not comparison.calibrated
    assert comparison.model == base.model
    assert len(comparison.rows) == 2


def test_without_a_holdout_nothing_is_measured(base: weights.Weights) -> None:
    comparison = compare(base, None, (), ())
    assert (comparison.model, comparison.rows) == (base.model, ())
