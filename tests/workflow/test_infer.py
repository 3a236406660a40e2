"""From tables to the ledger: what is returned is what is written, and tables of any kind go in."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.output_ledger import ledger_lines
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import read_plain_table, read_table, write_table
from gnomon.datamodel.study import LedgerOptions, PeriodOptions, TrackOptions
from gnomon.datamodel.visibility import Visibility
from gnomon.detect.weights import read_model
from gnomon.physics.hydrostatics import tankers
from gnomon.report.export.geopackage import write_geopackage
from gnomon.report.export.vectors import write_csv, write_geojson
from gnomon.report.load_tables import read_run
from gnomon.simulate.season.campaign import (
    SimulatedSeason,
    as_tables,
    simulate_season,
    trade_2024,
)
from gnomon.simulate.season.world.options import World, violated
from gnomon.simulate.season.world.season import berth_names, simulate_world
from gnomon.workflow.infer import Inference, deadweight_of, infer_files, infer_tables
from run_folders import write_run
from tracked_seasons import month

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


def test_a_season_without_evidence_of_load_has_barrels_under_a_condition(tmp_path: Path) -> None:
    """Of another simulator: the truth is that all ships load, and no image shows it."""
    world = violated(
        World(days=70, sensors=("s2", "s1", "daily"), calls_per_day=0.15), "open direction"
    )
    made = simulate_world(np.random.default_rng(3), world)
    found = infer_tables(
        made.detections,
        made.observations,
        tmp_path,
        track=TrackOptions(zones=berth_names(world), members=16, draws=60),
        ledger=LedgerOptions(samples=400),
    )
    row = found.ledger.iloc[0]
    assert row.open_ports == '["vostochny"]'
    assert 0.3 < row.p_loading < 0.7
    assert row.barrels_p05 == row.barrels_otherwise_p50 == 0
    assert row.barrels_otherwise_p95 < row.barrels_if_loading_p50
    assert row.barrels_if_loading_p05 <= made.truth.barrels.sum() <= row.barrels_if_loading_p95
    days = read_plain_table(tmp_path / "cumulative.parquet")
    assert days.barrels_if_loading_p50.iloc[-1] == pytest.approx(row.barrels_if_loading_p50)
    text = " ".join(ledger_lines(found.ledger, found.tracked.seasons))
    assert "The images do not decide whether ships load" in text
    assert "middle 0" not in text


def test_the_files_are_the_tables(inferred: Inference) -> None:
    assert [path.stem for path in inferred.files] == [
        "visits",
        "seasons",
        "voyages",
        "ledger",
        "cumulative",
        "further_passes",
    ]
    visits, seasons, voyages, ledger, _, further = inferred.files
    pd.testing.assert_frame_equal(read_table(visits), inferred.tracked.visits)
    pd.testing.assert_frame_equal(read_plain_table(seasons), inferred.tracked.seasons)
    assert len(read_table(voyages)) == len(inferred.tracked.voyages)
    pd.testing.assert_frame_equal(read_plain_table(ledger), inferred.ledger)
    rows = read_plain_table(further)
    pd.testing.assert_frame_equal(rows, inferred.tracked.further_passes)
    for row in inferred.tracked.seasons.itertuples():
        own = rows[rows.port == row.port]
        assert len(own) >= 5
        assert (own.visits_half_width_now == row.ideal_half_width).all()
        assert (own.p_seen >= row.p_seen).all()
        assert own.visits_half_width_then.is_monotonic_increasing


def test_a_study_may_name_passes_of_its_own(season: SimulatedSeason, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        "[[passes]]\npasses = 'a drone a day'\nsensor = 'optical'\ngsd_m = 0.1\n"
        "passes_a_month = 30.4\nfree = true\n"
    )
    chosen = TRACK.model_copy(update={"further_passes": own, "draws": 20})
    found = infer_tables(*tables(season), tmp_path, track=chosen, ledger=LEDGER)
    rows = found.tracked.further_passes
    assert set(rows.passes) == {"a drone a day"}
    assert len(rows) == len(found.tracked.seasons)


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
    end = pd.Timestamp(middle, tz="UTC") + pd.Timedelta("1D")
    names = {name for text in found.tracked.visits.detections for name in json.loads(text)}
    within = season.detections[season.detections.seen_at < end].detection_id
    assert names
    assert names <= set(within)
    assert len(within) < len(season.detections)
    assert found.tracked.seasons.observations.sum() < whole.tracked.seasons.observations.sum()
    assert (found.tracked.seasons.end <= end).all()


SHIPS = [
    (70.0, 11.0, 1500.0), (85.0, 13.2, 3000.0), (79.9, 14.0, 3500.0), (100.0, 15.2, 5500.0),
    (120.0, 18.6, 9000.0), (183.0, 32.2, 47_000.0),
]  # fmt: skip
"""Length, beam and deadweight of a published design (scribd.com/document/55884117: 3,500 t) and of
typical tankers whose hydrostatics this project computed; none is of the regression's 44 ships."""


