"""From tables of detections and observations to visits, voyages and barrels."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import write_table
from gnomon.datamodel.ledger_tables import Cumulative, Ledger
from gnomon.datamodel.ports import Port
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.schema import table
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.simulated import NOTE, are_simulated
from gnomon.datamodel.study import LedgerOptions, PeriodOptions, TrackOptions
from gnomon.datamodel.table_sets import settle, write_set
from gnomon.datamodel.traffic import read_traffic, register_path
from gnomon.ledger.deliveries import LedgerResult, build_ledger
from gnomon.physics import hydrostatics
from gnomon.track.ais import read_ais
from gnomon.track.fleet import no_register, read_fleet
from gnomon.track.further_passes import read_further_passes
from gnomon.track.tracking import TrackResult, track_visits
from gnomon.workflow.decision_effects import Inferred, decision_effects
from gnomon.workflow.origin import refuse_other_tables
from gnomon.workflow.user_tables.season import read_season_tables

Floats = NDArray[np.float64]
INFERRED_FILES = tuple(
    f"{name}.parquet"
    for name in (
        "visits", "seasons", "voyages", "ledger", "cumulative", "further_passes", "decisions",
    )
)  # fmt: skip
"""All that may be there of an inference; decisions only where there are any."""


@dataclass(frozen=True)
class Inference:
    """Visits, voyages and barrels of a study."""

    tracked: TrackResult
    ledger: pd.DataFrame
    deliveries: LedgerResult
    tables: Mapping[str, pd.DataFrame]
    """Visits, seasons, voyages, ledger, cumulative, further_passes, and decisions if there are any,
    by name."""
    files: tuple[Path, ...] = ()
    """Of these tables, where they were written."""
    notes: tuple[str, ...] = ()
    """What was assumed of a user's files, one line each."""
    simulated: bool = False
    """Whether the tables are of simulated scenes; notes of the seasons say so too."""


