"""Simulated ships through the freeboard stage, beside their truth; and the Cramer-Rao bound.

Two questions. Does the inversion reach the accuracy that is possible? Ships drawn by the fitted
model itself, in white noise, are compared with the Cramer-Rao bound of that model with the same
priors. Are its intervals and probabilities true? Ships of the simulator
(`gnomon.simulate.pixels.portrait`), which is another model, are compared with them.

The prior knowledge of a ship is drawn about its truth: ``click``, as a person or a detector
measures it (length to 6 % and 0.7 pixel, beam to 15 % and half a pixel, heading to 4 degrees), or
``register``, as a register lists an identified ship (length to 1 m, beam to 0.3 m).
"""

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.descent import FREEBOARD
from gnomon.freeboard.hull import PARAMETERS, SURFACES
from gnomon.freeboard.image import cover_of_pixels
from gnomon.freeboard.invert import invert, ship_prior
from gnomon.freeboard.rows import BANDS, read_chip
from gnomon.physics.shadow import off_axis_deg
from gnomon.simulate.pixels.portrait import Portrait, portrait
from gnomon.workflow.loads import sigma_of

Floats = NDArray[np.float64]
Known = Literal["click", "register"]
GSDS_M, SUNS_DEG, LENGTHS_M = (0.5, 3.0, 10.0), (20.0, 40.0, 60.0), (70.0, 110.0, 180.0)
_AT_ONCE = 10
# Reflectances of the model's own ships, blue to near infrared: nominal harbour water, red lead
# paint, a white superstructure; shade takes six tenths of the water's light.
_LEVELS = {
    "water": (0.040, 0.042, 0.028, 0.016),
    "deck": (0.12, 0.13, 0.14, 0.15),
    "wall": (0.06, 0.06, 0.06, 0.06),
    "house": (0.30, 0.32, 0.33, 0.34),
    "deck_shadow": (-0.06, -0.07, -0.07, -0.08),
    "shadow": (-0.024, -0.025, -0.017, -0.010),
    "house_shadow": (-0.024, -0.025, -0.017, -0.010),
}
INSTRUMENT_SIGMA, WATER_CLUTTER, SHIP_CLUTTER = 0.0015, 0.004, 0.03
"""Noise of the model's own images, reflectance: of every band alone; and of waves and of gear on
deck, the same in all bands, in pixels of 3 m (in other pixels as white noise would be averaged)."""


@dataclass(frozen=True)
class Cell:
    """Ships of one length, under one sun, in one instrument's pixels."""

    gsd_m: float
    sun_elevation_deg: float
    length_m: float


def every_cell() -> list[Cell]:
    """Every combination of pixel, sun and length."""
    return [Cell(*values) for values in product(GSDS_M, SUNS_DEG, LENGTHS_M)]


