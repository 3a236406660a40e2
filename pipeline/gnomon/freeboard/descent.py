r"""Least squares over a ship's parameters with the reflectances integrated out, many ships at once.

For given parameters the image is linear in the reflectances; they are integrated out under their
Gaussian prior, in all bands together, and leave

    F(theta) = 1/2 (y'Wy - b'A^-1 b) + 1/2 log|A| + 1/2 |theta - theta0|^2_P,
    A = M'WM + prior,   b = M'Wy + prior mean.

Steps are of Gauss and Newton, with a Jacobian that is projected off the reflectances (variable
projection, Kaufman 1975, doi:10.1007/BF01932995), damped after Levenberg. The change of ``log|A|``
is left out of the step and counted in the objective.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import torch
from torch import Tensor

from gnomon.freeboard.hull import PARAMETERS, SURFACES, Cells, Sight, cover

Length = TypeVar("Length", float, Tensor)
P, K = len(PARAMETERS), len(SURFACES)
FREEBOARD = PARAMETERS.index("freeboard_m")
HEADING = PARAMETERS.index("heading_rad")
# A step that promises less than this in log likelihood is not taken; nor is a damped crawl.
_LEAST_GAIN, _MOST_DAMPING = 0.01, 1e3
# Log likelihood below the best that does not matter: e^-12 of it.
_FAR_BELOW = 12.0
_SHIPS = torch.tensor(
    [
        (-1e3, -1e3, 20, 4, -100, 0.02, 0.5, 0.03, 0.04, -0.45),
        (1e3, 1e3, 500, 80, 100, 40, 50, 0.4, 0.4, 0.45),
    ]
)
"""Least and greatest parameters of a ship that can exist."""


@dataclass
class Batch:
    """Tensors of several chips, padded to the same number of cells; weights there are zero."""

    cells: Cells
    sight: Sight
    values: Tensor  # (ships, bands, cells)
    weight: Tensor  # (ships, bands, cells)
    level_mean: Tensor  # (ships, bands * K)
    level_precision: Tensor  # (ships, bands * K, bands * K)
    mean: Tensor  # (ships, P)
    precision: Tensor  # (ships, P, P)
    step: Tensor  # (ships, P)

    def take(self, index: Tensor) -> "Batch":
        """Rows of the batch, repeated at will."""
        cells = Cells(*(getattr(self.cells, name)[index] for name in _CELLS))
        sight = Sight(*(getattr(self.sight, name)[index] for name in _SIGHT))
        rest = (getattr(self, name)[index] for name in _REST)
        return Batch(cells, sight, *rest)

    def blurred(self, extra_m: float) -> Cells:
        """Cells with more blur, for a first look at a ship that is not where it should be."""
        extra = torch.full_like(self.cells.blur_along_m, extra_m)
        return Cells(
            self.cells.east_m,
            self.cells.north_m,
            torch.hypot(self.cells.blur_along_m, extra),
            torch.hypot(self.cells.blur_across_m, extra),
        )


_CELLS = ("east_m", "north_m", "blur_along_m", "blur_across_m")
_SIGHT = ("sun_azimuth", "sun_elevation", "view_azimuth", "view_zenith")
_REST = ("values", "weight", "level_mean", "level_precision", "mean", "precision", "step")


@dataclass
class Normal:
    """Objective and its Gauss-Newton expansion at some ships."""

    objective: Tensor
    gradient: Tensor
    curvature: Tensor
    levels: Tensor  # (ships, bands, K)


_NORMAL = tuple(field.name for field in fields(Normal))


def integrated(batch: Batch, maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Integrate the reflectances out: (Cholesky factor of A, reflectances, chi2 / 2, W M)."""
    ships, bands, _ = batch.values.shape
    weighted = batch.weight[:, :, None] * maps[:, None]  # (ships, bands, K, cells)
    block = weighted @ maps[:, None].transpose(2, 3)
    normal = batch.level_precision.clone()
    view = normal.view(ships, bands, K, bands, K)
    for band in range(bands):
        view[:, band, :, band] += block[:, band].double()
    right = (weighted @ batch.values[..., None]).double().reshape(ships, bands * K)
    prior = (batch.level_precision @ batch.level_mean[..., None])[..., 0]
    factor = torch.linalg.cholesky(normal)
    levels = torch.cholesky_solve((right + prior)[..., None], factor)[..., 0]
    energy = (batch.weight.double() * batch.values.double() ** 2).sum((1, 2))
    energy = energy + (prior * batch.level_mean).sum(1) - ((right + prior) * levels).sum(1)
    return factor, levels.view(ships, bands, K), energy / 2, weighted


