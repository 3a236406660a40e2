"""The section of docs/validation.md on ray-cast ships: what was asked, what was measured.

The ships are of neither's making (`gnomon.validate.raycast`): not the simulator's that the network
was trained on, not the prism that is fitted. Each is read three ways, by the network, by the fit,
and by both together, which is what a run has (`gnomon.validate.amortised`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from gnomon.validate.amortised import by_cell, compared
from gnomon.validate.freeboard import KEYS, auc, calibration_error
from gnomon.validate.ships import Cell

JUDGED_GSDS_M, JUDGED_SUNS_DEG, JUDGED_LENGTHS_M = (
    (0.5, 1.0, 3.0, 10.0),
    (20.0, 40.0, 60.0),
    (70.0, 110.0, 150.0),
)
COARSE_M = 10.0
_LIMITS_M = {0.5: (0.3, 0.4, 0.5), 3.0: (0.4, 0.7, 1.2)}
"""Error asked for by pixel, under each of the suns."""
_METHODS = ("network", "fit", "both")
_LEAST = 20


@dataclass(frozen=True)
class Judged:
    """Rows of `gnomon.validate.amortised.compared`."""

    click: pd.DataFrame
    register: pd.DataFrame
    """At 10 m under a low sun, sizes as a register has them."""


def judge_ships(
    *, ships: int, seed: int, on_progress: Callable[[str], None] = lambda _: None
) -> Judged:
    """Draw so many ships a cell and read them."""
    cells = [Cell(*v) for v in product(JUDGED_GSDS_M, JUDGED_SUNS_DEG, JUDGED_LENGTHS_M)]
    low = [Cell(COARSE_M, JUDGED_SUNS_DEG[0], length) for length in JUDGED_LENGTHS_M]
    return Judged(
        compared(cells, ships=ships, seed=seed, on_progress=on_progress),
        compared(low, ships=ships, seed=seed, known="register", on_progress=on_progress),
    )


def judged_section(judged: Judged) -> str:
    """Write the section in Markdown."""
    rows = judged.click
    ships = len(rows[rows.method == "both"])
    lines = [
        "## Ships of neither's making",
        "",
        (
            f"{ships:,} tankers, ray-cast by a renderer that shares nothing with the simulator "
            "that the network was trained on, nor with the prism that is fitted "
            "(`gnomon.validate.raycast`): superelliptic waterlines, continuous sheer and camber, "
            "bulwarks round the bow, pipes, tanks, water with facets, a point spread with a halo. "
            "Sizes and places as a click gives them. `both` is what a run has."
        ),
        "",
        f"| what | asked | {' | '.join(_METHODS)} |",
        f"|---|---|{'---|' * len(_METHODS)}",
        *(
            f"| {name} | {asked} | {' | '.join(_shown(of(_by(judged, m))) for m in _METHODS)} |"
            for name, asked, of in _questions()
        ),
        "",
        "### By pixel and sun, 100 m and more, axis 30 degrees and more off the sun",
        "",
        *_table(by_cell(_clear(rows), KEYS[:2])),
        "",
        "### Coverage of the 90 % interval in every cell (both)",
        "",
        *_table(by_cell(rows[rows.method == "both"]).drop(columns="method")),
        "",
    ]
    return "\n".join(lines)


def _by(judged: Judged, method: str) -> Judged:
    click, register = (part[part.method == method] for part in (judged.click, judged.register))
    return Judged(click, register)


def _clear(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows.length_m >= 100) & (rows.sun_off_axis_deg > 30)]


def _questions() -> Iterator[tuple[str, str, Callable[[Judged], float | str]]]:
    """Name, what is asked, and how it is measured on the rows of one method."""
    yield "cells whose 90 % intervals hold 86 to 94 %", "36 of 36", _cells_covered
    yield "90 % intervals hold the truth, all ships", "0.90", lambda j: _coverage(j.click)
    for gsd, limits in _LIMITS_M.items():
        for sun, limit in zip(JUDGED_SUNS_DEG, limits, strict=True):
            name = f"rms error at {gsd:g} m, sun {sun:g}, L >= 100, axis > 30 off"
            yield name, f"{limit:g} m", partial(_rms, gsd_m=gsd, sun_deg=sun)
    yield "bias at 3 m, same ships", "0.15 m", lambda j: _bias(j.click, 3.0)
    yield "verdicts, 0.5 to 3 m, sun <= 40, L >= 100, axis > 30 off", ">= 85 %", _given
    yield "of these wrong", "<= 2 %", lambda j: _wrong(_told(j.click))
    yield f"most wrong verdicts of a cell with {_LEAST} or more", "<= 5 %", _worst
    yield "10 m, sun 20, L >= 100, axis > 30 off: AUC", "0.90", lambda j: _auc(j.click)
    yield "the same, beam known", "0.95", lambda j: _auc(j.register)
    yield "10 m, sun 60: indeterminate", ">= 95 %", lambda j: _weak(j.click)[0]
    yield "the same: mean abs(log LR)", "< 0.3", lambda j: _weak(j.click)[1]
    yield "calibration error of p_laden", "<= 0.03", lambda j: calibration_error(j.click)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.2f}"


def _coverage(rows: pd.DataFrame) -> float:
    seen = rows[rows.freeboard_m.notna()]
    inside = seen.freeboard_true_m.between(seen.freeboard_p05_m, seen.freeboard_p95_m)
    return float(inside.mean())


def _cells_covered(judged: Judged) -> str:
    shares = [_coverage(cell) for _, cell in judged.click.groupby(KEYS)]
    return f"{sum(0.86 <= share <= 0.94 for share in shares)} of {len(shares)}"


def _errors(rows: pd.DataFrame, gsd_m: float) -> pd.Series:
    here = _clear(rows[rows.gsd_m == gsd_m])
    return here.freeboard_m - here.freeboard_true_m


def _rms(judged: Judged, gsd_m: float, sun_deg: float) -> float:
    error = _errors(judged.click[judged.click.sun_elevation_deg == sun_deg], gsd_m)
    return float(np.sqrt((error**2).mean()))


def _bias(rows: pd.DataFrame, gsd_m: float) -> float:
    return float(_errors(rows, gsd_m).mean())


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """Where a verdict is asked for."""
    return _clear(rows[(rows.gsd_m <= 3) & (rows.sun_elevation_deg <= 40)])


def _given(judged: Judged) -> float:
    return float((_told(judged.click).load_state != "indeterminate").mean())


def _wrong(rows: pd.DataFrame) -> float:
    given = rows[rows.load_state != "indeterminate"]
    return float(((given.load_state == "laden") != given.laden).mean())


def _worst(judged: Judged) -> float:
    given = judged.click[judged.click.load_state != "indeterminate"]
    shares = [_wrong(cell) for _, cell in given.groupby(KEYS) if len(cell) >= _LEAST]
    return max(shares, default=float("nan"))


def _auc(rows: pd.DataFrame) -> float:
    low = rows.sun_elevation_deg == JUDGED_SUNS_DEG[0]
    here = _clear(rows[(rows.gsd_m == COARSE_M) & low])
    return auc(here.log_lr_laden.to_numpy(), here.laden.to_numpy(bool))


def _weak(rows: pd.DataFrame) -> tuple[float, float]:
    here = rows[(rows.gsd_m == COARSE_M) & (rows.sun_elevation_deg >= 55)]
    undecided = (here.load_state == "indeterminate").mean()
    return float(undecided), float(here.log_lr_laden.abs().mean())


def _table(frame: pd.DataFrame) -> list[str]:
    """Table in Markdown; numbers of ships and cells whole, the others to two digits."""
    head = [name.replace("_", " ") for name in frame.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---:|" * len(head)]
    for row in frame.itertuples(index=False):
        cells = [
            value if isinstance(value, str) else f"{value:{'g' if name in whole else '.2f'}}"
            for name, value, whole in zip(
                frame.columns, row, [(*KEYS, "ships")] * len(row), strict=True
            )
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
