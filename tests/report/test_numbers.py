"""Published numbers: one source, and the same in tables, page, terminal, KMZ, CSV and citation."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Ledger, Seasons
from gnomon.report.numbers import (
    PASSED_MIN,
    period_text,
    port_sentence,
    published,
    trade_direction,
    year_sentences,
)
from gnomon.report.text import UNKNOWN
from run_folders import day, ledger, season

PASSED = {"passed_p05": day(10), "passed_p50": day(20), "passed_p95": day(30)}


def years(*rows: dict[str, Any]) -> pd.DataFrame:
    return table(Ledger, [ledger() | row for row in rows])


@given(st.floats(0, 1))
def test_a_date_is_published_only_where_the_cap_was_more_likely_passed(chance: float) -> None:
    (one,) = published(pd.DataFrame(), years(PASSED | {"p_over_cap": chance})).years
    assert (one.passed is not None) == (chance >= PASSED_MIN)
    said = " ".join(year_sentences(one, ("port-alfa",)))
    assert ("Apr 2024" in said.partition("barrels for")[2]) == (chance >= PASSED_MIN)


def test_a_period_ends_on_the_day_before_its_end() -> None:
    first, last = (pd.Timestamp(text, tz="UTC") for text in ("2024-10-15", "2024-12-25"))
    assert period_text(first, last) == "15 Oct to 24 Dec 2024"
    noon = last + pd.Timedelta(12, "h")
    assert period_text(first, noon) == "15 Oct to 25 Dec 2024"


def test_sentences_name_the_period_the_interval_and_then_the_middle() -> None:
    row = {"barrels_p05": 390_824.4, "barrels_p50": 540_464.2, "barrels_p95": 760_166.2,
           "deliveries_p05": 17.0, "deliveries_p50": 22.0, "deliveries_p95": 30.0,
           "p_over_cap": 0.46, "reported_barrels": 0.0}  # fmt: skip
    frame = years(row).assign(
        start=pd.Timestamp("2024-10-15", tz="UTC"), end=pd.Timestamp("2024-12-25", tz="UTC")
    )
    (one,) = published(pd.DataFrame(), frame).years
    first, chance = year_sentences(one, ("port-alfa",))
    assert first.startswith(
        "15 Oct to 24 Dec 2024: 391,000 to 760,000 barrels left Port Alfa (90 % interval; middle "
        "540,000), in 17 to 30 deliveries (middle 22)"
    )
    assert chance == (
        "Chance that the cap of 500,000 barrels for 2024 was exceeded in this period: 46 %."
    )


def test_a_port_without_a_usable_image_has_no_number() -> None:
    unknown = dict.fromkeys([n for n in season() if n.startswith(("visits", "seen"))], None)
    known, blind = published(table(Seasons, [season(), season() | unknown]), pd.DataFrame()).ports
    assert blind.visits is None
    assert "no image could be used" in port_sentence(blind)
    assert port_sentence(known).startswith(
        "Rajin, 1 Apr to 6 May 2024: 1 to 7 visits of small tankers (90 % interval; middle 3)"
    )


@pytest.mark.parametrize(
    ("p_exports", "visits", "text"),
    [
        (0.99, 12.0, "ships load"),
        (0.01, 12.0, "ships unload"),
        (0.6, 12.0, "unclear (60 % load)"),
        (0.95, 12.0, "unclear (95 % load)"),
        (None, 12.0, "no image"),
        (0.99, 0.0, UNKNOWN),
    ],
)
def test_the_direction_is_stated_only_if_it_is_sure(
    p_exports: float | None, visits: float, text: str
) -> None:
    assert trade_direction(p_exports, visits) == text


@given(st.floats(0, 1), st.floats(1, 50))
def test_loading_and_unloading_are_mirror_images(p: float, visits: float) -> None:
    load, unload = trade_direction(p, visits), trade_direction(1 - p, visits)
    assert (load == "ships load") == (unload == "ships unload") or abs(abs(p - 0.5) - 0.45) < 1e-9
