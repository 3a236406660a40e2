"""Batches of chips: what each step of a training sees of the labelled scenes.

A chip is a square of a scene through a random rotation, flip and scale; ships of other scenes are
pasted onto its water, and its light is changed (`gnomon.learn.augment`). To a third of the chips
belongs the background of their place, a fraction of a pixel off and under another light.
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
from gnomon.learn.augment import Donor, donors, paste_ships, relight
from gnomon.learn.resampling import resample
from gnomon.learn.tensors import SceneTensors

CHIP_PX = 96
"""Side of a training chip: 1 km at 10 m, twice the longest hull."""
PASTED = 0.5
"""Share of chips onto which ships of other scenes are pasted."""
WITH_BACKGROUND = 0.35
"""Share of chips that come with the background of their place."""
STAYED = 0.15
"""Share of these whose background holds the ships too: what was there before may be a ship."""
DISPLACED_PX = 0.3
"""Deviation of the misregistration of two passes."""
NEAR_SHIPS = 0.6
"""Share of chips near a ship or a hard negative, where there are any."""
ANYWHERE = 0.93
"""From this share on a chip need not lie on a shore."""


Batch = tuple[Tensor, Tensor, Tensor, Targets]
"""Bands (chips, bands, side, side), present (chips, bands), background as bands, targets."""


def training_batches(
    scenes: Sequence[SceneTensors],
    *,
    batch: int,
    seed: int,
    weights: Sequence[float] | None = None,
    start: int = 0,
) -> Iterator[Batch]:
    """Endless batches; the same seed gives the same ones.

    Parameters
    ----------
    scenes
        All with the same bands.
    batch
        Chips per batch.
    seed
        Of all that is random here; each batch draws from a generator of its own.
    weights
        How often each scene is drawn, relative; by `sampling_weight` if left out.
    start
        Number of the first batch, so that an interrupted training goes on with the batches that it
        would have had.

    """
    chance = np.array(weights or [sampling_weight(scene) for scene in scenes], float)
    chance /= chance.sum()
    sources = donors(scenes)
    for number in count(start):
        rng = np.random.default_rng([seed, number])
        places = rng.choice(len(scenes), size=batch, p=chance)
        drawn = [_chip(scenes[i], sources, rng) for i in places]
        bands, present, background, ships, counted = zip(*drawn, strict=True)
        wanted = targets(ships, counted=counted, side_px=CHIP_PX)
        yield torch.stack(bands), torch.stack(present), torch.stack(background), wanted


def sampling_weight(scene: SceneTensors) -> float:
    """How often a scene is drawn, relative: for its ships, and for its ground without ships."""
    return 8.0 + len(scene.ships) + scene.bands[0].numel() / 1e5


def sampling_weights(scenes: Sequence[SceneTensors], total: float) -> list[float]:
    """Weights of scenes in proportion to `sampling_weight`, with the sum ``total``."""
    each = [sampling_weight(scene) for scene in scenes]
    return [total * one / sum(each) for one in each]


def _chip(
    scene: SceneTensors, sources: Sequence[Donor], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, OrientedBoxes, Tensor]:
    """One chip, placed and lit at random: bands, present, background, ships, what counts."""
    scale = float(np.exp(rng.uniform(np.log(0.7), np.log(1.45))))
    turn = np.deg2rad(rng.uniform(0, 360))
    flip = rng.choice([-1.0, 1.0])
    # From chip to scene: a chip at scale 2 shows ships half as long.
    matrix = scale * np.array(
        [[np.cos(turn) * flip, -np.sin(turn)], [np.sin(turn) * flip, np.cos(turn)]]
    )
    centre = _place(scene, rng)
    pixels = resample(scene.bands, matrix, centre, CHIP_PX)
    water, search = resample(scene.masks, matrix, centre, CHIP_PX).nan_to_num(0.0) > 0.5
    ships, unsure = (
        ships_in_chip(boxes, matrix, centre, scale) for boxes in (scene.ships, scene.ignored)
    )
    if sources and rng.random() < PASTED:
        pixels, ships = paste_ships(pixels, water, ships, sources, rng)
    bands, present = relight(pixels, scene.present, rng)
    background = torch.full_like(bands, torch.nan)
    if rng.random() < WITH_BACKGROUND:
        before = scene.bands if rng.random() < STAYED else scene.background
        displaced = centre + rng.normal(0, DISPLACED_PX, 2)
        earlier = resample(before, matrix, displaced, CHIP_PX)
        background, _ = relight(earlier, scene.present, rng)
    return bands, present, background, ships, _counted(search, unsure)


def _counted(search: Tensor, unsure: OrientedBoxes) -> Tensor:
    """By output cell: 0 where no centre is ever looked for, or where the truth is unknown."""
    counts = search[::STRIDE, ::STRIDE] & search[1::STRIDE, 1::STRIDE]
    middles = (np.arange(len(counts), dtype=np.float32) + 0.5) * STRIDE
    x, y = np.meshgrid(middles, middles)
    for ship in unsure:
        along, across = ship.along_across(x, y)
        near = (np.abs(along) < ship.length / 2 + 2) & (np.abs(across) < ship.beam / 2 + 2)
        counts = counts & ~torch.from_numpy(near)
    return counts[None].float()


def _place(scene: SceneTensors, rng: np.random.Generator) -> Float32s:
    """Centre of a chip: near a ship or a hard negative, on a shore, or anywhere on searched ground.

    Quays and piers are what a network takes for ships: a third of all chips lies on a shore, with
    ships or without.
    """
    choice = rng.random()
    interesting = np.concatenate([scene.ships.centres, scene.hard_negatives])
    if len(interesting) and choice < NEAR_SHIPS:
        near = interesting[rng.integers(len(interesting))] + rng.uniform(-40, 40, 2)
        return _within(near, scene)
    water, search = scene.masks
    rows, columns = water.shape
    for _ in range(60):
        spot = rng.uniform(0, [columns, rows])
        beside = (spot + rng.uniform(-20, 20, 2)).clip(0, [columns - 1, rows - 1])
        on_shore = choice > ANYWHERE or not water[int(beside[1]), int(beside[0])]
        if search[int(spot[1]), int(spot[0])] and on_shore:
            break
    return _within(spot, scene)


def _within(spot: NDArray[np.floating], scene: SceneTensors) -> Float32s:
    """A place so far off the scene's edges that little of a chip lies beyond."""
    size = np.array(scene.masks.shape[:0:-1])
    edge = np.minimum(CHIP_PX // 3, size // 2)
    return spot.clip(edge, size - edge).astype(np.float32)


def ships_in_chip(
    ships: OrientedBoxes, matrix: NDArray[np.float64], centre: Float32s, scale: float
) -> OrientedBoxes:
    """Ships in the chip's coordinates; those whose centre lies outside are left out.

    Parameters
    ----------
    ships
        In pixels of the scene.
    matrix
        From pixels of the chip to pixels of the scene, both counted from their centres.
    centre
        Of the chip: x and y in the scene.
    scale
        Pixels of the scene per pixel of the chip.

    """
    inverse = np.linalg.inv(matrix)
    x, y = ((ships.centres - centre) @ inverse.T + CHIP_PX / 2).T
    turn = np.deg2rad(ships.angle)
    ahead_x, ahead_y = (np.stack([np.sin(turn), -np.cos(turn)], axis=1) @ inverse.T).T
    angle = np.rad2deg(np.arctan2(ahead_x, -ahead_y)) % 180.0
    length, beam = ships.length / scale, ships.beam / scale
    moved = replace(ships, x=x, y=y, length=length, beam=beam, angle=angle)
    return moved[(x > 0) & (x < CHIP_PX) & (y > 0) & (y < CHIP_PX)]
