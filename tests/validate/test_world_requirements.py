"""Each requirement against seasons that just meet it and just miss it."""

from typing import Any

import numpy as np
import pytest

from gnomon.validate.world_requirements import REQUIREMENTS, Outcome, Requirement
from gnomon.validate.worlds import (
    ASSUMED,
    FINDING,
    NO_TANKER,
    TEN_SEEDS,
    TOGETHER,
    TWO_HALVES,
    WorldCase,
)
from world_readings import reading, rows_of


def requirement(what: str, number: int = 0) -> Requirement:
    return [one for one in REQUIREMENTS if one.what.startswith(what)][number]


def found(
    what: str, case: str, *values: dict[str, Any], number: int = 0, sensors: str = "free"
) -> Outcome:
    rows = [reading(WorldCase(case, sensors), seed, **v) for seed, v in enumerate(values)]
    out = requirement(what, number).of(rows_of(*rows))
    assert out is not None
    return out


IN, OUT = {"visits": 40.0}, {"visits": 80.0}


@pytest.mark.parametrize(
    ("what", "case", "kept", "lost", "met"),
    [
        ("90 % interval of visits", ASSUMED, 43, 7, True),
        ("90 % interval of visits", ASSUMED, 42, 8, False),
        ("90 % interval of visits", ASSUMED, 48, 2, False),  # too wide
        ("all violations together", TOGETHER, 3, 1, True),
        ("all violations together", TOGETHER, 5, 2, False),
    ],
)
def test_shares_of_seasons_that_hold(what: str, case: str, kept: int, lost: int, met: bool) -> None:
    outcome = found(what, case, *[IN] * kept, *[OUT] * lost)
    assert outcome.met == met
    assert outcome.text == f"{kept / (kept + lost):.0%} of {kept + lost}"


def test_seasons_that_are_called_unfit_are_not_held_against_the_interval() -> None:
    said, silent = OUT | {"fit": 0.04}, OUT | {"fit": 0.06}
    assert found("all violations together", TOGETHER, IN, said, said, said).met
    assert not found("all violations together", TOGETHER, IN, said, silent, silent).met
    assert found("... bias of visits, where", TOGETHER, IN, said, said).text == "+10%"
    assert found("... bias of visits, where", TOGETHER, said).met
    assert not found("... bias of visits, where", TOGETHER, IN, silent).met
    clean = [IN] * 19
    assert found("data called unfit", ASSUMED, *clean, said).met
    assert not found("data called unfit", ASSUMED, *clean, said, said).met


def test_violations_alone_name_the_worst_first() -> None:
    cases = {"haze": 9, "cranes": 5, "barges": 7}
    rows = rows_of(
        *(
            reading(WorldCase(name, "free"), seed, visits=40.0 if seed < kept else 80.0)
            for name, kept in cases.items()
            for seed in range(10)
        ),
        reading(WorldCase(ASSUMED, "free"), visits=80.0),
    )
    outcome = requirement("... each violation alone").of(rows)
    assert outcome == Outcome("1 of 3 cases; outside: cranes 50%, barges 70%", False)
    bias = requirement("bias of visits, each").of(rows)
    assert bias is not None
    assert bias.text == "1 of 3 cases; outside: cranes -27%, barges -15%"


@pytest.mark.parametrize(
    ("what", "number", "values", "met"),
    [
        ("no tanker", 0, [{"visits_low": 0.0}] * 9 + [{"visits_low": 1.0}], True),
        ("no tanker", 0, [{"visits_low": 0.0}] * 8 + [{"visits_low": 1.0}], False),
        ("... probability of passing", 0, [{"p_over": 0.1}, {"p_over": 0.0}], True),
        ("... probability of passing", 0, [{"p_over": 0.1}, {"p_over": 0.01}], False),
    ],
)
def test_no_tanker(what: str, number: int, values: list[dict[str, Any]], met: bool) -> None:
    for case in NO_TANKER:
        assert found(what, case, *values, number=number).met == met


@pytest.mark.parametrize(
    ("what", "good", "bad"),
    [
        ("effective size", {"effective_size": 200.0}, {"effective_size": 199.0}),
        ("R-hat", {"r_hat": 1.02}, {"r_hat": 1.03}),
        ("memory", {"peak_mb": 700.0}, {"peak_mb": 701.0}),
        ("direction of trade", {"p_right": 0.011}, {"p_right": 0.009}),
    ],
)
def test_the_worst_season_decides(what: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert found(what, "haze", good, good).met
    assert not found(what, "haze", good, bad, good).met


def test_the_direction_counts_seasons_that_have_one() -> None:
    outcome = found("direction", "haze", {}, {"p_right": np.nan}, {"p_right": 0.001})
    assert outcome.text == "1 of 2"
    nobody = rows_of(reading(p_right=np.nan))
    assert requirement("direction").of(nobody) is None


def test_widths_are_compared_with_the_ideal_ones_over_all_seasons() -> None:
    outcome = found("half-width as", ASSUMED, {"ideal_half_width": 7.0}, {"ideal_half_width": 9.0})
    assert outcome == Outcome("1.25 (10.0 / 8.0)", True)
    assert not found("half-width as", ASSUMED, {"ideal_half_width": 7.9}).met


def test_2024_is_asked_of_all_images() -> None:
    narrow = {"visits_low": 36.0, "visits_high": 52.0, "p_over": 0.98}
    assert found("... half-width", FINDING, narrow, sensors="all").met
    assert not found("... half-width", FINDING, narrow, {}, sensors="all").met
    assert found("... probability", FINDING, narrow, number=1, sensors="all").met
    assert not found("... probability", FINDING, narrow, {}, number=1, sensors="all").met
    assert requirement("2024").of(rows_of(reading(WorldCase(FINDING, "free")))) is None


def test_halves_are_compared_with_the_whole_over_all_seasons() -> None:
    outcome = found("two halves", TWO_HALVES, {"joined_mean": 45.0}, {"joined_mean": 44.0})
    assert outcome.met
    assert outcome.text.startswith("+1.1% ±")
    assert not found("two halves", TWO_HALVES, {"joined_mean": 45.0}).met


def test_seeds_may_be_three_per_cent_apart() -> None:
    assert found("means of 10 seeds", TEN_SEEDS, {"seeds_apart": 0.03}).met
    assert not found("means of 10", TEN_SEEDS, {"seeds_apart": 0.01}, {"seeds_apart": 0.04}).met


def test_seconds_are_those_of_the_case_that_stands_for_its_sensors() -> None:
    assert found("one season", ASSUMED, {"processor_seconds": 5.0}).met
    assert not found("one season", ASSUMED, {"processor_seconds": 5.1}).met
    assert found("one season", TOGETHER, {"processor_seconds": 19.0}, sensors="daily").met
    assert requirement("one season").of(rows_of(reading(WorldCase("haze", "free")))) is None
