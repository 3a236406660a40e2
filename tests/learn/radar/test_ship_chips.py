"""Chips of real ships, and images of many: what is pasted is what was read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.errors import LabelError
from gnomon.learn.radar.ship_chips import CELL_PX, ROW, RadarChip, chip_sheet, read_ship_chips
from gnomon.simulate.radar.echoes import speckle_bank


@pytest.fixture(scope="module")
def chips(shared_data: Path) -> list[RadarChip]:
    return read_ship_chips(shared_data / "s1" / "opensarship", "val")


def test_chips_are_those_of_the_index(chips: list[RadarChip], shared_data: Path) -> None:
    index = pd.read_csv(shared_data / "s1" / "opensarship" / "index.csv").query("split == 'val'")
    assert len(chips) == len(index) == 37
    assert {chip.scene for chip in chips} == set(index.scene)
    for chip, row in zip(chips, index.itertuples(), strict=True):
        assert set(chip.bands) == {"vv", "vh"}
        # The brightest of a ship is on it, or a pixel or two beside it.
        line, sample = np.unravel_index(chip.bands["vv"].argmax(), chip.bands["vv"].shape)
        away = np.hypot(sample + 0.5 - chip.middle[0], line + 0.5 - chip.middle[1]) * 10
        assert away < chip.length_m / 2 + 40 or row.chip_w > 60  # in large ones: a neighbour
        assert chip.sized
        assert abs(chip.length_m - row.ais_length_m) <= 10
        heading = np.rad2deg(np.arctan2(row.head_x - row.tail_x, row.tail_y - row.head_y))
        assert (chip.axis_deg - heading + 90) % 180 == pytest.approx(90)


@pytest.mark.parametrize("real_sea", [False, True])
def test_a_sheet_shows_each_chip_once_on_a_sea_as_bright(
    chips: list[RadarChip], real_sea: bool
) -> None:
    some = chips[:16]
    bank = speckle_bank(np.random.default_rng(0), (4 * CELL_PX, ROW * CELL_PX), 10.0)
    sheet = chip_sheet(some, 5, bank=bank, real_sea=real_sea)
    vv = sheet.pixels["vv"].to_numpy()
    for number, chip in enumerate(some):
        box = sheet.ships[number]
        left, top = round(float(box.x) - chip.middle[0]), round(float(box.y) - chip.middle[1])
        lines, samples = chip.bands["vv"].shape
        pasted = vv[top : top + lines, left : left + samples]
        np.testing.assert_array_equal(pasted[4:-4, 4:-4], chip.bands["vv"][4:-4, 4:-4])
    around = vv[~sheet.unlabelled]
    borders = [chip.border["vv"] for chip in some]
    assert min(borders) / 2 < np.median(around) < max(borders) * 2
    where, ship = sheet.places
    assert len(set(ship[ship >= 0])) >= 15
    assert sheet.unlabelled[where[ship == -2][:, 1], where[ship == -2][:, 0]].any()


def test_chips_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"cannot be read as chips"):
        read_ship_chips(tmp_path, "train")
    pd.DataFrame({"split": ["train"], "chip": ["none.tif"]}).to_csv(tmp_path / "index.csv")
    with pytest.raises(LabelError, match=r"none\.tif"):
        read_ship_chips(tmp_path, "train")
