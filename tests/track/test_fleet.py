"""The register, and who a visit may have been."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.shipped import shipped
from gnomon.track.fleet import (
    COLUMNS,
    Fleet,
    Names,
    agreement,
    candidates,
    drawn_ships,
    read_fleet,
    ship_named,
)

REGISTER = shipped("configs") / "fleet.csv"


def test_every_value_of_the_register_has_a_source() -> None:
    rows = pd.read_csv(REGISTER, dtype=str, keep_default_na=False)
    assert (rows.source != "").all()
    sized = (rows.deadweight_t != "") | (rows.length_m != "") | (rows.beam_m != "")
    assert (rows.source_size[sized] != "").all()
    assert rows.name.is_unique


def test_imo_numbers_have_their_check_digit() -> None:
    rows = pd.read_csv(REGISTER, dtype=str, keep_default_na=False)
    for imo in rows.imo[rows.imo != ""]:
        total = sum(int(d) * w for d, w in zip(imo, range(7, 1, -1), strict=False))
        assert total % 10 == int(imo[-1]), imo


def test_a_ship_without_deadweight_stays_unknown() -> None:
    fleet = read_fleet(REGISTER)
    one = fleet.name.index("Sam Ma 2")
    assert np.isnan(fleet.deadweight_t[one])
    assert fleet.length_sigma_m[one] > 15


def fleet_of(lengths: list[float]) -> Fleet:
    count = len(lengths)
    return Fleet(
        name=tuple(f"ship {n}" for n in range(count)),
        names=tuple((f"ship {n}",) for n in range(count)),
        imo=("",) * count,
        deadweight_t=np.full(count, np.nan),
        length_m=np.array(lengths),
        length_sigma_m=np.full(count, 0.5),
        beam_m=np.full(count, np.nan),
    )


def test_size_finds_the_ship_and_a_size_that_none_has_finds_none() -> None:
    fleet = fleet_of([70.0, 85.0, 110.0])
    found = agreement(fleet, np.array([84.5, 97.0]), np.array([1.0, 1.0]), np.array([13.0, 15.0]))
    chance = found / found.sum(1, keepdims=True)
    assert chance[0].argmax() == 1
    assert chance[0, 1] > 0.8
    assert chance[1, -1] > 0.99


def test_one_ship_is_not_in_two_places() -> None:
    fleet = fleet_of([80.0])
    weights = agreement(fleet, np.full(2, 80.0), np.full(2, 1.0), np.full(2, 12.5))
    rng = np.random.default_rng(0)
    together = candidates(weights, np.array([0.0, 1.0]), np.array([2.0, 3.0]), rng=rng)
    apart = candidates(weights, np.array([0.0, 9.0]), np.array([2.0, 11.0]), rng=rng)
    assert together[:, 0].sum() <= 1.02
    assert apart[:, 0].min() > 0.8


def test_candidates_are_those_of_every_assignment_counted() -> None:
    rng = np.random.default_rng(1)
    weights = rng.uniform(0.1, 1.0, (3, 3))
    arrive, depart = np.array([0.0, 1.0, 20.0]), np.array([2.0, 3.0, 22.0])
    exact = np.zeros((3, 3))
    for ships in itertools.product(range(3), repeat=3):
        if ships[0] == ships[1] != 2:
            continue
        exact[range(3), ships] += np.prod(weights[range(3), ships])
    exact /= exact.sum(1, keepdims=True)
    runs = [candidates(weights, arrive, depart, rng=rng) for _ in range(40)]
    np.testing.assert_allclose(np.mean(runs, 0), exact, atol=0.03)


def test_drawn_ships_are_as_often_as_their_chances_and_never_in_two_places() -> None:
    rng = np.random.default_rng(2)
    weights = rng.uniform(0.1, 1.0, (4, 4))
    arrive, depart = np.array([0.0, 1.0, 20.0, 21.0]), np.array([2.0, 3.0, 22.0, 24.0])
    draws = np.array([drawn_ships(weights, arrive, depart, rng=rng) for _ in range(3000)])
    for one, two in ((0, 1), (2, 3)):
        same = draws[:, one] == draws[:, two]
        assert (draws[same, one] == 3).all()
    often = (draws[..., None] == np.arange(4)).mean(0)
    chance = np.mean([candidates(weights, arrive, depart, rng=rng) for _ in range(20)], 0)
    np.testing.assert_allclose(often, chance, atol=0.04)


def test_a_ship_is_found_by_number_or_name_and_not_by_a_name_of_another_number() -> None:
    fleet = read_fleet(REGISTER)
    assert fleet.name[ship_named(fleet, "8660313", None)] == "Chon Ma San"
    assert fleet.name[ship_named(fleet, None, " CHON MA SAN ")] == "Chon Ma San"
    assert fleet.name[ship_named(fleet, None, "Sin Phyong 9")] == "Chong Rim 2"
    assert fleet.name[ship_named(fleet, "1234567", "Un Hung")] == "Un Hung"
    assert ship_named(fleet, "1234567", "Chon Ma San") == -1
    assert ship_named(fleet, None, None) == -1
    assert ship_named(fleet, None, "Nobody") == -1


def test_a_name_sent_by_ais_is_believed_but_not_against_the_size() -> None:
    fleet = fleet_of([70.0, 85.0, 85.0])
    names = Names(np.array([-1, 2, -1, 2]))
    weights = agreement(fleet, np.full(3, 85.0), np.full(3, 1.0), np.full(3, 13.3))
    weights[2] = agreement(fleet, np.full(1, 70.0), np.full(1, 1.0), np.full(1, 11.0))[0]
    told = names.weighed(weights, [(0, 1), (2,), (3,)])
    chance = told / told.sum(1, keepdims=True)
    assert chance[0, 2] > 0.9
    np.testing.assert_array_equal(told[1], weights[1])
    assert chance[2, 2] < 0.01


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,imo\nA,1\n", "lacks the columns former_names"),
        (",".join(COLUMNS) + "\nA,,1,KP,heavy,,,\n", "deadweight_t 'heavy' is not a positive"),
        (",".join(COLUMNS) + "\nA,,1,KP,,,,\nA,,1,KP,,,,\n", "A is there twice"),
    ],
)
def test_a_wrong_register_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(text)
    with pytest.raises(TrackError, match=said) as caught:
        read_fleet(path)
    assert "\n" not in str(caught.value)


def test_a_register_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match="cannot be read as CSV"):
        read_fleet(tmp_path / "none.csv")
