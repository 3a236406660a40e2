"""How well log odds separate tankers from other ships, and what they are worth as probabilities.

Ships of one week are not independent: they lie there together, under one sky. Intervals come from a
bootstrap over weeks, or ports. Probabilities are judged at even odds, tankers and others weighted
alike, as `gnomon.learn.calibrate.tanker_curve` calibrates them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import mannwhitneyu

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.detect.calibration import Curve, bounded_logit
from gnomon.detect.type_weights import TypeCurve, TypeRange
from gnomon.learn.calibrate import CHANCE, TYPED_MIN, platt_curve, tanker_curve

LENGTHS_M = (50.0, 100.0, 150.0, 200.0, 250.0, 450.0)
"""Edges of the bins of length."""
_DRAWS = 400
_BINS = 5


@dataclass(frozen=True)
class Scored:
    """Ships of known type with the log odds that networks gave which had not seen them."""

    log_odds: Float64s
    tanker: Mask
    length_m: Float64s
    group: NDArray[np.int64]
    """Week, or port: what is not independent."""

    def __getitem__(self, where: Mask) -> "Scored":
        """Some of them."""
        return Scored(
            self.log_odds[where], self.tanker[where], self.length_m[where], self.group[where]
        )

    def between(self, least_m: float, most_m: float) -> "Scored":
        """Those of some lengths."""
        return self[(self.length_m >= least_m) & (self.length_m < most_m)]

    @property
    def enough(self) -> bool:
        """Whether there are enough tankers and others to judge by."""
        return bool(min(self.tanker.sum(), (~self.tanker).sum()) >= TYPED_MIN)

    @property
    def beats_chance(self) -> bool:
        """Whether tankers come out above others by more than chance (Mann and Whitney 1947)."""
        odds, tanker = self.log_odds, self.tanker
        found = mannwhitneyu(odds[tanker], odds[~tanker], alternative="greater")
        return bool(found.pvalue <= CHANCE)


def area_under_roc(log_odds: Float64s, tanker: Mask) -> float:
    """Chance that a tanker comes out above another ship, half of ties counted."""
    pairs = int(tanker.sum()) * int((~tanker).sum())
    if not pairs:
        return float("nan")
    return float(mannwhitneyu(log_odds[tanker], log_odds[~tanker]).statistic / pairs)


def roc_interval(ships: Scored, *, seed: int = 0) -> tuple[float, float]:
    """90 % interval of the area under ROC, from a bootstrap over groups."""
    draw = np.random.default_rng(seed)
    groups = np.unique(ships.group)
    members = [np.flatnonzero(ships.group == one) for one in groups]
    areas = []
    for _ in range(_DRAWS):
        rows = np.concatenate([members[n] for n in draw.integers(0, len(groups), len(groups))])
        areas.append(area_under_roc(ships.log_odds[rows], ships.tanker[rows]))
    low, high = np.nanquantile(areas, (0.05, 0.95))
    return float(low), float(high)


def even_odds_error(p: Float64s, tanker: Mask) -> float:
    """Mean distance of p_tanker and the share of tankers, over five bins, at even odds."""
    weight = np.where(tanker, 0.5 / tanker.mean(), 0.5 / (~tanker).mean())
    which = np.minimum((p * _BINS).astype(int), _BINS - 1)
    gap = np.bincount(which, weight * (p - tanker), minlength=_BINS)
    return float(np.abs(gap).sum() / len(p))


def even_odds_curve(ships: Scored) -> Curve | None:
    """Calibration by ships; None where tankers do not come out above others."""
    return tanker_curve(expit(ships.log_odds), ships.tanker.astype(float))


def pooled_curve(sets: Sequence[Scored]) -> Curve | None:
    """Calibration by sets of ships of different places, each with as much weight as the others.

    Sets in which tankers do not come out above others are left out; None if all are.
    """
    used = [one for one in sets if even_odds_curve(one) is not None]
    if not used:
        return None
    odds, tanker, weight = (
        np.concatenate(parts)
        for parts in zip(
            *((one.log_odds, one.tanker, _even_odds_weight(one.tanker)) for one in used),
            strict=True,
        )
    )
    return platt_curve(bounded_logit(expit(odds)), tanker, weight)


def _even_odds_weight(tanker: Mask) -> Float64s:
    """Weights that sum to one, half of it of tankers."""
    share = tanker.mean()
    return np.where(tanker, 0.5 / share, 0.5 / (1 - share)) / len(tanker)


def left_out_probabilities(ships: Scored, fold: NDArray[np.int64]) -> Float64s:
    """p_tanker of ships by curves that the other folds gave, (ships,); NaN without a curve."""
    out = np.full(len(ships.tanker), np.nan)
    for one in np.unique(fold):
        curve = even_odds_curve(ships[fold != one])
        if curve is not None:
            out[fold == one] = curve(expit(ships.log_odds[fold == one]))
    return out


def ranges_given(
    sizes_m: Sequence[float], evidence: Mapping[float, Sequence[Scored]]
) -> Iterator[TypeRange]:
    """Ranges of pixel size and length in which p_tanker may be given.

    In each bin of length, from the finest to the coarsest of the pixel sizes without a failure
    between them. A size passes where at least one set has enough of both kinds, and in each that
    has, tankers come out above others by more than chance.

    Parameters
    ----------
    sizes_m
        Pixel sizes, ascending.
    evidence
        Sets of ships by pixel size.

    """
    for least, most in pairwise(LENGTHS_M):
        run: list[float] = []
        for size in [*sizes_m, np.inf]:
            sets = [some.between(least, most) for some in evidence.get(size, ())]
            enough = [some for some in sets if some.enough]
            if enough and all(some.beats_chance for some in enough):
                run.append(size)
            elif run:
                yield TypeRange(gsd_m=_reach(run), length_m=(least, most))
                run = []


def _reach(sizes_m: Sequence[float]) -> tuple[float, float]:
    """From the finest to the coarsest, a twentieth beyond: 3.125 m is not another size than 3."""
    return round(min(sizes_m) / 1.05, 2), round(max(sizes_m) * 1.05, 2)


def curves_by_size(evidence: Mapping[float, Sequence[Scored]]) -> list[TypeCurve]:
    """Curves for each pixel size that has one, by all sets of that size."""
    curves = [(size, pooled_curve(sets)) for size, sets in sorted(evidence.items())]
    return [TypeCurve(gsd_m=size, curve=one) for size, one in curves if one is not None]
