"""The baseline: targets become upright boxes around hulls, and a short training works."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drawn_scenes import drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.targets import targets
from gnomon.learn.crossval.baseline import ENLARGED, _boxes, baseline_finder, train_baseline
from gnomon.learn.scenes import labelled_scenes


@given(
    x=st.floats(24, 72), y=st.floats(24, 72), length=st.floats(8, 30), share=st.floats(0.15, 0.4),
    angle=st.floats(0, 179),
)  # fmt: skip
def test_an_upright_box_encloses_its_hull(
    x: float, y: float, length: float, share: float, angle: float
) -> None:
    hull = OrientedBoxes.of(x, y, length, length * share, angle)
    (found,) = _boxes(targets([hull], side_px=96))
    assert found["boxes"].shape == (1, 4)
    bounds = hull.polygons()[0].bounds
    assert found["boxes"][0].numpy() / ENLARGED == pytest.approx(bounds, abs=0.05)


@pytest.mark.slow
def test_it_is_trained_by_the_clock_and_read_back_and_finds_boxes(
    sea: Path, tmp_path: Path
) -> None:
    ships = OrientedBoxes.of([60, 150, 110], [50, 90, 160], 20, 4, [20, 80, 140])
    scenes = [drawn_tensors(ships, 220, bands=2)]
    ticks = count()
    model = train_baseline(
        scenes, weights=[1.0], seconds=3, clock=lambda: next(ticks), batch=2,
        state=tmp_path / "state",
    )  # fmt: skip
    # The clock is read once before the training and before each step.
    assert next(ticks) == 4
    again = train_baseline(
        scenes, weights=[1.0], seconds=3, clock=lambda: next(ticks), state=tmp_path / "state"
    )
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    found = baseline_finder(again, ("red", "nir"))(labelled_scenes(str(sea))[0])
    assert np.isin(found.angle, (0.0, 90.0)).all()
    assert (found.length >= found.beam).all()
