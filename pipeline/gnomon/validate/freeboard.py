"""The section of docs/validation.md on load state: tables and a figure, from simulated ships.

`measure` draws the ships and estimates their loads (`gnomon.validate.ships`), `section` compares
the result with its targets in Markdown, and `figure` draws it. The targets are the project's own; a
number that misses its target is reported like one that meets it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gnomon.report.figures.scene import Picture
from gnomon.validate.ships import Cell, every_cell, matched, simulated

KEYS = ["gsd_m", "sun_elevation_deg", "length_m"]
REGISTER = [Cell(10.0, sun, length) for sun in (20.0, 28.0) for length in (100.0, 120.0, 180.0)]
"""Where an image at 10 m has power, if any: low sun, known beam."""


@dataclass(frozen=True)
class Measured:
    """Rows of `gnomon.validate.ships`, and how they were drawn."""

    click: pd.DataFrame
    register: pd.DataFrame
    matched: pd.DataFrame
    seed: int


def measure(
    *, ships: int, seed: int, workers: int = 2, on_progress: Callable[[str], None] = lambda _: None
) -> Measured:
    """Draw ships and estimate their loads.

    ``ships`` in each cell; half as many at pixels below a metre, which take ten times as long; a
    tenth as many of the fitted model's own.
    """
    cells = every_cell()
    fine, coarse = ([c for c in cells if (c.gsd_m < 1) == below] for below in (True, False))

    def reported(what: str) -> Callable[[str], None]:
        return lambda done: on_progress(f"{what}: {done}")

    return Measured(
        pd.concat(
            [
                simulated(
                    part, ships=count, seed=seed, workers=workers, on_progress=reported("simulated")
                )
                for part, count in ((coarse, ships), (fine, ships // 2))
            ],
            ignore_index=True,
        ),
        simulated(
            REGISTER,
            ships=ships,
            seed=seed,
            known="register",
            workers=workers,
            on_progress=reported("known beam"),
        ),
        matched(
            cells,
            ships=max(ships // 10, 4),
            seed=seed,
            workers=workers,
            on_progress=reported("model's own"),
        ),
        seed,
    )


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores above a negative, ties counted half; NaN without both."""
    high, low = scores[positive], scores[~positive]
    if not len(high) or not len(low):
        return float("nan")
    above = (high[:, None] > low).mean() + 0.5 * (high[:, None] == low).mean()
    return float(above)


