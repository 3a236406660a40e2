"""What seasons of worlds come to: beside what was asked, and case by case.

A section of docs/validation.md, and the same text on the terminal.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gnomon.validate.intervals import half_width, held, relative_error
from gnomon.validate.world_requirements import REQUIREMENTS, SURE, sure_and_wrong, unfit

DIRECTION_SURE = 0.95
"""Probability of a direction of trade from which on it counts as decided."""
SENSOR_WORDS = {
    "free": "Sentinel-2 and Sentinel-1",
    "daily": "these and daily 3 m",
    "all": "these and 36 images of 0.5 m",
}
VISITS = {
    "case": "{}", "sensors": "{}", "seasons": "{:.0f}", "refused": "{:.0f}", "noted": "{:.0%}",
    "unfit": "{:.0%}", "true": "{:.1f}", "inferred": "{:.1f}", "held": "{:.0%}", "bias": "{:+.0%}",
    "half-width": "{:.1f}", "ideal": "{:.1f}",
}  # fmt: skip
BARRELS = {
    "case": "{}", "sensors": "{}", "barrels held": "{:.0%}", "barrels bias": "{:+.0%}",
    "right": "{:.0%}", "open": "{:.0%}", "wrong": "{:.0%}", "sure and wrong": "{:.0f}",
    "P(over)": "{:.2f}",
}  # fmt: skip
SAMPLING = {
    "case": "{}", "sensors": "{}", "effective size": "{:.0f}", "least": "{:.0f}",
    "R-hat": "{:.2f}", "most": "{:.2f}", "processor s": "{:.1f}", "memory MB": "{:.0f}",
}  # fmt: skip
TABLES = (
    (
        "Visits in worlds",
        """`held`: how often the 90 % interval contains the truth; `bias`: relative error of the
mean; `half-width`: mean of half the interval; `ideal`: that of an observer with the same images
who knew all parameters; `noted`: how often the season has a note; `unfit`:
how often it says that the data do not fit the model.""",
        VISITS,
    ),
    (
        "Barrels and direction in worlds",
        f"""A direction of trade is decided, right or wrong, from a probability of {DIRECTION_SURE}
on, and sure from {SURE} on; `P(over)` is the mean probability of passing the cap.""",
        BARRELS,
    ),
    (
        "Sampling in worlds",
        """Effective size (median and least), R-hat (median and most), seconds of processor for one
season (median), and the most memory of the process up to then.""",
        SAMPLING,
    ),
)
"""Title, words and columns of the tables of cases, and how these are written."""


def worlds_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns of `VISITS`, `BARRELS` and `SAMPLING`, by case and sensors."""
    groups = rows.groupby(["case", "sensors"], sort=False)
    return pd.DataFrame([_summed(part) for _, part in groups])


def _summed(part: pd.DataFrame) -> dict[str, str | float]:
    found = part[part.visits_mean.notna()]
    sided = found.p_right.dropna()
    return {
        "case": part.case.iloc[0],
        "sensors": part.sensors.iloc[0],
        "seasons": len(part),
        "refused": len(part) - len(found),
        "noted": float(found.notes.ne("").mean()),
        "unfit": float(unfit(found).mean()),
        "true": float(part.visits.mean()),
        "inferred": float(found.visits_mean.mean()),
        "held": float(held(found).mean()),
        "bias": relative_error(found.visits_mean, found.visits),
        "half-width": float(half_width(found).mean()),
        "ideal": float(found.ideal_half_width.mean()),
        "barrels held": float(found.barrels.between(found.barrels_low, found.barrels_high).mean()),
        "barrels bias": relative_error(found.barrels_mean, found.barrels),
        "right": float(sided.ge(DIRECTION_SURE).mean()),
        "open": float(sided.between(1 - DIRECTION_SURE, DIRECTION_SURE, "neither").mean()),
        "wrong": float(sided.le(1 - DIRECTION_SURE).mean()),
        "sure and wrong": int(sure_and_wrong(found).sum()),
        "P(over)": float(found.p_over.mean()),
        "effective size": float(found.effective_size.median()),
        "least": float(found.effective_size.min()),
        "R-hat": float(found.r_hat.median()),
        "most": float(found.r_hat.max()),
        "processor s": float(found.processor_seconds.median()),
        "memory MB": float(found.peak_mb.max()),
    }


def asked_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Requirements beside what was measured, by set of sensors; bold where missed."""
    by_sensors = dict(list(rows.groupby("sensors", sort=False)))
    table = []
    for requirement in REQUIREMENTS:
        row = {"what": requirement.what, "asked": requirement.asked}
        for name, part in by_sensors.items():
            found = requirement.of(part)
            text = "-" if found is None else found.text if found.met else f"**{found.text}**"
            row[SENSOR_WORDS[str(name)]] = text
        table.append(row)
    return pd.DataFrame(table)


def worlds_section(rows: pd.DataFrame) -> str:
    """Section of docs/validation.md."""
    summary = worlds_summary(rows)
    asked = asked_table(rows[~rows.case.str.startswith("table: ")])
    lines = [
        "## Worlds that break the assumptions",
        "",
        "Seasons of `gnomon.simulate.season.world`, which shares nothing with the inference: as",
        "assumed, each assumption broken alone, all of them together. What was missed is bold.",
        "With 200 seasons a share of 90 % is known to ± 4 %, with 20 seasons to ± 13 %.",
        "",
        *_markdown(asked, dict.fromkeys(asked, "{}")),
    ]
    for title, words, formats in TABLES:
        lines += ["", f"### {title}", "", words, "", *_markdown(summary, formats)]
    return "\n".join(lines) + "\n"


def _markdown(table: pd.DataFrame, formats: Mapping[Any, str]) -> list[str]:
    """Lines of a table; what is not a number is a dash."""
    lines = [f"| {' | '.join(formats)} |", "|---" * len(formats) + "|"]
    for row in table.to_dict("records"):
        cells = [
            "-" if isinstance(row[name], float) and np.isnan(row[name]) else style.format(row[name])
            for name, style in formats.items()
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