@pytest.mark.parametrize(("length_m", "beam_m", "deadweight_t"), SHIPS)
def test_ships_that_the_regression_does_not_rest_on_are_within_its_interval(
    length_m: float, beam_m: float, deadweight_t: float
) -> None:
    """The 90 % interval of single ships, with the error that all share; without it one is not."""
    rng = np.random.default_rng(0)
    draws = tankers(length_m, beam_m, draws=20_000).deadweight_t
    shared = LedgerOptions().deadweight_sigma
    assert 0.08 <= shared <= 0.10
    low, high = np.quantile(draws * np.exp(shared * rng.standard_normal(20_000)), (0.05, 0.95))
    assert low < deadweight_t < high


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


def test_tankers_whose_deadweight_nobody_measured_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "boats.toml"
    own.write_text('like = "small-tankers"\n[tankers]\nlength_m = 30.0\n')
    with pytest.raises(StudyError, match="tankers of 30 m; deadweights by size are known from 59"):
        infer_tables(*tables(month()), tmp_path, track=TrackOptions(traffic=str(own)))


@pytest.fixture(scope="module")
def own_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of a run, with hidden images, as gnomon's own exports are made of."""
    hulls, images = as_tables(month())
    states, times = ["skipped", "failed"], [images.seen_at[0], None]
    more = images.iloc[:2].assign(scene_id=states, status=states, seen_at=times)
    images = pd.concat([images, more], ignore_index=True)
    cells = np.full((20, 30), 100, np.uint8)
    cells[:, :15] = 40
    grid = Visibility("EPSG:32652", 500_000.0, 4_740_000.0, 400.0, cells)
    images = images.assign(visibility=[grid.text, *[None] * (len(images) - 1)])
    optical = images.sensor == "optical"
    recall = read_model("s2-vessel").calibration.recall.text("s2-vessel@123")
    images = images.assign(recall=pd.Series(recall, images.index).where(optical, None))
    folder = tmp_path_factory.mktemp("own")
    write_table(hulls, folder / "detections.parquet")
    write_table(images, folder / "observations.parquet")
    return folder


def exported(run: Path, out: Path, kind: str) -> tuple[Path, Path]:
    """Tables of a run in another format."""
    frames = {n: read_table(run / f"{n}.parquet") for n in ("detections", "observations")}
    if kind == "parquet":
        return run / "detections.parquet", run / "observations.parquet"
    if kind in ("csv", "geojson"):
        write = write_csv if kind == "csv" else write_geojson
        first, second = (write(name, frame, out)[0] for name, frame in frames.items())
        return first, second
    if kind == "gpkg":
        about = read_run(write_run(out / "any"))  # its name alone is used
        return (write_geopackage(out, frames, about, about="")[0],) * 2
    for name, frame in frames.items():
        places = frame.drop(columns="footprint", errors="ignore")
        places.to_crs(32652).to_file(out / "run.gpkg", layer=name)
    return out / "run.gpkg", out / "run.gpkg"


