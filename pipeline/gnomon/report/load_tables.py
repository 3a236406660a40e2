"""The tables of a run as the page takes them, whatever of them there is.

A page must be had of every run folder: one without visits, of another version, of a user's own
tables. So only ``observations.parquet`` and ``detections.parquet`` must be there. Columns that a
table lacks are null, columns that nobody knows are left aside, and whatever was missing is a note
that the page shows.
"""

import importlib.metadata
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pydantic import ValidationError

from gnomon.datamodel.errors import GnomonError, StoreError
from gnomon.datamodel.files import read_table
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import (
    CRS,
    Detections,
    Ledger,
    Observations,
    Seasons,
    Table,
    Visits,
    Voyages,
)

NEEDED: dict[str, type[Table]] = {"detections": Detections, "observations": Observations}
OPTIONAL: dict[str, type[Table]] = {
    "visits": Visits,
    "seasons": Seasons,
    "voyages": Voyages,
    "ledger": Ledger,
}
EVERYWHERE = "everywhere"
"""Port of a run over whole scenes, as the tables of visits call it."""
WITHOUT = {
    "visits": "visits.parquet is not there: ships are shown look by look (gnomon track makes it)",
    "seasons": "seasons.parquet is not there: how many visits went unseen is not told",
    "voyages": "voyages.parquet is not there: where ships went is not told",
    "ledger": "ledger.parquet is not there: nothing is said of barrels",
}


@dataclass(frozen=True)
class Run:
    """A run folder, read; where no port was named, it is `EVERYWHERE`."""

    folder: Path
    detections: gpd.GeoDataFrame
    observations: gpd.GeoDataFrame
    visits: gpd.GeoDataFrame
    seasons: pd.DataFrame
    voyages: pd.DataFrame
    ledger: pd.DataFrame
    told: dict[str, Any]
    """run.json; empty where there is none."""
    study: Study | None
    """None where run.json has none that this version can read."""
    notes: tuple[str, ...]
    """What was missing, in words for the reader."""

    @property
    def name(self) -> str:
        """Of the study, else of the folder."""
        return self.study.name if self.study else self.folder.resolve().name

    @property
    def simulated(self) -> bool:
        """Whether the scenes are made up."""
        kinds = self.observations.collection.astype("str").str.startswith("synthetic")
        return bool(kinds.any() or (self.detections.model.astype("str") == "simulated").any())

    def ports(self) -> tuple[Port, ...]:
        """Ports of the study; without one, what the looks asked for."""
        try:
            if self.study:
                return self.study.places()
        except GnomonError:
            pass  # The ports file has gone; the looks have the areas.
        areas = self.observations.groupby("port", sort=True).geometry
        return tuple(Port(str(name), shapes.union_all()) for name, shapes in areas)


def read_run(folder: Path) -> Run:
    """Read what a run wrote.

    Raises
    ------
    StoreError
        The folder is not one of a run: it lacks the looks or the detections.

    """
    lost = [f"{name}.parquet" for name in NEEDED if not (folder / f"{name}.parquet").is_file()]
    if lost:
        raise StoreError(f"{folder}: is not the folder of a run (it has no {', '.join(lost)})")
    notes: list[str] = []
    tables: dict[str, Any] = {}
    for name, model in NEEDED.items():
        tables[name] = _conformed(read_table(folder / f"{name}.parquet"), model, notes)
    for name, model in OPTIONAL.items():
        tables[name] = _conformed(_optional(folder, name, notes), model, notes)
    for name in ("detections", "observations"):
        tables[name]["port"] = tables[name].port.fillna(EVERYWHERE)
    told = _told(folder, notes)
    study = _study(told, notes)
    return Run(folder=folder, **tables, told=told, study=study, notes=tuple(notes))


def _optional(folder: Path, name: str, notes: list[str]) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.is_file():
        notes.append(WITHOUT[name])
        return pd.DataFrame()
    try:
        return pd.DataFrame(gpd.read_parquet(path))
    except ValueError:  # a table without geometry
        pass
    except OSError as error:
        notes.append(f"{path.name} cannot be read ({error}): what it says is left out")
        return pd.DataFrame()
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        notes.append(f"{path.name} cannot be read ({error}): what it says is left out")
        return pd.DataFrame()


def _conformed(frame: pd.DataFrame, model: type[Table], notes: list[str]) -> pd.DataFrame:
    """Columns of this version's schema; those that are not there are null."""
    names = list(model.to_schema().columns)
    if len(frame) and (lost := [name for name in names if name not in frame]):
        what = f"{model.__name__.lower()}.parquet is of another version"
        notes.append(f"{what}: it lacks {', '.join(lost)}")
    made = pd.DataFrame(frame).reindex(columns=names)
    if "geometry" not in names:
        return made
    return gpd.GeoDataFrame(made, geometry=gpd.GeoSeries(made.geometry, crs=CRS), crs=CRS)


def _told(folder: Path, notes: list[str]) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        notes.append("run.json is not there: options, versions and weights are not known")
        return {}
    except (OSError, ValueError) as error:
        notes.append(f"run.json cannot be read ({error})")
        return {}
    if not isinstance(told, dict):
        notes.append("run.json is not what gnomon writes")
        return {}
    return told


def _study(told: dict[str, Any], notes: list[str]) -> Study | None:
    if not told:
        return None
    made_by = told.get("versions", {}).get("gnomon", "an unknown version")
    here = importlib.metadata.version("gnomon")
    if made_by != here:
        notes.append(f"the run was made by gnomon {made_by}, this page by gnomon {here}")
    try:
        return Study.model_validate(told.get("study"))
    except ValidationError:
        notes.append("the study in run.json is of another version: pictures cannot be made")
        return None