def infer_files(
    detections: Path,
    observations: Path,
    out: Path,
    *,
    period: PeriodOptions | None = None,
    track: TrackOptions | None = None,
    ledger: LedgerOptions | None = None,
    ports: tuple[Port, ...] = (),
    decisions: Sequence[Decision] = (),
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> Inference:
    """Infer visits, seasons, voyages and the ledger from a user's files.

    Parameters
    ----------
    detections, observations
        Tables of ships and of images (`gnomon.workflow.user_tables`).
    out, period, track, ledger, ports, decisions, executor, on_progress
        As in `infer_tables`.

    Raises
    ------
    GnomonError
        A file cannot be used, or they do not fit together; every fault has its line. Or ``out``
        holds ships or images of something else.

    """
    options = track or TrackOptions()
    settle(detections.parent)
    read = read_season_tables(
        detections,
        observations,
        detection_columns=options.detection_columns,
        observation_columns=options.observation_columns,
        ports=ports,
        ledger=ledger,
    )
    refuse_other_tables(
        out,
        {"detections": detections, "observations": observations},
        {"detections": read.detections, "observations": read.observations},
    )
    inference = infer_tables(
        read.detections,
        read.observations,
        out,
        period=period,
        # The columns have our names by now.
        track=options.model_copy(update={"detection_columns": {}, "observation_columns": {}}),
        ledger=ledger,
        ports=ports,
        decisions=decisions,
        notes=read.load_notes,
        executor=executor,
        on_progress=on_progress,
    )
    return replace(inference, notes=read.notes)


def infer_tables(
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    out: Path | None,
    *,
    period: PeriodOptions | None = None,
    track: TrackOptions | None = None,
    ledger: LedgerOptions | None = None,
    ports: tuple[Port, ...] = (),
    decisions: Sequence[Decision] = (),
    notes: Sequence[str] = (),
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> Inference:
    """Infer visits, seasons, voyages and the ledger from tables.

    Parameters
    ----------
    detections, observations
        Of a run, or a user's own.
    out
        Folder for visits, seasons, voyages, ledger, cumulative and further_passes, Parquet each,
        all written or none; None if the caller writes them, with others that belong to them.
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
    notes
        What was assumed of the detections; they become notes of every season.
    executor
        Runs the chains of a port with many detections beside each other; nothing else changes.
    on_progress
        Called after each round of the chain of each port.

    Raises
    ------
    GnomonError
        The tables do not fit together, or cannot be written.

    """
    options, rules = track or TrackOptions(), ledger or LedgerOptions()
    traffic = read_traffic(options.traffic)
    register, usual = register_path(options, traffic), traffic.tankers
    _check_sizes(usual.length_m, options.traffic)
    infer = partial(
        track_visits,
        detections,
        observations,
        options,
        period=period or PeriodOptions(),
        traffic=traffic,
        fleet=read_fleet(register, usual) if register else no_register(usual),
        deadweight=deadweight_of,
        ais=read_ais(options.ais) if options.ais else None,
        further=read_further_passes(
            options.further_passes or shipped("configs") / "further-passes.toml"
        ),
        ports=ports,
        executor=executor,
        on_progress=on_progress,
    )
    tracked = infer(decisions=decisions)
    deliveries = build_ledger(tracked.posteriors, rules)
    simulated = are_simulated(detections, observations)
    tables = {
        "visits": tracked.visits,
        "seasons": _with_notes(tracked.seasons, [NOTE] if simulated else [], notes),
        "voyages": tracked.voyages,
        "ledger": table(Ledger, [row.columns() for row in deliveries.rows]),
        "cumulative": table(Cumulative, [asdict(row) for row in deliveries.days]),
        "further_passes": tracked.further_passes,
    }
    if tracked.reviewed.held:
        without = infer(decisions=(), further=())
        tables["decisions"] = decision_effects(
            tracked.reviewed.held,
            before=Inferred(without.visits, build_ledger(without.posteriors, rules), options.draws),
            after=Inferred(tracked.visits, deliveries, options.draws),
        )
    files = () if out is None else write_set(out, parquet_of(tables), removed=INFERRED_FILES)
    tracked = replace(tracked, seasons=tables["seasons"])
    return Inference(tracked, tables["ledger"], deliveries, tables, files, simulated=simulated)


def parquet_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, Callable[[Path], None]]:
    """Writers of the Parquet files of tables, for `gnomon.datamodel.table_sets.write_set`."""
    return {f"{name}.parquet": partial(write_table, table) for name, table in tables.items()}


def _with_notes(seasons: pd.DataFrame, first: Sequence[str], last: Sequence[str]) -> pd.DataFrame:
    """Seasons with more notes, before and after their own."""
    if not first and not last:
        return seasons
    own = [[] if pd.isna(text) else [text] for text in seasons.notes]
    texts = ["; ".join([*first, *one, *last]) for one in own]
    return seasons.assign(notes=pd.Series(texts, dtype="str"))


def _check_sizes(length_m: float, traffic: str) -> None:
    """Refuse tankers of sizes whose deadweight was not measured."""
    low, high = hydrostatics.DEADWEIGHT_LENGTHS_M
    if not low <= length_m <= high:
        raise StudyError(
            f"track.traffic: {traffic} has tankers of {length_m:.0f} m; deadweights by size are "
            f"known from {low:.0f} to {high:.0f} m"
        )


def deadweight_of(
    length_m: Floats, beam_m: Floats, length_sigma_m: Floats, beam_sigma_m: Floats
) -> tuple[Floats, Floats]:
    """Mean and deviation of the logarithm of the deadweight that ships of these sizes have."""
    ships = hydrostatics.tankers(
        length_m, beam_m, length_sigma_m=length_sigma_m, beam_sigma_m=beam_sigma_m, draws=128
    )
    logs = np.log(ships.deadweight_t)
    return logs.mean(-1), logs.std(-1)
