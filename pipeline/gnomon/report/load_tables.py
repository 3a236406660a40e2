"""Tables and metadata of a run folder, as page and exports use them.

A report must be possible for every run folder: one without visits, one made by another version of
gnomon, one of a user's own tables. So only ``observations.parquet`` and ``detections.parquet`` are
required. Columns that a table lacks are null, unknown columns are dropped, and everything that was
missing is a note for the reader.
"""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pydantic import ValidationError

from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import GnomonError, StoreError
from gnomon.datamodel.files import read_places
from gnomon.datamodel.ledger_tables import Cumulative, Ledger
from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.schema import CRS, Table
from gnomon.datamodel.simulated import are_simulated
from gnomon.datamodel.study import Study
from gnomon.datamodel.table_sets import settle
from gnomon.datamodel.tables import (
    DecisionEffects,
    Detections,
    FurtherPasses,
    Observations,
    Seasons,
    Visits,
    Voyages,
)
from gnomon.workflow.origin import belong_together
from gnomon.workflow.store import check_run_folder

REQUIRED: dict[str, type[Table]] = {"detections": Detections, "observations": Observations}
OPTIONAL: dict[str, type[Table]] = {
    "visits": Visits,
    "seasons": Seasons,
    "voyages": Voyages,
    "ledger": Ledger,
    "cumulative": Cumulative,
    "further_passes": FurtherPasses,
}
INFERRED = (*OPTIONAL, "decisions")
"""Tables whose rows do not name the images that they rest on."""
WITHOUT = {
    "visits": "visits.parquet is missing: ships are shown image by image (gnomon track makes it)",
    "seasons": "seasons.parquet is missing: the number of unseen visits is unknown",
    "voyages": "voyages.parquet is missing: where ships sailed to is unknown",
    "ledger": "ledger.parquet is missing: barrels are not estimated",
    "cumulative": "cumulative.parquet is missing: barrels are not drawn by day",
    "further_passes": "further_passes.parquet is missing: which more images would help is unknown",
}
OTHERS = (
    "visits, seasons and barrels in this folder were inferred from other tables and are left out "
    "(gnomon track makes them anew)"
)
HOMES = "home", "Users"
"""Folders that hold the users' own, which have their names."""
OLD_VERSIONS = "0.0.", "0.1."
"""They wrote other columns, and no evidence."""


