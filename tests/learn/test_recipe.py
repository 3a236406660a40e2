"""Names of networks: anything that alters weights alters the name, and layout does not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn_scenes import drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn import recipe
from gnomon.learn.fit import TrainOptions
from gnomon.learn.recipe import executed, network_name, stage_digest

SHIPS = OrientedBoxes.of([20, 44], [20, 40], 12, 3, [20, 80])
SCENES = [drawn_tensors(SHIPS, 64), drawn_tensors(SHIPS[:1], 64, name="other", real=False)]
OPTIONS = TrainOptions(steps=10)


def name(scenes=SCENES, weights=(0.75, 0.25), options=OPTIONS, title="all") -> str:
    return network_name(title, scenes, weights, options)


def test_a_name_is_made_of_its_title_and_everything_that_weights_rest_on() -> None:
    assert name() == name()
    assert name().startswith("all-")
    others = [
        name(title="some"),
        name(scenes=SCENES[::-1]),
        name(scenes=[replace(SCENES[0], ships=SHIPS[:1]), SCENES[1]]),
        name(scenes=[replace(SCENES[0], bands=SCENES[0].bands + 1e-3), SCENES[1]]),
        name(weights=(0.7, 0.3)),
        name(options=replace(OPTIONS, steps=11)),
        name(options=replace(OPTIONS, seed=1)),
    ]
    assert len({name(), *others}) == len(others) + 1


def test_how_often_a_state_is_saved_does_not_count() -> None:
    assert name(options=replace(OPTIONS, save_every=1)) == name()


def test_the_source_of_the_stage_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = name()
    monkeypatch.setattr(recipe, "stage_digest", lambda: "another")
    assert name() != before


def test_every_module_of_the_stage_is_there() -> None:
    assert len(stage_digest()) == 64


SOURCE = '''"""Head."""

import numpy as np  # as everybody does

RATE = 0.5
"""How fast, °."""


class Step:
    """One."""

    size: int = 3
    """Of it."""


def step(x: float) -> float:
    """Take a step."""
    # Why.
    text = """kept, for it is a value"""
    return x * RATE  # half, é
'''


def test_comments_docstrings_and_layout_do_not_count() -> None:
    bare = '''
import numpy as np
RATE = 0.5
class Step:
    size: int = 3
def step(x: float) -> float:
    text = """kept, for it is a value"""
    return x *   RATE
'''
    assert executed(SOURCE) == executed(bare)
    assert "kept,foritisavalue" in executed(SOURCE)


@pytest.mark.parametrize(
    ("before", "after"), [("0.5", "0.6"), ("x * RATE", "x + RATE"), ("kept", "lost")]
)
def test_what_runs_counts(before: str, after: str) -> None:
    assert executed(SOURCE.replace(before, after)) != executed(SOURCE)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_any_comment_can_be_added(words: str) -> None:
    line = f"x = 1  # {words}"
    assert executed(f"{line}\ny = 2\n") == executed("x = 1\ny = 2\n") == "x=1y=2"
