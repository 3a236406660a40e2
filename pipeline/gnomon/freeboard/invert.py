r"""From the image of a ship to the likelihood of its freeboard.

The image is linear in the surfaces' reflectances a and not in the ship's parameters theta
(`gnomon.freeboard.hull`): ``y = M(theta) a + noise``. For given theta the reflectances of all bands
are integrated out in closed form under a Gaussian prior (deck and house broad, shade on water a
fraction of the water's own light, alike in all bands). What is left,

    F(theta) = 1/2 (y'Wy - b'A^-1 b) + 1/2 log|A| + 1/2 |theta - theta0|^2_P,
    A = M'WM + prior,   b = M'Wy + prior mean,

is minimised by Gauss-Newton steps whose Jacobian is projected off the reflectances (variable
projection, Kaufman 1975, doi:10.1007/BF01932995), damped after Levenberg, from a blurred image to
the sharp one, once with the bow at either end. Then the freeboard is fixed at each of a grid of
values, the rest is fitted again, and its volume is added (Laplace), which gives the likelihood of
the freeboard with every nuisance parameter integrated out.

Pixels are averaged into bins along the hull, where the ship hardly changes, never across it by more
than a pixel. The noise is the chip's own. Water: covariance of the bands among bins clear of the
ship, times the number of bins over which it is correlated. Ship: the residual of the first fit,
likewise, because a deck has gear that the model has not. Both are made diagonal at once
(generalised eigenvectors), so that clutter which is the same in all bands is counted once. Outliers
on the water are given less weight. Where the model is wrong the error therefore grows with the
misfit.

Each ship is inverted alone and in float64, so that its freeboard depends neither on the other ships
of a table nor on the number of threads (by less than a nanometre).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from gnomon.freeboard import fit as measures
from gnomon.freeboard.bins import Bins, ShipChip, binned
from gnomon.freeboard.descent import (
    FREEBOARD,
    HEADING,
    LENGTH,
    Expansion,
    K,
    P,
    Problem,
    descend,
    expand,
    marginalise,
    profile,
    top_m,
)
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS, SURFACES, Points, cover
from gnomon.freeboard.image import sight_of
from gnomon.freeboard.noise import (
    Noise,
    first_noise,
    level_prior,
    second_noise,
    shaded_by_ends,
    without_swell,
)
from gnomon.geo.local import hull_axes
from gnomon.physics.hydrostatics import BEAM_LN, usual_beam_m
from gnomon.physics.shadow import deck_to_shadow_m, off_axis_deg

Floats = NDArray[np.float64]
BEAM = PARAMETERS.index("beam_m")

# Freeboards at which the rest is fitted again: evenly over all, and around the best in deviations.
_FAR, _LEAST_M = 7, 0.02
_NEAR = np.array([-3.2, -2.0, -1.0, 0.0, 1.0, 2.0, 3.2])
# Water's pattern is averaged over twice the pixel, and no less than a hull's beam.
_SWELL_PX, _SWELL_M = 2.0, 12.0
# What is fitted while the image is still blurred: the rest would bend to make up for it.
_COARSE = tuple(range(PARAMETERS.index("house_length")))
_ALL = tuple(range(P))


@torch.no_grad()
def invert(chip: ShipChip, *, starts_m: Sequence[float] = ()) -> Fit:
    """Likelihood of the freeboard of a ship, all nuisance parameters integrated out.

    Parameters
    ----------
    chip
        A ship in its image; `gnomon.freeboard.bins.unusable` must find no fault with it.
    starts_m
        Freeboards that descents start from beside the usual one: quantiles of the network's
        posterior (`gnomon.freeboard.trained`), so that none settles on a wrong one unseen.

    """
    bins = binned(chip)
    mean, precision = (torch.tensor(a) for a in ship_prior(chip))
    maps = _maps(chip, bins, mean, extra_m=1.5 * chip.position_sigma_m)
    first = _Stage(chip, bins, first_noise(bins, maps, _ends(chip, bins, mean)))
    problem = first.problem(mean, precision)
    ships, _ = descend(problem, _starts(chip, mean, starts_m), _blurs(chip), _COARSE)
    ships, objectives = descend(problem, ships, (0.0,), _ALL, steps=8)
    best = ships[int(objectives.argmin())]
    second = _again(first, problem, best)
    problem = second.problem(mean, precision)
    ships, _ = descend(problem, best[None], (0.0,), _ALL, steps=8)
    expansion = expand(problem, ships, problem.points, _ALL)
    grid, curve = _profile(chip, problem, ships[0], expansion)
    return _result(second, ships[0], expansion, grid, curve)


@dataclass(frozen=True)
class _Stage:
    """A chip's bins with the noise that one round of the fit gives them."""

    chip: ShipChip
    bins: Bins
    noise: Noise

    def problem(self, mean: Tensor, precision: Tensor) -> Problem:
        """Least squares of this round."""
        chip, noise = self.chip, self.noise
        level_mean, covariance = level_prior(noise, chip.dark)
        mixer = np.kron(noise.mix, np.eye(K))
        inverse = np.linalg.inv(mixer @ covariance @ mixer.T)
        return Problem(
            points=_points(self.bins),
            sight=sight_of(chip),
            values=torch.tensor(noise.mix @ self.bins.values),
            weight=torch.tensor(noise.weight(chip.dark)),
            level_mean=torch.tensor(mixer @ level_mean),
            level_precision=torch.tensor(0.5 * (inverse + inverse.T)),
            mean=mean,
            precision=precision,
            step=torch.tensor(_steps(chip)),
        )


