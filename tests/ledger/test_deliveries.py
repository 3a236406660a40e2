"""The ledger: sums by hand, a direct Monte Carlo, errors that visits share, and the cap."""

import itertools
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.ledger_tables import Cumulative, Ledger
from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.schema import table
from gnomon.datamodel.study import LedgerOptions
from gnomon.ledger.deliveries import EPOCH, INFERRED, LOAD_MIN, LedgerResult, build_ledger
from gnomon.ledger.rows import LedgerRow
from gnomon.physics.conversion import BARRELS_PER_TONNE, SCENARIOS

START, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC)
EXACT = {"load_fraction_sigma": 0.0, "load_scatter": 0.0, "conversion_sigma": 0.0,
         "deadweight_sigma": 0.0, "samples": 100}  # fmt: skip
DIESEL = BARRELS_PER_TONNE["diesel"]


def draw(
    *, visits: int = 40, tonnes: float = 3000.0, loaded: int | None = None, sigma: float = 0.0,
    seen: int | None = None, named: int = 0,
) -> SeasonDraw:  # fmt: skip
    loads = np.arange(visits) < (visits if loaded is None else loaded)
    return SeasonDraw(
        seen=np.arange(visits) < (visits if seen is None else seen),
        loaded=loads,
        unloaded=~loads,
        depart_day=np.arange(visits) * min(6.0, 240 / max(visits, 1)),
        log_deadweight=np.full(visits, np.log(tonnes)),
        log_deadweight_sigma=np.full(visits, sigma),
        by_size=np.arange(visits) >= named,
    )


def port(*draws: SeasonDraw, name: str = "vostochny") -> PortPosterior:
    return PortPosterior(name, START, END, 100.0, draws)


def ledger(*ports: PortPosterior, **options: object) -> LedgerResult:
    return build_ledger(ports, LedgerOptions.model_validate(options))


def inferred(*ports: PortPosterior, **options: object) -> LedgerRow:
    return ledger(*ports, **options).rows[0]


@settings(max_examples=20)
@given(st.integers(0, 40), st.floats(500, 9000))
def test_without_errors_the_sum_is_that_of_a_pocket_calculator(loaded: int, tonnes: float) -> None:
    made = ledger(port(draw(tonnes=tonnes, loaded=loaded)), load_fraction=0.8, **EXACT)
    first, *scenarios = made.rows
    assert first.scenario == INFERRED
    assert first.barrels.p50 == pytest.approx(loaded * tonnes * 0.8 * 7.46)
    for row, share in zip(scenarios, SCENARIOS, strict=True):
        assert row.scenario == f"{share:.0%} of deadweight"
        assert row.barrels.mean == pytest.approx(loaded * tonnes * share * 7.46)
    assert first.tonnes.mean == pytest.approx(loaded * tonnes * 0.8)
    assert first.p_over_cap == float(loaded * tonnes * 0.8 * 7.46 > 500_000)


def test_samples_have_the_distribution_of_a_direct_monte_carlo() -> None:
    """Written again as a loop over visits, with other random numbers."""
    options = {"load_fraction": 0.85, "load_fraction_sigma": 0.08, "load_scatter": 0.1,
               "conversion_sigma": 0.05, "deadweight_sigma": 0.09}  # fmt: skip
    draws = (
        draw(visits=12, sigma=0.2, loaded=10, named=4),
        draw(visits=20, sigma=0.2, tonnes=2500.0),
    )
    found = inferred(port(*draws), samples=4000, seed=3, **options)
    rng = np.random.default_rng(99)
    totals, masses = [], []
    for number in range(4000):
        season = draws[number % 2]
        k = DIESEL * np.exp(rng.normal(0, 0.05))
        mean = min(max(rng.normal(0.85, 0.08), LOAD_MIN), 1)
        mass, heavier = 0.0, rng.normal(0, 0.09)
        for visit in np.flatnonzero(season.loaded):
            centre = season.log_deadweight[visit] + (heavier if season.by_size[visit] else 0)
            deadweight = np.exp(rng.normal(centre, 0.2))
            mass += deadweight * min(max(rng.normal(mean, 0.1), LOAD_MIN), 1)
        masses.append(mass)
        totals.append(mass * k)
    for row, values in ((found.barrels, totals), (found.tonnes, masses)):
        assert row.mean == pytest.approx(np.mean(values), rel=0.02)
        expected = np.quantile(values, [0.05, 0.5, 0.95])
        assert [row.p05, row.p50, row.p95] == pytest.approx(list(expected), rel=0.03)


