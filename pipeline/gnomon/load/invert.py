r"""From the image of a ship to the likelihood of its freeboard.

The image is linear in the surfaces' reflectances a and not in the ship's parameters theta
(`gnomon.load.hull`): ``y = M(theta) a + noise``. For given theta the reflectances of all bands are
integrated out in closed form under a Gaussian prior (deck and house broad, shade on water a
fraction of the water's own light, alike in all bands). What is left,

    F(theta) = 1/2 (y'Wy - b'A^-1 b) + 1/2 log|A| + 1/2 |theta - theta0|^2_P,
    A = M'WM + prior,   b = M'Wy + prior mean,

is minimised by Gauss-Newton steps whose Jacobian is projected off the reflectances (variable
projection, Kaufman 1975, doi:10.1007/BF01932995), damped after Levenberg, from a blurred image to
the sharp one, once with the bow at either end. Then the freeboard is held at each of a grid of
values, the rest is fitted again, and their volume is added (Laplace), which gives the likelihood of
the freeboard with every nuisance integrated out.

Pixels are averaged into cells along the hull, where the ship hardly changes, never across it by
more than a pixel. The noise is the chip's own. Water: covariance of the bands among cells clear of
the ship, times the number of cells over which it is correlated. Ship: what the first fit leaves,
likewise, because a deck has gear that the model has not. Both are made diagonal at once (generalised
eigenvectors), so that clutter which is the same in all bands is counted once. Outliers are given
less weight (Student's t). Where the model is wrong the error therefore grows with the misfit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from gnomon.load.cells import Binned, Chip, binned
from gnomon.load.hull import PARAMETERS, SURFACES, Cells, Sight, cover
from gnomon.load.noise import Noise, first_noise, level_prior, second_noise

Floats = NDArray[np.float64]
P, K = len(PARAMETERS), len(SURFACES)
FREEBOARD = PARAMETERS.index("freeboard_m")
HEADING = PARAMETERS.index("heading_rad")

# Freeboards at which the rest is fitted again: evenly over all, and around the best in deviations.
_FAR, _LEAST_M = 9, 0.02
_NEAR = np.array([-3.2, -2.2, -1.4, -0.7, 0.0, 0.7, 1.4, 2.2, 3.2])
# Cells that are worked on together: more do not go faster and need more memory.
_CELLS_AT_ONCE = 12_000


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What an image says of a freeboard."""

    freeboard_m: Floats
    """Grid, ascending, shape (n,)."""
    log_likelihood: Floats
    """On the grid, natural logarithm, its maximum zero."""
    ship: Floats
    """Best parameters, in the order of `gnomon.load.hull.PARAMETERS`."""
    reflectance: Floats
    """Of the surfaces, (bands, len(SURFACES)), in the unit of the image."""
    misfit: float
    """Mean square of what the fit leaves near the ship, in units of the ship's contrast."""
    shadow_drop: float
    """Strength of the fitted shade, as a fraction of the water's light, mean over the bands."""


@dataclass
class _Batch:
    """Tensors of several chips, padded to the same number of cells; weights there are zero."""

    cells: Cells
    sight: Sight
    values: Tensor  # (ships, bands, cells)
    weight: Tensor  # (ships, bands, cells)
    level_mean: Tensor  # (ships, bands * K)
    level_precision: Tensor  # (ships, bands * K, bands * K)
    mean: Tensor  # (ships, P)
    precision: Tensor  # (ships, P)
    step: Tensor  # (ships, P)

    def take(self, index: Tensor) -> "_Batch":
        """Rows of the batch, repeated at will."""
        cells = Cells(*(getattr(self.cells, name)[index] for name in _CELLS))
        sight = Sight(*(getattr(self.sight, name)[index] for name in _SIGHT))
        rest = (getattr(self, name)[index] for name in _REST)
        return _Batch(cells, sight, *rest)

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
class _Normal:
    """Objective and its Gauss-Newton expansion at some ships."""

    objective: Tensor
    gradient: Tensor
    curvature: Tensor
    levels: Tensor  # (ships, bands, K)
    log_volume: Tensor


