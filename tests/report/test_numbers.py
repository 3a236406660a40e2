"""Published numbers: one source, and the same in tables, page, terminal, KMZ, CSV and citation."""

import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.output_ledger import ledger_lines, season_cells
from gnomon.datamodel.ledger_tables import Ledger
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Seasons
from gnomon.report.export.export import export_run
from gnomon.report.load_tables import read_run
from gnomon.report.numbers import (
    PASSED_MIN,
    period_text,
    port_sentence,
    published,
    published_sentences,
    trade_direction,
    year_sentences,
)
from gnomon.report.page.answers import answer
from gnomon.report.text import UNKNOWN, day_text, percent, rough, whole
from reports import write_season
from run_folders import OPEN, day, ledger, season

KML = "{http://www.opengis.net/kml/2.2}"

PASSED = {"passed_p05": day(10), "passed_p50": day(20), "passed_p95": day(30)}


def years(*rows: dict[str, Any]) -> pd.DataFrame:
    return table(Ledger, [ledger() | row for row in rows])


@pytest.mark.parametrize("preliminary", [True, False, None])
def test_what_is_preliminary_is_called_so(preliminary: bool | None) -> None:
    """Runs of older versions do not know it, and say nothing."""
    frame = table(Seasons, [season() | {"preliminary": preliminary}])
    (one,) = published(frame, pd.DataFrame()).ports
    said = port_sentence(one)
    assert ("This is preliminary" in said) == ("more draws" in said) == bool(preliminary)


@pytest.mark.parametrize(("fit", "said"), [(0.04, True), (0.05, False), (None, False)])
def test_data_that_do_not_fit_the_model_are_called_so(fit: float | None, said: bool) -> None:
    frame = table(Seasons, [season() | {"fit": fit}])
    (one,) = published(frame, pd.DataFrame()).ports
    assert ("do not fit the model" in port_sentence(one)) == said


@given(st.floats(0, 1))
def test_a_date_is_published_only_where_the_cap_was_more_likely_passed(chance: float) -> None:
    (one,) = published(pd.DataFrame(), years(PASSED | {"p_over_cap": chance})).years
    assert (one.passed is not None) == (chance >= PASSED_MIN)
    said = " ".join(year_sentences(one, ("port-alfa",)))
    assert ("Apr 2024" in said.partition("barrels for")[2]) == (chance >= PASSED_MIN)


def test_a_period_ends_on_the_day_before_its_end() -> None:
    first, last = (pd.Timestamp(text, tz="UTC") for text in ("2024-10-15", "2024-12-25"))
    assert period_text(first, last) == "15 Oct to 24 Dec 2024"
    noon = last + pd.Timedelta(12, "h")
    assert period_text(first, noon) == "15 Oct to 25 Dec 2024"


def test_sentences_name_the_period_the_interval_and_then_the_middle() -> None:
    row = {"barrels_p05": 390_824.4, "barrels_p50": 540_464.2, "barrels_p95": 760_166.2,
           "deliveries_p05": 17.0, "deliveries_p50": 22.0, "deliveries_p95": 30.0,
           "p_over_cap": 0.46, "reported_barrels": 0.0}  # fmt: skip
    frame = years(row).assign(
        start=pd.Timestamp("2024-10-15", tz="UTC"), end=pd.Timestamp("2024-12-25", tz="UTC")
    )
    (one,) = published(pd.DataFrame(), frame).years
    first, chance = year_sentences(one, ("port-alfa",))
    assert first.startswith(
        "15 Oct to 24 Dec 2024: 391,000 to 760,000 barrels left Port Alfa (90 % interval; middle "
        "540,000), in 17 to 30 deliveries (middle 22)"
    )
    assert chance == (
        "Chance that the cap of 500,000 barrels for 2024 was exceeded in this period: 46 %."
    )


def test_an_open_direction_is_told_under_its_conditions_and_has_no_middle() -> None:
    """Once "0 barrels (0 to 1,152,709)" was printed of a season of 1.07 million."""
    (one,) = published(pd.DataFrame(), years(OPEN | {"reported_barrels": 0.0})).years
    first, chance = year_sentences(one, ("rajin",))
    assert first == (
        "1 Apr to 6 May 2024: if ships load at Rajin, 838,000 to 1,280,000 barrels left Rajin "
        "(90 % interval; middle 1,070,000), in 41 to 66 deliveries (middle 52), of which images "
        "show 19; if they unload, none. The images do not decide whether ships load or unload at "
        "Rajin (chance that they load: 48 %)."
    )
    assert chance.endswith("in this period: 47 %; if ships load: over 99 %.")


def test_barrels_that_leave_either_way_are_told_of_either_direction() -> None:
    """Another port surely loads."""
    rest = {f"barrels_otherwise_{q}": n * 1e5 for q, n in (("p05", 2), ("p50", 3), ("p95", 4))}
    both = {"open_ports": '["rajin", "port-alfa"]'}
    (one,) = published(pd.DataFrame(), years(OPEN | rest | both)).years
    first, _ = year_sentences(one, ("rajin",))
    assert "if ships load at Rajin and Port Alfa, 838,000" in first
    assert "; if they do not, 200,000 to 400,000. The images" in first


def test_where_ships_load_in_too_few_draws_an_open_direction_has_an_interval_alone() -> None:
    none = {name: None for name in OPEN if "_if_loading" in name}
    (one,) = published(pd.DataFrame(), years(OPEN | none)).years
    first, chance = year_sentences(one, ("rajin",))
    assert "0 to 1,150,000 barrels left Rajin (90 % interval). The images do not" in first
    assert "middle" not in first
    assert "if ships load" not in chance


