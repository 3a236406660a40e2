"""What an observer who knew all rates could say, and which further passes would narrow it."""

import textwrap

import pandas as pd

from gnomon.report.text import plus_minus

WORTH = 0.95
"""Of the present half-width: passes that leave more than this would narrow little."""


def observer_lines(seasons: pd.DataFrame, further: pd.DataFrame) -> list[str]:
    """One or two lines a port, in 80 columns; none where nothing is known.

    Parameters
    ----------
    seasons, further
        As `gnomon.datamodel.tables.Seasons` and `gnomon.datamodel.tables.FurtherPasses`.

    """
    lines = []
    for row in seasons[seasons.ideal_half_width.notna()].itertuples():
        own = (row.visits_p95 - row.visits_p05) / 2
        text = (
            f"{row.port}: an observer who knew all rates could say "
            f"{plus_minus(row.ideal_half_width)} visits with these images (this result: "
            f"{plus_minus(own)}). "
            f"{_best(further[further.port == row.port])}"
        )
        lines += textwrap.wrap(text.strip(), 79, subsequent_indent="  ")
    return lines


def _best(further: pd.DataFrame) -> str:
    """What the passes that would narrow most would give; empty where none is listed."""
    if not len(further):
        return ""
    best = further.sort_values("visits_half_width_then", kind="stable").iloc[0]
    if best.visits_half_width_then > WORTH * best.visits_half_width_now:
        return "None of the further passes listed would narrow it."
    return f"Most would be gained by {best.passes}: {plus_minus(best.visits_half_width_then)}."