def _objective(batch: Batch, ship: Tensor) -> Tensor:
    """F at some ships, (ships,)."""
    factor, _, half, _ = integrated(batch, cover(ship, batch.cells, batch.sight))
    return half + _half_log_det(factor) + _prior(batch, ship)


def _half_log_det(factor: Tensor) -> Tensor:
    return factor.diagonal(dim1=1, dim2=2).log().sum(1)


def _prior(batch: Batch, ship: Tensor) -> Tensor:
    away = ship - batch.mean
    return 0.5 * (away * (batch.precision @ away[..., None])[..., 0]).sum(1).double()


def expanded(batch: Batch, ship: Tensor, cells: Cells, free: Sequence[int]) -> Normal:
    """Expand F in the free parameters; differences are one-sided, steps far below a pixel."""
    ships, n = len(ship), len(free)
    shifts = torch.zeros(n + 1, P)
    shifts[range(1, n + 1), list(free)] = 1.0
    moved = (ship[:, None] + shifts * batch.step[:, None]).reshape(-1, P)
    index = torch.arange(ships).repeat_interleave(n + 1)
    many = Cells(*(getattr(cells, name)[index] for name in _CELLS))
    sight = Sight(*(getattr(batch.sight, name)[index] for name in _SIGHT))
    maps = cover(moved, many, sight).view(ships, n + 1, K, -1)
    here = maps[:, 0]
    slope = (maps[:, 1:] - here[:, None]) / batch.step[:, list(free), None, None]

    factor, levels, half, _ = integrated(batch, here)
    rest = batch.values - levels.float() @ here
    bands = batch.values.shape[1]
    # (ships, bands, n, cells): what a parameter does to the image.
    jacobian = (levels.float() @ slope.permute(0, 2, 1, 3).reshape(ships, K, -1)).view(
        ships, bands, n, -1
    )
    pulled = batch.weight[:, :, None] * jacobian
    curvature = (pulled @ jacobian.transpose(2, 3)).sum(1).double()
    mixed = (pulled @ here[:, None].transpose(2, 3)).double()  # (ships, bands, n, K)
    mixed = mixed.permute(0, 1, 3, 2).reshape(ships, bands * K, n)
    curvature = curvature - mixed.transpose(1, 2) @ torch.cholesky_solve(mixed, factor)
    gradient = -(pulled @ rest[..., None]).sum(1)[..., 0].double()
    pull = (batch.precision @ (ship - batch.mean)[..., None])[:, list(free), 0].double()
    curvature = curvature + batch.precision[:, list(free)][:, :, list(free)].double()
    objective = half + _half_log_det(factor) + _prior(batch, ship)
    return Normal(objective, gradient + pull, curvature, levels)


def _stepped(normal: Normal, damping: Tensor) -> Tensor:
    diagonal = normal.curvature.diagonal(dim1=1, dim2=2)
    damped = normal.curvature + torch.diag_embed(damping[:, None] * diagonal)
    step: Tensor = torch.linalg.solve(damped, -normal.gradient[..., None])[..., 0]
    return step.float()


