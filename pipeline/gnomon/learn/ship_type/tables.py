"""The tables of the card of ship types, as Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.learn.ship_type.skill import (
    LENGTHS_M,
    Scored,
    area_under_roc,
    even_odds_error,
    left_out_probabilities,
    pooled_curve,
    roc_interval,
)

LEAST_M = 100.0
"""Shortest ships at ports that count."""


@dataclass(frozen=True)
class AnchorageScores:
    """Ships on whose type both passes agree, each scored by networks that did not see its block."""

    by_size: Mapping[float, Sequence[Scored]]
    """By pixel size, one for each seed."""
    with_surroundings: Mapping[float, Scored]
    block: NDArray[np.int64]
    sure: Mask
    tug_barge: Mask


@dataclass(frozen=True)
class PortScores:
    """Ships at ports."""

    unseen: Scored
    """By the network of the anchorage alone, which has seen no port."""
    folds: Scored
    """By networks that were fitted to the anchorage and the other folds of ports."""
    sure: Mask
    fold: NDArray[np.int64]
    """Of ports, of each ship."""


def skill_lines(scores: AnchorageScores) -> Iterator[str]:
    """Skill at the anchorage by pixel size."""
    yield (
        "| pixel, m | area under ROC, both seeds | 90 % interval | both passes sure | without tug-"
        "barges | with surroundings | calibration error |"
    )
    yield "|---|---|---|---|---|---|---|"
    for size, seeds in scores.by_size.items():
        first = seeds[0]
        areas = " / ".join(f"{area_under_roc(one.log_odds, one.tanker):.3f}" for one in seeds)
        low, high = roc_interval(first)
        p = left_out_probabilities(first, scores.block)
        cells = (
            f"{size:g}",
            areas,
            f"{low:.3f} to {high:.3f}",
            _area(first[scores.sure]),
            _area(first[~scores.tug_barge]),
            _area(scores.with_surroundings[size]),
            f"{even_odds_error(p, first.tanker):.3f}",
        )
        yield f"| {' | '.join(cells)} |"
    length = area_under_roc(first.length_m, first.tanker)
    yield ""
    tankers, others = first.tanker.sum(), (~first.tanker).sum()
    yield f"Length alone: {length:.3f} ({tankers} tankers, {others} others)."


def length_lines(scores: AnchorageScores, ports: PortScores) -> Iterator[str]:
    """Skill by length, at the anchorage with two pixel sizes and at ports."""
    ten = scores.by_size[10.0][0]
    kinds = {"anchorage, 3 m": scores.by_size[3.0][0], "anchorage, 10 m": ten}
    kinds["ports, 10 m"] = ports.unseen
    yield f"| length, m | {' | '.join(kinds)} |"
    yield "|---|" + "---|" * len(kinds)
    for least, most in pairwise(LENGTHS_M):
        cells = []
        for ships in kinds.values():
            some = ships.between(least, most)
            tankers, others = some.tanker.sum(), (~some.tanker).sum()
            area = _area(some) if tankers and others else ""
            cells.append(f"{area} ({tankers} tankers, {others} others)".strip())
        yield f"| {least:.0f} to {most:.0f} | {' | '.join(cells)} |"


def port_lines(ports: PortScores, anchorage: Scored) -> Iterator[str]:
    """Skill at ports, at 100 m and more; calibrated by the anchorage and the other folds of ports.

    Parameters
    ----------
    ports
        Ships at ports.
    anchorage
        Those of the anchorage at the same pixel size.

    """
    p = _calibrated(ports, anchorage)
    yield (
        "| ports, 10 m, ships of 100 m and more | tankers | others | area under ROC "
        "| 90 % interval | length alone | calibration error |"
    )
    yield "|---|---|---|---|---|---|---|"
    every = np.ones(len(ports.sure), bool)
    for name, ships, rows in (
        ("guesses too", ports.unseen, every),
        ("marks plain", ports.unseen, ports.sure),
        ("guesses too, other folds of ports fitted to", ports.folds, every),
        ("marks plain, likewise", ports.folds, ports.sure),
    ):
        some = ships[rows].between(LEAST_M, np.inf)
        low, high = roc_interval(some)
        error = ""
        if ships is ports.unseen:
            long = rows & (ships.length_m >= LEAST_M)
            error = f"{even_odds_error(p[long], some.tanker):.3f}"
        cells = (
            name,
            f"{some.tanker.sum()}",
            f"{(~some.tanker).sum()}",
            _area(some),
            f"{low:.2f} to {high:.2f}",
            f"{area_under_roc(some.length_m, some.tanker):.2f}",
            error,
        )
        yield f"| {' | '.join(cells)} |"


def _calibrated(ports: PortScores, anchorage: Scored) -> Float64s:
    """p_tanker of ships at ports, by curves that did not see their fold."""
    out = np.full(len(ports.sure), np.nan)
    long = ports.unseen.length_m >= LEAST_M
    for one in np.unique(ports.fold):
        curve = pooled_curve([anchorage, ports.unseen[long & (ports.fold != one)]])
        if curve is not None:
            here = ports.fold == one
            out[here] = curve(expit(ports.unseen.log_odds[here]))
    return out


def _area(ships: Scored) -> str:
    return f"{area_under_roc(ships.log_odds, ships.tanker):.3f}"
