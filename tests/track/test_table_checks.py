"""Faults of whole tables: the faults of another author's simulator, and twins by brute force."""

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import TrackError
from gnomon.simulate.season.world.options import World
from gnomon.simulate.season.world.season import WorldSeason, simulate_world
from gnomon.simulate.season.world.table_faults import TABLE_FAULTS
from gnomon.track.sightings import check_tables
from gnomon.track.table_checks import (
    TWIN_M,
    denominator_notes,
    refuse_tables,
    without_twins,
)
from tracked_seasons import START, plain_tables


@pytest.fixture(scope="module")
def season() -> WorldSeason:
    return simulate_world(np.random.default_rng(5), World(sensors=("s2", "s1"), days=200))


def checked(season: WorldSeason, fault: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = season.detections, season.observations
    if fault:
        tables = TABLE_FAULTS[fault](np.random.default_rng(1), *tables)
    return check_tables(*tables)


def test_a_clean_season_is_taken_as_it_is(season: WorldSeason) -> None:
    tables = checked(season)
    refuse_tables(*tables)
    detections, notes = without_twins(*tables)
    pd.testing.assert_frame_equal(pd.DataFrame(detections), pd.DataFrame(tables[0]))
    assert notes == {}
    assert denominator_notes(*tables) == {}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("fractions in per cent", r"usable_fraction of \d+ images is not between 0 and 1"),
        ("displaced times", r"\d+ whose seen_at is not that of their image"),
    ],
)
def test_what_no_count_may_rest_on_is_refused(season: WorldSeason, fault: str, why: str) -> None:
    with pytest.raises(TrackError, match=why) as caught:
        refuse_tables(*checked(season, fault))
    assert "\n" not in str(caught.value)


def test_zones_in_per_cent_are_refused_too(season: WorldSeason) -> None:
    detections, observations = checked(season, "fractions in per cent")
    for name in ("usable_fraction", "covered_fraction"):
        observations[name] /= 100
    with pytest.raises(TrackError, match=r"zones of \d+ images is not between 0 and 1"):
        refuse_tables(detections, observations)


def test_ships_in_two_tiles_of_a_pass_count_once(season: WorldSeason) -> None:
    clean, _ = checked(season)
    doubled, observations = checked(season, "two tiles of a pass")
    found, notes = without_twins(doubled, observations)
    optical = int((clean.sensor == "optical").sum())
    assert len(doubled) == len(clean) + optical
    assert len(found) == len(clean)
    assert [re.match(r"\d+", text)[0] for text in notes.values()] == [str(optical)]
    assert list(found.index) == list(range(len(found)))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_of_two_outlines_in_one_pass_the_surer_one_stays(seed: int, count: int) -> None:
    """No two rows of two scenes of a pass lie closer, and each that went has such a neighbour."""
    rng = np.random.default_rng(seed)
    detections, observations = plain_tables(
        [0.0, 0.002, 5.0], [(int(rng.integers(3)), 90.0) for _ in range(count)]
    )
    observations = observations.assign(platform="a")
    east = rng.uniform(0, 300, count)
    detections = detections.assign(
        longitude=133 + east / 81_700, latitude=42.75, score=rng.uniform(0.3, 0.99, count),
        detection_id=[f"d{n}" for n in range(count)], east=east,
    )  # fmt: skip
    tables = check_tables(detections, observations)
    found, _ = without_twins(*tables)
    of_pass = {"s0": 0, "s1": 0, "s2": 1}

    def twins(a: pd.Series, b: pd.Series) -> bool:
        alike = of_pass[a.scene_id] == of_pass[b.scene_id] and a.scene_id != b.scene_id
        return alike and abs(a.east - b.east) < TWIN_M * 0.999

    rows = [row for _, row in found.iterrows()]
    assert not any(twins(a, b) for n, a in enumerate(rows) for b in rows[:n])
    kept = set(found.detection_id)
    for _, row in tables[0].iterrows():
        if row.detection_id not in kept:
            others = [b for b in rows if b.scene_id != row.scene_id and b.score >= row.score]
            same = [b for b in others if of_pass[b.scene_id] == of_pass[row.scene_id]]
            gaps = [abs(row.east - b.east) for b in same]
            assert min(gaps) < TWIN_M * 1.001


def test_images_that_were_left_out_are_noted(season: WorldSeason) -> None:
    selected = denominator_notes(*checked(season, "only with ships"))
    assert any("of its" in text and "shows a ship" in text for text in selected.values())
    halved = denominator_notes(*checked(season, "half the empty lost"))
    text = "; ".join(halved.values())
    assert re.search(r"passes every \d+ days, and \d+ of its \d+ passes are not in the table", text)


def test_passes_that_were_skipped_or_failed_are_not_missing() -> None:
    days = [5.0 * n for n in range(40)]
    detections, observations = plain_tables(days, [(0, 90.0)])
    observations = observations.assign(platform="a", status="observed")
    observations.loc[observations.index % 2 == 1, "status"] = "skipped"
    assert denominator_notes(detections, observations) == {}
    lost = observations[observations.status == "observed"].drop(
        index=[4, 6, 10, 12, 20, 28, 30, 34]
    )
    assert "passes every 10 days" in denominator_notes(detections, lost)["vostochny"]
    late = observations.assign(seen_at=observations.seen_at + timedelta(seconds=20))
    assert denominator_notes(detections, late) == {}
    assert late.seen_at.min() > START


def test_a_few_images_that_all_show_ships_are_noted() -> None:
    tables = plain_tables([0.0, 3.0, 6.0], [(0, 90.0), (1, 90.0), (2, 90.0)])
    assert "each of its 3 images shows a ship" in denominator_notes(*tables)["vostochny"]
    assert denominator_notes(*plain_tables([0.0, 3.0], [(0, 90.0), (1, 90.0)])) == {}
    detections, observations = tables
    one_empty = observations.assign(status=["observed", "observed", "failed"])
    assert denominator_notes(detections, one_empty) == {}


def test_an_unusable_image_that_shows_a_ship_is_noted() -> None:
    detections, observations = plain_tables([0.0, 3.0, 6.0], [(1, 90.0)])
    none = denominator_notes(detections, observations.assign(usable_fraction=[0.0, 0.0, 1.0]))
    assert none["vostochny"].startswith(
        "usable_fraction of 1 images that show a ship is 0, first s1"
    )
    assert denominator_notes(detections, observations.assign(usable_fraction=[0.0, 0.4, 1.0])) == {}


def test_a_year_that_may_be_mistyped_is_noted() -> None:
    """More than 5 years with more than one of them empty; a long archive is none."""
    few = plain_tables([-3653.0, 0.0, 3.0, 6.0], [(0, 90.0)])
    assert denominator_notes(*few)["vostochny"] == (
        "its images span 10.0 years, with none from 2014-04-01 to 2024-04-01: is a year mistyped?"
    )
    assert denominator_notes(*plain_tables([300.0 * n for n in range(9)], [(0, 90.0)])) == {}
    assert denominator_notes(*plain_tables([0.0, 1000.0, 1003.0], [(0, 90.0)])) == {}
