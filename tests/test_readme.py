"""The README's code runs, and its numbers of the embedded study are those of a run."""

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import gnomon
from gnomon.simulate.embedded import write_embedded

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def embedded() -> Path:
    """The catalogue that `make detect` makes, in its own place."""
    return write_embedded(ROOT / "build" / "embedded")


@pytest.fixture(scope="module")
def run(embedded: Path) -> Path:
    """The run that `make detect` leaves, and the notebooks go on with."""
    out = ROOT / "runs" / "embedded"
    study = gnomon.read_study(ROOT / "configs" / "embedded.toml")
    gnomon.run(study, out)
    return out


def claims() -> dict[str, tuple[str, str]]:
    """Rows of the table of the embedded study: what is true, what is estimated."""
    block = TEXT.split("checked by tests/test_readme.py -->")[1].split("\n\n")[1]
    rows = [line.strip("| ").split(" | ") for line in block.splitlines()[2:]]
    return {name: (true, estimated) for name, true, estimated in rows}


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,.]*", text)]


@pytest.mark.slow
@pytest.mark.parametrize("port", ["port-alfa", "port-bravo", "port-charlie"])
def test_visits_in_the_readme_are_those_of_a_run(run: Path, port: str) -> None:
    place = port.replace("-", " ").title()
    name = next(n for n in claims() if n.startswith("visits") and n.endswith(place))
    true, estimated = claims()[name]
    season = pd.read_parquet(run / "seasons.parquet").set_index("port").loc[port]
    measured = season[["visits_p05", "visits_p95", "visits_p50"]].tolist()
    # Sums are rounded otherwise on other processors, and a chain takes another way; far, where the
    # season says itself that it has not settled.
    assert numbers(estimated) == pytest.approx(
        measured, rel=0.2, abs=10 if season.preliminary else 4
    )
    truth = gpd.read_parquet(ROOT / "build" / "embedded" / "truth.parquet")
    mine = truth[(truth.port == port) & (truth["type"] == "tanker") & (truth.zone == "oil pier")]
    start, end = season.start, season.end
    there = mine[(mine.departed_at > start) & (mine.arrived_at < end)]
    assert numbers(true) == [pytest.approx(len(there), abs=1)]


@pytest.mark.slow
def test_direction_and_barrels_in_the_readme_are_those_of_a_run(run: Path) -> None:
    seasons = pd.read_parquet(run / "seasons.parquet").set_index("port")
    assert seasons.p_exports["port-alfa"] > 0.9
    assert claims()["direction of trade there"] == ("they load", "they load")
    assert (seasons.p_exports[["port-bravo", "port-charlie"]] < 0.4).all()
    both = ("they unload", "more likely that they unload, not sure")
    assert claims()["direction of trade at both"] == both
    true, estimated = claims()["barrels that left it"]
    ledger = pd.read_parquet(run / "ledger.parquet").set_index("scenario").loc["inferred"]
    measured = ledger[["barrels_p05", "barrels_p95", "barrels_p50"]].tolist()
    assert numbers(estimated) == pytest.approx(measured, rel=0.15, abs=80_000)
    truth = gpd.read_parquet(ROOT / "build" / "embedded" / "truth.parquet")
    study = gnomon.read_study(ROOT / "configs" / "embedded.toml")
    assert study.period.end is not None
    left = truth[(truth.port == "port-alfa") & (truth.zone == "oil pier")]
    left = left[left.departed_at < pd.Timestamp(study.period.end, tz="UTC") + pd.Timedelta(days=1)]
    assert numbers(true) == [pytest.approx(left.barrels.sum(), rel=0.06)]


@pytest.mark.slow
@pytest.mark.usefixtures("embedded")
def test_the_lines_of_python_run_and_find_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 6
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    ships = names["ships"]
    assert isinstance(ships, gpd.GeoDataFrame)
    assert {"length_m", "p_laden", "score"} <= set(ships.columns)


def test_figures_of_the_detector_are_those_of_its_card() -> None:
    """The table of how good it is rounds what `make evaluate` wrote into the card."""
    card = (ROOT / "models" / "s2-vessel" / "card.md").read_text(encoding="utf-8")

    def cell(start: str) -> str:
        line = next(line for line in card.splitlines() if line.startswith(f"| {start}"))
        return line.strip("| ").split(" | ")[2]

    def ours(start: str) -> list[float]:
        line = next(line for line in TEXT.splitlines() if line.startswith(f"| {start}"))
        return numbers(line.strip("| ").split(" | ")[3])

    assert ours("ships of 100 m and more") == [round(float(cell("average precision, >= 100 m")), 2)]
    sea_and_quay = [numbers(cell(f"... {place}"))[0] for place in ("open water", "quay-side")]
    assert ours("... F1 at sea") == sea_and_quay
    assert ours("ships of 50 to 100 m, F1") == [numbers(cell("F1, 50 to 100 m |"))[0]]
    assert ours("false alarms") == numbers(cell("false alarms of 50 m"))
    assert ours("length, median error") == [round(numbers(cell("length, median error (bias)"))[0])]
