"""Pages of a few rows: each test of the top of the page says in its tables what the page is of."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gnomon.datamodel.files import write_json, write_table
from gnomon.report.load_tables import read_run
from gnomon.report.page.evidence import PageEvidence
from gnomon.report.page.page import page_html
from gnomon.report.page.schema import PagePicture, PortPicture
from run_folders import IDS, day, ledger, observation, season, ship, visit, write_run

PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PERIOD = pd.Timestamp("2024-10-15", tz="UTC"), pd.Timestamp("2024-12-25", tz="UTC")
"""71 days, the last of which is 24 December."""
DATES = {"passed_p05": day(225), "passed_p50": day(254), "passed_p95": day(260)}
"""The middle one is 16 December 2024."""
STUDY = {"ledger": {"loading": ["rajin"]}, "ports": {"names": ["rajin", "chongjin"]}}


def barrels(p_over: float = 0.7, **more: Any) -> dict[str, Any]:
    """A row of the ledger; quantities that a reader can tell apart."""
    row = {"barrels_p05": 358_000.0, "barrels_p50": 490_000.0, "barrels_p95": 685_000.0,
           "deliveries_p05": 17.0, "deliveries_p50": 22.0, "deliveries_p95": 30.0,
           "tonnes_p05": 48_000.0, "tonnes_p50": 65_800.0, "tonnes_p95": 91_800.0,
           "p_over_cap": p_over, "reported_barrels": 0.0,
           "start": PERIOD[0], "end": PERIOD[1]}  # fmt: skip
    dates = DATES if p_over >= 0.5 else {}
    return ledger() | row | dates | more


def port_season(port: str = "rajin", **more: Any) -> dict[str, Any]:
    """A row of the seasons over `PERIOD`."""
    row = {"start": PERIOD[0], "end": PERIOD[1], "visits_p05": 17.0, "visits_p50": 22.0,
           "visits_p95": 30.0, "p_exports": 1.0, "p_seen": 0.42,
           "ideal_half_width": 5.2}  # fmt: skip
    return season() | {"port": port} | row | more


def curve(year: int = 2024) -> pd.DataFrame:
    """Barrels that grow evenly from 0 to those of `barrels`."""
    days = pd.date_range(PERIOD[0] + pd.Timedelta(1, "D"), PERIOD[1], freq="D")
    part = (days - PERIOD[0]) / (PERIOD[1] - PERIOD[0])
    last = barrels()
    every = {f"barrels_{q}": part * last[f"barrels_{q}"] for q in ("p05", "p50", "p95")}
    given = {f"barrels_if_loading_{q}": every[f"barrels_{q}"] for q in ("p05", "p50", "p95")}
    return pd.DataFrame({"year": year, "day": days, "p_over_cap": 0.1, **every, **given})


def chip() -> PagePicture:
    """A picture of a hull of 80 m along an easterly line, its shadow to the north."""
    hull = [[-40.0, -7.0], [40.0, -7.0], [40.0, 7.0], [-40.0, 7.0]]
    return {
        "src": PNG, "half": 90.0, "gsd": 3.0, "scene": "S2A_one", "detected": hull, "hull": hull,
        "shadow": [[x, y + 8] for x, y in hull],
    }  # fmt: skip


def port_picture(west: float, south: float, east: float, north: float) -> PortPicture:
    return {
        "src": PNG, "west": west, "south": south, "east": east, "north": north, "scene": "S2A_one",
        "collection": "sentinel-2-l2a", "t": int(day(0).timestamp()),
        "credit": "Contains modified Copernicus Sentinel data 2024",
    }  # fmt: skip


def seen_ships() -> PageEvidence:
    """A picture of the first ship, whose own pixels say a little of its load."""
    return PageEvidence(chips={IDS[0]: chip()})


def failed(count: int) -> list[dict[str, Any]]:
    """Observations that failed."""
    return [
        observation(f"S2A_{n}", day(n), status="failed", reason="red: no such file",
                    detections=None, usable_fraction=None, covered_fraction=None)
        for n in range(count)
    ]  # fmt: skip


def write_small_page(
    folder: Path,
    *,
    seen: PageEvidence | None = None,
    simulated: bool = False,
    with_curve: bool = True,
    with_study: bool = True,
    **tables: Any,
) -> str:
    """Address of a page of `run_folders.write_run`, with the season and the barrels of above."""
    tables = {"ledger": [barrels()], "seasons": [port_season()], "visits": [visit()]} | tables
    write_run(folder, study=STUDY, **tables)
    if simulated:
        _simulate(folder)
    if not with_study:
        write_json({"study": {"unheard": "of"}}, folder / "run.json")
    if with_curve:
        write_table(curve(), folder / "cumulative.parquet")
    else:
        (folder / "cumulative.parquet").unlink()
    path = folder / "report.html"
    path.write_text(page_html(read_run(folder), seen or PageEvidence()))
    return path.as_uri()


def _simulate(folder: Path) -> None:
    """Name the collections as those of simulated scenes are named."""
    for name in ("detections", "observations"):
        rows = gpd.read_parquet(folder / f"{name}.parquet")
        rows["collection"] = "synthetic-" + rows.collection
        rows.to_parquet(folder / f"{name}.parquet")


def write_counted_page(folder: Path, counts: tuple[int, ...]) -> str:
    """Address of the page of a run that counts ships: so many in each image, and no load."""
    names = [[f"S2A_{n}-e{k}-n1" for k in range(count)] for n, count in enumerate(counts)]
    ships = [
        ship(name, day(5.0 * n), 130.3, length_m=150.0 + n, load_state=None, load_reason=None)
        for n, each in enumerate(names)
        for name in each
    ]
    images = [observation(f"S2A_{n}", day(5.0 * n)) for n in range(len(counts))]
    write_run(
        folder,
        names=("detections", "observations"),
        study={**STUDY, "track": {"enabled": False}},
        detections=ships,
        observations=images,
    )
    seen = PageEvidence(chips={name: chip() for each in names for name in each})
    path = folder / "report.html"
    path.write_text(page_html(read_run(folder), seen))
    return path.as_uri()