def _blurs(chip: ShipChip) -> tuple[float, ...]:
    """From half the first error of the place down to less than half a pixel."""
    widest = max(0.6 * chip.position_sigma_m, 0.3 * chip.length_sigma_m)
    finest = 0.4 * chip.gsd_m
    return tuple(widest / 2.5**n for n in range(6) if widest / 2.5**n > finest)


def _starts(chip: ShipChip, mean: Tensor, starts_m: Sequence[float]) -> Tensor:
    """Ships to start from: each freeboard, with the bow at either end unless that is known."""
    ships = mean.repeat(1 + len(starts_m), 1)
    ships[1:, FREEBOARD] = torch.tensor(starts_m, dtype=mean.dtype)
    if chip.bow_known:
        return ships
    turned = ships.clone()
    turned[:, HEADING] += np.pi
    return torch.cat([ships, turned])


def _again(stage: _Stage, problem: Problem, ship: Tensor) -> _Stage:
    """Clear the water of its pattern, and measure what noise is left."""
    chip, bins = stage.chip, stage.bins
    levels = marginalise(problem, cover(ship[None], problem.points, problem.sight)).levels[0]
    level = np.linalg.inv(stage.noise.mix) @ levels.numpy()
    fitted = _maps(chip, bins, ship)
    wide = _maps(chip, bins, ship, extra_m=max(1.5 * chip.gsd_m, 1.5))
    scale = max(_SWELL_PX * chip.gsd_m, _SWELL_M)
    calm = without_swell(bins, wide, bins.values - level @ fitted, scale_m=scale)
    rest = calm.values - level @ fitted
    ends = _ends(chip, calm, ship)
    noise = second_noise(stage.noise, calm, ends, fitted=fitted, wide=wide, rest=rest)
    return _Stage(chip, calm, noise)


def _points(bins: Bins, extra_m: float = 0.0) -> Points:
    blurs = (np.hypot(b, extra_m) for b in (bins.blur_along_m, bins.blur_across_m))
    places = (torch.tensor(place[None]) for place in (bins.east_m, bins.north_m))
    return Points(*places, *(torch.tensor([b], dtype=torch.float64) for b in blurs))


def _maps(chip: ShipChip, bins: Bins, ship: Tensor, *, extra_m: float = 0.0) -> Floats:
    """Covers of one ship, with some more blur, (surfaces, bins)."""
    maps: Floats = cover(ship[None], _points(bins, extra_m), sight_of(chip))[0].numpy()
    return maps


def _ends(chip: ShipChip, bins: Bins, ship: Tensor) -> NDArray[np.bool_]:
    east, north, length, _, heading, freeboard = ship[:6].tolist()
    forward, _ = hull_axes(bins.east_m - east, bins.north_m - north, heading_rad=heading)
    return shaded_by_ends(
        forward,
        length_m=length,
        freeboard_m=freeboard,
        sun_off_bow_deg=chip.sun_azimuth_deg - float(np.rad2deg(heading)),
        cot=float(1 / np.tan(np.deg2rad(chip.sun_elevation_deg))),
    )


def _mean_ship(chip: ShipChip) -> Floats:
    """Parameters before the pixels are used; proportions of coastal tankers' drawings."""
    length = chip.length_m
    house = float(np.clip(12 / length + 0.05, 0.06, 0.25))
    heading = np.deg2rad(chip.heading_deg)
    place = (chip.east_m, chip.north_m, length, chip.beam_m, heading)
    return np.array([*place, 0.032 * length, 4 + 0.08 * length, house, 0.15, 0.0])


def _ship_sigma(chip: ShipChip) -> Floats:
    place, length = chip.position_sigma_m, chip.length_m
    known = (
        place,
        place,
        chip.length_sigma_m,
        chip.beam_sigma_m,
        np.deg2rad(chip.heading_sigma_deg),
    )
    # The freeboard's serves the first descent only; in the profile it is fixed instead.
    return np.array([*known, 0.03 * length, 0.35 * (4 + 0.08 * length), 0.04, 0.04, 0.10])