def interval_coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each cell: coverage of the 90 % interval, error, AUC, shares indeterminate and wrong."""

    def of(cell: pd.DataFrame) -> pd.Series:
        inside = cell.freeboard_true_m.between(cell.freeboard_p05_m, cell.freeboard_p95_m)
        error = cell.freeboard_m - cell.freeboard_true_m
        return pd.Series(
            {
                "ships": len(cell),
                "coverage": inside.mean(),
                "sigma_m": cell.freeboard_sigma_m.median(),
                "rmse_m": np.sqrt((error**2).mean()),
                "auc": auc(cell.log_lr_laden.to_numpy(), cell.laden.to_numpy(bool)),
                "indeterminate": (cell.load_state == "indeterminate").mean(),
                "wrong": _wrong(cell),
            }
        )

    return _with_freeboard(rows).groupby(KEYS)[list(rows.columns)].apply(of).reset_index()


def _with_freeboard(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.freeboard_m.notna()]


def _wrong(rows: pd.DataFrame) -> float:
    """Share of ships whose load state is determined and false."""
    determined = rows.load_state != "indeterminate"
    return float((determined & ((rows.load_state == "laden") != rows.laden)).mean())


def calibration(rows: pd.DataFrame, *, bins: int = 10) -> pd.DataFrame:
    """Reliability of p_laden: its mean and the share laden in equal bins of it."""
    seen = _with_freeboard(rows)
    at = np.clip((seen.p_laden * bins).astype(int), 0, bins - 1)
    return seen.groupby(at).agg(
        ships=("p_laden", "size"), predicted=("p_laden", "mean"), laden=("laden", "mean")
    )


def calibration_error(rows: pd.DataFrame) -> float:
    """Expected calibration error of p_laden."""
    table = calibration(rows)
    return float((table.ships * (table.predicted - table.laden).abs()).sum() / table.ships.sum())


def power(measured: Measured) -> list[tuple[str, float, int, float]]:
    """AUC of laden against ballast where there should be power: name, value, ships, target."""
    found = []
    for gsd in (0.5, 3.0):
        rows = _with_freeboard(measured.click)
        here = rows[
            (rows.gsd_m == gsd)
            & (rows.sun_elevation_deg <= 45)
            & (rows.length_m >= 100)
            & (rows.sun_off_axis_deg > 30)
        ]
        found.append((f"{gsd:g} m, sun <= 45, L >= 100, axis > 30 off the sun", here, 0.97))
    known = _with_freeboard(measured.register)
    found.append(("10 m, sun <= 28, L >= 100, beam known, any axis", known, 0.85))
    off = known[known.sun_off_axis_deg > 30]
    found.append(("the same, axis > 30 off the sun", off, 0.85))
    return [
        (name, auc(r.log_lr_laden.to_numpy(), r.laden.to_numpy(bool)), len(r), target)
        for name, r, target in found
    ]


def indeterminate(measured: Measured) -> tuple[float, float, int]:
    """At 10 m under a sun of 55 degrees and more: share indeterminate, mean |log LR|, ships."""
    rows = measured.click
    here = rows[(rows.gsd_m == 10) & (rows.sun_elevation_deg >= 55)]
    states = (here.load_state == "indeterminate").mean()
    return float(states), float(here.log_lr_laden.abs().mean()), len(here)


def against_bound(measured: Measured) -> pd.DataFrame:
    """Error of the model's own ships over the bound, by pixel and sun."""

    def of(cell: pd.DataFrame) -> pd.Series:
        error = float(np.sqrt((cell.error_m**2).mean()))
        bound = float(np.sqrt((cell.bound_m**2).mean()))
        return pd.Series(
            {"ships": len(cell), "rmse_m": error, "bound_m": bound, "ratio": error / bound}
        )

    columns = list(measured.matched.columns)
    return measured.matched.groupby(KEYS[:2])[columns].apply(of).reset_index()


def section(measured: Measured) -> str:
    """Write the section in Markdown: measured values beside their targets."""
    cells = interval_coverage(measured.click)
    outside = cells[~cells.coverage.between(0.85, 0.95)]
    share, ratio, ships = indeterminate(measured)
    lines = [
        "## Load state from the hull's shadow",
        "",
        (
            f"Simulated tankers (`gnomon.simulate.pixels.portrait`, seed {measured.seed}): "
            "half laden, half in ballast, any heading, fair, hazy, turbid, "
            "rough and glinting water. The fitted model is another one. Prior size and heading are "
            "as measured by a click, unless a register is named."
        ),
        "",
        "![Coverage, calibration, power](validation-load.png)",
        "",
        "| what | target | measured |",
        "|---|---|---|",
        (
            f"| 90 % intervals hold the truth, all {len(measured.click):,} ships | 0.85 to 0.95 | "
            f"{_overall(measured.click):.3f} |"
        ),
        (
            f"| ... in every cell of pixel, sun and length | 27 of 27 cells | "
            f"{len(cells) - len(outside)} of {len(cells)} |"
        ),
        (
            f"| expected calibration error of p_laden | <= 0.05 | "
            f"{calibration_error(measured.click):.3f} |"
        ),
        *(
            f"| AUC, {name} ({count} ships) | >= {target:g} | {value:.3f} |"
            for name, value, count, target in power(measured)
        ),
        f"| 10 m, sun >= 55: indeterminate ({ships} ships) | >= 0.95 | {share:.3f} |",
        f"| ... mean of abs(log LR) | < 0.5 | {ratio:.3f} |",
        "",
        "### Every cell",
        "",
        *_table(cells),
        "",
        (
            f"With so few ships in a cell ({cells.ships.min():.0f}) a true coverage of 0.90 comes "
            f"out between {0.9 - 2 * np.sqrt(0.09 / cells.ships.min()):.2f} and "
            f"{min(0.9 + 2 * np.sqrt(0.09 / cells.ships.min()), 1):.2f}, in 95 % of all "
            "draws. `wrong`: load states that are false, as a share of all ships."
        ),
        "",
        "### Against the Cramer-Rao bound",
        "",
        (
            "Ships of the fitted model itself, in white noise, the sun 45 degrees and more off the "
            "axis; the target is a ratio of at most 1.3. It can be below 1: a freeboard cannot be "
            "negative, which the bound does not take into account."
        ),
        "",
        *_table(against_bound(measured)),
        "",
    ]
    return "\n".join(lines)


