r"""Least squares over a ship's parameters with the reflectances integrated out.

For given parameters the image is linear in the reflectances; they are integrated out under their
Gaussian prior, in all bands together, and leave

    F(theta) = 1/2 (y'Wy - b'A^-1 b) + 1/2 log|A| + 1/2 |theta - theta0|^2_P,
    A = M'WM + prior,   b = M'Wy + prior mean.

Steps are of Gauss and Newton, with a Jacobian that is projected off the reflectances (variable
projection, Kaufman 1975, doi:10.1007/BF01932995), damped after Levenberg. The change of ``log|A|``
is left out of the step and counted in the objective.

Several candidates of one ship (both directions of the bow, a grid of freeboards) are worked on
together; their first axis is called ``ships``. Numbers are float64: a descent stops where it
promises little, and rounding in float32 moved that stop, and the freeboard by a centimetre, with
the number of threads and of candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from gnomon.freeboard.hull import PARAMETERS, SURFACES, Points, Sight, cover

P, K = len(PARAMETERS), len(SURFACES)
FREEBOARD = PARAMETERS.index("freeboard_m")
HEADING = PARAMETERS.index("heading_rad")
LENGTH = PARAMETERS.index("length_m")
# A step that promises less than this in log likelihood is not taken; nor is a damped crawl.
_LEAST_GAIN, _MOST_DAMPING = 0.01, 1e3
# Log likelihood below the best that does not matter: e^-12 of it.
_FAR_BELOW = 12.0
_SHIPS = torch.tensor(
    [
        (-1e3, -1e3, 20, 4, -100, 0.02, 0.5, 0.03, 0.04, -0.45),
        (1e3, 1e3, 500, 80, 100, 40, 50, 0.4, 0.4, 0.45),
    ],
    dtype=torch.float64,
)
"""Least and greatest parameters of a ship that can exist."""


@dataclass(frozen=True)
class Problem:
    """One chip as the least squares see it, float64 tensors; see the module's head."""

    points: Points
    """Where the bins lie, (1, bins)."""
    sight: Sight
    """Sun and sensor, (1,)."""
    values: Tensor
    """Image in independent mixtures of the bands, (bands, bins)."""
    weight: Tensor
    """Inverse variances, (bands, bins)."""
    level_mean: Tensor
    """Prior of the reflectances, (bands * K,)."""
    level_precision: Tensor
    """(bands * K, bands * K)"""
    mean: Tensor
    """Prior of the parameters, (P,). Either end of the ship may be the bow."""
    precision: Tensor
    """(P, P)"""
    step: Tensor
    """Of the difference quotients, (P,)."""

    def blurred(self, extra_m: float) -> Points:
        """Points with more blur, for a first fit to a ship that is not where it should be."""
        extra = torch.full_like(self.points.blur_along_m, extra_m)
        return replace(
            self.points,
            blur_along_m=torch.hypot(self.points.blur_along_m, extra),
            blur_across_m=torch.hypot(self.points.blur_across_m, extra),
        )

    def off_prior(self, ships: Tensor) -> Tensor:
        """Parameters less their prior mean, (ships, P); the heading's is that of the axis."""
        away = ships - self.mean
        away[:, HEADING] -= torch.pi * torch.round(away[:, HEADING] / torch.pi)
        return away


@dataclass(frozen=True)
class Marginal:
    """Reflectances integrated out, at some ships."""

    factor: Tensor
    """Cholesky factor of A, (ships, bands * K, bands * K)."""
    levels: Tensor
    """Reflectances at the optimum, (ships, bands, K)."""
    half_chi2: Tensor
    """(ships,)"""


@dataclass(frozen=True)
class Expansion:
    """Objective and its Gauss-Newton expansion at some ships."""

    objective: Tensor
    """(ships,)"""
    gradient: Tensor
    """In the free parameters, (ships, free)."""
    curvature: Tensor
    """(ships, free, free)"""
    levels: Tensor
    """Reflectances, (ships, bands, K)."""

    def only(self, keep: Tensor) -> "Expansion":
        """Those of some ships, by mask or number."""
        return Expansion(*(getattr(self, field.name)[keep] for field in fields(self)))

    def where(self, better: Tensor, other: "Expansion") -> "Expansion":
        """Its own values where ``better``, else those of the other."""

        def pick(name: str) -> Tensor:
            mine, theirs = getattr(self, name), getattr(other, name)
            return torch.where(better.view(-1, *[1] * (mine.dim() - 1)), mine, theirs)

        return Expansion(*(pick(field.name) for field in fields(self)))


