"""Fitting the network of radar to places in images; it reads from top to bottom.

A batch is half of places on ships, each ship as likely as another, and half of places without.
Ships of real chips and of simulations are mixed by a share. A place is shown off by up to 60 m,
mirrored, and turned by a right angle where there is no land, with another gain, and without one of
two channels at times.

Lengths, beams and places are fitted by the likelihood of Laplace's distribution, whose scale the
network gives itself: it is hardly moved by labels that are plainly wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gnomon.datamodel.arrays import Float64s
from gnomon.detect.radar_candidates import CROP_PX
from gnomon.detect.radar_network import (
    BEAM_PX,
    LENGTH_PX,
    OFFSET_PX,
    RadarNetwork,
    RadarOutput,
)
from gnomon.learn.averaging import AveragedDescent
from gnomon.learn.radar.sheets import NONE, RadarSheet

OFF_PX = 6
"""Largest distance along lines and samples from the candidate at which it is shown."""
GAIN_DB = 0.15
"""Deviation of the gain of a channel, in units of ten decibels."""
ALONE = 0.4
"""Share of places with both channels that lose the second; a third as many lose the first. Few
simulated images have one alone, and many real ones have: that must not tell them apart."""
SMOOTHING = 0.02
KEPT_EVERY = 100
"""Steps after which the state is kept."""
SHORT_PX = 5.0
"""The axis of shorter ships counts less: it is hardly seen."""


@dataclass(frozen=True, kw_only=True)
class RadarFitOptions:
    """How long and how fast."""

    steps: int = 900
    batch: int = 96
    learning_rate: float = 3e-3
    weight_decay: float = 2e-2
    keep: float = 0.99
    """Share of the old average that each step keeps."""
    real: float = 0.5
    """Share of real ships in a batch, if there are any."""
    seed: int = 0


@dataclass(frozen=True)
class RadarSamples:
    """Places of many sheets, by kind."""

    sheets: Sequence[RadarSheet]
    ships: Sequence[tuple[NDArray[np.int64], Float64s]]
    """Of drawn and of real sheets: rows of sheet, sample, line and number of the ship, and the
    chance of each row."""
    nothing: NDArray[np.int64]
    """Rows of sheet, sample and line."""

    @classmethod
    def of(cls, sheets: Sequence[RadarSheet]) -> "RadarSamples":
        """All places of sheets."""
        kinds: list[list[NDArray[np.int64]]] = [[], []]
        weights: list[list[Float64s]] = [[], []]
        nothing = []
        for number, sheet in enumerate(sheets):
            where, ship = sheet.places
            rows = np.column_stack([np.full(len(where), number), where, ship])
            on = ship >= 0
            nothing.append(rows[ship == NONE, :3])
            kind = int(bool(len(sheet.group)) and sheet.group.min() >= 0)
            kinds[kind].append(rows[on])
            weights[kind].append(1.0 / np.bincount(ship[on], minlength=1)[ship[on]])
        ships = []
        for rows_of, weights_of in zip(kinds, weights, strict=True):
            if rows_of:
                chance = np.concatenate(weights_of)
                ships.append((np.concatenate(rows_of), chance / chance.sum()))
            else:
                ships.append((np.zeros((0, 4), np.int64), np.zeros(0)))
        return cls(sheets, ships, np.concatenate(nothing))


@dataclass(frozen=True)
class _Batch:
    crops: Tensor
    known: Tensor
    ship: Tensor
    """1 on a ship, else 0."""
    offset: Tensor
    log_size: Tensor
    sized: Tensor
    double_axis: Tensor
    """Radians."""
    axis_weight: Tensor


def fit_radar_network(
    samples: RadarSamples,
    options: RadarFitOptions | None = None,
    *,
    start: RadarNetwork | None = None,
    state: Path | None = None,
    on_step: Callable[[int, float], None] | None = None,
) -> RadarNetwork:
    """Fit a network; the same seed gives the same weights on one machine.

    Parameters
    ----------
    samples
        To fit it to.
    options
        How long and how fast.
    start
        A network to go on from, which is changed; a new one if left out.
    state
        File that an interrupted fit goes on from, and that it is kept in.
    on_step
        Called after each step with its number, from 1, and its loss.

    """
    options = options or RadarFitOptions()
    torch.manual_seed(options.seed)
    run = AveragedDescent(
        start or RadarNetwork(),
        steps=options.steps,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        keep=options.keep,
    )
    if state is not None and state.exists():
        run.load(state)
    while run.step < options.steps:
        # A stream for each step: a fit that goes on draws what one that was not stopped draws.
        torch.manual_seed(options.seed * 1_000_003 + run.step)
        rng = np.random.default_rng([options.seed, run.step])
        batch = _augmented(rng, _drawn_batch(rng, samples, options))
        loss = _loss(RadarOutput.of(run.model(batch.crops, batch.known)), batch)
        error = run.descend(loss)
        if on_step:
            on_step(run.step, error)
        if state is not None and run.step % KEPT_EVERY == 0:
            run.save(state)
    return run.ema.eval()


def _loss(out: RadarOutput, batch: _Batch) -> Tensor:
    wanted = batch.ship * (1 - 2 * SMOOTHING) + SMOOTHING
    loss = functional.binary_cross_entropy_with_logits(out.log_odds, wanted)
    on = batch.ship.sum().clamp_min(1.0)
    off = functional.smooth_l1_loss(out.offset, batch.offset, beta=0.1, reduction="none").sum(1)
    scale = out.log_scale.clamp(-4, 2)
    size = ((out.log_size - batch.log_size).abs() * torch.exp(-scale) + scale).sum(1)
    found = torch.atan2(out.axis[:, 1], out.axis[:, 0] + 1e-6)
    turn = (1 - torch.cos(found - batch.double_axis)) * batch.axis_weight
    # The vector of the axis keeps to about unit length, so that its angle stays well defined.
    turn = turn + 0.02 * (out.axis.square().sum(1) - 1).square()
    parts = off + 0.5 * size * batch.sized + turn
    return loss + 0.5 * (parts * batch.ship).sum() / on


def _drawn_batch(
    rng: np.random.Generator, samples: RadarSamples, options: RadarFitOptions
) -> _Batch:
    half = options.batch // 2
    drawn, real = samples.ships
    of_real = round(half * options.real) if len(real[0]) and len(drawn[0]) else half
    of_real *= bool(len(real[0]))
    rows = [
        kind[rng.choice(len(kind), count, p=chance)]
        for (kind, chance), count in ((drawn, half - of_real), (real, of_real))
        if count
    ]
    on = np.concatenate(rows)
    off = samples.nothing[rng.integers(0, len(samples.nothing), options.batch - half)]
    places = np.concatenate([on[:, :3], off])
    shift = np.round(rng.triangular(-OFF_PX, 0, OFF_PX, (len(places), 2))).astype(np.int64)
    shift[half:] //= 2
    places[:, 1:] += shift
    crops, known = _read(samples.sheets, places)
    return _with_truth(samples.sheets, crops, known, places, on[:, 3])


def _read(sheets: Sequence[RadarSheet], places: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    crops = torch.zeros(len(places), 3, CROP_PX, CROP_PX)
    known = torch.zeros(len(places), 3)
    for number in np.unique(places[:, 0]):
        here = places[:, 0] == number
        crops[here], known[here] = sheets[number].planes.crops(places[here, 1:])
    return crops, known


def _with_truth(
    sheets: Sequence[RadarSheet],
    crops: Tensor,
    known: Tensor,
    places: NDArray[np.int64],
    ships: NDArray[np.int64],
) -> _Batch:
    truth = np.zeros((len(places), 6), np.float32)
    truth[:, 2:4] = LENGTH_PX, BEAM_PX
    for row, (place, ship) in enumerate(zip(places, ships, strict=False)):
        sheet = sheets[place[0]]
        box = sheet.ships[int(ship)]
        truth[row] = (
            box.x - place[1] - 0.5, box.y - place[2] - 0.5, box.length, box.beam, box.angle,
            sheet.sized[ship],
        )  # fmt: skip
    x, y, length, beam, angle, sized = torch.from_numpy(truth).T
    return _Batch(
        crops=crops,
        known=known,
        ship=(torch.arange(len(places)) < len(ships)).float(),
        offset=torch.stack([x, y], 1) / OFFSET_PX,
        log_size=torch.log(torch.stack([length / LENGTH_PX, beam / BEAM_PX], 1)),
        sized=sized,
        double_axis=torch.deg2rad(2 * angle),
        axis_weight=(length / SHORT_PX).clamp(max=1.0),
    )


def _augmented(rng: np.random.Generator, batch: _Batch) -> _Batch:
    """Mirrored, turned, with another gain, and without a channel at times."""
    count = len(batch.crops)
    crops, offset, axis = batch.crops, batch.offset, batch.double_axis
    at_sea = ~crops[:, 2].flatten(1).any(1)

    def chosen(share: float) -> Tensor:
        return torch.from_numpy(rng.random(count) < share)

    for dim, part, where in ((2, 1, chosen(0.5)), (3, 0, chosen(0.5) & at_sea)):
        mirrored = crops.roll(-1, dim).flip(dim)
        crops = torch.where(where[:, None, None, None], mirrored, crops)
        offset[where, part] *= -1
        axis = torch.where(where, -axis, axis)
    where = chosen(0.5) & at_sea
    crops = torch.where(where[:, None, None, None], crops.transpose(2, 3), crops)
    offset = torch.where(where[:, None], offset.flip(1), offset)
    axis = torch.where(where, torch.pi - axis, axis)
    known = batch.known.clone()
    gain = GAIN_DB * torch.from_numpy(rng.standard_normal((count, 2))).float()
    both = known[:, :2].all(1)
    for channel, share in ((0, ALONE / 3), (1, ALONE)):
        lost = chosen(share) & both & (known[:, 1 - channel] > 0)
        known[lost, channel] = 0
    crops[:, :2] = (crops[:, :2] + gain[:, :, None, None]) * known[:, :2, None, None]
    return _Batch(
        crops, known, batch.ship, offset, batch.log_size, batch.sized, axis, batch.axis_weight
    )