def _overall(rows: pd.DataFrame) -> float:
    seen = _with_freeboard(rows)
    inside = seen.freeboard_true_m.between(seen.freeboard_p05_m, seen.freeboard_p95_m)
    return float(inside.mean())


def _table(frame: pd.DataFrame) -> list[str]:
    head = [name.replace("_", " ") for name in frame.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---:|" * len(head)]
    for row in frame.itertuples(index=False):
        cells = [
            f"{value:.3g}" if name in (*KEYS, "ships") else f"{value:.3f}"
            for name, value in zip(frame.columns, row, strict=True)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def figure(measured: Measured) -> Picture:
    """Draw coverage by cell, the reliability of p_laden, and the share determined by sun."""
    drawn = Picture(figsize=(11, 3.6), layout="constrained")
    left, middle, right = drawn.subplots(1, 3)
    with mpl.rc_context({"font.size": 8}):
        _coverage(left, interval_coverage(measured.click))
        _reliability(middle, measured.click)
        _determined(right, measured.click)
    return drawn


_COLOURS = {0.5: "#0072b2", 3.0: "#009e73", 10.0: "#d55e00"}


def _coverage(axes: Axes, cells: pd.DataFrame) -> None:
    axes.axhspan(0.85, 0.95, color="0.9")
    suns, lengths = (sorted(cells[name].unique()) for name in KEYS[1:])
    for gsd, part in cells.groupby("gsd_m"):
        # Cells of one pixel side by side: suns from low to high, lengths within.
        place = [
            suns.index(row.sun_elevation_deg) * (len(lengths) + 1) + lengths.index(row.length_m)
            for row in part.itertuples()
        ]
        axes.plot(place, part.coverage, "o", ms=4, color=_COLOURS[float(gsd)], label=f"{gsd:g} m")
    axes.set(ylim=(0.6, 1.01), title="90 % intervals that hold the truth", xlabel="sun, degrees")
    middle = (len(lengths) - 1) / 2
    ticks = [k * (len(lengths) + 1) + middle for k in range(len(suns))]
    axes.set_xticks(ticks, [f"{sun:g}" for sun in suns])
    axes.legend(fontsize=7, frameon=False, loc="lower left")


def _reliability(axes: Axes, rows: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for gsd, part in rows.groupby("gsd_m"):
        table = calibration(part)
        table = table[table.ships >= 8]
        axes.plot(table.predicted, table.laden, "o-", ms=3, color=_COLOURS[float(gsd)])
    axes.set(xlabel="p_laden", ylabel="share laden", title="reliability")


def _determined(axes: Axes, rows: pd.DataFrame) -> None:
    for gsd, part in rows.groupby("gsd_m"):
        share = 1 - part.groupby("sun_elevation_deg").load_state.agg(
            lambda states: (states == "indeterminate").mean()
        )
        axes.plot(share.index, share, "o-", ms=4, color=_COLOURS[float(gsd)])
    axes.set(ylim=(0, 1), xlabel="sun, degrees", title="share with a load state, L 70 to 180 m")