def to_the_millisecond(run: Path, folder: Path) -> Path:
    """A run with the digits of times that a GeoPackage holds."""
    for name in ("detections", "observations"):
        frame = read_table(run / f"{name}.parquet")
        frame = frame.assign(seen_at=frame.seen_at.dt.floor("ms"))
        write_table(frame, folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize("kind", ["csv", "geojson", "gpkg", "utm"])
def test_exports_read_back_to_the_same_visits_seasons_and_ledger(
    own_run: Path, tmp_path: Path, kind: str
) -> None:
    run = own_run if kind in ("csv", "geojson") else to_the_millisecond(own_run, tmp_path)
    first, second = (
        infer_files(*exported(run, tmp_path, one), tmp_path / one, track=TRACK, ledger=LEDGER)
        for one in ("parquet", kind)
    )
    assert len(first.tracked.visits) > 3
    assert first.notes == second.notes == ()
    # Metres of a projection have their last digits rounded on the way.
    exact = {"rtol": 1e-7, "atol": 1e-7} if kind == "utm" else {"rtol": 0, "atol": 0}
    for name in ("visits", "seasons"):
        one, other = getattr(first.tracked, name), getattr(second.tracked, name)
        plain = [column for column in one if column != "geometry"]
        pd.testing.assert_frame_equal(one[plain], other[plain], **exact)
    pd.testing.assert_frame_equal(first.ledger, second.ledger, **exact)
    places = zip(first.tracked.visits.geometry, second.tracked.visits.geometry, strict=True)
    assert all(a.distance(b) <= exact["atol"] for a, b in places)


def test_a_users_words_about_load_reach_the_visits(own_run: Path, tmp_path: Path) -> None:
    """The same words as log likelihood ratios, as probabilities and as states."""
    hulls = read_table(own_run / "detections.parquet")
    laden = np.where(np.arange(len(hulls)) % 2 == 0, "laden", "ballast")
    odds = np.where(laden == "laden", 9.0, 1 / 9)
    hulls = hulls.drop(columns=["log_lr_laden", "p_laden", "load_state"])
    ways = {
        "state": {"load_state": laden},
        "chance": {"p_laden": odds / (1 + odds)},
        "ratio": {"log_lr_laden": np.log(odds)},
    }
    found = {}
    for name, columns in ways.items():
        write_table(hulls.assign(**columns), tmp_path / f"{name}.parquet")
        found[name] = infer_files(
            tmp_path / f"{name}.parquet",
            own_run / "observations.parquet",
            tmp_path / name,
            track=TRACK,
            ledger=LEDGER,
        )
    assert (
        found["state"]
        .notes[0]
        .endswith(f"load of {len(hulls):,} ships from load_state, at odds of 9")
    )
    # The season keeps it, without the place of anybody's file.
    assert found["state"].tracked.seasons.notes.str.endswith("from load_state, at odds of 9").all()
    assert not found["ratio"].tracked.seasons.notes.str.contains("odds", na=False).any()
    for other in ("chance", "state"):
        for column in ("log_lr_laden_in", "log_lr_laden_out", "p_loaded"):
            one = found["ratio"].tracked.visits[column]
            np.testing.assert_allclose(one, found[other].tracked.visits[column], rtol=1e-6)


@pytest.mark.parametrize("columns", ["commas", "blank"])
def test_the_place_is_the_one_that_was_read(own_run: Path, tmp_path: Path, columns: str) -> None:
    """Columns of the file stay as they are: numbers with commas, or nothing."""
    hulls = read_table(own_run / "detections.parquet").drop(columns="footprint")
    path = tmp_path / ("ships.csv" if columns == "commas" else "ships.gpkg")
    if columns == "commas":
        plain = pd.DataFrame(hulls.drop(columns="geometry"))
        plain = plain.assign(longitude=hulls.geometry.x, latitude=hulls.geometry.y)
        plain.to_csv(path, sep=";", decimal=",", index=False)
    else:
        hulls.assign(longitude=np.nan, latitude=np.nan).to_file(path)
    first, second = (
        infer_files(one, own_run / "observations.parquet", tmp_path, track=TRACK, ledger=LEDGER)
        for one in (own_run / "detections.parquet", path)
    )
    pd.testing.assert_frame_equal(first.tracked.visits, second.tracked.visits)
