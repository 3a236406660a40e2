"""What a run finds at an anchorage beside its labels: small tables, and the real dates."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.validate.anchorage.__main__ import measured_season, season_parts, study_of
from gnomon.validate.anchorage.season import (
    FALSE,
    SHIP,
    UNCERTAIN,
    UNKNOWN,
    RealSeason,
    chance_share,
    compare_season,
    count_lines,
    counts_by_date,
    possible_stays,
    repeated_spots,
    size_lines,
    spot_lines,
    stay_lines,
)

DAYS = pd.to_datetime(["2019-04-09", "2019-04-14", "2019-09-01"])
WATER = shapely.box(-10_000, -10_000, 10_000, 10_000)


def frame(rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=32615)


def found(day: int, x: float, length_m: float = 150.0, y: float = 0.0) -> dict[str, object]:
    return {
        "date": DAYS[day],
        "geometry": shapely.Point(x, y),
        "length_m": length_m,
        "score": 0.9,
        "port": "roads",
    }


def label(day: int, x: float, length_m: float = 150.0, kind: str = SHIP) -> dict[str, object]:
    outline = shapely.box(x - length_m / 2, -15, x + length_m / 2, 15)
    row = {"date": DAYS[day], "geometry": outline, "length_m": length_m, "kind": kind}
    return {**row, "port": "roads", "moving": False}


@pytest.fixture
def season() -> RealSeason:
    """Each kind of ship and label once; the false alarm repeats on the second date."""
    ships = [
        found(0, 20.0),  # its label begins at 0
        found(0, 3000.0),  # no label, and false
        found(0, 5000.0),  # on what may be a ship
        found(0, 7000.0, length_m=40.0),  # too short to say
        found(0, 8000.0),  # meets a label too short to count
        found(0, 20_000.0),  # where no one searched
        found(1, 3050.0),
    ]
    labels = [
        label(0, 0.0),
        label(0, -4000.0),  # missed
        label(0, 5000.0, kind=UNCERTAIN),
        label(0, 8000.0, length_m=45.0),
        label(1, 3060.0, kind="rejected"),
        label(1, 60.0),  # may be the first one, and is missed
        label(2, -9000.0),
    ]
    return compare_season(frame(ships), frame(labels), WATER)


def test_a_ship_that_is_found_is_right_false_undecided_or_unknown(season: RealSeason) -> None:
    verdicts = [SHIP, FALSE, UNCERTAIN, UNKNOWN, SHIP, UNKNOWN, FALSE]
    assert list(season.found.verdict) == verdicts
    table = counts_by_date(season)
    assert table.loc[DAYS[0]].to_dict() == {
        "labelled": 2, "found": 3, "right": 1, "missed": 1, "false": 1, "uncertain": 1,
    }  # fmt: skip
    assert list(table["missed"]) == [1, 1, 1]
    assert counts_by_date(season, "elsewhere").to_numpy().sum() == 0


def test_a_false_alarm_at_one_spot_on_two_dates_is_named(season: RealSeason) -> None:
    (spot,) = repeated_spots(season)
    assert list(spot.geometry.x) == [3000.0, 3050.0]
    lines = list(spot_lines(season))
    assert lines[0].startswith("Of 2 false alarms of 50 m and more 1 lie on what was rejected")
    assert lines[-1].replace("\N{NO-BREAK SPACE}", " ").endswith(": 9 Apr 2019, 14 Apr 2019")


def test_the_tables_have_what_was_counted(season: RealSeason) -> None:
    assert "Apr\N{NO-BREAK SPACE}2019 | 2 | 3 | 1 | 1 | 1 | 1 |" in "\n".join(count_lines(season))
    assert list(count_lines(season))[-1] == "| all | 4 | 4 | 1 | 3 | 2 | 1 |"
    assert "| 100 to 200 m | 4 | 1 (25%) |" in list(size_lines(season))
    (row,) = list(stay_lines(season))[2:]
    assert row.endswith("2019 | 5 | 1 | 0.0 | 1 | 0.0 |")


def test_a_ship_stays_where_one_of_like_length_lay_at_most_ten_days_before() -> None:
    rows = [
        label(0, 0.0),
        label(0, 1000.0, length_m=100.0),
        label(1, 200.0, length_m=160.0),  # the first
        label(1, 1000.0, length_m=120.0),  # 20 m longer
        label(2, 200.0),  # months later
        label(2, -5000.0),
    ]
    (pair,) = possible_stays(frame(rows)).itertuples()
    assert (pair.date, pair.after, pair.metres) == (0, 2, pytest.approx(200.0))
    assert chance_share(frame(rows)) == pytest.approx(0.5)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 12))
def test_no_ship_stays_twice_and_the_order_of_the_ships_does_not_matter(
    seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = [label(day, rng.uniform(0, 900), rng.uniform(100, 130)) for day in (0, 1)
            for _ in range(count)]  # fmt: skip
    ships = frame(rows)
    pairs = possible_stays(ships)
    assert pairs.date.is_unique
    assert pairs.after.is_unique
    mixed = possible_stays(ships.iloc[rng.permutation(len(ships))])
    assert len(mixed) == len(pairs)
    assert mixed.metres.sum() == pytest.approx(pairs.metres.sum())


@pytest.mark.slow
def test_a_real_date_is_run_and_counted(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bolivar Roads on a day of 2019, through a whole run; numbers that other weights reach too."""
    if not (shared_data / "s2-anchorage").is_dir():
        pytest.skip(f"no anchorage at {shared_data}: the real season is not run")
    monkeypatch.setenv("GNOMON_DATA", str(shared_data))
    study = study_of("s2-vessel")
    period = study.period.model_copy(update={"start": DAYS[2].date(), "end": DAYS[2].date()})
    ports = study.ports.model_copy(update={"names": ("bolivar-roads",)})
    season = measured_season(study.model_copy(update={"period": period, "ports": ports}), tmp_path)
    row = counts_by_date(season, "bolivar-roads").loc[DAYS[2]]
    assert row.labelled == 26
    assert row.right >= 20
    assert row.false <= 4
    assert len(season.dates) == 10
    assert not (tmp_path / "visits.parquet").exists()
    assert [name for name, _ in season_parts(season)] == ["counts", "sizes", "spots", "stays"]
