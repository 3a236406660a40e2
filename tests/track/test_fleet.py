"""The register, and candidates of visits: against enumeration of all assignments."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.decisions import NAME_ODDS
from gnomon.datamodel.errors import TrackError
from gnomon.track.fleet import (
    COLUMNS,
    P_WRONG_AIS,
    UNNAMED,
    UNREGISTERED,
    AisNames,
    apply_reviewed_names,
    candidate_probabilities,
    draw_ships,
    no_register,
    read_fleet,
    size_likelihood,
)
from tracked_seasons import REGISTER, TRAFFIC, fleet_of

USUAL = TRAFFIC.tankers
ROUND_TRIP_DAYS = USUAL.round_trip_days

# --- the register that gnomon ships --------------------------------------------------------------


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


def test_a_ship_of_unknown_deadweight_stays_unknown() -> None:
    fleet = read_fleet(REGISTER, USUAL)
    one = fleet.name.index("Sam Ma 2")
    assert np.isnan(fleet.deadweight_t[one])
    assert fleet.length_sigma_m[one] > 15


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    return path


def test_a_length_that_is_missing_follows_from_the_deadweight(tmp_path: Path) -> None:
    fleet = read_fleet(
        written(tmp_path / "f.csv", "A,,1,KP,3500,,,", "B,,2,KP,3500,91.5,14,"), USUAL
    )
    assert 0.0062 * fleet.length_m[0] ** 3 == pytest.approx(3500)
    assert fleet.length_sigma_m[0] == pytest.approx(0.08 * fleet.length_m[0])
    assert fleet.length_m[1] == 91.5
    assert fleet.length_sigma_m[1] < 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,imo\nA,1\n", "lacks the columns former_names"),
        (",".join(COLUMNS) + "\nA,,1,KP,heavy,,,\n", "deadweight_t 'heavy' is not a positive"),
        (",".join(COLUMNS) + "\nA,,1,KP,,-3,,\n", "length_m '-3' is not a positive"),
        (",".join(COLUMNS) + "\nA,,1,KP,,,,\nA,,1,KP,,,,\n", "A is there twice"),
    ],
)
def test_a_faulty_register_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(text)
    with pytest.raises(TrackError, match=message) as caught:
        read_fleet(path, USUAL)
    assert "\n" not in str(caught.value)


def test_a_missing_register_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match="cannot be read as CSV"):
        read_fleet(tmp_path / "none.csv", USUAL)


def test_without_a_register_every_visit_is_of_an_unregistered_ship() -> None:
    none = no_register(USUAL)
    found = size_likelihood(none, np.array([88.0, 100.0]), np.full(2, 3.0), np.full(2, 14.0))
    assert found.shape == (2, 1)
    assert (found > 0).all()
    named = none.with_names(["New Dawn"])
    assert (named.name, named.length_m.tolist()) == (("New Dawn",), [USUAL.length_m])


# --- names ---------------------------------------------------------------------------------------


def test_a_ship_is_found_by_number_or_name_and_not_by_a_name_of_another_number() -> None:
    fleet = read_fleet(REGISTER, USUAL)

    def found(imo: str | None, name: str | None) -> str | None:
        row = fleet.find_ais(imo, name)
        return None if row is None else fleet.name[row]

    assert found("8660313", None) == "Chon Ma San"
    assert found(None, " CHON MA SAN ") == "Chon Ma San"
    assert found(None, "Sin Phyong 9") == "Chong Rim 2"
    assert found("1234567", "Un Hung") == "Un Hung"
    assert found("1234567", "Chon Ma San") is None
    assert found(None, None) is None
    assert found(None, "No Such Ship") is None


def test_a_name_that_the_register_lacks_joins_it_once() -> None:
    fleet = read_fleet(REGISTER, USUAL)
    more = fleet.with_names(["New Dawn", "new  dawn", "Chon Ma San", "imo 8660313"])
    assert more.name == (*fleet.name, "New Dawn")
    row = more.find("NEW DAWN")
    assert row == len(fleet.name)
    assert np.isnan(more.deadweight_t[row])
    assert more.find("imo 8660313") == fleet.find("chon  ma san")
    assert fleet.with_names([]).name == fleet.name


# --- sizes ---------------------------------------------------------------------------------------


def test_a_length_finds_the_ship_and_a_length_of_no_ship_finds_none() -> None:
    fleet = fleet_of([70.0, 85.0, 110.0])
    found = size_likelihood(
        fleet, np.array([84.5, 97.0]), np.array([1.0, 1.0]), np.array([13.0, 15.0])
    )
    chance = found / found.sum(1, keepdims=True)
    assert chance[0].argmax() == 1
    assert chance[0, 1] > 0.8
    assert chance[1, -1] > 0.99


@given(st.lists(st.floats(60, 120), min_size=2, max_size=6), st.permutations(range(6)))
def test_the_order_of_the_register_does_not_matter(lengths: list[float], order: list[int]) -> None:
    place = [n for n in order if n < len(lengths)]
    sizes = np.array([80.0, 100.0]), np.array([2.0, 5.0]), np.array([12.0, 16.0])
    one = size_likelihood(fleet_of(lengths), *sizes)
    two = size_likelihood(fleet_of([lengths[n] for n in place]), *sizes)
    np.testing.assert_allclose(two[:, :-1], one[:, place])
    np.testing.assert_allclose(two[:, -1], one[:, -1])


def test_ships_of_unknown_size_are_alike_and_identify_no_visit() -> None:
    fleet = fleet_of([]).with_names([f"ship {n}" for n in range(5)])
    found = size_likelihood(fleet, np.array([90.0]), np.array([2.0]), np.array([14.0]))
    assert np.ptp(found[0, :-1]) == 0
    assert found[0, -1] == pytest.approx(UNREGISTERED * found[0, 0])


# --- names as evidence ---------------------------------------------------------------------------


def test_an_ais_name_is_evidence_but_not_against_the_size() -> None:
    fleet = fleet_of([70.0, 85.0, 85.0])
    names = AisNames(np.array([UNNAMED, 2, UNNAMED, 2]))
    weights = size_likelihood(fleet, np.full(3, 85.0), np.full(3, 1.0), np.full(3, 13.3))
    small = size_likelihood(fleet, np.full(1, 70.0), np.full(1, 1.0), np.full(1, 11.0))
    weights[2] = small[0]
    given_name = names.apply(weights, [(0, 1), (2,), (3,)])
    chance = given_name / given_name.sum(1, keepdims=True)
    assert chance[0, 2] > 0.9
    np.testing.assert_array_equal(given_name[1], weights[1])
    assert chance[2, 2] < 0.01


@given(st.integers(2, 9))
def test_an_ais_name_is_wrong_with_its_probability_where_all_ships_are_alike(ships: int) -> None:
    weights = np.ones((1, ships + 1))
    out = AisNames(np.array([0])).apply(weights, [(0,)])
    assert out[0, 1:].sum() / out[0, 0] == pytest.approx(P_WRONG_AIS)


@given(st.integers(2, 9))
def test_a_reviewed_name_has_its_odds_where_all_ships_are_alike(ships: int) -> None:
    fleet = fleet_of([85.0] * ships)
    out = apply_reviewed_names(np.ones((2, ships + 1)), fleet, [{"ship 1", "SHIP  1"}, set()])
    assert out[0, 1] / np.delete(out[0], 1).sum() == pytest.approx(NAME_ODDS)
    np.testing.assert_array_equal(out[1], 1)


# --- assignments ---------------------------------------------------------------------------------


def test_one_ship_is_not_in_two_places() -> None:
    fleet = fleet_of([80.0])
    weights = size_likelihood(fleet, np.full(2, 80.0), np.full(2, 1.0), np.full(2, 12.5))
    rng = np.random.default_rng(0)
    together = candidate_probabilities(
        weights,
        np.array([0.0, 1.0]),
        np.array([2.0, 3.0]),
        round_trip_days=ROUND_TRIP_DAYS,
        rng=rng,
    )
    apart = candidate_probabilities(
        weights,
        np.array([0.0, 9.0]),
        np.array([2.0, 11.0]),
        round_trip_days=ROUND_TRIP_DAYS,
        rng=rng,
    )
    assert together[:, 0].sum() <= 1.02
    assert apart[:, 0].min() > 0.8


def exact_candidates(weights: np.ndarray, arrive: np.ndarray, depart: np.ndarray) -> np.ndarray:
    """Every assignment of ships to visits, weighted; one ship in one place."""
    visits, ships = weights.shape
    total = np.zeros_like(weights)
    for chosen in itertools.product(range(ships), repeat=visits):
        clash = any(
            chosen[a] == chosen[b] != ships - 1
            and max(arrive[a] - depart[b], arrive[b] - depart[a]) < ROUND_TRIP_DAYS
            for a, b in itertools.combinations(range(visits), 2)
        )
        if not clash:
            total[range(visits), chosen] += np.prod(weights[range(visits), chosen])
    return total / total.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_candidates_are_those_of_every_assignment_enumerated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 1.0, (4, 4))
    arrive = np.sort(rng.uniform(0, 12, 4))
    depart = arrive + rng.uniform(1, 3, 4)
    runs = [
        candidate_probabilities(weights, arrive, depart, round_trip_days=ROUND_TRIP_DAYS, rng=rng)
        for _ in range(40)
    ]
    exact = exact_candidates(weights, arrive, depart)
    np.testing.assert_allclose(np.mean(runs, 0), exact, atol=0.03)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_candidates_of_a_visit_add_up_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 1, (5, 4)) + np.array([0, 0, 0, 0.01])
    arrive = rng.uniform(0, 20, 5)
    chance = candidate_probabilities(
        weights, arrive, arrive + 2, round_trip_days=ROUND_TRIP_DAYS, rng=rng
    )
    np.testing.assert_allclose(chance.sum(1), 1)
    assert chance.min() >= 0


def test_drawn_ships_have_their_probabilities_and_are_never_in_two_places() -> None:
    rng = np.random.default_rng(2)
    weights = rng.uniform(0.1, 1.0, (4, 4))
    arrive, depart = np.array([0.0, 1.0, 20.0, 21.0]), np.array([2.0, 3.0, 22.0, 24.0])
    draws = np.array(
        [
            draw_ships(weights, arrive, depart, round_trip_days=ROUND_TRIP_DAYS, rng=rng)
            for _ in range(3000)
        ]
    )
    for one, two in ((0, 1), (2, 3)):
        same = draws[:, one] == draws[:, two]
        assert (draws[same, one] == 3).all()
    often = (draws[..., None] == np.arange(4)).mean(0)
    np.testing.assert_allclose(often, exact_candidates(weights, arrive, depart), atol=0.04)
