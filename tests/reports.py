"""Run folders for tests of the page: a season as tables, and many ships."""

from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gnomon.datamodel.files import write_json, write_table
from gnomon.datamodel.schema import table
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Detections, Visits
from gnomon.simulate.season.campaign import as_tables, simulate_season, trade_2024
from inference import infer

STUDY = {
    "name": "season-2024",
    "catalog": {"url": "none"},
    "period": {"start": "2024-03-01", "end": "2024-11-30"},
    "ports": {"names": ["vostochny"]},
    "track": {"members": 32, "draws": 40},
    "ledger": {"reported_barrels": {"2024": 168679}, "samples": 400},
}
NASTY = '<img src=x onerror="window.hit=1"></script><script>window.hit=2</script>'


def write_season(folder: Path) -> Path:
    """The season of 2024 as a run writes it, but for pixels."""
    made = simulate_season(np.random.default_rng(7), trade_2024(), schedule="all")
    detections, observations = as_tables(made)
    study = Study.model_validate(STUDY)
    write_table(detections, folder / "detections.parquet")
    write_table(observations, folder / "observations.parquet")
    infer(study, detections, observations, folder, ports=study.places())
    values = {"study": study.model_dump(mode="json"), "versions": {"gnomon": version("gnomon")}}
    write_json(values, folder / "run.json")
    return folder


def write_crowd(season_folder: Path, folder: Path, *, ships: int = 5000) -> Path:
    """As many ships, at four ports, in copies of the season's observations and visits."""
    observations = gpd.read_parquet(season_folder / "observations.parquet")
    rng = np.random.default_rng(0)
    parts = [observations.assign(port=p, scene_id=observations.scene_id + f"-{p}") for p in _PORTS]
    every = pd.concat(parts, ignore_index=True)
    write_table(every, folder / "observations.parquet")
    chosen = every.iloc[np.sort(rng.integers(len(every), size=ships))].reset_index(drop=True)
    write_table(_hulls(chosen, rng), folder / "detections.parquet")
    visits = gpd.read_parquet(season_folder / "visits.parquet")
    copies = [visits.assign(port=p, visit_id=visits.visit_id + f"-{p}-{n}", detections="[]")
              for p in _PORTS for n in range(3)]  # fmt: skip
    write_table(table(Visits, pd.concat(copies).to_dict("records")), folder / "visits.parquet")
    for name in ("seasons.parquet", "ledger.parquet", "run.json"):
        (folder / name).write_bytes((season_folder / name).read_bytes())
    return folder


_PORTS = ("vostochny", "rajin", "chongjin", "nampo")


def _hulls(observations: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    states = np.array(["laden", "ballast", "indeterminate", None], object)[
        rng.integers(4, size=len(observations))
    ]
    kept = ["scene_id", "collection", "platform", "sensor", "seen_at", "port", "gsd_m"]
    rows = []
    for n, (row, state) in enumerate(
        zip(observations[kept].to_dict("records"), states, strict=True)
    ):
        x, y = 133.02 + rng.uniform(0, 0.08), 42.73 + rng.uniform(0, 0.04)
        rows.append(row | {
            "detection_id": f"{row['scene_id']}-{n}", "zone": "roads", "score": 0.9,
            "geometry": shapely.Point(x, y), "footprint": shapely.box(x, y, x + 1e-3, y + 2e-4),
            "length_m": 80.0, "length_sigma_m": 9.0, "beam_m": 13.0, "beam_sigma_m": 2.0,
            "heading_deg": 90.0, "heading_sigma_deg": 5.0, "load_state": state,
            "log_lr_laden": rng.normal(0, 2), "quayside": False,
            "model": "simulated", "run_digest": "x",
        })  # fmt: skip
    return table(Detections, rows)
