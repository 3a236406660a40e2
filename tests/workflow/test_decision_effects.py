"""What decisions changed: the issue's ship, samples by hand, and noise that is called noise."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.posterior import PortPosterior, SeasonDraw
from gnomon.datamodel.study import LedgerOptions, TrackOptions
from gnomon.ledger.deliveries import LedgerResult, build_ledger
from gnomon.simulate.season.campaign import SimulatedSeason, simulate_season, trade_2024
from gnomon.workflow.decision_effects import NOISE_SIGMAS, Inferred, decision_effects
from gnomon.workflow.infer import Inference, infer_tables

NOON = datetime(2024, 12, 1, 12, tzinfo=UTC)
TRACK = TrackOptions(members=32, draws=64, zones=("oil terminal",))


def word(name: str, **more: object) -> Decision:
    values = {"detection_id": name, "decision": "accept", "decided_at": NOON}
    return Decision.model_validate(values | more)


@pytest.fixture(scope="module")
def season() -> SimulatedSeason:
    """A season whose detector says nothing about types, as gnomon's own."""
    return simulate_season(np.random.default_rng(11), trade_2024(), schedule="all")


def inferred(season: SimulatedSeason, folder: Path, *words: Decision) -> Inference:
    hulls = season.detections.drop(columns="p_tanker")
    return infer_tables(
        hulls, season.observations, folder, track=TRACK,
        ledger=LedgerOptions(samples=256), decisions=words,
    )  # fmt: skip


def visit_of(inference: Inference, name: str) -> pd.Series | None:
    rows = inference.tracked.visits
    own = rows[[name in json.loads(text) for text in rows.detections]]
    return None if own.empty else own.iloc[0]


@pytest.fixture(scope="module")
def plain(season: SimulatedSeason, tmp_path_factory: pytest.TempPathFactory) -> Inference:
    return inferred(season, tmp_path_factory.mktemp("plain"))


def a_visit_of_two_images(plain: Inference) -> list[str]:
    """The likeliest small tanker of them: by its size alone, which other ships have too."""
    rows = plain.tracked.visits
    two = rows[rows.observations == 2]
    names: list[str] = json.loads(two.loc[two.p_tanker.idxmax()].detections)
    return names


def test_a_ship_that_an_analyst_is_sure_is_no_tanker_is_no_tankers_visit(
    season: SimulatedSeason, plain: Inference, tmp_path: Path
) -> None:
    names = a_visit_of_two_images(plain)
    words = [word(name, type="general") for name in names]
    found = inferred(season, tmp_path, *words)
    for name in names:
        assert visit_of(found, name) is None
    effects = pd.read_parquet(tmp_path / "decisions.parquet").set_index("detection_id")
    for name in names:
        row, was = effects.loc[name], visit_of(plain, name)
        assert was is not None
        assert row.visit_before == was.visit_id
        assert row.p_tanker_before == pytest.approx(was.p_tanker)
        assert pd.isna(row.visit_after)
        assert row.decision == "accepted, type general (sure)"


def test_a_word_on_one_image_alone_is_enough_if_the_analyst_is_sure(
    season: SimulatedSeason, plain: Inference, tmp_path: Path
) -> None:
    name = a_visit_of_two_images(plain)[0]
    found = inferred(season, tmp_path, word(name, type="bulk"))
    visit = visit_of(found, name)
    assert visit is None or visit.p_tanker < 0.5
    row = pd.read_parquet(tmp_path / "decisions.parquet").iloc[-1]
    assert pd.isna(row.detection_id)
    more = row.barrels_p50_after - row.barrels_p50_before
    # One tanker less cannot mean more barrels: a rise is noise, and the table calls it so.
    assert more <= row.barrels_noise


def test_loads_that_an_analyst_is_sure_of_are_what_its_own_images_show(
    season: SimulatedSeason, plain: Inference, tmp_path: Path
) -> None:
    names = a_visit_of_two_images(plain)
    words = [word(name, type="tanker", load_state="ballast") for name in names]
    visit = visit_of(inferred(season, tmp_path, *words), names[0])
    assert visit is not None
    assert visit.p_tanker_basis == "analyst"
    # Its cargo may have been worked before the first image or after the last.
    ends = sorted([visit.image_p_laden_in, visit.image_p_laden_out])
    assert ends[0] < 0.2
    assert ends[1] < 0.5


def test_the_inference_without_decisions_is_the_same_as_before(
    season: SimulatedSeason, plain: Inference, tmp_path: Path
) -> None:
    """Same seeds: what changes comes from the decision, and an accepted ship changes little."""
    name = a_visit_of_two_images(plain)[0]
    inferred(season, tmp_path, word(name))
    row = pd.read_parquet(tmp_path / "decisions.parquet").iloc[-1]
    was = plain.deliveries.rows[0]
    assert row.barrels_p50_before == pytest.approx(was.barrels.p50)
    assert row.deliveries_p50_before == was.deliveries.p50
    infer_again = inferred(season, tmp_path)
    assert infer_again.ledger.equals(plain.ledger)
    assert not (tmp_path / "decisions.parquet").exists()


# --- samples by hand ---------------------------------------------------------------------------


def ledger_of(visits: list[int]) -> LedgerResult:
    """One draw of a season for each number of visits."""
    start = datetime(2024, 3, 1, tzinfo=UTC)
    draws = tuple(
        SeasonDraw(
            np.ones(n, bool), np.ones(n, bool), np.zeros(n, bool), np.arange(n, dtype=float),
            np.full(n, 8.0), np.zeros(n), np.zeros(n, bool),
        )
        for n in visits
    )  # fmt: skip
    port = PortPosterior("vostochny", start, start + timedelta(days=200), 9.0, draws)
    exact = {"load_fraction_sigma": 0, "load_scatter": 0, "conversion_sigma": 0, "samples": 320}
    return build_ledger([port], LedgerOptions.model_validate(exact))


def test_the_noise_is_that_of_medians_over_parts_of_the_chain() -> None:
    """Against chains drawn anew: a difference of two of them is noise 19 times in 20."""
    rng = np.random.default_rng(5)
    visits = pd.DataFrame({"visit_id": [], "detections": []})

    def one() -> Inferred:
        return Inferred(visits, ledger_of([int(n) for n in rng.poisson(30, 160)]), 160)

    rows = [decision_effects([], before=one(), after=one()).iloc[-1] for _ in range(40)]
    apart = np.array([abs(r.barrels_p50_after - r.barrels_p50_before) for r in rows])
    noise = np.array([r.barrels_noise for r in rows])
    assert (apart <= noise).mean() > 0.8
    assert noise.mean() / NOISE_SIGMAS < 3 * apart.std()
    same = one()
    assert decision_effects([], before=same, after=same).iloc[-1].barrels_noise > 0