def simulated(
    cells: Iterable[Cell],
    *,
    ships: int,
    seed: int,
    known: Known = "click",
    workers: int = 2,
    on_progress: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Estimate the loads of ships of the simulator: one row each, truth beside the estimate.

    Parameters
    ----------
    cells
        Pixel sizes, suns and lengths to draw.
    ships
        In each cell.
    seed
        Ship i of a cell and a seed does not depend on what else is drawn.
    known
        Prior knowledge, see the head of the module.
    workers
        Processes.
    on_progress
        Called after each portion that is done.

    """
    jobs = [(*portion, seed, known) for portion in _portions(cells, ships)]
    return _spread(_simulated, jobs, workers, on_progress)


def matched(
    cells: Iterable[Cell],
    *,
    ships: int,
    seed: int,
    workers: int = 2,
    on_progress: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Estimate freeboards of ships of the fitted model itself, with the bound for each."""
    jobs = [(*portion, seed) for portion in _portions(cells, ships)]
    return _spread(_matched, jobs, workers, on_progress)


def _portions(cells: Iterable[Cell], ships: int) -> list[tuple[Cell, range]]:
    """Numbers of ships that are worked on together, cell by cell."""
    starts = range(0, ships, _AT_ONCE)
    return [(cell, range(k, min(k + _AT_ONCE, ships))) for cell in cells for k in starts]


def _spread(
    work: Callable[..., list[dict[str, Any]]],
    jobs: list[tuple[Any, ...]],
    workers: int,
    on_progress: Callable[[str], None],
) -> pd.DataFrame:
    context = multiprocessing.get_context("spawn")
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        for count, part in enumerate(pool.map(work, *zip(*jobs, strict=True)), start=1):
            rows += part
            on_progress(f"{count} of {len(jobs)} portions")
    return pd.DataFrame(rows)


def _simulated(cell: Cell, numbers: range, seed: int, known: Known) -> list[dict[str, Any]]:
    drawn = [portrait_of(cell, seed, number) for number in numbers]
    chips = [
        chip_of_portrait(one, cell, np.random.default_rng([seed, number, 1]), known)
        for one, number in zip(drawn, numbers, strict=True)
    ]
    return [
        vars(cell)
        | {
            "freeboard_true_m": one.ship.freeboard_m,
            "laden": one.laden,
            "sun_off_axis_deg": float(
                off_axis_deg(one.light.sun_azimuth_deg, one.ship.heading_deg)
            ),
            **vars(reading.load),
            "implausible": reading.fit is not None and reading.fit.implausible,
        }
        for one, reading in zip(drawn, map(read_chip, chips), strict=True)
    ]


def portrait_of(cell: Cell, seed: int, number: int) -> Portrait:
    """Draw one ship of a cell."""
    key = (seed, int(10 * cell.gsd_m), int(cell.sun_elevation_deg), int(cell.length_m), number)
    return portrait(
        key,
        length_m=cell.length_m,
        gsd_m=cell.gsd_m,
        sun_elevation_deg=cell.sun_elevation_deg,
    )


def chip_of_portrait(one: Portrait, cell: Cell, rng: np.random.Generator, known: Known) -> ShipChip:
    """The chip of a portrait, and what is known of the ship, drawn about the truth."""
    ship, gsd = one.ship, cell.gsd_m
    place = 0.02 * ship.length_m + 0.6 * gsd
    length, beam = (
        (1.0, 0.3)
        if known == "register"
        else (sigma_of("length_m", ship.length_m, gsd), sigma_of("beam_m", ship.beam_m, gsd))
    )
    left, bottom, right, top = one.pixels.odc.geobox.boundingbox
    names = tuple(name for name in BANDS if name in one.pixels)
    return ShipChip(
        image=np.stack([one.pixels[name].to_numpy() for name in names]),
        bands=names,
        gsd_m=gsd,
        sun_azimuth_deg=one.light.sun_azimuth_deg,
        sun_elevation_deg=one.light.sun_elevation_deg,
        view_azimuth_deg=one.light.view_azimuth_deg,
        view_zenith_deg=one.light.view_zenith_deg,
        length_m=max(ship.length_m + length * rng.normal(), 0.6 * ship.length_m),
        length_sigma_m=length,
        beam_m=max(ship.beam_m + beam * rng.normal(), 0.5 * ship.beam_m),
        beam_sigma_m=beam,
        heading_deg=ship.heading_deg + 4.0 * rng.normal() + 180.0 * rng.integers(2),
        heading_sigma_deg=4.0,
        east_m=ship.east_m - (left + right) / 2 + place * rng.normal(),
        north_m=ship.north_m - (bottom + top) / 2 + place * rng.normal(),
        position_sigma_m=place,
    )


def _matched(cell: Cell, numbers: range, seed: int) -> list[dict[str, Any]]:
    rows = []
    for number in numbers:
        chip, truth, bound = _own_ship(cell, np.random.default_rng([seed, number]))
        fit = invert(chip)
        weight = np.exp(fit.log_likelihood) * np.gradient(fit.freeboard_m)
        mean = float((weight * fit.freeboard_m).sum() / weight.sum())
        rows.append(vars(cell) | {"error_m": mean - float(truth[FREEBOARD]), "bound_m": bound})
    return rows


def _own_ship(cell: Cell, rng: np.random.Generator) -> tuple[ShipChip, Floats, float]:
    """Draw a ship by the fitted model, in white noise: chip, parameters, bound of the freeboard."""
    length, gsd = cell.length_m, cell.gsd_m
    heading = float(rng.uniform(0, 360))
    sun = heading + float(rng.choice([-1, 1]) * rng.uniform(45, 135))
    chip = ShipChip(
        image=np.zeros((4, 1, 1), np.float32),
        gsd_m=gsd,
        sun_azimuth_deg=sun,
        sun_elevation_deg=cell.sun_elevation_deg,
        view_azimuth_deg=float(rng.uniform(0, 360)),
        view_zenith_deg=float(rng.uniform(0, 10)),
        length_m=length,
        length_sigma_m=1.0,
        beam_m=length / 6.6,
        beam_sigma_m=0.3,
        heading_deg=heading,
        heading_sigma_deg=2.0,
        position_sigma_m=0.02 * length + 0.3 * gsd,
    )
    mean, precision = ship_prior(chip)
    truth = mean + np.linalg.cholesky(np.linalg.inv(precision)) @ rng.normal(size=len(mean))
    truth[FREEBOARD] = length * rng.uniform(0.015, 0.05)
    half = int(np.ceil((length / 2 + 60) / gsd))
    shade = 1 + 0.25 / 0.6 * np.clip(rng.normal(), -1.5, 1.5)
    chip = replace(chip, image=np.zeros((4, 2 * half, 2 * half), np.float32))
    image, slopes, maps = _expanded(chip, truth, shade)
    zone = np.clip(1 - maps[SURFACES.index("water")], 0, 1)
    clutter = ((1 - zone) * WATER_CLUTTER**2 + zone * SHIP_CLUTTER**2) * (3.0 / gsd) ** 2
    image = image + np.sqrt(clutter) * rng.normal(size=clutter.shape)
    image = image + INSTRUMENT_SIGMA * rng.normal(size=image.shape)
    pixels = image.reshape(chip.image.shape).astype(np.float32)
    bound = _bound(slopes, maps, clutter, precision)
    return replace(chip, image=pixels), truth, bound


def _expanded(chip: ShipChip, truth: Floats, shade: float) -> tuple[Floats, Floats, Floats]:
    """Image (bands, pixels), its slopes in the ship's parameters, and the surfaces' covers."""
    levels = np.array([_LEVELS.get(name, (0.0,) * 4) for name in SURFACES]).T
    for name in ("shadow", "house_shadow"):
        levels[:, SURFACES.index(name)] *= shade

    slopes = []
    for k in range(len(PARAMETERS)):
        step = np.zeros(len(PARAMETERS))
        step[k] = 1e-4
        slopes.append(
            levels
            @ (cover_of_pixels(chip, truth + step) - cover_of_pixels(chip, truth - step))
            / 2e-4
        )
    here = cover_of_pixels(chip, truth)
    return levels @ here, np.stack(slopes), here


def _bound(slopes: Floats, maps: Floats, clutter: Floats, precision: Floats) -> float:
    """Least deviation of any unbiased reading of the freeboard, its own prior left out."""
    ships, bands, pixels = slopes.shape
    columns = np.zeros((ships + bands * len(maps), bands, pixels))
    columns[:ships] = slopes
    for band in range(bands):
        columns[ships + band * len(maps) : ships + (band + 1) * len(maps), band] = maps
    # Of a pixel's bands, the mean has the clutter; what they differ by has the instrument alone.
    alone = (columns - columns.mean(1, keepdims=True)) / INSTRUMENT_SIGMA
    common = columns.mean(1) / np.sqrt(clutter + INSTRUMENT_SIGMA**2 / bands)
    information = np.einsum("ibp,jbp->ij", alone, alone, optimize=True) + common @ common.T
    # The reflectances are known no better than to a tenth; the shade to a quarter of the light.
    prior = np.diag([0.0] * ships + [1 / 0.1**2] * (bands * len(maps)))
    prior[:ships, :ships] = precision
    prior[FREEBOARD] = prior[:, FREEBOARD] = 0.0
    shade = [ships + b * len(maps) + SURFACES.index("shadow") for b in range(bands)]
    lit = np.array(_LEVELS["water"])
    covariance = np.outer(0.25 * lit, 0.25 * lit) + np.diag((0.08 * lit) ** 2)
    prior[np.ix_(shade, shade)] = np.linalg.inv(covariance)
    return float(np.sqrt(np.linalg.inv(information + prior)[FREEBOARD, FREEBOARD]))
