"""The pixels of a hull in the hull's own frame: what the network reads.

A window is a grid of cells along and across the hull, in units of its length, so that ships of any
size fill it alike. The frame is turned and mirrored until the sun stands ahead and the shadow falls
to the positive side::

      across, away from the sun
        ^      . . . . . . . . .
        |    .  s h a d o w  .
        |   +---------------+
        |   |     hull      |         sun ahead, on the negative side
        |   +---------------+
        +------------------------> along, towards the sun

A ship and its mirror image are equally likely, and either end may be the bow, so nothing is lost,
and every chip is a chip of one quarter of the compass.

A cell is the mean of bilinear samples, as many as it holds pixels. Bands are measured from the
median of the window, which is water, in units of its robust deviation, and compressed by the
inverse hyperbolic sine: linear for a shadow, logarithmic for a white deck. Contrast stretches and
units drop out; how dark the shadow is remains, as a multiple of the water's own pattern.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from gnomon.freeboard.bins import ShipChip

Float32s = NDArray[np.float32]
Floats = NDArray[np.float64]

WINDOW_BANDS = ("pan", "blue", "green", "red", "nir")
"""Channels of a window; after them comes the part of each cell that has data."""
ALONG, ACROSS = (-0.72, 0.72, 32), (-0.22, 0.42, 80)
"""First and last edge in lengths, and number of cells. The shadow of a freeboard of a fourteenth of
the length reaches 0.3 lengths across under a sun of 15 degrees."""
CONTEXT = (
    "sun_along",
    "sun_across",
    "cot_sun",
    "view_along",
    "view_across",
    "view_unknown",
    "log_length",
    "log_slenderness",
    "log_gsd",
    "log_beam_px",
    "log_length_error",
    "log_beam_error",
    "heading_error",
    "log_place_error",
    "log_blur",
    "data",
    *(f"has_{name}" for name in WINDOW_BANDS),
    *(f"log_noise_{name}" for name in WINDOW_BANDS),
)
"""What is known beside the pixels; see `_context`."""
_MOST_ALONG, _MOST_ACROSS = 8, 4
_LEAST_NOISE = 1e-6
_CLEAR = 0.5
"""Part of a cell that must have data for it to count."""


@dataclass(frozen=True)
class HullWindow:
    """A hull's pixels in its own frame, and what is known beside them."""

    pixels: Float32s
    """(len(WINDOW_BANDS) + 1, cells across, cells along)."""
    context: Float32s
    """(len(CONTEXT),)"""


def hull_window(chip: ShipChip) -> HullWindow:
    """Sample a chip in the frame of its hull.

    Parameters
    ----------
    chip
        A ship in its image, with the names of its bands, out of `WINDOW_BANDS`.

    Raises
    ------
    ValueError
        The bands are not those of the image, or unknown.

    """
    bands = chip.bands
    if len(bands) != len(chip.image) or not set(bands) <= set(WINDOW_BANDS):
        raise ValueError(f"bands {', '.join(bands)} do not name the {len(chip.image)} of the image")
    frame = HullFrame.of(chip)
    cells, data = _cells(chip, frame)
    clear = data > _CLEAR
    pixels = np.zeros((len(WINDOW_BANDS) + 1, *data.shape), np.float32)
    pixels[-1] = data
    noise = dict.fromkeys(WINDOW_BANDS, 0.0)
    for name, band in zip(bands, cells, strict=True):
        if clear.any():
            level = float(np.median(band[clear]))
            spread = max(1.4826 * float(np.median(np.abs(band[clear] - level))), _LEAST_NOISE)
            pixels[WINDOW_BANDS.index(name)] = np.where(
                clear, np.arcsinh((band - level) / spread), 0
            )
            noise[name] = float(np.log(spread / max(abs(level), _LEAST_NOISE)))
    return HullWindow(pixels, _context(chip, frame, noise, float(data.mean())))


@dataclass(frozen=True)
class HullFrame:
    """Unit vectors (east, north) along the hull towards the sun, and across it away from it."""

    along: Floats
    across: Floats

    @classmethod
    def of(cls, chip: ShipChip) -> "HullFrame":
        """Frame of the ship as it is known."""
        heading, sun = np.deg2rad([chip.heading_deg, chip.sun_azimuth_deg])
        ahead = np.array([np.sin(heading), np.cos(heading)])
        starboard = np.array([np.cos(heading), -np.sin(heading)])
        towards = np.array([np.sin(sun), np.cos(sun)])
        # Exactly abeam or ahead either side is right.
        first = 1.0 if towards @ ahead >= 0 else -1.0
        second = -1.0 if towards @ starboard >= 0 else 1.0
        return cls(first * ahead, second * starboard)

    def seen(self, azimuth_deg: float) -> tuple[float, float]:
        """Components of a direction along and across."""
        azimuth = np.deg2rad(azimuth_deg)
        towards = np.array([np.sin(azimuth), np.cos(azimuth)])
        return float(towards @ self.along), float(towards @ self.across)