def test_ports_that_were_not_observed_are_not_said_to_deliver() -> None:
    rows = table(Seasons, [season()]), years({"p_over_cap": 0.1})
    both = " ".join(published_sentences(*rows, ("rajin", "nampo")))
    assert " barrels left Rajin (90 %" in both
    assert "Nampo" not in both
    assert " barrels left the loading ports (90 %" in " ".join(published_sentences(*rows, ()))


def test_a_port_without_a_usable_image_has_no_number() -> None:
    unknown = dict.fromkeys([n for n in season() if n.startswith(("visits", "seen"))], None)
    known, blind = published(table(Seasons, [season(), season() | unknown]), pd.DataFrame()).ports
    assert blind.visits is None
    assert "no image could be used" in port_sentence(blind)
    assert port_sentence(known).startswith(
        "Rajin, 1 Apr to 6 May 2024: 1 to 7 visits of small tankers (90 % interval; middle 3)"
    )


@pytest.mark.parametrize(
    ("p_exports", "visits", "text"),
    [
        (0.99, 12.0, "ships load"),
        (0.01, 12.0, "ships unload"),
        (0.6, 12.0, "unclear (60 % load)"),
        (0.95, 12.0, "unclear (95 % load)"),
        (None, 12.0, "no image"),
        (0.99, 0.0, UNKNOWN),
    ],
)
def test_the_direction_is_stated_only_if_it_is_sure(
    p_exports: float | None, visits: float, text: str
) -> None:
    assert trade_direction(p_exports, visits) == text


@given(st.floats(0, 1), st.floats(1, 50))
def test_loading_and_unloading_are_mirror_images(p: float, visits: float) -> None:
    load, unload = trade_direction(p, visits), trade_direction(1 - p, visits)
    assert (load == "ships load") == (unload == "ships unload") or abs(abs(p - 0.5) - 0.45) < 1e-9


# --- the same numbers everywhere -----------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_season(tmp_path_factory.mktemp("season"))


def texts(folder: Path, out: Path) -> dict[str, str]:
    """What terminal, KMZ, citation and the notes of the CSV say, each in one line."""
    export_run(folder, out, formats=("kml", "csv"), pictures=False)
    with zipfile.ZipFile(out / "gnomon.kmz") as whole:
        document = ET.fromstring(whole.read("doc.kml"))
    seasons, money = (pd.read_parquet(folder / f"{n}.parquet") for n in ("seasons", "ledger"))
    cells = [" ".join(row) for row in season_cells(seasons)]
    said = {
        "terminal": " ".join([*cells, *ledger_lines(money, seasons)]),
        "kmz": document.findtext(f"{KML}Document/{KML}description") or "",
        "citation": (out / "CITATION.txt").read_text(encoding="utf-8"),
        "csv": (out / "csv" / "README.txt").read_text(encoding="utf-8"),
    }
    return {name: " ".join(text.replace("<br>", " ").split()) for name, text in said.items()}


def test_every_number_that_means_the_same_is_the_same_everywhere(
    folder: Path, tmp_path: Path
) -> None:
    """The page's JSON, rounded as the page prints it, the terminal, the KMZ, CSV and citation."""
    run = read_run(folder)
    said = texts(folder, tmp_path / "out")
    page = answer(run)
    numbers = published(run.seasons, run.ledger)
    (one,), (season_,) = numbers.ports, page["seasons"]
    assert one.visits is not None
    assert str(one.visits) == f"{rough(season_['visits_p05'])} to {rough(season_['visits_p95'])}"
    assert rough(one.visits.p50) == rough(season_["visits_p50"])
    assert rough(one.seen) == rough(season_["seen_p50"])
    (year,), (shown,) = numbers.inferred, page["years"]
    first = shown["scenarios"][0]
    assert str(year.barrels) == f"{rough(first['barrels'][0])} to {rough(first['barrels'][2])}"
    assert str(year.deliveries) == (
        f"{rough(first['deliveries'][0])} to {rough(first['deliveries'][2])}"
    )
    assert percent(year.p_over_cap) == percent(first["p_over"])
    assert (year.passed is None) == (first["passed"][1] is None)
    wanted = {
        "visits": str(one.visits),
        "visits, middle": rough(one.visits.p50),
        "seen": rough(one.seen),
        "barrels": str(year.barrels),
        "barrels, middle": f"middle {rough(year.barrels.p50)}",
        "chance": percent(year.p_over_cap),
        "cap": whole(year.cap_barrels),
        "period": year.period,
    }
    if year.passed:
        wanted |= {"passed": day_text(year.passed.p05), "middle": day_text(year.passed.p50)}
    for place, text in said.items():
        assert {name for name, value in wanted.items() if value not in text} == set(), place


def test_the_csv_has_the_numbers_before_they_are_rounded(folder: Path, tmp_path: Path) -> None:
    out = export_run(folder, tmp_path / "out", formats=("csv",)).folder
    back = [pd.read_csv(out / "csv" / f"{name}.csv") for name in ("seasons", "ledger")]
    for frame in back:
        for column in ("start", "end", "passed_p05", "passed_p50", "passed_p95"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601")
    run = read_run(folder)
    for mine, theirs in zip(
        (*published(*back).ports, *published(*back).years),
        (*published(run.seasons, run.ledger).ports, *published(run.seasons, run.ledger).years),
        strict=True,
    ):
        assert mine == theirs
