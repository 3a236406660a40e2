"""Simulated sheets: ships are where the boxes are, at sea and at quays, and the seed decides."""

import numpy as np
import pytest

from gnomon.learn.radar.drawn import drawn_sheet
from gnomon.simulate.radar.echoes import speckle_bank

BANK = speckle_bank(np.random.default_rng(0), (320, 320), 10.0)


@pytest.mark.parametrize("quays", [False, True])
def test_ships_echo_where_their_boxes_are(quays: bool) -> None:
    sheet = drawn_sheet(3, quays=quays, bank=BANK)
    land = sheet.masks["land"].to_numpy()
    assert land.any() == quays
    assert not (sheet.masks["search"].to_numpy() & land).any()
    vv = sheet.pixels["vv"].to_numpy()
    sea = np.median(vv[~land])
    ships = sheet.ships[(sheet.ships.length > 12)]
    inside = (np.abs(ships.x - 160) < 150) & (np.abs(ships.y - 160) < 150)
    assert inside.any()
    for box in ships[inside]:
        x, y = round(float(box.x)), round(float(box.y))
        around = vv[max(y - 6, 0) : y + 7, max(x - 6, 0) : x + 7]
        assert around.max() > 5 * sea


def test_a_seed_draws_one_sheet_and_the_wind_can_be_given() -> None:
    calm, again, rough = (
        drawn_sheet(4, quays=False, bank=BANK, wind_m_s=wind) for wind in (3.0, 3.0, 12.0)
    )
    np.testing.assert_array_equal(calm.pixels["vv"], again.pixels["vv"])
    assert np.median(rough.pixels["vv"]) > 2 * np.median(calm.pixels["vv"])
    np.testing.assert_array_equal(calm.ships.x, rough.ships.x)