@dataclass(frozen=True)
class RunMetadata:
    """run.json: what made a run."""

    made_at: datetime | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of gnomon and the libraries that it computes with."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """Name, version and digest."""
    traffic: Mapping[str, str] = field(default_factory=dict)
    """Name and digest of the traffic file."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """URL or path of the STAC item of each scene."""


@dataclass(frozen=True)
class Run:
    """A run folder, read; the port of whole scenes is `EVERYWHERE`."""

    folder: Path
    detections: gpd.GeoDataFrame
    observations: gpd.GeoDataFrame
    visits: gpd.GeoDataFrame
    seasons: pd.DataFrame
    voyages: pd.DataFrame
    ledger: pd.DataFrame
    cumulative: pd.DataFrame
    further_passes: pd.DataFrame
    decisions: pd.DataFrame
    """What each decision of an analyst changed; empty where there was none."""
    metadata: RunMetadata
    study: Study | None
    """None if run.json has none that this version can read."""
    notes: tuple[str, ...]
    """What was missing, as sentences for the reader."""
    left_out: tuple[str, ...] = ()
    """Tables in the folder that were inferred from other ships or images; they are empty here."""

    @property
    def name(self) -> str:
        """Name of the study, else of the folder."""
        return self.study.name if self.study else self.folder.resolve().name

    @property
    def loading(self) -> tuple[str, ...]:
        """Ports whose departures are deliveries, as far as the study is known."""
        return self.study.ledger.loading if self.study else ()

    @property
    def simulated(self) -> bool:
        """Whether the scenes are simulated."""
        return are_simulated(self.detections, self.observations)

    def ports(self) -> tuple[Port, ...]:
        """Ports of the study; without one, the areas of the observations."""
        try:
            if self.study:
                return self.study.places()
        except GnomonError:
            pass  # The ports file is gone; the observations have the areas.
        areas = self.observations.groupby("port", sort=True).geometry
        return tuple(Port(str(name), shapes.union_all()) for name, shapes in areas)


def read_run(folder: Path) -> Run:
    """Read what a run wrote.

    Raises
    ------
    StoreError
        The folder is not one of a run: it lacks observations or detections, or gnomon 0.1 made it.

    """
    notes: list[str] = []
    settle(folder)
    values = _run_json(folder, notes)
    metadata = _metadata(values)
    made_by = metadata.versions.get("gnomon", "")
    if made_by.startswith(OLD_VERSIONS):
        raise StoreError(
            f"{folder}: was written by gnomon {made_by}; run the study again (gnomon run)"
        )
    check_run_folder(folder)
    tables: dict[str, Any] = {}
    for name, model in REQUIRED.items():
        tables[name] = _conformed(name, read_places(folder / f"{name}.parquet"), model, notes)
    study = _study(values, metadata, notes)
    # What a study does not ask for is not missing.
    unasked = study is not None and not study.track.enabled
    for name, model in OPTIONAL.items():
        rows = _optional(folder, name, [] if unasked else notes)
        tables[name] = _conformed(name, rows, model, notes)
    effects = folder / "decisions.parquet"
    tables["decisions"] = _conformed(
        "decisions",
        _optional(folder, "decisions", notes) if effects.is_file() else pd.DataFrame(),
        DecisionEffects,
        notes,
    )
    for name in REQUIRED:
        tables[name]["port"] = tables[name].port.fillna(EVERYWHERE)
    if not belong_together(*(tables[n] for n in (*REQUIRED, "visits", "seasons"))):
        notes.append(OTHERS)
        tables |= {name: tables[name].iloc[:0] for name in INFERRED}
        tables["left_out"] = INFERRED
    return Run(folder=folder, **tables, metadata=metadata, study=study, notes=tuple(notes))


def public_location(location: str) -> str:
    """Location fit to publish: an address without user and query, the last two parts of a path.

    Of a file in a user's own folder only the name is left.
    """
    scheme, separator, rest = location.partition("://")
    if separator and scheme.casefold() != "file":
        return without_secrets(location)
    parts = Path((rest or scheme).replace("\\", "/")).parts
    count = 1 if len(parts) > 2 and parts[-3] in HOMES else 2
    return "/".join(part for part in parts[-count:] if part != "/")


def _optional(folder: Path, name: str, notes: list[str]) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.is_file():
        notes.append(WITHOUT[name])
        return pd.DataFrame()
    try:
        return pd.DataFrame(gpd.read_parquet(path))
    except OSError as error:
        notes.append(f"{path.name} cannot be read and is left out ({error})")
        return pd.DataFrame()
    except Exception:  # noqa: BLE001, S110 - a table without geometry; or damaged, as below
        pass
    try:
        return pd.read_parquet(path)
    except Exception as error:  # noqa: BLE001 - damaged metadata raise anything
        notes.append(f"{path.name} cannot be read and is left out ({error})")
        return pd.DataFrame()


def _conformed(
    name: str, frame: pd.DataFrame, model: type[Table], notes: list[str]
) -> pd.DataFrame:
    """Columns of this version's schema; those that are missing are null."""
    names = list(model.to_schema().columns)
    if len(frame) and (missing := [column for column in names if column not in frame]):
        notes.append(f"{name}.parquet is from another version: it lacks {', '.join(missing)}")
    columns = pd.DataFrame(frame).reindex(columns=names)
    if "geometry" not in names:
        return columns
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(columns.geometry, crs=CRS), crs=CRS)


def _run_json(folder: Path, notes: list[str]) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        notes.append("run.json is missing: options, versions and weights are unknown")
        return {}
    except (OSError, ValueError) as error:
        notes.append(f"run.json cannot be read ({error})")
        return {}
    if not isinstance(values, dict):
        notes.append("run.json is not a file that gnomon writes")
        return {}
    return values


def _metadata(values: Mapping[str, Any]) -> RunMetadata:
    texts = {}
    for name in ("versions", "weights", "traffic", "sources"):
        part = values.get(name)
        pairs = part.items() if isinstance(part, dict) else ()
        texts[name] = {str(key): str(value) for key, value in pairs}
    return RunMetadata(_time(values.get("made_at")), **texts)


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _study(values: Mapping[str, Any], metadata: RunMetadata, notes: list[str]) -> Study | None:
    if not values:
        return None
    made_by = metadata.versions.get("gnomon", "of an unknown version")
    here = importlib.metadata.version("gnomon")
    if made_by != here:
        notes.append(f"the run was made by gnomon {made_by}, this report by gnomon {here}")
    try:
        return Study.model_validate(values.get("study"))
    except ValidationError:
        notes.append("the study in run.json is from another version: there are no pictures")
        return None
