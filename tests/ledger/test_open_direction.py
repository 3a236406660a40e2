"""Open directions: which ports are open, and barrels under the condition that ships load there."""

from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.ledger_tables import Cumulative, Ledger
from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.schema import table
from gnomon.datamodel.study import LedgerOptions
from gnomon.ledger.deliveries import LedgerResult, build_ledger
from gnomon.ledger.open_direction import open_ports, ships_load

START, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC)


def draw(loaded: int, unloaded: int) -> SeasonDraw:
    n = loaded + unloaded
    loads = np.arange(n) < loaded
    return SeasonDraw(
        seen=np.ones(n, bool), loaded=loads, unloaded=~loads, depart_day=np.linspace(0, 270, n),
        log_deadweight=np.full(n, np.log(3000.0)), log_deadweight_sigma=np.full(n, 0.2),
        by_size=np.ones(n, bool),
    )  # fmt: skip


def port(*draws: SeasonDraw, name: str = "vostochny") -> PortPosterior:
    return PortPosterior(name, START, END, 100.0, draws)


def ledger(*ports: PortPosterior, **options: object) -> LedgerResult:
    names = tuple(one.port for one in ports)
    return build_ledger(ports, LedgerOptions.model_validate({"loading": names} | options))


LOADS, UNLOADS = draw(40, 0), draw(0, 40)
COUNTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(COUNTS)
def test_loading_and_unloading_change_places_and_the_port_stays_as_open(
    counts: list[tuple[int, int]],
) -> None:
    one = port(*(draw(loaded, unloaded) for loaded, unloaded in counts))
    other = port(*(draw(unloaded, loaded) for loaded, unloaded in counts))
    assert open_ports([one]) == open_ports([other])


@pytest.mark.parametrize(
    ("loads", "unloads", "empty", "is_open"),
    [(50, 50, 0, True), (94, 6, 0, True), (95, 5, 0, False), (0, 100, 0, False),
     (8, 8, 84, False), (30, 30, 40, True)],
)  # fmt: skip
def test_a_port_is_open_where_either_direction_is_likelier_than_one_in_twenty(
    loads: int, unloads: int, empty: int, *, is_open: bool
) -> None:
    """And not where hardly any ship came at all."""
    draws = [LOADS] * loads + [UNLOADS] * unloads + [draw(0, 0)] * empty
    assert open_ports([port(*draws)]) == (("vostochny",) if is_open else ())


def test_barrels_of_an_open_direction_are_those_of_either_direction() -> None:
    """The two humps one by one: each is the ledger of its draws alone."""
    row = ledger(port(LOADS, UNLOADS), samples=1000).rows[0]
    assert row.open_ports == ("vostochny",)
    assert row.p_loading == pytest.approx(0.5)
    assert row.if_loading is not None
    assert row.otherwise is not None
    sure = ledger(port(LOADS), samples=1000).rows[0]
    assert row.if_loading.barrels.p50 == pytest.approx(sure.barrels.p50, rel=0.01)
    assert row.if_loading.barrels.p05 == pytest.approx(sure.barrels.p05, rel=0.03)
    assert row.if_loading.p_over_cap == pytest.approx(sure.p_over_cap, abs=0.02)
    assert row.otherwise.barrels == (0, 0, 0, 0)
    assert row.p_over_cap == pytest.approx(row.if_loading.p_over_cap / 2)
    # What was said before: a middle that neither direction has.
    assert row.barrels.p50 < row.if_loading.barrels.p05


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_the_two_conditions_share_the_samples_without_rest(seed: int) -> None:
    """Their means, weighted by their chances, are the mean of all; against a loop over samples."""
    rng = np.random.default_rng(seed)
    draws = [draw(*(int(n) for n in rng.integers(0, 12, 2))) for _ in range(20)]
    made = ledger(port(*draws), samples=200, seed=seed)
    for row in made.rows:
        parts = [(row.if_loading, row.p_loading), (row.otherwise, 1 - row.p_loading)]
        if all(part for part, _ in parts):
            for name in ("deliveries", "tonnes", "barrels"):
                mean = sum(getattr(part, name).mean * share for part, share in parts)
                assert mean == pytest.approx(getattr(row, name).mean)
            over = sum(part.p_over_cap * share for part, share in parts if part)
            assert over == pytest.approx(row.p_over_cap)
    totals = [
        made.samples[n].barrels.sum()
        for n in range(200)
        if draws[n % 20].loaded.sum() > draws[n % 20].unloaded.sum()
    ]
    first = made.rows[0]
    assert first.p_loading == pytest.approx(len(totals) / 200)
    if first.if_loading:
        expected = np.quantile(totals, (0.05, 0.5, 0.95))
        barrels = first.if_loading.barrels
        assert (barrels.p05, barrels.p50, barrels.p95) == pytest.approx(tuple(expected))
        last = made.days[-1]
        assert last.barrels_if_loading_p50 == pytest.approx(barrels.p50)
    table(Cumulative, [asdict(row) for row in made.days])
    table(Ledger, [row.columns() for row in made.rows])


def test_the_condition_is_on_the_ports_that_are_open() -> None:
    """One port surely loads: what it delivers is delivered either way."""
    sure = port(draw(10, 0), name="nakhodka")
    row = ledger(sure, port(LOADS, UNLOADS), samples=1000).rows[0]
    assert row.open_ports == ("vostochny",)
    assert row.p_loading == pytest.approx(0.5)
    assert row.if_loading is not None
    assert row.otherwise is not None
    assert (row.if_loading.deliveries.p50, row.otherwise.deliveries.p50) == (50, 10)
    assert row.otherwise.barrels.p05 > 100_000


def test_two_open_ports_must_both_load() -> None:
    other = port(LOADS, LOADS, UNLOADS, UNLOADS, name="nakhodka")
    row = ledger(port(LOADS, UNLOADS, LOADS, UNLOADS), other, samples=400).rows[0]
    assert row.open_ports == ("vostochny", "nakhodka")
    assert row.p_loading == pytest.approx(0.25)
    assert row.if_loading is not None
    assert row.otherwise is not None
    assert row.if_loading.deliveries.p05 == 80
    assert (row.otherwise.deliveries.p05, row.otherwise.deliveries.p95) == (0, 40)


def test_without_an_open_port_the_condition_is_on_all_together() -> None:
    assert ships_load([draw(9, 0), draw(0, 4)], [False, False])
    assert not ships_load([draw(4, 0), draw(0, 9)], [False, False])
    assert not ships_load([draw(9, 0), draw(0, 4)], [False, True])
    row = ledger(port(UNLOADS), samples=100).rows[0]
    assert row.open_ports == ()
    assert row.p_loading == 0
    assert row.if_loading is None
    columns = table(Ledger, [row.columns()]).iloc[0]
    assert columns[[n for n in columns.index if "_if_loading" in n]].isna().all()
    assert columns.barrels_otherwise_p95 == 0
