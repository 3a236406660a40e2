"""From tables of detections and looks to visits, voyages and barrels: where those stages meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.files import write_table
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import Ledger, table
from gnomon.ledger.deliveries import Account, account
from gnomon.physics import hydrostatics
from gnomon.track.tracking import Tracked, track

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Inference:
    """Visits, voyages and barrels of a study."""

    tracked: Tracked
    ledger: pd.DataFrame
    account: Account
    files: tuple[Path, ...]


def infer(
    study: Study,
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    out: Path,
    *,
    ports: tuple[Port, ...] = (),
    decisions: Sequence[Decision] = (),
) -> Inference:
    """Go on from tables: visits, seasons, voyages, ledger.

    Parameters
    ----------
    study
        Its period, `[track]` and `[ledger]`.
    detections, looks
        Of a run, or a user's own.
    out
        Folder for visits.parquet, seasons.parquet, voyages.parquet and ledger.parquet.
    ports
        Where they are known.
    decisions
        Of analysts (`gnomon.datamodel.decisions`); the tables of detections are left as they are.

    Raises
    ------
    GnomonError
        The tables do not fit together, or cannot be written.

    """
    tracked = track(
        study, detections, observations, deadweight=deadweight_of, ports=ports, decisions=decisions
    )
    loading = [season for season in tracked.drawn if season.port in study.ledger.loading]
    books = account(loading, **study.ledger.model_dump(exclude={"loading"}))
    ledger = table(Ledger, books.rows)
    tables = {
        "visits": tracked.visits,
        "seasons": tracked.seasons,
        "voyages": tracked.voyages,
        "ledger": ledger,
    }
    paths = tuple(out / f"{name}.parquet" for name in tables)
    for frame, path in zip(tables.values(), paths, strict=True):
        write_table(frame, path)
    return Inference(tracked, ledger, books, paths)


def deadweight_of(
    length_m: Floats, beam_m: Floats, length_sigma_m: Floats, beam_sigma_m: Floats
) -> tuple[Floats, Floats]:
    """Mean and deviation of the logarithm of the deadweight that ships of these sizes have."""
    ships = hydrostatics.tankers(
        length_m, beam_m, length_sigma_m=length_sigma_m, beam_sigma_m=beam_sigma_m, draws=128
    )
    logs = np.log(ships.deadweight_t)
    return logs.mean(-1), logs.std(-1)