def test_every_draw_counts_alike() -> None:
    draws = [draw(visits=n) for n in (10, 20, 30, 40)]
    row = inferred(port(*draws), **EXACT)
    assert row.deliveries.mean == 25
    assert row.deliveries.p50 == pytest.approx(25)
    assert (row.deliveries.p05, row.deliveries.p95) == (10, 40)


def test_seen_deliveries_are_a_part_of_all() -> None:
    row = inferred(port(draw(visits=30, seen=18, loaded=30)), **EXACT)
    assert (row.deliveries_seen_p50, row.deliveries.mean) == (18, 30)
    row = inferred(port(draw(visits=30, seen=18, loaded=10)), **EXACT)
    assert (row.deliveries_seen_p50, row.deliveries.mean) == (10, 10)


def test_errors_that_visits_share_do_not_average_out() -> None:
    def spread(visits: int, **errors: float) -> float:
        row = inferred(port(draw(visits=visits)), **{**EXACT, "samples": 3000, **errors})
        return (row.barrels.p95 - row.barrels.p05) / row.barrels.mean

    shared = [spread(n, conversion_sigma=0.04) for n in (4, 400)]
    own = [spread(n, load_scatter=0.04) for n in (4, 400)]
    assert shared[1] == pytest.approx(shared[0], rel=0.1)
    assert shared[1] == pytest.approx(2 * 1.645 * 0.04, rel=0.1)
    assert own[1] == pytest.approx(own[0] / 10, rel=0.15)


def test_deadweights_by_size_share_an_error_and_those_of_a_register_do_not() -> None:
    """Also those of two ports: it is an error of one regression."""

    def spread(*ports: PortPosterior) -> float:
        names = tuple(one.port for one in ports)
        row = inferred(*ports, loading=names, **{**EXACT, "samples": 3000, "deadweight_sigma": 0.1})
        return float(np.log(row.barrels.p95 / row.barrels.p05))

    wide = 2 * 1.645 * 0.1
    assert spread(port(draw(visits=400))) == pytest.approx(wide, rel=0.1)
    both = port(draw(visits=200)), port(draw(visits=200), name="nakhodka")
    assert spread(*both) == pytest.approx(wide, rel=0.1)
    assert spread(port(draw(visits=40, named=40))) == 0
    assert spread(port(draw(visits=40, named=20))) == pytest.approx(wide / 2, rel=0.1)


@given(st.floats(1.0, 3.0))
def test_barrels_grow_with_deadweight_and_the_product(factor: float) -> None:
    one = inferred(port(draw(tonnes=1500.0)), **EXACT)
    two = inferred(port(draw(tonnes=1500.0 * factor)), **EXACT)
    assert two.barrels.p50 == pytest.approx(factor * one.barrels.p50)
    gasoline = inferred(port(draw(tonnes=1500.0)), product="gasoline", **EXACT)
    assert gasoline.tonnes == one.tonnes
    assert gasoline.barrels.p50 / one.barrels.p50 == pytest.approx(
        BARRELS_PER_TONNE["gasoline"] / DIESEL
    )


def test_a_ship_carries_no_more_than_its_deadweight_and_no_less_than_a_fifth() -> None:
    full = inferred(port(draw()), load_fraction=1.0, **{**EXACT, "load_scatter": 0.3})
    samples = ledger(port(draw()), load_fraction=0.3, **{**EXACT, "load_scatter": 0.3}).samples
    assert full.tonnes.p95 <= 40 * 3000
    load = np.concatenate([s.barrels / s.barrels_per_tonne / s.deadweight_t for s in samples])
    assert load.min() == pytest.approx(LOAD_MIN)
    assert load.max() <= 1


# --- the cap -------------------------------------------------------------------------------------


def test_the_cap_is_passed_on_the_day_of_the_delivery_that_passes_it() -> None:
    # 3000 t x 0.88 x 7.46 = 19,694 bbl; the 26th delivery makes 512,000.
    row = inferred(port(draw()), **EXACT)
    assert row.passed.p50 == START + 25 * timedelta(days=6)
    early = inferred(port(draw()), reported_barrels={"2024": 168_679.0}, **EXACT)
    # 331,321 bbl are left: the 17th delivery.
    assert early.passed.p50 == START + 16 * timedelta(days=6)
    assert early.reported_barrels == 168_679.0
    assert early.barrels == row.barrels
    late = inferred(port(draw()), cap_barrels=1e6, **EXACT)
    assert late.passed == (None, None, None)
    assert late.p_over_cap == 0.0