def ship_prior(chip: ShipChip) -> tuple[Floats, Floats]:
    """Mean and precision of the parameters: what is known of each, and that beam goes with length.

    A beam that is well known hardly moves; one that a detector guessed from two pixels does.
    """
    mean, precision = _mean_ship(chip), np.diag(1 / _ship_sigma(chip) ** 2)
    usual = float(usual_beam_m(chip.length_m))
    tie = np.zeros(P)
    tie[BEAM], tie[LENGTH] = 1.0, -BEAM_LN[1] * usual / chip.length_m
    # About the mean ship the usual beam is linear in the length.
    gap = usual - chip.beam_m
    tied = precision + np.outer(tie, tie) / (chip.beam_scatter * usual) ** 2
    return mean + np.linalg.solve(tied, tie * gap / (chip.beam_scatter * usual) ** 2), tied


def _steps(chip: ShipChip) -> Floats:
    """Steps of the difference quotients: a thirtieth of a pixel on the ground, or less."""
    metre = 0.03 * chip.gsd_m
    turn = 2 * metre / chip.length_m
    return np.array([metre, metre, metre, metre, turn, metre, 2 * metre, 0.004, 0.004, 0.02])


def _profile(
    chip: ShipChip, problem: Problem, ship: Tensor, expansion: Expansion
) -> tuple[Floats, Floats]:
    """Freeboards, and their log likelihood with every other parameter integrated out."""
    covariance = np.linalg.inv(expansion.curvature[0].numpy())
    variance = covariance[FREEBOARD, FREEBOARD]
    best, top = float(ship[FREEBOARD]), top_m(chip.length_m)
    near = best + np.sqrt(variance) * _NEAR
    grid = np.concatenate([np.linspace(_LEAST_M, top, _FAR), near])
    grid = np.unique(grid[(grid >= _LEAST_M) & (grid <= top)].round(3))
    # The rest starts where the expansion expects it at that freeboard.
    limit = 2 * _ship_sigma(chip)
    lean = np.outer(grid - best, covariance[:, FREEBOARD] / variance)
    start = ship + torch.tensor(np.clip(lean, -limit, limit))
    start[:, FREEBOARD] = torch.tensor(grid)
    return grid, profile(problem, start).numpy()


def _result(stage: _Stage, ship: Tensor, expansion: Expansion, grid: Floats, curve: Floats) -> Fit:
    chip, bins, noise = stage.chip, stage.bins, stage.noise
    best_ship = ship.numpy()
    fine = _fine(grid, curve, top_m(chip.length_m))
    log_likelihood = PchipInterpolator(grid, curve)(fine)
    likeliest = float(fine[log_likelihood.argmax()])
    reflectance = np.linalg.inv(noise.mix) @ expansion.levels[0].numpy()
    rest = bins.values - reflectance @ _maps(chip, bins, ship)
    near = noise.zone > 0.3
    drop = -reflectance[:, SURFACES.index("shadow")] / np.maximum(noise.level, 1e-9)
    heading_deg = float(np.rad2deg(best_ship[HEADING]))
    return Fit(
        freeboard_m=fine,
        log_likelihood=log_likelihood - log_likelihood.max(),
        ship=best_ship,
        ship_sigma=np.sqrt(np.diag(np.linalg.inv(expansion.curvature[0].numpy()))),
        reflectance=reflectance,
        misfit=measures.unexplained(rest[:, near], bins.values[:, near] - reflectance[:, :1]),
        shadow_drop=float(np.mean(drop)),
        obstructed=measures.obstructed(chip, bins, noise, best_ship),
        freeboard_per_length=likeliest / best_ship[LENGTH],
        too_low=measures.too_low(chip, best_ship, likeliest),
        prior_deviation=measures.prior_deviation(chip, best_ship),
        outside_data=measures.outside_data(chip, best_ship),
        edge_m_per_m=_edge_m_per_m(chip, heading_deg),
        sun_off_axis_deg=float(off_axis_deg(chip.sun_azimuth_deg, heading_deg)),
    )


def _fine(grid: Floats, curve: Floats, top: float) -> Floats:
    """Freeboards, evenly over all and as close around the best as the answer is sharp."""
    best = int(curve.argmax())
    around = grid[max(best - 4, 0)], grid[min(best + 4, len(grid) - 1)]
    return np.unique(np.concatenate([np.linspace(_LEAST_M, top, 161), np.linspace(*around, 121)]))


def _edge_m_per_m(chip: ShipChip, heading_deg: float) -> float:
    azimuth, zenith = chip.view_deg
    edge = deck_to_shadow_m(
        1.0,
        heading_deg=heading_deg,
        sun_azimuth_deg=chip.sun_azimuth_deg,
        sun_elevation_deg=chip.sun_elevation_deg,
        view_azimuth_deg=azimuth,
        view_zenith_deg=zenith,
    )
    return abs(float(edge))
