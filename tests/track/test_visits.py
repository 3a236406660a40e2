"""Visits of one port: loads, deadweights and names against direct sums and the truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.simulate.season.campaign import SimulatedSeason
from gnomon.track.ais import read_ais
from gnomon.track.classes import TANKERS
from gnomon.track.direction import load_log_ratios, operation_probabilities
from gnomon.track.fleet import UNNAMED, AisNames, Fleet, read_fleet
from gnomon.track.visits import (
    CANDIDATE_MIN,
    REGISTER_SIGMA,
    LogDeadweight,
    PortInference,
    PortVisits,
    mix_deadweight,
    port_visits,
)
from gnomon.workflow.infer import deadweight_of
from tracked_seasons import (
    TRAFFIC,
    berth,
    fleet_of,
    month,
    month_posterior,
    options,
    track_posterior,
    tracked,
    year_2024,
)


def visits_of(fleet: Fleet, p_tanker_min: float = 0.5, **more: object) -> PortVisits:
    posterior = track_posterior(berth(month()), options(), TRAFFIC)
    given_ = PortInference(posterior, fleet, deadweight_of, **more)
    return port_visits(given_, p_tanker_min=p_tanker_min)


@pytest.fixture(scope="module")
def found() -> PortVisits:
    return visits_of(fleet_of([70.0, 85.0, 110.0], [1500.0, 3000.0, np.nan]))


# --- the table -----------------------------------------------------------------------------------


def test_quantiles_of_ends_lie_within_the_bounds_of_a_visit(found: PortVisits) -> None:
    for visit in found.visits:
        assert visit.arrived.p05 <= visit.arrived.p50 <= visit.arrived.p95 <= visit.arrived_before
        assert visit.departed_after <= visit.departed.p05 <= visit.departed.p50
        assert visit.departed.p50 <= visit.departed.p95


def test_arrivals_lie_within_their_intervals() -> None:
    made = year_2024()
    number = dict(zip(made.detections.detection_id, made.visit, strict=True))
    covered, alone = 0, 0
    for row in tracked(made).visits.itertuples():
        visits = {number[name] for name in json.loads(row.detections)}
        if len(visits) > 1 or min(visits) < 0:
            continue
        alone += 1
        truth = made.period[0] + pd.Timedelta(days=made.truth.arrive_day[visits.pop()])
        covered += row.arrived_p05 <= truth <= row.arrived_p95
    assert alone >= 20
    assert covered / alone > 0.75


def test_probabilities_of_a_visit_are_frequencies_of_the_draws(found: PortVisits) -> None:
    posterior = month_posterior()
    for visit in found.visits:
        often = np.mean([visit.track in draw.tracks for draw in posterior.draws])
        assert visit.p_visit == pytest.approx(often)
        assert visit.p_tanker >= 0.5
    every = [n for visit in found.visits for n in visit.track]
    assert len(every) == len(set(every))
    assert len(visits_of(fleet_of([85.0]), 0.95).visits) <= len(found.visits)


def test_loads_at_the_berth_are_those_of_its_images(found: PortVisits) -> None:
    posterior = month_posterior()
    operations = np.array([posterior.operations(visit.track) for visit in found.visits])
    come, leave = load_log_ratios(operations)
    loads, unloads, _, laden = operation_probabilities(operations).T
    for n, visit in enumerate(found.visits):
        assert visit.log_lr_laden_in == pytest.approx(come[n])
        assert visit.log_lr_laden_out == pytest.approx(leave[n])
        assert visit.p_loaded == pytest.approx(loads[n])
        assert visit.p_unloaded == pytest.approx(unloads[n])
        assert visit.p_laden_in == visit.berth_p_laden_in == pytest.approx(unloads[n] + laden[n])
        assert visit.p_laden_out == visit.berth_p_laden_out == pytest.approx(loads[n] + laden[n])


def test_a_visit_whose_own_images_show_the_contrary_is_flagged_and_not_overruled() -> None:
    """In the season of 2024 all ships load; here three images show one of them in ballast."""
    made = year_2024()
    plain = tracked(made).visits
    ids = json.loads(plain.detections[plain.observations >= 3].iloc[0])
    ratios = made.detections.log_lr_laden.mask(made.detections.detection_id.isin(ids), -5.0)
    found = tracked(made, detections=made.detections.assign(log_lr_laden=ratios)).visits
    (row,) = found[found.detections.map(json.loads).map(set(ids).issubset)].itertuples()
    assert row.contradicts_trade
    assert row.image_p_laden_out < 0.1
    assert row.others_p_laden_out > 0.9
    assert row.p_laden_out < 0.9
    assert found.contradicts_trade.sum() == 1
    assert not plain.contradicts_trade.any()
    assert plain.contradicts_trade.isna().equals(plain.image_p_laden_in.isna())


def test_candidates_are_named_with_their_probabilities(found: PortVisits) -> None:
    for visit in found.visits:
        chances = json.loads(visit.candidates)
        assert set(chances) <= {"ship 0", "ship 1", "ship 2", "unregistered"}
        assert sum(chances.values()) <= 1.002
        assert sum(chances.values()) >= 1 - 3 * CANDIDATE_MIN
        assert list(chances.values()) == sorted(chances.values(), reverse=True)


def test_a_port_without_a_likely_tanker_has_no_row_and_still_a_season() -> None:
    made = visits_of(fleet_of([85.0]), p_tanker_min=1.1)
    assert made.visits == []
    assert made.season.visits.mean() > 1


# --- deadweight ----------------------------------------------------------------------------------


@given(st.integers(0, 10_000))
def test_deadweight_is_that_of_the_mixture_of_candidates(seed: int) -> None:
    """Against the moments of normals, component by component."""
    rng = np.random.default_rng(seed)
    fleet = fleet_of([80.0, 90.0, 100.0], [2000.0, np.nan, 4000.0])
    chance = rng.dirichlet(np.ones(4), 2)
    measured = LogDeadweight(rng.normal(8, 0.2, 2), rng.uniform(0.1, 0.4, 2))
    mixed = mix_deadweight(fleet, chance, measured)
    for n in range(2):
        own = (measured.mean[n], measured.sigma[n])
        parts = [(np.log(2000), REGISTER_SIGMA), own, (np.log(4000), REGISTER_SIGMA), own]
        mean = sum(p * m for p, (m, _) in zip(chance[n], parts, strict=True))
        second = sum(p * (m**2 + s**2) for p, (m, s) in zip(chance[n], parts, strict=True))
        assert mixed.mean[n] == pytest.approx(mean)
        assert mixed.sigma[n] == pytest.approx(np.sqrt(second - mean**2))


def register(made: SimulatedSeason, path: Path) -> Fleet:
    """The simulated fleet as a register."""
    columns = {"length_m": made.fleet.length_m, "beam_m": made.fleet.beam_m}
    rows = pd.DataFrame(columns | {"deadweight_t": made.fleet.deadweight_t}).round(1)
    rows["name"] = [f"SHIP {n}" for n in rows.index]
    rows.assign(imo="", former_names="", flag="", listing="").to_csv(path, index=False)
    return read_fleet(path, TRAFFIC.tankers)


def test_a_register_of_the_fleet_sharpens_its_deadweight(tmp_path: Path) -> None:
    made = year_2024()
    true = np.log(made.truth.deadweight_t).mean()
    sigma, means = [], []
    for more in ({}, {"fleet": register(made, tmp_path / "fleet.csv")}):
        draws = tracked(made, options(draws=40), **more).posteriors[0].draws
        sigma.append(np.mean([draw.log_deadweight_sigma.mean() for draw in draws]))
        means.append([draw.log_deadweight.mean() for draw in draws])
    assert sigma[1] < 0.6 * sigma[0]
    assert abs(np.mean(means[1]) - true) < 2 * np.std(means[1]) < 0.12


# --- names ---------------------------------------------------------------------------------------


def test_a_name_that_ais_sends_is_the_candidate(tmp_path: Path) -> None:
    made = month()
    fleet = register(made, tmp_path / "fleet.csv")
    listed = {
        name
        for row in tracked(made, options(draws=40), fleet=fleet).visits.detections
        for name in json.loads(row)
    }
    in_table = made.detections.detection_id.isin(listed).to_numpy()
    one = int(np.flatnonzero(in_table & (made.visit >= 0))[0])
    hull, ship = made.detections.iloc[one], int(made.truth.ship[made.visit[one]])
    wrong = (ship + 3) % 14
    sent = {"mmsi": "445000001", "time": hull.seen_at.isoformat()}
    sent |= {"longitude": hull.longitude, "latitude": hull.latitude}
    for name, who in ((f"ship {ship}", ship), ("no ship", None), (f"SHIP {wrong}", wrong)):
        path = tmp_path / "ais.csv"
        pd.DataFrame([sent | {"name": name}]).to_csv(path, index=False)
        visits = tracked(made, options(draws=40), fleet=fleet, ais=read_ais(path)).visits
        (row,) = visits[visits.detections.str.contains(f'"{hull.detection_id}"')].itertuples()
        assert row.mmsi == "445000001"
        chance = json.loads(row.candidates)
        if who == ship:
            assert chance[f"SHIP {ship}"] > 0.9
        elif who is not None:
            # A borrowed name does not make a ship longer.
            gap = abs(made.fleet.length_m[wrong] - made.fleet.length_m[ship])
            assert gap < 5 or chance.get(f"SHIP {wrong}", 0) < 0.2


def test_names_of_hulls_reach_their_visits() -> None:
    fleet = fleet_of([85.0, 85.0])
    hulls = len(month_posterior().data.rows)
    visits = visits_of(fleet, ais=AisNames(np.full(hulls, 1))).visits
    silent = visits_of(fleet, ais=AisNames(np.full(hulls, UNNAMED))).visits
    plain = visits_of(fleet).visits
    assert [v.candidates for v in silent] == [v.candidates for v in plain]
    chance = [json.loads(v.candidates).get("ship 1", 0) for v in visits]
    before = [json.loads(v.candidates).get("ship 1", 0) for v in plain]
    assert np.mean(chance) > np.mean(before)


# --- the season ----------------------------------------------------------------------------------


def test_draws_have_the_detected_visits_of_the_chain_and_the_undetected_ones(
    found: PortVisits,
) -> None:
    posterior = month_posterior()
    missed = []
    for draw, season in zip(posterior.draws, found.season.draws, strict=True):
        assert season.seen.sum() == TANKERS[draw.classes].sum()
        assert not (season.loaded & season.unloaded).any()
        missed.append((~season.seen).sum())
        late = season.depart_day[~season.seen]
        assert ((late >= 0) & (late <= posterior.data.days)).all()
    expected = np.array([draw.undetected for draw in posterior.draws])
    error = np.sqrt(expected.mean() / len(expected))
    assert np.mean(missed) == pytest.approx(expected.mean(), abs=4 * error)


def test_a_ship_of_known_deadweight_has_it_in_every_draw() -> None:
    """A register of one kind of ship that fits all: each visit is one of them, or unregistered."""
    made = visits_of(fleet_of([88.0] * 40, [3333.0] * 40))
    known = np.concatenate(
        [draw.log_deadweight[draw.seen] == np.log(3333.0) for draw in made.season.draws]
    )
    sigma = np.concatenate([draw.log_deadweight_sigma[draw.seen] for draw in made.season.draws])
    assert (sigma[known] == REGISTER_SIGMA).all()
    assert (sigma[~known] > REGISTER_SIGMA).all()
    by_size = np.concatenate([draw.by_size[draw.seen] for draw in made.season.draws])
    assert (by_size == ~known).all()
    assert 0.1 < known.mean() < 0.9


def test_without_detections_a_missed_visit_is_any_small_tanker() -> None:
    made = month()
    data = berth(
        SimulatedSeason(
            made.detections.iloc[:0], made.observations, made.truth, made.trade, made.visit[:0],
            made.fleet,
        )
    )  # fmt: skip
    posterior = track_posterior(data, options(draws=400), TRAFFIC)
    season = port_visits(
        PortInference(posterior, fleet_of([85.0]), deadweight_of), p_tanker_min=0.5
    ).season
    assert not any(draw.seen.any() for draw in season.draws)
    tonnes = np.concatenate([np.exp(draw.log_deadweight) for draw in season.draws])
    assert len(tonnes)
    assert np.ptp(tonnes) == 0
    assert 1500 < tonnes[0] < 5000
