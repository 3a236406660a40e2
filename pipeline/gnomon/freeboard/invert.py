r"""From the image of a ship to the likelihood of its freeboard.

The image is linear in the surfaces' reflectances a and not in the ship's parameters theta
(`gnomon.freeboard.hull`): ``y = M(theta) a + noise``. For given theta the reflectances of all bands
are integrated out in closed form under a Gaussian prior (deck and house broad, shade on water a
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
likewise, because a deck has gear that the model has not. Both are made diagonal at once
(generalised eigenvectors), so that clutter which is the same in all bands is counted once. Outliers
on the water are given less weight. Where the model is wrong the error therefore grows with the
misfit.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from gnomon.freeboard import quality
from gnomon.freeboard.bins import Binned, Chip, binned
from gnomon.freeboard.descent import (
    FREEBOARD,
    HEADING,
    Batch,
    K,
    Normal,
    P,
    descended,
    expanded,
    held,
    integrated,
    top_m,
)
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS, SURFACES, Cells, cover
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
LENGTH, BEAM = PARAMETERS.index("length_m"), PARAMETERS.index("beam_m")

# Freeboards at which the rest is fitted again: evenly over all, and around the best in deviations.
_FAR, _LEAST_M = 7, 0.02
_NEAR = np.array([-3.2, -2.0, -1.0, 0.0, 1.0, 2.0, 3.2])
# Water's pattern is averaged over twice the pixel, and no less than a hull's beam.
_SWELL_PX, _SWELL_M = 2.0, 12.0
# What is fitted while the image is still blurred: the rest would bend to make up for it.
_COARSE = tuple(range(PARAMETERS.index("house_length")))
# Cells that are worked on together: more do not go faster and need more memory.
_CELLS_AT_ONCE = 12_000


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
    means = torch.tensor(np.stack([ship_prior(chip)[0] for chip, _ in pairs]), dtype=torch.float32)
    doubt = [1.5 * chip.position_sigma_m for chip, _ in pairs]
    maps = _maps(pairs, means, doubt)
    noises = [
        first_noise(bins, m, _ends(chip, bins, ship))
        for (chip, bins), m, ship in zip(pairs, maps, means, strict=True)
    ]
    batch = _batch(pairs, noises, means)
    everything = tuple(range(P))
    n = len(pairs)
    both = batch.take(torch.arange(n).repeat(2))
    both.mean[n:, HEADING] += np.pi
    ships, _ = descended(both, both.mean, _blurs(pairs), _COARSE)
    ships, objectives = descended(both, ships, (0.0,), everything, steps=8)
    known = torch.tensor([chip.bow_known for chip, _ in pairs])
    turned = (objectives[n:] < objectives[:n]) & ~known
    means = torch.where(turned[:, None], both.mean[n:], both.mean[:n])
    ships = torch.where(turned[:, None], ships[n:], ships[:n])
    pairs, noises = _again(pairs, noises, ships)
    batch = _batch(pairs, noises, means)
    ships, _ = descended(batch, ships, (0.0,), everything, steps=8)
    normal = expanded(batch, ships, batch.cells, everything)
    grids, curves = _profile(pairs, batch, ships, normal)
    maps = _maps(pairs, ships, [0.0] * n)
    return [
        _result(
            pairs[k],
            noises[k],
            ship=ships[k],
            sigma=np.sqrt(np.diag(np.linalg.inv(normal.curvature[k].numpy()))),
            levels=normal.levels[k],
            maps=maps[k],
            grid=grids[k],
            curve=curves[k],
        )
        for k in range(n)
    ]


def _blurs(pairs: list[tuple[Chip, Binned]]) -> tuple[float, ...]:
    """From half the first error of the place down to nothing."""
    widest = max(max(0.6 * c.position_sigma_m, 0.3 * c.length_sigma_m) for c, _ in pairs)
    finest = 0.4 * min(chip.gsd_m for chip, _ in pairs)
    coarse = [widest / 2.5**n for n in range(6) if widest / 2.5**n > finest]
    return tuple(coarse)


def _again(
    pairs: list[tuple[Chip, Binned]], noises: list[Noise], ships: Tensor
) -> tuple[list[tuple[Chip, Binned]], list[Noise]]:
    """Clear the water of its pattern, and measure what noise is left."""
    batch = _batch(pairs, noises, ships)
    _, levels, _, _ = integrated(batch, cover(ships, batch.cells, batch.sight))
    fitted = _maps(pairs, ships, [0.0] * len(pairs))
    wide = _maps(pairs, ships, [max(1.5 * chip.gsd_m, 1.5) for chip, _ in pairs])
    cleared, new = [], []
    for k, (chip, bins) in enumerate(pairs):
        level = np.linalg.inv(noises[k].mix) @ levels[k].numpy()
        scale = max(_SWELL_PX * chip.gsd_m, _SWELL_M)
        calm = without_swell(bins, wide[k], bins.values - level @ fitted[k], scale_m=scale)
        rest = calm.values - level @ fitted[k]
        ends = _ends(chip, calm, ships[k])
        cleared.append((chip, calm))
        new.append(second_noise(noises[k], calm, ends, fitted=fitted[k], wide=wide[k], rest=rest))
    return cleared, new


def _maps(pairs: list[tuple[Chip, Binned]], ships: Tensor, extra_m: list[float]) -> list[Floats]:
    """Covers of single ships, each with some more blur, (surfaces, cells)."""
    maps = []
    for (chip, bins), ship, extra in zip(pairs, ships, extra_m, strict=True):
        blurs = [float(np.hypot(b, extra)) for b in (bins.blur_along_m, bins.blur_across_m)]
        cells = Cells(
            *(torch.tensor(a[None], dtype=torch.float32) for a in (bins.east_m, bins.north_m)),
            *(torch.tensor([blur]) for blur in blurs),
        )
        maps.append(cover(ship[None], cells, sight_of([chip]))[0].double().numpy())
    return maps


def _ends(chip: Chip, bins: Binned, ship: Tensor) -> NDArray[np.bool_]:
    east, north, length, _, heading, freeboard = ship[:6].double().tolist()
    forward, _ = hull_axes(bins.east_m - east, bins.north_m - north, heading_rad=heading)
    return shaded_by_ends(
        forward,
        length_m=length,
        freeboard_m=freeboard,
        sun_off_bow_deg=chip.sun_azimuth_deg - float(np.rad2deg(heading)),
        cot=float(1 / np.tan(np.deg2rad(chip.sun_elevation_deg))),
    )


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
    return np.array([*known, 0.03 * length, 0.35 * (4 + 0.08 * length), 0.04, 0.04, 0.10])


def ship_prior(chip: Chip) -> tuple[Floats, Floats]:
    """Mean and precision of the parameters: what is known of each, and that beam goes with length.

    A beam that is well known is hardly moved; one that a detector guessed from two pixels is.
    """
    mean, precision = _mean_ship(chip), np.diag(1 / _ship_sigma(chip) ** 2)
    usual = float(usual_beam_m(chip.length_m))
    tie = np.zeros(P)
    tie[BEAM], tie[LENGTH] = 1.0, -BEAM_LN[1] * usual / chip.length_m
    # About the mean ship the usual beam is linear in the length.
    gap = usual - chip.beam_m
    tied = precision + np.outer(tie, tie) / (chip.beam_scatter * usual) ** 2
    return mean + np.linalg.solve(tied, tie * gap / (chip.beam_scatter * usual) ** 2), tied


def _batch(pairs: list[tuple[Chip, Binned]], noises: list[Noise], means: Tensor) -> Batch:
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
    return Batch(
        cells,
        sight_of(chips),
        padded([n.mix @ b.values for n, b in zip(noises, bins, strict=True)]),
        padded([n.weight(chip.dark) for n, chip in zip(noises, chips, strict=True)]),
        torch.tensor(np.stack(centres)),
        torch.tensor(np.stack(precisions)),
        means.clone(),
        torch.tensor(np.stack([ship_prior(c)[1] for c in chips]), dtype=torch.float32),
        torch.tensor(np.stack([_steps(chip) for chip in chips]), dtype=torch.float32),
    )


def _mixed_prior(noise: Noise, dark: float) -> tuple[Floats, Floats]:
    mean, covariance = level_prior(noise, dark)
    mixer = np.kron(noise.mix, np.eye(K))
    precision = np.linalg.inv(mixer @ covariance @ mixer.T)
    return mixer @ mean, 0.5 * (precision + precision.T)


def _steps(chip: Chip) -> Floats:
    """Give the steps of the difference quotients: a thirtieth of a pixel on the ground, or less."""
    metre = 0.03 * chip.gsd_m
    turn = 2 * metre / chip.length_m
    return np.array([metre, metre, metre, metre, turn, metre, 2 * metre, 0.004, 0.004, 0.02])


def _profile(
    pairs: list[tuple[Chip, Binned]], batch: Batch, ships: Tensor, normal: Normal
) -> tuple[list[Floats], list[Floats]]:
    """Hold the freeboard at each of a grid, fit the rest, add its volume."""
    grids, starts, rows = [], [], []
    for k, (chip, _) in enumerate(pairs):
        covariance = np.linalg.inv(normal.curvature[k].numpy())
        variance = covariance[FREEBOARD, FREEBOARD]
        best, top = float(ships[k, FREEBOARD]), top_m(chip.length_m)
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
    value = held(batch, torch.cat(starts), torch.cat(rows))
    curves = torch.split(value, [len(grid) for grid in grids])
    return grids, [curve.numpy() for curve in curves]


def _result(
    pair: tuple[Chip, Binned],
    noise: Noise,
    *,
    ship: Tensor,
    sigma: Floats,
    levels: Tensor,
    maps: Floats,
    grid: Floats,
    curve: Floats,
) -> Fit:
    chip, bins = pair
    best_ship = ship.double().numpy()
    # Even everywhere, and as fine as the answer is sharp.
    best = int(curve.argmax())
    around = grid[max(best - 4, 0)], grid[min(best + 4, len(grid) - 1)]
    close = np.linspace(*around, 121)
    fine = np.unique(np.concatenate([np.linspace(_LEAST_M, top_m(chip.length_m), 161), close]))
    log_likelihood = PchipInterpolator(grid, curve)(fine)
    likeliest = float(fine[log_likelihood.argmax()])
    reflectance = np.linalg.inv(noise.mix) @ levels.numpy()
    rest = bins.values - reflectance @ maps
    near = noise.zone > 0.3
    heading = float(np.rad2deg(float(ship[HEADING])))
    edge = abs(
        float(
            deck_to_shadow_m(
                1.0,
                heading_deg=heading,
                sun_azimuth_deg=chip.sun_azimuth_deg,
                sun_elevation_deg=chip.sun_elevation_deg,
                view_azimuth_deg=chip.view_azimuth_deg,
                view_zenith_deg=chip.view_zenith_deg,
            )
        )
    )
    drop = -reflectance[:, SURFACES.index("shadow")] / np.maximum(noise.level, 1e-9)
    return Fit(
        freeboard_m=fine,
        log_likelihood=log_likelihood - log_likelihood.max(),
        ship=best_ship,
        ship_sigma=sigma,
        reflectance=reflectance,
        misfit=quality.unexplained(rest[:, near], bins.values[:, near] - reflectance[:, :1]),
        shadow_drop=float(np.mean(drop)),
        obstructed=quality.obstructed(chip, bins, noise, best_ship),
        height=likeliest / best_ship[LENGTH],
        awash=quality.awash(chip, best_ship, likeliest),
        strain=quality.strain(chip, best_ship),
        unseen=quality.unseen(chip, best_ship),
        edge_m_per_m=edge,
        sun_off_axis_deg=float(off_axis_deg(chip.sun_azimuth_deg, heading)),
    )