def marginalise(problem: Problem, maps: Tensor) -> Marginal:
    """Integrate the reflectances out of the fit of covers, (ships, K, bins)."""
    ships, (bands, _) = len(maps), problem.values.shape
    weighted = problem.weight[:, None] * maps[:, None]  # (ships, bands, K, bins)
    block = weighted @ maps[:, None].transpose(2, 3)
    normal = problem.level_precision.repeat(ships, 1, 1)
    view = normal.view(ships, bands, K, bands, K)
    for band in range(bands):
        view[:, band, :, band] += block[:, band]
    prior = problem.level_precision @ problem.level_mean
    right = (weighted @ problem.values[..., None]).reshape(ships, bands * K) + prior
    factor = torch.linalg.cholesky(normal)
    levels = torch.cholesky_solve(right[..., None], factor)[..., 0]
    energy = (problem.weight * problem.values**2).sum() + prior @ problem.level_mean
    chi2 = energy - (right * levels).sum(1)
    return Marginal(factor, levels.view(ships, bands, K), chi2 / 2)


def objective(problem: Problem, ships: Tensor) -> Tensor:
    """F at some ships, (ships,)."""
    marginal = marginalise(problem, cover(ships, problem.points, problem.sight))
    return _objective(problem, ships, marginal)


def _objective(problem: Problem, ships: Tensor, marginal: Marginal) -> Tensor:
    away = problem.off_prior(ships)
    prior = 0.5 * (away * (away @ problem.precision)).sum(1)
    half_log_det = marginal.factor.diagonal(dim1=1, dim2=2).log().sum(1)
    return marginal.half_chi2 + half_log_det + prior


def expand(problem: Problem, ships: Tensor, points: Points, free: Sequence[int]) -> Expansion:
    """Expand F in the free parameters; differences are one-sided, steps far below a pixel."""
    count, n, bands = len(ships), len(free), len(problem.values)
    shifts = torch.zeros(n + 1, P, dtype=ships.dtype)
    shifts[range(1, n + 1), list(free)] = 1.0
    moved = (ships[:, None] + shifts * problem.step).reshape(-1, P)
    maps = cover(moved, points, problem.sight).view(count, n + 1, K, -1)
    here = maps[:, 0]
    slope = (maps[:, 1:] - here[:, None]) / problem.step[list(free), None, None]

    marginal = marginalise(problem, here)
    levels = marginal.levels
    rest = problem.values - levels @ here
    # (ships, bands, n, bins): what a parameter does to the image.
    jacobian = (levels @ slope.permute(0, 2, 1, 3).reshape(count, K, -1)).view(count, bands, n, -1)
    pulled = problem.weight[:, None] * jacobian
    curvature = (pulled @ jacobian.transpose(2, 3)).sum(1)
    mixed = pulled @ here[:, None].transpose(2, 3)  # (ships, bands, n, K)
    mixed = mixed.permute(0, 1, 3, 2).reshape(count, bands * K, n)
    curvature = curvature - mixed.transpose(1, 2) @ torch.cholesky_solve(mixed, marginal.factor)
    curvature = curvature + problem.precision[list(free)][:, list(free)]
    gradient = -(pulled @ rest[..., None]).sum(1)[..., 0]
    gradient = gradient + (problem.off_prior(ships) @ problem.precision)[:, list(free)]
    return Expansion(_objective(problem, ships, marginal), gradient, curvature, levels)


def _newton_step(expansion: Expansion, damping: Tensor) -> Tensor:
    diagonal = expansion.curvature.diagonal(dim1=1, dim2=2)
    damped = expansion.curvature + torch.diag_embed(damping[:, None] * diagonal)
    step: Tensor = torch.linalg.solve(damped, -expansion.gradient[..., None])[..., 0]
    return step


