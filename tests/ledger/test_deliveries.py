"""The ledger: sums by hand, shared errors that do not average out, and the cap."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.posterior import DrawnSeason, PortSeason
from gnomon.ledger.deliveries import INFERRED, account

START, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC)
EXACT = {"load_fraction_sigma": 0.0, "load_scatter": 0.0, "conversion_sigma": 0.0}


def season(
    *, visits: int = 40, tonnes: float = 3000.0, loaded: int | None = None, sigma: float = 0.0
) -> PortSeason:
    turned = np.arange(visits) < (visits if loaded is None else loaded)
    drawn = DrawnSeason(
        seen=np.ones(visits, bool),
        loaded=turned,
        unloaded=~turned,
        depart_day=np.arange(visits) * min(6.0, 240 / max(visits, 1)),
        log_deadweight=np.full(visits, np.log(tonnes)),
        log_deadweight_sigma=np.full(visits, sigma),
    )
    return PortSeason("vostochny", START, END, 100.0, (drawn,))


@settings(max_examples=20)
@given(st.integers(0, 40), st.floats(500, 9000))
def test_without_doubt_the_sum_is_that_of_a_pocket_calculator(loaded: int, tonnes: float) -> None:
    made = account([season(tonnes=tonnes, loaded=loaded)], samples=3, load_fraction=0.8, **EXACT)
    inferred, third, half, most = made.rows
    assert inferred["barrels_p50"] == pytest.approx(loaded * tonnes * 0.8 * 7.46)
    for row, share in ((third, 0.33), (half, 0.5), (most, 0.9)):
        assert row["barrels_mean"] == pytest.approx(loaded * tonnes * share * 7.46)
    assert inferred["tonnes_mean"] == pytest.approx(loaded * tonnes * 0.8)
    assert inferred["p_over_cap"] == float(loaded * tonnes * 0.8 * 7.46 > 500_000)


def test_errors_that_visits_share_do_not_average_out() -> None:
    def spread(visits: int, **errors: float) -> float:
        made = account([season(visits=visits)], samples=3000, **{**EXACT, **errors})
        row = made.rows[0]
        return float((row["barrels_p95"] - row["barrels_p05"]) / row["barrels_mean"])

    shared = [spread(n, conversion_sigma=0.04) for n in (4, 400)]
    own = [spread(n, load_scatter=0.04) for n in (4, 400)]
    assert shared[1] == pytest.approx(shared[0], rel=0.1)
    assert shared[1] == pytest.approx(2 * 1.645 * 0.04, rel=0.1)
    assert own[1] == pytest.approx(own[0] / 10, rel=0.15)


def test_the_cap_is_passed_on_the_day_of_the_delivery_that_passes_it() -> None:
    # 3000 t x 0.88 x 7.46 = 19,694 bbl; the 26th delivery makes 512,000.
    row = account([season()], samples=3, **EXACT).rows[0]
    assert row["passed_p50"] == datetime(2024, 3, 1, tzinfo=UTC) + 25 * (
        datetime(2024, 3, 7, tzinfo=UTC) - datetime(2024, 3, 1, tzinfo=UTC)
    )
    early = account([season()], samples=3, reported_barrels={"2024": 168_679.0}, **EXACT).rows[0]
    assert early["passed_p50"] < row["passed_p50"]
    late = account([season()], samples=3, cap_barrels=1e6, **EXACT).rows[0]
    assert late["passed_p50"] is None
    assert late["p_over_cap"] == 0.0


def test_a_third_laden_is_under_the_cap_and_the_panels_rule_over_it() -> None:
    rows = {r["scenario"]: r for r in account([season(visits=43, tonnes=3460)], **EXACT).rows}
    assert rows["33% of deadweight"]["p_over_cap"] == 0
    assert rows["90% of deadweight"]["barrels_p50"] == pytest.approx(1e6, rel=0.01)
    assert rows[INFERRED]["p_over_cap"] == 1


def test_two_ports_and_two_years_add_up() -> None:
    both = account([season(visits=10), season(visits=20)], samples=3, **EXACT)
    assert both.rows[0]["deliveries_mean"] == 30
    begin, end = datetime(2024, 9, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC)
    later = PortSeason("vostochny", begin, end, 1.0, season(visits=60).draws)
    rows = [r for r in account([later], samples=3, **EXACT).rows if r["scenario"] == INFERRED]
    assert [row["year"] for row in rows] == [2024, 2025]
    assert sum(row["deliveries_mean"] for row in rows) == 60


def test_what_is_not_known_is_no_number() -> None:
    nothing = PortSeason("vostochny", START, END, 0.0, ())
    assert account([nothing]).rows == []
    assert account([]).rows == []
    with pytest.raises(StudyError, match=r"ledger\.product: 'tar' is not one of lpg"):
        account([season()], product="tar")