def descended(
    batch: Batch, ship: Tensor, blurs_m: Sequence[float], free: Sequence[int], *, steps: int = 2
) -> tuple[Tensor, Tensor]:
    """Damped Gauss-Newton at each blur in turn; ships and their objectives at the last.

    A ship that has arrived is not worked on any longer.
    """
    lowest = torch.full((len(ship),), torch.inf, dtype=torch.float64)
    for blur in blurs_m:
        lowest[:] = torch.inf
        best, active, here, trial = ship.clone(), torch.arange(len(ship)), batch, ship
        damping = torch.full((len(ship),), 1e-2, dtype=torch.float64)
        kept = None
        for _ in range(steps + 1):
            normal = expanded(here, trial, here.blurred(blur), free)
            better = normal.objective < lowest[active]
            kept = normal if kept is None else _either(better, normal, kept)
            best[active[better]] = trial[better]
            lowest[active[better]] = normal.objective[better]
            damping = torch.where(better, damping / 8, damping * 8).clamp_min(1e-5)
            change = _stepped(kept, damping)
            gain = -(kept.gradient * change.double()).sum(1) / 2
            going = (gain > _LEAST_GAIN) & (damping < _MOST_DAMPING)
            if not going.any():
                break
            active, damping, change = active[going], damping[going], change[going]
            here, kept = batch.take(active), _only(going, kept)
            trial = _bounded(here, best[active], change, free)
        ship = best
    return ship, lowest


def _only(keep: Tensor, normal: Normal) -> Normal:
    return Normal(*(getattr(normal, name)[keep] for name in _NORMAL))


def _either(better: Tensor, new: Normal, old: Normal) -> Normal:
    def pick(name: str) -> Tensor:
        a, b = getattr(new, name), getattr(old, name)
        return torch.where(better.view(-1, *[1] * (a.dim() - 1)), a, b)

    return Normal(*(pick(name) for name in _NORMAL))


def _bounded(batch: Batch, ship: Tensor, change: Tensor, free: Sequence[int]) -> Tensor:
    """Step, no longer than three prior deviations, to a ship that can exist."""
    limit = 3 / batch.precision.diagonal(dim1=1, dim2=2)[:, list(free)].sqrt()
    moved = ship.clone()
    moved[:, list(free)] += torch.maximum(torch.minimum(change, limit), -limit)
    lowest, highest = _SHIPS
    highest = highest.repeat(len(ship), 1)
    highest[:, FREEBOARD] = top_m(batch.mean[:, PARAMETERS.index("length_m")])
    return torch.maximum(torch.minimum(moved, highest), lowest)


def held(batch: Batch, ship: Tensor, rows: Tensor) -> Tensor:
    """Log likelihood of ships whose freeboard is held: two steps of the rest, and its volume.

    ``rows`` says which chip of the batch each ship belongs to. What one step shows to be far below
    the best of its chip is believed as it is.
    """
    many = batch.take(rows)
    many.precision = many.precision.clone()
    many.precision[:, FREEBOARD] = many.precision[:, :, FREEBOARD] = 0.0
    rest = tuple(k for k in range(P) if k != FREEBOARD)
    first = expanded(many, ship, many.cells, rest)
    step = _stepped(first, torch.full((len(ship),), 1e-3, dtype=torch.float64))
    hoped = first.objective + (first.gradient * step.double()).sum(1) / 2
    value = -hoped - torch.linalg.slogdet(first.curvature)[1] / 2
    best = torch.full((len(batch.mean),), -torch.inf, dtype=torch.float64)
    best = best.scatter_reduce(0, rows, value, "amax")
    near = torch.nonzero(value > best[rows] - _FAR_BELOW)[:, 0]
    value[near] = _refined(many.take(near), ship[near], _only(near, first), step[near], rest)
    return value


def _refined(
    batch: Batch, ship: Tensor, first: Normal, step: Tensor, rest: Sequence[int]
) -> Tensor:
    """Take the step, expand there, step again."""
    moved = _bounded(batch, ship, step, rest)
    second = expanded(batch, moved, batch.cells, rest)
    better = second.objective < first.objective
    kept = _either(better, second, first)
    ship = torch.where(better[:, None], moved, ship)
    last = _bounded(batch, ship, _stepped(kept, torch.where(better, 1e-3, 1.0)), rest)
    lowest = torch.minimum(kept.objective, _objective(batch, last))
    volume: Tensor = torch.linalg.slogdet(kept.curvature)[1] / 2
    return -lowest - volume


def top_m(length_m: Length) -> Length:
    """Most freeboard that is thought possible: a light ship's and a half."""
    return 0.10 * length_m + 2.0
