"""Seasons and ledger as text for a terminal of 80 columns; the numbers are the published ones."""

import textwrap

import pandas as pd

from gnomon.report.numbers import (
    EitherWay,
    Spread,
    YearNumbers,
    open_text,
    otherwise_text,
    published,
    trade_direction,
)
from gnomon.report.text import UNKNOWN, day_text, percent, rough, whole

WIDE = 0.35
"""Half of the 90 % interval over the median from which a count is called uncertain."""


def season_cells(seasons: pd.DataFrame) -> list[tuple[str, ...]]:
    """Cells of a table with one row per port."""
    ports = published(seasons, pd.DataFrame()).ports
    return [
        (
            one.port[:14],
            str(one.visits) if one.visits else UNKNOWN,
            rough(one.visits.p50) if one.visits else UNKNOWN,
            rough(one.seen),
            _with_error(row.horvitz_thompson, row.horvitz_thompson_sigma),
            _with_error(row.little, row.little_sigma),
            _with_error(row.chapman, row.chapman_sigma),
            trade_direction(one.p_exports, one.visits.p50 if one.visits else 0),
        )
        for one, row in zip(ports, seasons.itertuples(), strict=True)
    ]


def ledger_lines(ledger: pd.DataFrame, seasons: pd.DataFrame) -> list[str]:
    """Lines about barrels and cap of each year, and about what was missing."""
    years = published(seasons, ledger).years
    lines = [line for one in years for line in _year_lines(one)]
    if not years:
        lines.append("No loading port was observed, so there is no ledger ([ledger] loading).")
    return [*lines, *_remarks(seasons)]


def _year_lines(one: YearNumbers) -> list[str]:
    way = one.direction
    share = one.scenario.replace("%", " %")
    over = percent(one.p_over_cap)
    if not one.inferred and way and way.barrels:
        over = percent(way.p_over_cap)
        return [f"  if they load, at {share}: {way.barrels}; over the cap: {over}"]
    if not one.inferred:
        return [f"  at {share}: {one.barrels} barrels; over the cap: {over}"]
    others = f", with {whole(one.reported_barrels)} of others" if one.reported_barrels else ""
    given = f"; if they load: {percent(way.p_over_cap)}" if way and way.barrels else ""
    lines = [
        f"{one.period}:",
        *(_open_lines(one, way) if way else [f"  {_interval(one.barrels)}"]),
        f"  chance of more than {whole(one.cap_barrels)}{others}: {over}{given}",
    ]
    if passed := one.passed:
        lines.append(
            f"  if so, passed from {day_text(passed.p05)} to {day_text(passed.p95)} "
            f"(middle {day_text(passed.p50)})"
        )
    return lines


def _open_lines(one: YearNumbers, way: EitherWay) -> list[str]:
    """Barrels under either direction of trade; a middle of the two would be true of neither."""
    lines = textwrap.wrap(open_text(way), 77)
    if way.barrels:
        lines += [f"if they load, {_interval(way.barrels)}", otherwise_text(way)]
    else:
        lines += [f"{one.barrels} barrels (90 % interval)"]
    return [f"  {line}" for line in lines]


def _interval(barrels: Spread) -> str:
    return f"{barrels} barrels (90 % interval; middle {rough(barrels.p50)})"


def _remarks(seasons: pd.DataFrame) -> list[str]:
    """Uncertain counts and missing inputs, each with its ports."""
    ports: dict[str, list[str]] = {}
    for row in seasons.itertuples():
        half = (row.visits_p95 - row.visits_p05) / 2
        remarks = row.notes.split("; ") if isinstance(row.notes, str) else []
        if row.visits_p50 > 0 and half > WIDE * row.visits_p50:
            remarks.insert(
                0, "uncertain count, because few visits are seen; more images would narrow it"
            )
        for remark in remarks:
            ports.setdefault(remark, []).append(row.port)
    lines = [f"{', '.join(names)}: {remark}" for remark, names in ports.items()]
    return [part for line in lines for part in textwrap.wrap(line, 79, subsequent_indent="  ")]


def _with_error(value: float, sigma: float) -> str:
    return UNKNOWN if pd.isna(value) else f"{value:.0f}±{sigma:.0f}"
