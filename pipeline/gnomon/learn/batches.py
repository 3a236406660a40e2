"""The chips that training cuts out of labelled scenes.

Each chip is cut through a random rotation, flip and scale, other ships are laid onto its water
(`pasting`), and its light is changed band by band, because harbours differ more than ships do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE
from gnomon.detect.centernet.targets import Targets, targets
from gnomon.learn.augment import Donor, donors, pasted
from gnomon.learn.resampling import cut
from gnomon.learn.scenes import Labelled

CHIP_PX = 96
"""Side of a training chip: 1 km at 10 m, twice the longest hull."""
PASTED = 0.5
"""Share of chips onto which ships of other scenes are laid."""
REMEMBERED = 0.35
"""Share of chips of which the network is told what the place looks like without ships."""
STAYED = 0.15
"""Share of these in which the ships are in the history too: who was there before may be a ship."""
_ASTRAY_PX = 0.3
"""Two passes lie so far apart."""


def chips(
    scenes: Sequence[Labelled],
    *,
    batch: int,
    seed: int,
    weights: Sequence[float] | None = None,
    start: int = 0,
) -> Iterator[tuple[Tensor, Tensor, Tensor, Targets]]:
    """Endless batches: bands, present, history, targets. The same seed gives the same batches.

    Parameters
    ----------
    scenes
        All with the same bands.
    batch
        Chips per batch.
    seed
        Of all that is random here; each batch draws from a generator of its own.
    weights
        How often each scene is drawn, relative; by `weight` if left out.
    start
        Number of the first batch: what was interrupted goes on as if it had not been.

    """
    chance = np.array(weights or [weight(scene) for scene in scenes], float)
    chance /= chance.sum()
    givers = donors(scenes)
    for number in count(start):
        rng = np.random.default_rng([seed, number])
        places = rng.choice(len(scenes), size=batch, p=chance)
        drawn = [_chip(scenes[i], givers, rng) for i in places]
        bands, present, background, ships, counted = zip(*drawn, strict=True)
        wanted = targets(ships, counted=counted, side_px=CHIP_PX)
        yield torch.stack(bands), torch.stack(present), torch.stack(background), wanted


def weight(scene: Labelled) -> float:
    """How much a scene has to teach: its ships, and what is no ship."""
    return 8.0 + len(scene.ships) + scene.bands[0].numel() / 1e5


def shared(scenes: Sequence[Labelled], whole: float) -> list[float]:
    """How often each scene is drawn, by `weight`; in all as often as ``whole`` says."""
    each = [weight(scene) for scene in scenes]
    return [whole * one / sum(each) for one in each]


def _chip(
    scene: Labelled, givers: Sequence[Donor], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, OrientedBoxes, Tensor]:
    """One chip under a random placement and light: bands, present, history, ships, what counts."""
    scale = float(np.exp(rng.uniform(np.log(0.7), np.log(1.45))))
    turn = np.deg2rad(rng.uniform(0, 360))
    flip = rng.choice([-1.0, 1.0])
    # From chip to scene: a chip at scale 2 shows ships half as long.
    matrix = scale * np.array(
        [[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]]
    )
    centre = _place(scene, rng)
    pixels = cut(scene.bands, matrix, centre, CHIP_PX)
    water, search = cut(scene.masks, matrix, centre, CHIP_PX).nan_to_num(0.0) > 0.5
    ships, unsure = (_moved(these, matrix, centre, scale) for these in (scene.ships, scene.ignored))
    if givers and rng.random() < PASTED:
        pixels, ships = pasted(pixels, water, ships, givers, rng)
    bands, present = _relit(pixels, scene.present, rng)
    background = torch.full_like(bands, torch.nan)
    if scene.background is not None and rng.random() < REMEMBERED:
        before = scene.bands if rng.random() < STAYED else scene.background
        astray = centre + rng.normal(0, _ASTRAY_PX, 2)
        background, _ = _relit(cut(before, matrix, astray, CHIP_PX), scene.present, rng)
    return bands, present, background, ships, _counted(search, unsure)


def _counted(search: Tensor, unsure: OrientedBoxes) -> Tensor:
    """By output cell: 0 where no centre is ever looked for, or where nobody knows."""
    counts = search[::STRIDE, ::STRIDE] & search[1::STRIDE, 1::STRIDE]
    middles = (np.arange(len(counts), dtype=np.float32) + 0.5) * STRIDE
    x, y = np.meshgrid(middles, middles)
    for ship in unsure:
        along, across = ship.along_across(x, y)
        near = (np.abs(along) < ship.length / 2 + 2) & (np.abs(across) < ship.beam / 2 + 2)
        counts = counts & ~torch.from_numpy(near)
    return counts[None].float()


def _place(scene: Labelled, rng: np.random.Generator) -> Float32s:
    """Where a chip is centred: near a ship, on a shore, or wherever a hull may lie.

    Quays and piers are what a network takes for ships: a third of all chips lies on a shore,
    ships or none.
    """
    choice = rng.random()
    shown = np.concatenate([scene.ships.centres, scene.hard])
    if len(shown) and choice < 0.6:
        return _within(shown[rng.integers(len(shown))] + rng.uniform(-40, 40, 2), scene)
    water, search = scene.masks
    rows, columns = water.shape
    for _ in range(60):
        spot = rng.uniform(0, [columns, rows])
        beside = (spot + rng.uniform(-20, 20, 2)).clip(0, [columns - 1, rows - 1])
        on_shore = choice > 0.93 or not water[int(beside[1]), int(beside[0])]
        if search[int(spot[1]), int(spot[0])] and on_shore:
            break
    return _within(spot, scene)


def _within(spot: NDArray[np.floating], scene: Labelled) -> Float32s:
    """A place so far off the scene's edges that little of a chip lies beyond."""
    size = np.array(scene.masks.shape[:0:-1])
    edge = np.minimum(CHIP_PX // 3, size // 2)
    return spot.clip(edge, size - edge).astype(np.float32)


def _moved(
    ships: OrientedBoxes, matrix: NDArray[np.float64], centre: Float32s, scale: float
) -> OrientedBoxes:
    """Ships in the chip's coordinates; those whose centre lies outside are left out."""
    inverse = np.linalg.inv(matrix)
    x, y = ((ships.centres - centre) @ inverse.T + CHIP_PX / 2).T
    turn = np.deg2rad(ships.angle)
    ahead_x, ahead_y = (np.stack([np.sin(turn), -np.cos(turn)], axis=1) @ inverse.T).T
    angle = np.rad2deg(np.arctan2(ahead_x, -ahead_y)) % 180.0
    length, beam = ships.length / scale, ships.beam / scale
    moved = replace(ships, x=x, y=y, length=length, beam=beam, angle=angle)
    return moved[(x > 0) & (x < CHIP_PX) & (y > 0) & (y < CHIP_PX)]


def _relit(bands: Tensor, present: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Other haze, other light, other noise; sometimes a band is missing."""
    count = len(bands)
    gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.1, count))
    # Haze is stronger in the blue and never negative by much: dark water would vanish.
    haze = (
        rng.choice([0.0, 1.0], p=[0.6, 0.4]) * rng.exponential(0.03) * np.linspace(1.3, 0.7, count)
    )
    haze = haze + rng.normal(0, 0.004, count)
    noise = rng.exponential(0.0015)
    lit = bands * _column(gain) + _column(haze)
    lit = lit + noise * torch.from_numpy(rng.standard_normal(bands.shape, dtype=np.float32))
    keep = present.clone()
    if rng.random() < 0.15:
        keep[rng.integers(count)] = 0.0
        if not keep.any():
            keep = present.clone()
    return torch.where(keep[:, None, None] > 0, lit, torch.nan), keep


def _column(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None]
