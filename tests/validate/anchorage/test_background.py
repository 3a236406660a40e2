"""The background of ten dates, with simulated seas in place of real ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.scene import COLOURS
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery.water import usable_water
from gnomon.learn.crossval.matches import Matches
from gnomon.learn.outlines import TIGHT
from gnomon.learn.scenes import LabelledScene
from gnomon.simulate.pixels.scene import simulate, truth
from gnomon.validate.anchorage.background import (
    FEWEST_HERE,
    WITH,
    WITHOUT,
    background_lines,
    background_of,
)
from simulated import spec


@pytest.fixture(scope="module")
def scene() -> LabelledScene:
    one = spec(4)
    pixels, _ = simulate(one)
    masks = usable_water(pixels, MaskOptions())
    return LabelledScene("S2_sea_20230101", pixels, masks, truth(one), looseness=TIGHT)


def test_a_ship_of_one_date_is_not_in_the_background_of_six(scene: LabelledScene) -> None:
    """The same sea without its ships on the other dates."""
    water = scene.pixels[[*COLOURS]].median()
    empty = scene.pixels[[*COLOURS]] * 0 + water
    bare = replace(scene, pixels=empty)
    known = background_of([scene] + [bare] * (FEWEST_HERE - 1))
    assert list(known) == [*COLOURS]
    for band in [*COLOURS]:
        assert float(scene.pixels[band].max()) > float(water[band]) + 0.05  # bright decks
        np.testing.assert_allclose(known[band], float(water[band]), atol=1e-3)
    fewer = background_of([scene] + [bare] * (FEWEST_HERE - 2))
    assert np.isnan(fewer["red"]).all()


def test_found_and_false_are_counted_at_the_threshold() -> None:
    hulls = pd.DataFrame(
        {"port": "a", "score": np.float32([0.9, 0.3, 0.8]), "length_m": 120.0, "quay": False,
         "label": [0, 1, -1]}
    )  # fmt: skip
    labels = pd.DataFrame(
        {"port": "a", "length_m": [110.0, 130.0], "beam_m": 20.0, "angle": 0.0, "quay": False,
         "ignored": False, "score": np.float32([0.9, 0.3]), "found_length_m": [120.0, 120.0],
         "found_beam_m": 20.0, "found_angle": 0.0}
    )  # fmt: skip
    water = pd.DataFrame({"port": ["a"], "all_km2": [1.0], "open_km2": [1.0]})
    one = Matches(hulls, labels, water)
    rows = list(background_lines({WITHOUT: one, WITH: one}, 0.5))
    assert rows[2].startswith("| without | 2 of 50 m and more | ")
    assert rows[2].endswith("| 1 (50%) | 1 | 10 m (+10) |")
