"""From tables of detections and observations to visits, voyages and barrels."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.files import write_table
from gnomon.datamodel.ports import Port
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.schema import table
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import LedgerOptions, PeriodOptions, TrackOptions
from gnomon.datamodel.tables import Cumulative, Ledger
from gnomon.ledger.deliveries import LedgerResult, build_ledger
from gnomon.physics import hydrostatics
from gnomon.track.ais import read_ais
from gnomon.track.fleet import read_fleet
from gnomon.track.tracking import TrackResult, track_visits
from gnomon.workflow.decision_effects import Inferred, decision_effects

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Inference:
    """Visits, voyages and barrels of a study."""

    tracked: TrackResult
    ledger: pd.DataFrame
    deliveries: LedgerResult
    files: tuple[Path, ...]


def infer_tables(
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    out: Path,
    *,
    period: PeriodOptions | None = None,
    track: TrackOptions | None = None,
    ledger: LedgerOptions | None = None,
    ports: tuple[Port, ...] = (),
    decisions: Sequence[Decision] = (),
    on_progress: Progress = silent,
) -> Inference:
    """Infer visits, seasons, voyages and the ledger from tables.

    Parameters
    ----------
    detections, observations
        Of a run, or a user's own.
    out
        Folder for visits, seasons, voyages, ledger and cumulative, Parquet each.
    period
        First and last day; all observations if left out.
    track, ledger
        Options of the two stages.
    ports
        Where they are known.
    decisions
        Of analysts (`gnomon.datamodel.decisions`); the tables of detections are left as they are.
        With any, the season is also inferred without them, and the table of decisions says what
        each changed.
    on_progress
        Called after each round of the chain of each port.

    Raises
    ------
    GnomonError
        The tables do not fit together, or cannot be written.

    """
    options, rules = track or TrackOptions(), ledger or LedgerOptions()
    infer = partial(
        track_visits,
        detections,
        observations,
        options,
        period=period or PeriodOptions(),
        fleet=read_fleet(options.fleet or shipped("configs") / "fleet.csv"),
        deadweight=deadweight_of,
        ais=read_ais(options.ais) if options.ais else None,
        ports=ports,
        on_progress=on_progress,
    )
    tracked = infer(decisions=decisions)
    deliveries = build_ledger(tracked.posteriors, rules)
    tables = {
        "visits": tracked.visits,
        "seasons": tracked.seasons,
        "voyages": tracked.voyages,
        "ledger": table(Ledger, [row.columns() for row in deliveries.rows]),
        "cumulative": table(Cumulative, [asdict(row) for row in deliveries.days]),
    }
    if tracked.reviewed.held:
        without = infer(decisions=())
        tables["decisions"] = decision_effects(
            tracked.reviewed.held,
            before=Inferred(without.visits, build_ledger(without.posteriors, rules), options.draws),
            after=Inferred(tracked.visits, deliveries, options.draws),
        )
    else:
        (out / "decisions.parquet").unlink(missing_ok=True)  # of decisions that are gone
    paths = tuple(out / f"{name}.parquet" for name in tables)
    for frame, path in zip(tables.values(), paths, strict=True):
        write_table(frame, path)
    return Inference(tracked, tables["ledger"], deliveries, paths)


def deadweight_of(
    length_m: Floats, beam_m: Floats, length_sigma_m: Floats, beam_sigma_m: Floats
) -> tuple[Floats, Floats]:
    """Mean and deviation of the logarithm of the deadweight that ships of these sizes have."""
    ships = hydrostatics.tankers(
        length_m, beam_m, length_sigma_m=length_sigma_m, beam_sigma_m=beam_sigma_m, draws=128
    )
    logs = np.log(ships.deadweight_t)
    return logs.mean(-1), logs.std(-1)


def read_input_table(path: Path) -> pd.DataFrame:
    """Read detections or observations: Parquet, GeoParquet, GeoJSON, GeoPackage or CSV.

    Raises
    ------
    TrackError
        The file is missing or is none of these.

    """
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".geoparquet": pd.read_parquet}
    try:
        try:
            return gpd.read_parquet(path)
        except ValueError:
            return readers.get(path.suffix.lower(), gpd.read_file)(path)
    except Exception as error:  # readers raise many unrelated types
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise TrackError(f"{path}: cannot be read as a table ({why})") from error
