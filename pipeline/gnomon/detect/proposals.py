"""What the verifier is trained on: proposals of the network on training chips, and who is right.

A proposal is right if its centre lies on a ship's rectangle or within 3 pixels of it, as the
detector is judged; of several that meet one ship, the one that covers her best is right and the
others teach nothing. Ships that were not proposed are shown all the same, and every rectangle is
shifted, stretched and turned a little, because elsewhere the network will be further off than on
the ports that it knows.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gnomon.detect.axes import axes
from gnomon.detect.cells import HALO_PX
from gnomon.detect.chips import Drawn, drawn
from gnomon.detect.evaluate import REACH_M
from gnomon.detect.hulls import Hulls, rectangles
from gnomon.detect.network import STRIDE, Network, for_looking
from gnomon.detect.peaks import read_peaks
from gnomon.detect.tiles import framed
from gnomon.detect.train import TrainOptions, fitted
from gnomon.detect.truth import Labelled
from gnomon.detect.verifier import (
    MIRRORINGS,
    PROPOSED,
    Verifier,
    VerifierOptions,
    aligned,
    differences,
    mirrored,
    mirrored_verdicts,
)
from gnomon.detect.weights import BODY

CORE_PX = 80
"""Side of the middle of a chip, from which proposals are taken."""
SHORTEST_PX = 4.5
"""What is told shorter may be a boat that nobody labelled."""
REACH_PX = REACH_M / 10.0
DOUBTED = 0.08
DOUBTED_SHARE = 0.4
"""So often what is wrong is shown that has a lower score than `DOUBTED`: it is most of all."""
SHOWN = 0.4
"""How often a ship is shown by her own label though she was proposed."""
ASTRAY = (0.03, 0.08, 0.07, 3.0)
"""Deviations: of the place, in lengths along the axis and in beams across it; of the logarithms of
the sides; of the turn, in degrees."""
_SMOOTH = 0.01


@dataclass(frozen=True)
class Proposed:
    """Proposals of one batch of chips, and what a verifier should say of them."""

    crops: Tensor
    present: Tensor
    history: Tensor
    sides: Tensor
    """These four as `Verifier` takes them."""
    ship: Tensor
    """(n,), 1 for a ship and 0 for none."""
    off: Tensor
    """(n, 5), see `gnomon.detect.verifier.differences`; NaN where there is no ship."""


def train_verifier(
    scenes: Sequence[Labelled],
    network: Network,
    options: TrainOptions,
    *,
    verifier: VerifierOptions | None = None,
    weights: Sequence[float] | None = None,
    progress: Callable[[int, float], None] | None = None,
    saved: Path | None = None,
    base: Verifier | None = None,
) -> Verifier:
    """Train a verifier of what a network proposes; parameters as of `gnomon.detect.train.train`."""
    torch.manual_seed(options.seed)
    begun = copy.deepcopy(base) if base else Verifier(verifier)
    looking = for_looking(network)

    def batches(start: int) -> Iterator[Proposed]:
        return proposals(
            scenes, looking, batch=options.batch, seed=options.seed, weights=weights, start=start
        )

    return fitted(begun, batches, _error, options, saved=saved, progress=progress)


def _error(verifier: Verifier, some: Proposed, device: torch.device) -> Tensor:
    shown = (part.to(device) for part in (some.crops, some.present, some.history, some.sides))
    said = verifier(*shown)
    with torch.autocast("cpu", enabled=False):
        return error(said.float(), some.ship.to(device), some.off.to(device))


def error(said: Tensor, ship: Tensor, off: Tensor) -> Tensor:
    """What training makes small: ships and others told alike, and the sides of ships well."""
    wanted = ship * (1 - 2 * _SMOOTH) + _SMOOTH
    each = functional.binary_cross_entropy_with_logits(said[:, 0], wanted, reduction="none")
    known = torch.isfinite(off).all(dim=1)
    halves = [each[side].mean() for side in (ship > 0, ship == 0) if side.any()]
    shape = (said[known, 1:] - off[known]).abs().mean() if known.any() else said.sum() * 0.0
    return torch.stack(halves).mean() + 0.5 * shape


def proposals(
    scenes: Sequence[Labelled],
    looking: Network,
    *,
    batch: int,
    seed: int,
    weights: Sequence[float] | None = None,
    start: int = 0,
) -> Iterator[Proposed]:
    """Endless batches; the same seed gives the same. Parameters as of `gnomon.detect.chips`.

    ``looking`` is a network made ready by `gnomon.detect.network.for_looking`.
    """
    side = CORE_PX + 2 * HALO_PX
    cell = framed((slice(HALO_PX, HALO_PX + CORE_PX),) * 2, (side, side), halo_px=HALO_PX)
    chips = drawn(scenes, batch=batch, seed=seed, weights=weights, start=start, side_px=side)
    for number, some in enumerate(chips, start=start):
        rng = np.random.default_rng([seed, number, 1])
        with torch.inference_mode():
            maps = looking(some.bands, some.present, some.history)
        found = read_peaks(maps, [cell] * batch, body=BODY)
        shown = _shown(some, found, rng)
        if shown is not None:
            yield shown


def _shown(some: Drawn, found: Sequence[Hulls], rng: np.random.Generator) -> Proposed | None:
    """Proposals and labels of a batch of chips as the verifier sees them."""
    parts = []
    for chip, (hulls, ships) in enumerate(zip(found, some.ships, strict=True)):
        counted = some.counted[chip, 0].numpy() > 0
        told, meant = shown_of_chip(hulls, ships, counted, rng)
        if not len(told):
            continue
        told = _astray(told, rng)
        off = np.full((len(told), 5), np.nan, np.float32)
        right = meant >= 0
        off[right] = differences(told[right], ships[meant[right]])
        crops, before = aligned(some.bands[chip], told), some.history[chip]
        past = aligned(before, told) if before.isfinite().any() else torch.full_like(crops, np.nan)
        present = some.present[chip].expand(len(told), -1)
        arrays = told[:, 2:4].copy(), right.astype(np.float32), off
        parts.append((crops, present, past, *map(torch.from_numpy, arrays)))
    if not parts:
        return None
    crops, present, past, sides, ship, meant_off = map(torch.cat, zip(*parts, strict=True))
    how = MIRRORINGS[rng.integers(len(MIRRORINGS))]
    turned = mirrored_verdicts(torch.cat([ship[:, None], meant_off], dim=1), how)[:, 1:]
    return Proposed(mirrored(crops, how), present, mirrored(past, how), sides, ship, turned)


def shown_of_chip(
    hulls: Hulls, ships: Hulls, counted: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Hulls, NDArray[np.int64]]:
    """Choose what of a chip is shown.

    Parameters
    ----------
    hulls
        Proposals of the network, in pixels of the chip.
    ships
        Labels, as `Labelled.ships`.
    counted
        (cells, cells) at the output stride: where something is to be learnt.
    rng
        Chooses.

    Returns
    -------
    array, array
        Rectangles, (n, 5), and the row of the ship that each is right about; -1 of one that is
        wrong.

    """
    hulls = hulls[hulls[:, 5] >= PROPOSED]
    meets, best = _met(hulls, ships)
    row, column = (hulls[:, 1::-1] / STRIDE).astype(int).clip(0, len(counted) - 1).T
    wrong = (meets < 0) & counted[row, column] & (hulls[:, 2] >= SHORTEST_PX)
    wrong &= (hulls[:, 5] >= DOUBTED) | (rng.random(len(hulls)) < DOUBTED_SHARE)
    middle = np.abs(ships[:, :2] - (CORE_PX / 2 + HALO_PX)).max(axis=1, initial=0) < CORE_PX / 2
    own = middle & (~np.isin(np.arange(len(ships)), meets) | (rng.random(len(ships)) < SHOWN))
    shown = np.concatenate([hulls[best | wrong, :5], ships[own, :5]])
    meant = np.concatenate([np.where(best, meets, -1)[best | wrong], np.flatnonzero(own)])
    return shown.astype(np.float32), meant


def _met(hulls: Hulls, ships: Hulls) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Ship that each hull meets, -1 for none, and whether it is the one that covers her best."""
    if not len(ships) or not len(hulls):
        return np.full(len(hulls), -1), np.zeros(len(hulls), bool)
    boxes, outlines = rectangles(hulls)[:, None], rectangles(ships)[None]
    centres = shapely.points(hulls[:, :2].astype(float))[:, None]
    near = shapely.distance(centres, outlines) <= REACH_PX
    both = shapely.area(shapely.intersection(boxes, outlines))
    cover = np.where(near, both / (shapely.area(boxes) + shapely.area(outlines) - both), -1.0)
    meets = np.where(near.any(axis=1), cover.argmax(axis=1), -1)
    mine = np.where(meets[:, None] == np.arange(len(ships)), cover, -1.0)
    best = (meets >= 0) & (mine.argmax(axis=0)[meets] == np.arange(len(hulls)))
    return meets, best


def _astray(hulls: Hulls, rng: np.random.Generator) -> Hulls:
    """Rectangles a little off."""
    along, across, stretched, turned = ASTRAY
    count = len(hulls)
    axis, side = axes(hulls)
    result = hulls.copy()
    result[:, :2] += rng.normal(0, along, (count, 1)) * hulls[:, 2:3] * axis
    result[:, :2] += rng.normal(0, across, (count, 1)) * hulls[:, 3:4] * side
    result[:, 2:4] *= np.exp(rng.normal(0, stretched, (count, 2)))
    result[:, 4] = (hulls[:, 4] + rng.normal(0, turned, count)) % 180.0
    return result