def _levels(batch: _Batch, maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
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


def _objective(batch: _Batch, ship: Tensor) -> Tensor:
    """F at some ships, (ships,)."""
    factor, _, half, _ = _levels(batch, cover(ship, batch.cells, batch.sight))
    return half + _half_log_det(factor) + _prior(batch, ship)


def _half_log_det(factor: Tensor) -> Tensor:
    return factor.diagonal(dim1=1, dim2=2).log().sum(1)


def _prior(batch: _Batch, ship: Tensor) -> Tensor:
    return 0.5 * (batch.precision * (ship - batch.mean) ** 2).sum(1).double()


def _normal(batch: _Batch, ship: Tensor, cells: Cells, free: Sequence[int]) -> _Normal:
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

    factor, levels, half, weighted = _levels(batch, here)
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
    away = (batch.precision * (ship - batch.mean))[:, list(free)].double()
    curvature = curvature + torch.diag_embed(batch.precision[:, list(free)].double())
    volume = _half_log_det(factor)
    objective = half + volume + _prior(batch, ship)
    return _Normal(objective, gradient + away, curvature, levels, volume)


def _stepped(normal: _Normal, damping: Tensor) -> Tensor:
    diagonal = normal.curvature.diagonal(dim1=1, dim2=2)
    damped = normal.curvature + torch.diag_embed(damping[:, None] * diagonal)
    return torch.linalg.solve(damped, -normal.gradient[..., None])[..., 0].float()


def _descend(
    batch: _Batch, ship: Tensor, blurs_m: Sequence[float], free: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Damped Gauss-Newton through a sequence of blurs; ships and objectives at the last."""
    best, damping = ship.clone(), torch.full((len(ship),), 1e-2, dtype=torch.float64)
    lowest = torch.full((len(ship),), torch.inf, dtype=torch.float64)
    trial, blur, kept = ship, None, None
    for now in blurs_m:
        normal = _normal(batch, trial, batch.blurred(now), free)
        if now != blur or kept is None:
            # At another blur objectives cannot be compared: start from where we are.
            better = torch.ones(len(ship), dtype=torch.bool)
            kept = normal
        else:
            better = normal.objective < lowest
            kept = _either(better, normal, kept)
        blur = now
        best = torch.where(better[:, None], trial, best)
        lowest = torch.where(better, normal.objective, lowest)
        damping = torch.where(better, damping / 4, damping * 8).clamp(1e-4, 1e4)
        trial = _bounded(batch, best, _stepped(kept, damping), free)
    return best, lowest


def _either(better: Tensor, new: _Normal, old: _Normal) -> _Normal:
    def pick(name: str) -> Tensor:
        a, b = getattr(new, name), getattr(old, name)
        return torch.where(better.view(-1, *[1] * (a.dim() - 1)), a, b)

    return _Normal(*(pick(name) for name in _Normal.__dataclass_fields__))


def _bounded(batch: _Batch, ship: Tensor, change: Tensor, free: Sequence[int]) -> Tensor:
    """Step, no longer than three prior deviations, to a ship that can exist."""
    limit = 3 / batch.precision[:, list(free)].sqrt()
    moved = ship.clone()
    moved[:, list(free)] += torch.maximum(torch.minimum(change, limit), -limit)
    lowest = torch.tensor([-1e3, -1e3, 20, 4, -100, 0.02, 0.5, 0.03, 0.04, -0.7])
    highest = torch.tensor([1e3, 1e3, 500, 80, 100, 40, 50, 0.4, 0.4, 0.7])
    return torch.maximum(torch.minimum(moved, highest), lowest)


def invert(chips: Sequence[Chip]) -> list[Fit]:
    """Likelihood of the freeboard of every ship, all nuisances integrated out.

    Parameters
    ----------
    chips
        Ships, each in its own image; the sun must be above the horizon. They are worked through
        a few at a time; the answer for one does not depend on the others, nor the memory on their
        number.

    Returns
    -------
    list of Fit
        In the order of the chips.

    """
    bins = [binned(chip) for chip in chips]
    # Alike in size and bands, so that little is padded.
    order = sorted(range(len(chips)), key=lambda i: bins[i].values.shape)
    fits: dict[int, Fit] = {}
    group: list[int] = []
    with torch.no_grad():
        for i in order:
            bands, cells = bins[i].values.shape
            alike = not group or bins[group[0]].values.shape[0] == bands
            if group and (not alike or (len(group) + 1) * cells > _CELLS_AT_ONCE):
                fits.update(zip(group, _fit([(chips[j], bins[j]) for j in group]), strict=True))
                group = []
            group.append(i)
        if group:
            fits.update(zip(group, _fit([(chips[j], bins[j]) for j in group]), strict=True))
    return [fits[i] for i in range(len(chips))]


def _fit(pairs: list[tuple[Chip, Binned]]) -> list[Fit]:
    means = torch.tensor(np.stack([_mean_ship(chip) for chip, _ in pairs]), dtype=torch.float32)
    doubt = [1.5 * chip.position_sigma_m for chip, _ in pairs]
    maps = _maps(pairs, means, doubt)
    noises = [first_noise(bins, m) for (_, bins), m in zip(pairs, maps, strict=True)]
    batch = _batch(pairs, noises, means)
    everything = tuple(range(P))
    n = len(pairs)
    both = batch.take(torch.arange(n).repeat(2))
    both.mean[n:, HEADING] += np.pi
    ships, objectives = _descend(both, both.mean, _blurs(pairs), everything)
    known = torch.tensor([chip.bow_known for chip, _ in pairs])
    turned = (objectives[n:] < objectives[:n]) & ~known
    means = torch.where(turned[:, None], both.mean[n:], both.mean[:n])
    ships = torch.where(turned[:, None], ships[n:], ships[:n])
    noises = _again(pairs, noises, ships)
    batch = _batch(pairs, noises, means)
    ships, _ = _descend(batch, ships, (0.0,) * 5, everything)
    normal = _normal(batch, ships, batch.cells, everything)
    grids, curves = _profile(pairs, batch, ships, normal)
    maps = _maps(pairs, ships, [0.0] * n)
    return [
        _result(pair, noise, ship, level, cover, grid, curve)
        for pair, noise, ship, level, cover, grid, curve in zip(
            pairs, noises, ships, normal.levels, maps, grids, curves, strict=True
        )
    ]


def _blurs(pairs: list[tuple[Chip, Binned]]) -> tuple[float, ...]:
    """From half the first error of the place down to nothing."""
    widest = max(max(0.6 * c.position_sigma_m, 0.3 * c.length_sigma_m) for c, _ in pairs)
    finest = 0.4 * min(chip.gsd_m for chip, _ in pairs)
    coarse = [widest / 2.5**n for n in range(6) if widest / 2.5**n > finest]
    return (*np.repeat(coarse, 2).tolist(), *(0.0,) * 4)


def _again(pairs: list[tuple[Chip, Binned]], noises: list[Noise], ships: Tensor) -> list[Noise]:
    batch = _batch(pairs, noises, ships)
    _, levels, _, _ = _levels(batch, cover(ships, batch.cells, batch.sight))
    fitted = _maps(pairs, ships, [0.0] * len(pairs))
    wide = _maps(pairs, ships, [max(1.5 * chip.gsd_m, 1.5) for chip, _ in pairs])
    new = []
    for k, (_, bins) in enumerate(pairs):
        level = np.linalg.inv(noises[k].mix) @ levels[k].numpy()
        rest = bins.values - level @ fitted[k]
        new.append(second_noise(noises[k], bins, fitted[k], wide[k], rest))
    return new


def _maps(pairs: list[tuple[Chip, Binned]], ships: Tensor, extra_m: list[float]) -> list[Floats]:
    """Covers of single ships, each with some more blur, (surfaces, cells)."""
    maps = []
    for (chip, bins), ship, extra in zip(pairs, ships, extra_m, strict=True):
        blurs = [float(np.hypot(b, extra)) for b in (bins.blur_along_m, bins.blur_across_m)]
        cells = Cells(
            *(torch.tensor(a[None], dtype=torch.float32) for a in (bins.east_m, bins.north_m)),
            *(torch.tensor([blur]) for blur in blurs),
        )
        maps.append(cover(ship[None], cells, _sight([chip]))[0].double().numpy())
    return maps


def _mean_ship(chip: Chip) -> Floats:
    """Parameters before any look at the pixels; proportions of coastal tankers' drawings."""
    length = chip.length_m
    house = float(np.clip(12 / length + 0.05, 0.06, 0.25))
    heading = np.deg2rad(chip.heading_deg)
    place = (chip.east_m, chip.north_m, length, chip.beam_m, heading)
    return np.array([*place, 0.032 * length, 4 + 0.08 * length, house, 0.15, 0.0])


def _ship_sigma(chip: Chip) -> Floats:
    place, length = chip.position_sigma_m, chip.length_m
    known = (
        place,
        place,
        chip.length_sigma_m,
        chip.beam_sigma_m,
        np.deg2rad(chip.heading_sigma_deg),
    )
    # The freeboard's serves the first descent only; in the profile it is held instead.
    return np.array([*known, 0.03 * length, 0.35 * (4 + 0.08 * length), 0.04, 0.04, 0.08])


def _sight(chips: Sequence[Chip]) -> Sight:
    def radians(name: str) -> Tensor:
        return torch.tensor([np.deg2rad(getattr(c, name)) for c in chips], dtype=torch.float32)

    names = ("sun_azimuth_deg", "sun_elevation_deg", "view_azimuth_deg", "view_zenith_deg")
    return Sight(*(radians(name) for name in names))


def _batch(pairs: list[tuple[Chip, Binned]], noises: list[Noise], means: Tensor) -> _Batch:
    """Stack chips; cells that pad the shorter ones have no weight."""
    most = max(bins.east_m.size for _, bins in pairs)

    def padded(rows: list[Floats]) -> Tensor:
        full = [np.pad(a, [(0, 0)] * (a.ndim - 1) + [(0, most - a.shape[-1])]) for a in rows]
        return torch.tensor(np.stack(full), dtype=torch.float32)

    chips, bins = [chip for chip, _ in pairs], [b for _, b in pairs]
    blur = torch.tensor([[b.blur_along_m, b.blur_across_m] for b in bins], dtype=torch.float32)
    cells = Cells(padded([b.east_m for b in bins]), padded([b.north_m for b in bins]), *blur.T)
    centres, precisions = zip(
        *(_mixed_prior(noise, chip.dark) for noise, chip in zip(noises, chips, strict=True)),
        strict=True,
    )
    sigma = np.stack([_ship_sigma(chip) for chip in chips])
    return _Batch(
        cells,
        _sight(chips),
        padded([n.mix @ b.values for n, b in zip(noises, bins, strict=True)]),
        padded([n.weight(chip.dark) for n, chip in zip(noises, chips, strict=True)]),
        torch.tensor(np.stack(centres)),
        torch.tensor(np.stack(precisions)),
        means.clone(),
        torch.tensor(1 / sigma**2, dtype=torch.float32),
        torch.tensor(np.stack([_steps(chip) for chip in chips]), dtype=torch.float32),
    )


def _mixed_prior(noise: Noise, dark: float) -> tuple[Floats, Floats]:
    mean, covariance = level_prior(noise, dark)
    mixer = np.kron(noise.mix, np.eye(K))
    precision = np.linalg.inv(mixer @ covariance @ mixer.T)
    return mixer @ mean, 0.5 * (precision + precision.T)


def _steps(chip: Chip) -> Floats:
    """Steps of the difference quotients: a thirtieth of a pixel on the ground, or less."""
    metre = 0.03 * chip.gsd_m
    turn = 2 * metre / chip.length_m
    return np.array([metre, metre, metre, metre, turn, metre, 2 * metre, 0.004, 0.004, 0.02])


def _profile(
    pairs: list[tuple[Chip, Binned]], batch: _Batch, ships: Tensor, normal: _Normal
) -> tuple[list[Floats], list[Floats]]:
    """Hold the freeboard at each of a grid, fit the rest, add its volume."""
    grids, starts, rows = [], [], []
    for k, (chip, _) in enumerate(pairs):
        covariance = np.linalg.inv(normal.curvature[k].numpy())
        variance = covariance[FREEBOARD, FREEBOARD]
        best, top = float(ships[k, FREEBOARD]), _top_m(chip)
        near = best + np.sqrt(variance) * _NEAR
        grid = np.concatenate([np.linspace(_LEAST_M, top, _FAR), near])
        grid = np.unique(grid[(grid >= _LEAST_M) & (grid <= top)].round(3))
        limit = 2 * _ship_sigma(chip)
        lean = np.outer(grid - best, covariance[:, FREEBOARD] / variance)
        start = ships[k] + torch.tensor(np.clip(lean, -limit, limit), dtype=torch.float32)
        start[:, FREEBOARD] = torch.tensor(grid, dtype=torch.float32)
        grids.append(grid)
        starts.append(start)
        rows.append(torch.full((len(grid),), k))
    value = _held(batch, torch.cat(starts), torch.cat(rows))
    curves = torch.split(value, [len(grid) for grid in grids])
    return grids, [curve.numpy() for curve in curves]


def _held(batch: _Batch, ship: Tensor, rows: Tensor) -> Tensor:
    """Log likelihood of ships whose freeboard is held: two steps of the rest, and its volume."""
    many = batch.take(rows)
    many.precision = many.precision.clone()
    many.precision[:, FREEBOARD] = 0.0
    rest = tuple(k for k in range(P) if k != FREEBOARD)
    little = torch.full((len(ship),), 1e-3, dtype=torch.float64)
    first = _normal(many, ship, many.cells, rest)
    moved = _bounded(many, ship, _stepped(first, little), rest)
    second = _normal(many, moved, many.cells, rest)
    better = second.objective < first.objective
    kept = _either(better, second, first)
    ship = torch.where(better[:, None], moved, ship)
    last = _bounded(many, ship, _stepped(kept, torch.where(better, little, 1.0)), rest)
    lowest = torch.minimum(kept.objective, _objective(many, last))
    return -lowest - torch.linalg.slogdet(kept.curvature)[1] / 2


def _top_m(chip: Chip) -> float:
    """Most freeboard that is thought possible: a light ship's and a half."""
    return 0.10 * chip.length_m + 2.0


def _result(
    pair: tuple[Chip, Binned],
    noise: Noise,
    ship: Tensor,
    level: Tensor,
    cover: Floats,
    grid: Floats,
    curve: Floats,
) -> Fit:
    chip, bins = pair
    fine = np.linspace(_LEAST_M, _top_m(chip), 241)
    log_likelihood = PchipInterpolator(grid, curve)(fine)
    levels = np.linalg.inv(noise.mix) @ level.numpy()
    rest = (bins.values - levels @ cover) / noise.contrast[:, None]
    near = noise.zone > 0.3
    drop = -levels[:, SURFACES.index("shadow")] / np.maximum(noise.level, 1e-9)
    return Fit(
        freeboard_m=fine,
        log_likelihood=log_likelihood - log_likelihood.max(),
        ship=ship.double().numpy(),
        reflectance=levels,
        misfit=float(np.mean(rest[:, near] ** 2)) if near.any() else np.inf,
        shadow_drop=float(np.mean(drop)),
    )
