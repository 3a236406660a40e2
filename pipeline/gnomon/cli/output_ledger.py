"""Seasons and ledger as text for a terminal of 80 columns."""

import textwrap

import pandas as pd

from gnomon.ledger.deliveries import INFERRED

WIDE = 0.35
"""Half of the 90 % interval over the mean from which a count is called uncertain."""
SURE = 0.95
"""Probability from which the direction of trade is stated."""


def season_cells(seasons: pd.DataFrame) -> list[tuple[str, ...]]:
    """Cells of a table with one row per port."""
    return [
        (
            row.port[:14],
            _number(row.visits_p50),
            "-" if pd.isna(row.visits_p05) else f"{row.visits_p05:.0f}-{row.visits_p95:.0f}",
            _number(row.seen_mean),
            _with_error(row.horvitz_thompson, row.horvitz_thompson_sigma),
            _with_error(row.little, row.little_sigma),
            _with_error(row.chapman, row.chapman_sigma),
            trade_direction(row.p_exports, row.visits_p50),
        )
        for row in seasons.itertuples()
    ]


def trade_direction(p_exports: float, visits: float) -> str:
    """Whether ships load or unload at a port, as far as its observations determine it."""
    if pd.isna(p_exports):
        return "no image"
    if visits == 0:
        return "-"
    if p_exports > SURE:
        return "ships load"
    return "ships unload" if p_exports < 1 - SURE else f"unclear ({p_exports:.0%} load)"


def ledger_lines(ledger: pd.DataFrame, seasons: pd.DataFrame) -> list[str]:
    """Sentences about barrels and cap of each year, and about what was missing."""
    lines = []
    for year, rows in ledger.groupby("year"):
        inferred = rows[rows.scenario == INFERRED].iloc[0]
        lines.append(
            f"{year}: {inferred.barrels_p50:,.0f} barrels "
            f"({inferred.barrels_p05:,.0f} to {inferred.barrels_p95:,.0f}); "
            f"P(over {inferred.cap_barrels:,.0f}) = {inferred.p_over_cap:.2f}"
        )
        if pd.notna(inferred.passed_p50):
            lines.append(
                f"      cap passed on {inferred.passed_p50:%d %b} "
                f"({inferred.passed_p05:%d %b} to {inferred.passed_p95:%d %b})"
            )
        lines += [
            f"      at {row.scenario}: {row.barrels_p50:,.0f} barrels, "
            f"P(over) = {row.p_over_cap:.2f}"
            for row in rows[rows.scenario != INFERRED].itertuples()
        ]
    if not len(ledger):
        lines.append("No loading port was observed, so there is no ledger ([ledger] loading).")
    return [*lines, *_remarks(seasons)]


def _remarks(seasons: pd.DataFrame) -> list[str]:
    """Uncertain counts and missing inputs, each with its ports."""
    ports: dict[str, list[str]] = {}
    for row in seasons.itertuples():
        half = (row.visits_p95 - row.visits_p05) / 2
        remarks = row.notes.split("; ") if isinstance(row.notes, str) else []
        if row.visits_mean > 0 and half > WIDE * row.visits_mean:
            remarks.insert(
                0, "uncertain count, because few visits are seen; more images would narrow it"
            )
        for remark in remarks:
            ports.setdefault(remark, []).append(row.port)
    lines = [f"{', '.join(names)}: {remark}" for remark, names in ports.items()]
    return [part for line in lines for part in textwrap.wrap(line, 79, subsequent_indent="  ")]


def _number(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"


def _with_error(value: float, sigma: float) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}±{sigma:.0f}"
