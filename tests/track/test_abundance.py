"""The season's row: summaries of its draws, and the other estimators beside them."""

from dataclasses import fields, replace

import numpy as np
import pytest

from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Seasons
from gnomon.simulate.season.campaign import Trade, simulate_season
from gnomon.track.abundance import SeasonRow, summarise_season, type_note, unknown_season
from gnomon.track.convergence import convergence
from gnomon.track.estimators import chapman
from gnomon.track.posterior import TrackPosterior, track_posterior
from gnomon.track.predictive import predictive_check
from gnomon.track.presence import RADAR
from tracked_seasons import TRAFFIC, berth, month, month_posterior, options


def season(tracks: TrackPosterior, loaded: float = 0.75) -> PortPosterior:
    """One season for each draw, with its expected undetected visits rounded up."""
    data, draws = tracks.data, []
    for draw in tracks.draws:
        detected = sum(len(t) > 0 and c < 2 for t, c in zip(draw.tracks, draw.classes, strict=True))
        count = detected + int(np.ceil(draw.undetected))
        loads = np.arange(count) < round(loaded * count)
        draws.append(
            SeasonDraw(
                seen=np.arange(count) < detected, loaded=loads, unloaded=~loads,
                depart_day=np.zeros(count), log_deadweight=np.zeros(count),
                log_deadweight_sigma=np.zeros(count), by_size=np.ones(count, bool),
            )
        )  # fmt: skip
    usable = float(data.usable.sum())
    return PortPosterior(data.port, data.start, data.end, usable, tuple(draws))


def test_counts_are_quantiles_of_the_draws() -> None:
    tracks = month_posterior()
    made = season(tracks)
    row = summarise_season(tracks, made)
    visits = sorted(len(draw.seen) for draw in made.draws)
    assert row.visits_mean == pytest.approx(np.mean(visits))
    assert [row.visits_p05, row.visits_p50, row.visits_p95] == pytest.approx(
        list(np.quantile(visits, [0.05, 0.5, 0.95]))
    )
    assert row.seen_p50 == pytest.approx(np.median([draw.seen.sum() for draw in made.draws]))
    dwell = [
        np.average(tracks.prior.mean_days[d.member, :2], weights=d.rates[:2]) for d in tracks.draws
    ]
    assert (row.dwell_days, row.dwell_sigma_days) == pytest.approx((np.mean(dwell), np.std(dwell)))
    assert row.observations == len(tracks.data.day)
    assert row.p_no_visit == visits.count(0) / len(visits)


def test_a_season_says_whether_its_chains_agree_on_the_number_of_visits() -> None:
    tracks = month_posterior()
    made = season(tracks)
    expected = convergence(made.visits, np.array([draw.chain for draw in tracks.draws]))
    row = summarise_season(tracks, made)
    assert (row.r_hat, row.effective_size) == (expected.r_hat, expected.effective_size)
    # Sixty draws are too few, whatever they are.
    assert row.preliminary
    assert row.notes is not None
    assert "raise draws, now 60" in row.notes
    empty = replace(made.draws[0], **{f.name: np.zeros(0) for f in fields(SeasonDraw)})
    none = replace(made, draws=(empty,) * len(made.draws))
    assert summarise_season(tracks, none).effective_size == len(made.draws)
    assert row.fit == predictive_check(tracks).fit


def test_where_size_alone_speaks_none_may_be_a_tanker() -> None:
    data, visits = month_posterior().data, np.array([0.0, 12.0, 14.0, 16.0])
    blind = replace(data, hulls=replace(data.hulls, p_tanker=np.full(len(data.hulls.day), np.nan)))
    note = type_note(visits, blind)
    assert note is not None
    assert "with probability 0.25 no tanker called, and if any did, 12 to 16 visits" in note
    assert type_note(visits[1:], blind) is None
    assert type_note(np.r_[0.0, np.full(199, 12.0)], blind) is None
    typed = replace(data.hulls, p_tanker=np.full(len(data.hulls.day), 0.7))
    assert type_note(visits, replace(data, hulls=typed)) is None


@pytest.mark.parametrize(("loaded", "exports"), [(0.75, 1.0), (0.25, 0.0)])
def test_exports_are_the_chance_that_more_visits_loaded_than_unloaded(
    loaded: float, exports: float
) -> None:
    tracks = month_posterior()
    assert summarise_season(tracks, season(tracks, loaded)).p_exports == pytest.approx(exports)


def test_a_tie_is_half_of_an_export() -> None:
    tracks = month_posterior()
    made = season(tracks)
    even = [
        replace(draw, loaded=np.zeros_like(draw.seen), unloaded=np.zeros_like(draw.seen))
        for draw in made.draws
    ]
    assert summarise_season(tracks, replace(made, draws=tuple(even))).p_exports == 0.5


def test_the_estimators_agree_with_the_truth_of_a_long_season() -> None:
    rng = np.random.default_rng(1)
    made = simulate_season(rng, Trade(days=150, visits=30.0, dwell_cv=0.4))
    tracks = track_posterior(berth(made), options(), TRAFFIC)
    row = summarise_season(tracks, season(tracks))
    true = len(made.truth.ship)
    for name in ("horvitz_thompson", "little", "chapman"):
        estimate, sigma = getattr(row, name), getattr(row, f"{name}_sigma")
        assert 0 < sigma < true
        assert abs(estimate - true) < 3 * np.hypot(sigma, 0.1 * true), name


def test_chapman_counts_visits_of_radar_and_of_optical_sensors() -> None:
    tracks = month_posterior()
    sensors = tracks.data.sensor_class[tracks.data.hulls.observation]
    visits = tracks.likely_tankers(0.5)
    radar = {t for t in visits if any(sensors[n] == RADAR for n in t)}
    optical = {t for t in visits if any(sensors[n] != RADAR for n in t)}
    expected = chapman(len(radar), len(optical), len(radar & optical))
    row = summarise_season(tracks, season(tracks))
    assert (row.chapman, row.chapman_sigma) == (expected.visits, expected.sigma)


def test_one_kind_of_sensor_has_no_chapman_estimate() -> None:
    made = month()
    for sensor in ("sar", "optical"):
        own = replace(
            made,
            detections=made.detections[made.detections.sensor == sensor],
            observations=made.observations[made.observations.sensor == sensor],
        )
        tracks = track_posterior(berth(own), options(draws=20, members=16), TRAFFIC)
        row = summarise_season(tracks, season(tracks))
        assert np.isnan([row.chapman, row.chapman_sigma]).all()
        assert row.visits_mean is not None


def test_a_port_without_a_usable_image_is_unknown_and_fits_the_table() -> None:
    row = unknown_season(month_posterior().data)
    names = {field.name for field in fields(SeasonRow)}
    filled = {name for name in names if getattr(row, name) is not None}
    assert filled == {"port", "start", "end", "observations", "usable_observations", "notes"}
    assert table(Seasons, [vars(row)]).visits_mean.isna().all()
    assert names == set(Seasons.to_schema().columns)