def descend(
    problem: Problem,
    ships: Tensor,
    blurs_m: Sequence[float],
    free: Sequence[int],
    *,
    steps: int = 2,
) -> tuple[Tensor, Tensor]:
    """Damped Gauss-Newton at each blur in turn.

    Parameters
    ----------
    problem
        The chip.
    ships
        Where to start, (ships, P).
    blurs_m
        Extra blur of each round, from coarse to sharp.
    free
        Numbers of the parameters that move.
    steps
        In each round, at most; a ship that has arrived moves no further.

    Returns
    -------
    ships, objectives
        After the last round, (ships, P) and (ships,).

    """
    lowest = torch.full((len(ships),), torch.inf, dtype=ships.dtype)
    for blur in blurs_m:
        lowest[:] = torch.inf
        best, active, trial = ships.clone(), torch.arange(len(ships)), ships
        damping = torch.full((len(ships),), 1e-2, dtype=ships.dtype)
        points, kept = problem.blurred(blur), None
        for _ in range(steps + 1):
            here = expand(problem, trial, points, free)
            better = here.objective < lowest[active]
            kept = here if kept is None else here.where(better, kept)
            best[active[better]] = trial[better]
            lowest[active[better]] = here.objective[better]
            damping = torch.where(better, damping / 8, damping * 8).clamp_min(1e-5)
            change = _newton_step(kept, damping)
            gain = -(kept.gradient * change).sum(1) / 2
            going = (gain > _LEAST_GAIN) & (damping < _MOST_DAMPING)
            if not going.any():
                break
            active, damping, kept = active[going], damping[going], kept.only(going)
            trial = _moved(problem, best[active], change[going], free)
        ships = best
    return ships, lowest


def _moved(problem: Problem, ships: Tensor, change: Tensor, free: Sequence[int]) -> Tensor:
    """Step, no longer than three prior deviations, to ships that can exist."""
    limit = 3 / problem.precision.diagonal()[list(free)].sqrt()
    moved = ships.clone()
    moved[:, list(free)] += torch.maximum(torch.minimum(change, limit), -limit)
    lowest, highest = _SHIPS
    highest = highest.clone()
    highest[FREEBOARD] = top_m(float(problem.mean[LENGTH]))
    return torch.maximum(torch.minimum(moved, highest), lowest)


def profile(problem: Problem, ships: Tensor) -> Tensor:
    """Log likelihood of the freeboards of some ships, every other parameter integrated out.

    The freeboard is fixed and has no prior. The rest takes two steps, and its volume is added
    (Laplace). What the first step shows to be far below the best is left at that.
    """
    precision = problem.precision.clone()
    precision[FREEBOARD] = precision[:, FREEBOARD] = 0.0
    problem = replace(problem, precision=precision)
    rest = tuple(k for k in range(P) if k != FREEBOARD)
    first = expand(problem, ships, problem.points, rest)
    step = _newton_step(first, torch.full((len(ships),), 1e-3, dtype=ships.dtype))
    expected = first.objective + (first.gradient * step).sum(1) / 2
    value = -expected - torch.linalg.slogdet(first.curvature)[1] / 2
    near = torch.nonzero(value > value.max() - _FAR_BELOW)[:, 0]
    value[near] = _refined(problem, ships[near], first.only(near), step[near], rest)
    return value


def _refined(
    problem: Problem, ships: Tensor, first: Expansion, step: Tensor, rest: Sequence[int]
) -> Tensor:
    """Take the step, expand there, step again."""
    moved = _moved(problem, ships, step, rest)
    second = expand(problem, moved, problem.points, rest)
    better = second.objective < first.objective
    kept = second.where(better, first)
    ships = torch.where(better[:, None], moved, ships)
    damping = torch.where(better, 1e-3, 1.0).to(ships.dtype)
    last = _moved(problem, ships, _newton_step(kept, damping), rest)
    lowest = torch.minimum(kept.objective, objective(problem, last))
    volume: Tensor = torch.linalg.slogdet(kept.curvature)[1] / 2
    return -lowest - volume


def top_m(length_m: float) -> float:
    """Highest freeboard considered possible, metres: a light ship's and a half."""
    return 0.10 * length_m + 2.0
