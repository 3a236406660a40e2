"""The posterior of tracks: sizes against Bayes on a grid, summaries against their draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from gnomon.track import convergence as convergence_module
from gnomon.track import posterior as posterior_module
from gnomon.track.classes import TANKERS
from gnomon.track.direction import operation_log_likelihood
from gnomon.track.dwell import grid_quantiles
from gnomon.track.linking import PartitionDraw, PartitionSampler, sample_partitions
from gnomon.track.posterior import PARTS, ship_sizes, shrink, track_posterior
from gnomon.track.sightings import check_tables
from tracked_seasons import TRAFFIC, berth, month, month_posterior, options


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_shrinkage_is_bayes_rule_on_a_grid(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    values, errors = rng.normal(90, 12, count), rng.uniform(1, 12, count)
    mean, sigma = rng.uniform(70, 110), rng.uniform(5, 25)
    x = np.linspace(0, 200, 8001)
    logs = norm(mean, sigma).logpdf(x) + norm(x[:, None], errors).logpdf(values).sum(1)
    p = np.exp(logs - logs.max())
    p /= p.sum()
    expected = p @ x
    found = shrink(values, errors, mean=mean, sigma=sigma)
    assert found == pytest.approx((expected, np.sqrt(p @ (x - expected) ** 2)), rel=1e-3)


def test_sizes_lie_between_the_measurements_and_small_tankers() -> None:
    posterior = month_posterior()
    tracks = list(posterior.representative)
    sizes, hulls = ship_sizes(posterior.data, tracks, TRAFFIC), posterior.data.hulls
    for n, track in enumerate(tracks):
        rows = list(track)
        low, high = sorted((hulls.length_m[rows].min(), TRAFFIC.tankers.length_m))
        assert low <= sizes.length_m[n] <= max(high, hulls.length_m[rows].max())
        assert sizes.length_sigma_m[n] < hulls.length_sigma_m[rows].min() + 2.0
    usual = TRAFFIC.hulls.beam_per_length * sizes.length_m
    assert np.corrcoef(usual, sizes.beam_m)[0, 1] > 0.8
    # More observations of one ship leave less error.
    counts = np.array([len(track) for track in tracks])
    assert sizes.length_sigma_m[counts >= 3].mean() < sizes.length_sigma_m[counts == 1].mean()


def test_the_probability_of_a_tanker_is_its_mean_over_the_draws() -> None:
    posterior = month_posterior()
    for hull in range(0, len(posterior.p_tanker), 5):
        often = np.mean(
            [
                sum(p[TANKERS].sum() for t, p in zip(d.tracks, d.p_class, strict=True) if hull in t)
                for d in posterior.draws
            ]
        )
        assert posterior.p_tanker[hull] == pytest.approx(often)
    made = month()
    hulls, _ = check_tables(made.detections.assign(visit=made.visit), made.observations)
    tanker = hulls.visit.to_numpy()[posterior.data.rows] >= 0
    assert posterior.p_tanker[tanker].mean() > 0.8
    assert posterior.p_tanker[~tanker].mean() < 0.4


def test_the_representative_draw_has_the_most_frequent_tracks() -> None:
    posterior = month_posterior()
    often = posterior.track_counts
    assert sum(often.values()) == sum(len(draw.tracks) for draw in posterior.draws)

    def score(tracks: tuple[tuple[int, ...], ...]) -> int:
        return sum(often[t] * len(t) for t in tracks)

    best = max(score(draw.tracks) for draw in posterior.draws)
    assert score(posterior.representative) == best
    likely = posterior.likely_tankers(0.5)
    assert set(likely) <= set(posterior.representative)
    assert set(posterior.likely_tankers(0.9)) <= set(likely)
    assert all(posterior.p_tanker_of(track) >= 0.5 for track in likely)


def test_end_times_surround_the_detections_and_are_in_order() -> None:
    posterior = month_posterior()
    tracks = list(posterior.representative)
    ends, day = posterior.end_times(tracks), posterior.data.hulls.day
    first, last = (np.array([day[t[end]] for t in tracks]) for end in (0, -1))
    assert (ends.arrive <= first[:, None]).all()
    assert (ends.depart >= last[:, None]).all()
    assert (np.diff(ends.arrive, axis=1) <= 0).all()
    assert (np.diff(ends.depart, axis=1) >= 0).all()
    middle = PARTS.index(0.5)
    np.testing.assert_array_equal(ends.median_arrival, ends.arrive[:, middle])
    np.testing.assert_array_equal(ends.median_departure, ends.depart[:, middle])


def test_operations_take_the_images_that_have_evidence_at_their_part_of_the_visit() -> None:
    posterior = month_posterior()
    hulls = posterior.data.hulls
    track = max(posterior.representative, key=len)
    ends = posterior.end_densities(track)
    begins = hulls.day[track[0]] - grid_quantiles(ends.before, PARTS)
    finishes = hulls.day[track[-1]] + grid_quantiles(ends.after, PARTS)
    rows = [n for n in track if not np.isnan(hulls.log_lr_laden[n])]
    expected = operation_log_likelihood(
        hulls.log_lr_laden[rows],
        np.array([(hulls.day[rows] - b) / (f - b) for b in begins for f in finishes]),
        p_tanker=posterior.p_tanker_of(track),
    )
    np.testing.assert_allclose(posterior.operations(track), expected)


def test_detection_is_the_weighted_mean_of_the_members_under_cloud() -> None:
    posterior = month_posterior()
    data, prior = posterior.data, posterior.prior
    direct = [
        usable * sum(w * p[c] for w, p in zip(posterior.weights, prior.detection, strict=True))
        for usable, c in zip(data.usable, data.sensor_class, strict=True)
    ]
    np.testing.assert_allclose(posterior.detection(), direct)
    assert posterior.weights.sum() == pytest.approx(1)


def test_the_seed_decides_the_draws() -> None:
    data = berth(month())
    few = options(draws=20, members=16)
    one, two = (track_posterior(data, few, TRAFFIC) for _ in range(2))
    other = track_posterior(data, few.model_copy(update={"seed": 1}), TRAFFIC)
    assert [d.tracks for d in one.draws] == [d.tracks for d in two.draws]
    assert [d.tracks for d in one.draws] != [d.tracks for d in other.draws]


def test_chains_that_have_not_settled_run_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where draws enough are wanted; as many are kept."""
    thins = []

    def watched(sampler: PartitionSampler, *args: object, **more: object) -> list[PartitionDraw]:
        thins.append(sampler.thin)
        return sample_partitions(sampler, *args, **more)

    monkeypatch.setattr(posterior_module, "sample_partitions", watched)
    monkeypatch.setattr(convergence_module, "R_HAT_MAX", 0.0)
    few = options(draws=20, members=16)
    data = berth(month())
    assert len(track_posterior(data, few, TRAFFIC).draws) == 20
    assert thins == [2]
    monkeypatch.setattr(posterior_module, "LONGER_DRAWS", 20)
    assert len(track_posterior(data, few, TRAFFIC).draws) == 20
    assert thins == [2, 2, 2 * min(200 // len(data.hulls.day), 10)]
    assert thins[-1] > 2