def shift_of(
    chip: ShipChip, *, east_m: float, north_m: float, heading_deg: float
) -> tuple[float, float, float]:
    """How far a ship lies from where a chip has it, in the frame of its window.

    Returns
    -------
    along, across
        Of its centre, in lengths.
    turn
        Of its axis from along towards across, radians, -pi/2 to pi/2.

    """
    frame = HullFrame.of(chip)
    away = np.array([east_m - chip.east_m, north_m - chip.north_m]) / chip.length_m
    heading = np.deg2rad(heading_deg)
    ahead = np.array([np.sin(heading), np.cos(heading)])
    turn = np.arctan(float(ahead @ frame.across) / float(ahead @ frame.along))
    return float(away @ frame.along), float(away @ frame.across), float(turn)


def registered(
    chip: ShipChip, shift: tuple[float, float, float], sigma: tuple[float, float, float]
) -> ShipChip:
    """Move a chip's ship to where a shift (`shift_of`) says that it lies, with these errors."""
    frame = HullFrame.of(chip)
    along, across, turn = shift
    moved = chip.length_m * (along * frame.along + across * frame.across)
    axis = np.cos(turn) * frame.along + np.sin(turn) * frame.across
    return replace(
        chip,
        east_m=chip.east_m + float(moved[0]),
        north_m=chip.north_m + float(moved[1]),
        heading_deg=float(np.rad2deg(np.arctan2(axis[0], axis[1]))),
        position_sigma_m=chip.length_m * max(sigma[0], sigma[1]),
        heading_sigma_deg=float(np.rad2deg(sigma[2])),
    )


def _cells(chip: ShipChip, frame: HullFrame) -> tuple[Float32s, Float32s]:
    """Means of each cell, (bands, across, along), and the part of it that has data."""
    x, inner = _samples(ALONG, chip, _MOST_ALONG)
    y, outer = _samples(ACROSS, chip, _MOST_ACROSS)
    places = (
        np.array([chip.east_m, chip.north_m])
        + x[None, :, None] * frame.along
        + y[:, None, None] * frame.across
    )
    _, rows, columns = chip.image.shape
    # Coordinates of `grid_sample`: -1 and 1 are the outer edges of the image.
    half = np.array([columns, -rows]) * chip.gsd_m / 2
    known = np.isfinite(chip.image).all(0, keepdims=True)
    layers = np.concatenate([np.where(known, chip.image, 0), known]).astype(np.float32)
    sampled = functional.grid_sample(
        torch.from_numpy(layers)[None],
        torch.from_numpy((places / half).astype(np.float32))[None],
        align_corners=False,
    )
    sums = functional.avg_pool2d(sampled, (outer, inner))[0].numpy()
    data = sums[-1]
    return sums[:-1] / np.maximum(data, 1e-6), data


def _samples(span: tuple[float, float, int], chip: ShipChip, most: int) -> tuple[Floats, int]:
    """Places of samples along one axis, metres from the ship, and how many make a cell."""
    first, last, count = span
    size = (last - first) / count * chip.length_m
    each = int(np.clip(np.ceil(size / chip.gsd_m), 1, most))
    at = (np.arange(count * each) + 0.5) / (count * each)
    return (first + (last - first) * at) * chip.length_m, each


def _context(chip: ShipChip, frame: HullFrame, noise: dict[str, float], data: float) -> Float32s:
    """Numbers of order one, in the order of `CONTEXT`."""
    sun_along, sun_across = frame.seen(chip.sun_azimuth_deg)
    azimuth, zenith = chip.view_deg
    lean, view = float(np.tan(np.deg2rad(zenith))), frame.seen(azimuth)
    values = [
        sun_along,
        -sun_across,
        1 / np.tan(np.deg2rad(chip.sun_elevation_deg)),
        lean * view[0],
        lean * view[1],
        float(not chip.view_known),
        np.log(chip.length_m / 100),
        np.log(6.5 * chip.beam_m / chip.length_m),
        np.log(chip.gsd_m / 3),
        np.log(chip.beam_m / chip.gsd_m / 5),
        np.log(chip.length_sigma_m / chip.length_m / 0.03),
        np.log(chip.beam_sigma_m / chip.beam_m / 0.1),
        chip.heading_sigma_deg / 4,
        np.log(chip.position_sigma_m / chip.length_m / 0.03),
        np.log(chip.blur_px / 0.5),
        data,
        *(float(name in chip.bands) for name in WINDOW_BANDS),
        *(noise[name] / 2 for name in WINDOW_BANDS),
    ]
    return np.asarray(values, np.float32)
