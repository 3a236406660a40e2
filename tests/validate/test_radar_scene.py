"""Ships of a radar scene in strips of lines are those of the whole."""

from pathlib import Path

import numpy as np
import pytest

from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.radar import RadarDetector
from gnomon.simulate.radar.scene import RadarSceneSpec
from gnomon.validate.radar_scene import boxes_in_strips
from gnomon.workflow.plan import plan
from radar_scenes import radar_ship, radar_spec, radar_study, write_radar


def sea() -> RadarSceneSpec:
    ships = [radar_ship(east, north, 90 + abs(east) / 10, heading_deg=north / 10)
             for east in (-1200, 0, 1200) for north in range(-2800, 2801, 700)]  # fmt: skip
    return radar_spec(ships=tuple(ships), land=None, orbit={"lines": 720})


def test_strips_give_the_ships_of_the_whole(tmp_path: Path) -> None:
    catalog = write_radar(tmp_path, [sea()])
    scene = plan(radar_study(catalog)).observations[0].scene
    detector = RadarDetector(RadarOptions(), DetectOptions())
    whole, strips = (boxes_in_strips(scene, detector, lines=n, threads=2) for n in (720, 160))
    assert len(whole) == len(strips) >= 24
    by_place = [np.lexsort([one.x, one.y]) for one in (whole, strips)]
    for name in ("x", "y", "length", "beam", "score"):
        first, second = (getattr(one, name)[order] for one, order in
                         zip((whole, strips), by_place, strict=True))  # fmt: skip
        assert second == pytest.approx(first, abs=0.5)