def test_a_cap_that_more_likely_was_not_passed_has_no_date() -> None:
    """A date beside a probability below one half reads as if the cap had been passed on it."""
    under, over = draw(visits=10), draw(visits=40)
    two_of_five = inferred(port(under, under, under, over, over), **EXACT)
    assert two_of_five.p_over_cap == pytest.approx(0.4)
    assert two_of_five.passed == (None, None, None)
    half = inferred(port(under, over), **EXACT)
    assert half.p_over_cap == pytest.approx(0.5)
    assert half.passed.p50 == START + 25 * timedelta(days=6)


def test_a_row_names_the_part_of_the_year_that_it_covers() -> None:
    row = inferred(port(draw()), **EXACT)
    assert (row.start, row.end) == (START, END)
    begin, end = datetime(2023, 11, 5, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    rows = ledger(PortPosterior("vostochny", begin, end, 1.0, (draw(),)), **EXACT).rows
    new_year = datetime(2024, 1, 1, tzinfo=UTC)
    assert {(row.year, row.start, row.end) for row in rows} == {
        (2023, begin, new_year), (2024, new_year, end),
    }  # fmt: skip


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(2e5, 1.5e6), st.floats(0, 2e5))
def test_the_cumulative_curve_rises_to_the_ledger_and_is_a_count_of_samples(
    seed: int, cap: float, others: float
) -> None:
    """Against a loop over samples and days."""
    rng = np.random.default_rng(seed)
    begin = datetime(2024, 11, 20, 6, tzinfo=UTC)
    seasons = []
    for _ in range(3):
        n = int(rng.integers(0, 40))
        days = np.sort(rng.uniform(0, 63, n))  # some after the end of the period
        loads = rng.random(n) < 0.7
        sizes = np.full(n, 8.0), np.full(n, 0.2)
        seasons.append(SeasonDraw(loads, loads, ~loads, days, *sizes, loads))
    span = PortPosterior("vostochny", begin, begin + timedelta(days=60), 1.0, tuple(seasons))
    made = ledger(span, samples=100, seed=seed, cap_barrels=cap, reported_barrels={"2025": others})
    for part in (2024, 2025):
        rows = [row for row in made.days if row.year == part]
        whole = next(r for r in made.rows if r.year == part and r.scenario == INFERRED)
        last = (rows[-1].barrels_p05, rows[-1].barrels_p50, rows[-1].barrels_p95)
        assert last == pytest.approx((whole.barrels.p05, whole.barrels.p50, whole.barrels.p95))
        assert rows[-1].p_over_cap == pytest.approx(whole.p_over_cap)
        for one, two in itertools.pairwise(rows):
            assert two.day - one.day == timedelta(days=1)
            assert two.barrels_p05 >= one.barrels_p05
            assert two.p_over_cap >= one.p_over_cap
        row = rows[len(rows) // 2]
        year_days = [s.of_year(part) for s in made.samples]
        limit = (row.day - EPOCH) / timedelta(days=1)
        sums = [
            sum(b for d, b in zip(s.day, s.barrels, strict=True) if d < limit) for s in year_days
        ]
        assert row.barrels_p50 == pytest.approx(np.median(sums))
        reported = others if part == 2025 else 0.0
        assert row.p_over_cap == pytest.approx(np.mean([s + reported > cap for s in sums]))
    table(Cumulative, [asdict(row) for row in made.days])


@settings(max_examples=20)
@given(st.floats(1e5, 1.2e6), st.floats(0, 3e5))
def test_the_chance_of_passing_the_cap_is_that_of_the_samples(cap: float, others: float) -> None:
    made = ledger(
        port(draw(visits=30, sigma=0.3), draw(visits=45, sigma=0.3)),
        samples=200, cap_barrels=cap, reported_barrels={"2024": others},
    )  # fmt: skip
    over = [others + sample.barrels.sum() > cap for sample in made.samples]
    assert made.rows[0].p_over_cap == pytest.approx(np.mean(over))


def test_a_third_laden_is_under_the_cap_and_the_panels_rule_over_it() -> None:
    rows = {r.scenario: r for r in ledger(port(draw(visits=43, tonnes=3460)), **EXACT).rows}
    assert rows["33% of deadweight"].p_over_cap == 0
    assert rows["90% of deadweight"].barrels.p50 == pytest.approx(1e6, rel=0.01)
    assert rows[INFERRED].p_over_cap == 1


# --- ports, years, and what is unknown -----------------------------------------------------------


def test_two_ports_add_up_and_others_do_not_count() -> None:
    both = inferred(
        port(draw(visits=10)), port(draw(visits=20), name="nakhodka"),
        port(draw(visits=30), name="rajin"), loading=("vostochny", "nakhodka"), **EXACT,
    )  # fmt: skip
    assert both.deliveries.mean == 30
    one = inferred(port(draw(visits=10)), port(draw(visits=30), name="rajin"), **EXACT)
    assert one.deliveries.mean == 10


def test_deliveries_of_two_ports_are_in_the_order_of_time() -> None:
    made = ledger(
        port(draw(visits=10)), port(draw(visits=25), name="nakhodka"),
        loading=("vostochny", "nakhodka"), **EXACT,
    )  # fmt: skip
    for sample in made.samples[:5]:
        assert (np.diff(sample.day) >= 0).all()
        assert len(sample.day) == 35


def test_two_years_add_up_and_the_cap_begins_anew() -> None:
    begin, end = datetime(2024, 9, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC)
    later = PortPosterior("vostochny", begin, end, 1.0, (draw(visits=60),))
    rows = [r for r in ledger(later, **EXACT).rows if r.scenario == INFERRED]
    assert [row.year for row in rows] == [2024, 2025]
    assert sum(row.deliveries.mean for row in rows) == 60
    days = later.draws[0].depart_day
    first = int((days < (datetime(2025, 1, 1, tzinfo=UTC) - begin).days).sum())
    assert rows[0].deliveries.mean == first
    assert all(row.passed.p50 is None or row.passed.p50.year == row.year for row in rows)


def test_an_unobserved_port_has_no_number() -> None:
    nothing = PortPosterior("vostochny", START, END, 0.0, ())
    assert ledger(nothing).rows == []
    assert ledger().rows == []
    both = inferred(
        nothing, port(draw(visits=7), name="nakhodka"), loading=("vostochny", "nakhodka"), **EXACT
    )
    assert both.deliveries.mean == 7


def test_an_unknown_product_is_refused() -> None:
    with pytest.raises(StudyError, match=r"ledger\.product: 'tar' is not one of lpg"):
        ledger(port(draw()), product="tar")


def test_the_seed_decides_the_samples_and_rows_fit_the_table() -> None:
    one, two, other = (inferred(port(draw(sigma=0.2)), samples=100, seed=s) for s in (1, 1, 2))
    assert one == two
    assert one != other
    rows = table(Ledger, [row.columns() for row in ledger(port(draw()), **EXACT).rows])
    assert list(rows.year) == [2024] * 4
    assert rows.barrels_p50.iloc[0] == pytest.approx(one.barrels.p50, rel=0.1)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_a_sample_is_cut_into_years_without_loss(seed: int) -> None:
    rng = np.random.default_rng(seed)
    begin = datetime(2023, 6, 1, tzinfo=UTC)
    days = np.sort(rng.uniform(0, 900, 30))
    season = SeasonDraw(
        np.ones(30, bool), np.ones(30, bool), np.zeros(30, bool), days, np.full(30, 8.0),
        np.full(30, 0.2), np.ones(30, bool),
    )  # fmt: skip
    span = PortPosterior("vostochny", begin, begin + timedelta(days=900), 1.0, (season,))
    made = ledger(span, samples=100, seed=seed)
    assert [row.year for row in made.rows if row.scenario == INFERRED] == [2023, 2024, 2025]
    for sample in made.samples[:10]:
        parts = [sample.of_year(year) for year in (2023, 2024, 2025)]
        np.testing.assert_array_equal(
            np.concatenate([part.barrels for part in parts]), sample.barrels
        )
        for year, part in zip((2023, 2024, 2025), parts, strict=True):
            moments = [
                datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(d)) for d in part.day
            ]
            assert {moment.year for moment in moments} <= {year}
    total = sum(row.barrels.mean for row in made.rows if row.scenario == INFERRED)
    assert total == pytest.approx(np.mean([sample.barrels.sum() for sample in made.samples]))
