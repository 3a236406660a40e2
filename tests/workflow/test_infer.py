"""From tables to the ledger: what is returned is what is written, and tables of any kind go in."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.files import read_plain_table, read_table
from gnomon.datamodel.study import LedgerOptions, PeriodOptions, TrackOptions
from gnomon.physics.hydrostatics import tankers
from gnomon.simulate.season.campaign import SimulatedSeason, simulate_season, trade_2024
from gnomon.workflow.infer import Inference, deadweight_of, infer_tables, read_input_table
from small_tables import ship

TRACK = TrackOptions(members=16, draws=20)
LEDGER = LedgerOptions(samples=200)


@pytest.fixture(scope="module")
def season() -> SimulatedSeason:
    return simulate_season(np.random.default_rng(7), trade_2024(), schedule="s2")


def tables(season: SimulatedSeason) -> tuple[pd.DataFrame, pd.DataFrame]:
    return season.detections, season.observations


@pytest.fixture(scope="module")
def inferred(season: SimulatedSeason, tmp_path_factory: pytest.TempPathFactory) -> Inference:
    out = tmp_path_factory.mktemp("inferred")
    return infer_tables(*tables(season), out, track=TRACK, ledger=LEDGER)


def test_the_files_are_the_tables(inferred: Inference) -> None:
    assert [path.stem for path in inferred.files] == [
        "visits",
        "seasons",
        "voyages",
        "ledger",
        "cumulative",
    ]
    visits, seasons, voyages, ledger, _ = inferred.files
    pd.testing.assert_frame_equal(read_table(visits), inferred.tracked.visits)
    pd.testing.assert_frame_equal(read_plain_table(seasons), inferred.tracked.seasons)
    assert len(read_table(voyages)) == len(inferred.tracked.voyages)
    pd.testing.assert_frame_equal(read_plain_table(ledger), inferred.ledger)


def test_only_departures_of_loading_ports_are_deliveries(
    season: SimulatedSeason, tmp_path: Path
) -> None:
    elsewhere = LEDGER.model_copy(update={"loading": ("nampo",)})
    found = infer_tables(
        season.detections, season.observations, tmp_path, track=TRACK, ledger=elsewhere
    )
    assert len(found.tracked.visits) > 0
    assert not len(found.ledger) or (found.ledger.deliveries_mean == 0).all()


def test_a_period_leaves_out_what_lies_beyond_it(season: SimulatedSeason, tmp_path: Path) -> None:
    whole = infer_tables(
        season.detections, season.observations, tmp_path / "whole", track=TRACK, ledger=LEDGER
    )
    middle = whole.tracked.visits.arrived_p50.quantile(0.7).date()
    half = PeriodOptions(end=middle)
    found = infer_tables(
        season.detections,
        season.observations,
        tmp_path / "half",
        period=half,
        track=TRACK,
        ledger=LEDGER,
    )
    assert 0 < len(found.tracked.visits) < len(whole.tracked.visits)
    assert (found.tracked.seasons.end <= pd.Timestamp(middle, tz="UTC") + pd.Timedelta("1D")).all()


@given(length=st.floats(40, 250), share=st.floats(0.13, 0.2))
def test_the_deadweight_of_a_size_is_that_of_tankers_drawn_for_it(
    length: float, share: float
) -> None:
    beam = length * share
    sizes = (np.array([length]), np.array([beam]), np.array([0.05 * length]), np.array([1.0]))
    mean, deviation = deadweight_of(*sizes)
    drawn = tankers(length, beam, length_sigma_m=0.05 * length, beam_sigma_m=1.0, draws=20_000)
    logs = np.log(drawn.deadweight_t)
    assert abs(mean[0] - logs.mean()) < 4 * logs.std() / np.sqrt(128)
    assert deviation[0] == pytest.approx(logs.std(), rel=0.3)
    longer, _ = deadweight_of(sizes[0] * 1.2, *sizes[1:])
    assert longer[0] > mean[0]


@pytest.mark.parametrize("suffix", [".parquet", ".geojson", ".gpkg", ".csv"])
def test_a_table_of_any_format_is_read_with_its_rows(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ships{suffix}"
    frame = ship()[["detection_id", "scene_id", "length_m", "geometry"]]
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".csv":
        frame.drop(columns="geometry").to_csv(path, index=False)
    else:
        frame.to_file(path)
    read = read_input_table(path)
    assert list(read.detection_id) == list(frame.detection_id)
    assert list(read.length_m) == list(frame.length_m)
    assert isinstance(read, gpd.GeoDataFrame) == (suffix != ".csv")


def test_a_plain_parquet_table_is_read_too(tmp_path: Path) -> None:
    pd.DataFrame({"scene_id": ["a"], "port": ["p"]}).to_parquet(tmp_path / "plain.parquet")
    assert list(read_input_table(tmp_path / "plain.parquet").port) == ["p"]


@pytest.mark.parametrize("name", ["none.csv", "none.parquet", "bad.geojson"])
def test_a_table_that_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.geojson").write_text(json.dumps([1, 2]))
    with pytest.raises(TrackError, match="cannot be read as a table") as caught:
        read_input_table(tmp_path / name)
    assert "\n" not in str(caught.value)
