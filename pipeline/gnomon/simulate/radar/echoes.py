"""What a radar receives of sea, land and ships, and the speckle of it.

Each look is a complex image: echoes of the surface with random phases, and those of scatterers on
ships and quays, all seen through the response of the instrument to a point, sidelobes included.
Looks are summed as powers. So speckle has the right number of looks and neighbours share it, and a
ship's echoes interfere with each other.

Numbers: resolution 20 m in range and 22 m in azimuth, 4.4 equivalent looks (Sentinel-1 Product
Definition, S1-RS-MDA-52-7440, IW GRDH); weighting of the response by a Hamming window of 0.75. Sea
in VV: -19.5 dB at 5 m/s and 38 degrees of incidence, growing with the wind to the power 1.66 and
falling by half a dB a degree, a straight line through CMOD5.N (Hersbach 2010,
doi:10.1175/2009JTECHO698.1) averaged over directions. In VH: 0.58 U - 35.65 dB (Vachon and Wolfe
2011, doi:10.1109/LGRS.2010.2085417). A ship of length L has 0.08 L^(7/3) m2 on average (Vachon and
others 1997, doi:10.1080/07038992.1997.10855204), in VH a tenth, and 4 dB more or less.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from gnomon.datamodel.arrays import Float32s, Float64s

Complex64s = NDArray[np.complex64]
RESOLUTION_M = {"line": 22.0, "sample": 20.0}
LOOK_WEIGHTS = np.array([1.0, 1.0, 1.0, 1.0, 0.22])
"""Equivalent to 4.4 looks: the square of their sum over the sum of their squares."""
HAMMING = 0.75
REACH_PX = 14
"""Of the response to a point: beyond it sidelobes are below -45 dB."""
STRUCTURES_M = 200.0
"""Size of the structures of a rough sea."""
NOISE_DB = -24.0
"""Of the instrument, as sigma0."""


@dataclass(frozen=True, kw_only=True)
class SeaState:
    """The sea of a scene."""

    wind_m_s: float = 6.0
    roughness: float = 0.1
    """Variance of its texture, relative to its mean: 1 over the shape of a K distribution."""


def sea_sigma0(polarisation: str, sea: SeaState, incidence_deg: Float64s) -> Float64s:
    """Mean backscatter of the sea, linear."""
    if polarisation in ("vh", "hv"):
        db = np.full(np.shape(incidence_deg), 0.58 * sea.wind_m_s - 35.65)
    else:
        db = -19.5 + 16.6 * np.log10(sea.wind_m_s / 5) - 0.5 * (np.asarray(incidence_deg) - 38)
    sigma0: Float64s = 10 ** (db / 10)
    return sigma0


def ship_cross_section_m2(length_m: float, polarisation: str) -> float:
    """Mean radar cross-section of a ship."""
    co_polarised = float(0.08 * length_m ** (7 / 3))
    return co_polarised * (0.1 if polarisation in ("vh", "hv") else 1.0)


def sea_texture(
    rng: np.random.Generator, shape: tuple[int, int], sea: SeaState, spacing_m: float
) -> Float32s:
    """Texture of mean one: gamma-distributed, with structures of `STRUCTURES_M`."""
    if sea.roughness <= 0:
        return np.ones(shape, np.float32)
    step = 4  # structures are wide: made on every fourth pixel
    small = (shape[0] // step + 2, shape[1] // step + 2)
    normal = rng.standard_normal(small)
    normal = ndimage.gaussian_filter(normal, STRUCTURES_M / spacing_m / step / 2.5, mode="wrap")
    normal /= normal.std()
    order = 1 / sea.roughness
    gamma = stats.gamma.ppf(stats.norm.cdf(normal), order) / order
    wide = np.kron(gamma, np.ones((step, step)))
    return wide[: shape[0], : shape[1]].astype(np.float32)


def point_response(offset_px: Float64s, axis: str, spacing_m: float) -> Float64s:
    """Amplitude of the response to a point at distances along an axis, 1 at its middle."""
    u = np.asarray(offset_px) * spacing_m / RESOLUTION_M[axis] * _WIDTH
    side = (1 - HAMMING) / 2
    response: Float64s = HAMMING * np.sinc(u) + side * (np.sinc(u - 1) + np.sinc(u + 1))
    return response / HAMMING


def _half_power_width() -> float:
    """Width at half power of the weighted response, in units of its sinc."""
    u = np.linspace(0, 1, 2001)
    side = (1 - HAMMING) / 2
    response = (HAMMING * np.sinc(u) + side * (np.sinc(u - 1) + np.sinc(u + 1))) / HAMMING
    return float(2 * np.interp(0.5, (response**2)[::-1], u[::-1]))


_WIDTH = _half_power_width()


@dataclass(frozen=True)
class Scatterers:
    """Points that echo, in lines and samples from the first centres."""

    line: Float64s
    sample: Float64s
    cross_section_m2: Float64s


def speckle_bank(rng: np.random.Generator, shape: tuple[int, int], spacing_m: float) -> Complex64s:
    """Echoes of a surface of mean power one, which `received` takes shifted at random.

    Drawing and filtering white noise is nearly all of the work; many scenes of one shape may share
    it. It wraps around.
    """
    down, along = _responses(spacing_m)
    flat = np.ones(shape, np.float32)
    return np.stack([_filtered(rng, flat, down, along) for _ in LOOK_WEIGHTS])


def received(
    rng: np.random.Generator,
    surface: Float32s,
    points: Scatterers,
    *,
    spacing_m: float,
    bank: Complex64s | None = None,
) -> Float32s:
    """Power received, as sigma0 with noise, from a surface and points on it.

    Parameters
    ----------
    rng
        Of speckle.
    surface
        Mean sigma0, linear, (lines, samples).
    points
        On it.
    spacing_m
        Of lines and samples.
    bank
        Of `speckle_bank`, of the shape of the surface. With it, edges of the surface are sharper
        than the instrument sees them.

    """
    down, along = _responses(spacing_m)
    # Independent echoes add as powers, and the noise passes the same filter as the surface.
    amplitude = np.sqrt(surface + np.float32(10 ** (NOISE_DB / 10)))
    total = np.zeros(surface.shape, np.float32)
    for number, weight in enumerate(LOOK_WEIGHTS):
        if bank is None:
            look = _filtered(rng, amplitude, down, along)
        else:
            look = amplitude * np.roll(bank[number], rng.integers(0, surface.shape), (0, 1))
        _add_points(rng, look, points, spacing_m)
        total += np.float32(weight) * (look.real**2 + look.imag**2)
    return total / np.float32(LOOK_WEIGHTS.sum())


def _responses(spacing_m: float) -> list[Float64s]:
    """Of lines and of samples, to `REACH_PX` on both sides."""
    offsets = np.arange(-REACH_PX, REACH_PX + 1.0)
    return [point_response(offsets, axis, spacing_m) for axis in ("line", "sample")]


def _filtered(
    rng: np.random.Generator, amplitude: Float32s, down: Float64s, along: Float64s
) -> Complex64s:
    """Complex echoes of a surface: white noise through the response, power as it was."""
    # The power of white noise through a filter is the sum of its squares.
    kernels = [one / np.sqrt((one**2).sum()) for one in (down, along)]
    parts = []
    for _ in range(2):
        white = rng.standard_normal(amplitude.shape, np.float32) * amplitude
        smooth = ndimage.convolve1d(white, kernels[0], axis=0, mode="wrap")
        parts.append(ndimage.convolve1d(smooth, kernels[1], axis=1, mode="wrap"))
    echo: Complex64s = (parts[0] + 1j * parts[1]) * np.float32(np.sqrt(0.5))
    return echo


def _add_points(
    rng: np.random.Generator, look: np.ndarray, points: Scatterers, spacing_m: float
) -> None:
    """Add the response to each point, with a phase of its own in this look."""
    lines, samples = look.shape
    area = _response_area_m2(spacing_m)
    for line, sample, section in zip(
        points.line, points.sample, points.cross_section_m2, strict=True
    ):
        row, column = round(float(line)), round(float(sample))
        rows = np.arange(max(row - REACH_PX, 0), min(row + REACH_PX + 1, lines))
        columns = np.arange(max(column - REACH_PX, 0), min(column + REACH_PX + 1, samples))
        if not len(rows) or not len(columns):
            continue
        down = point_response(rows - line, "line", spacing_m)
        along = point_response(columns - sample, "sample", spacing_m)
        phase = np.exp(2j * np.pi * rng.random())
        look[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] += (
            np.sqrt(section / area) * phase * np.outer(down, along)
        ).astype(np.complex64)


def _response_area_m2(spacing_m: float) -> float:
    """Area over which the response spreads the power of a point."""
    offsets = np.arange(-REACH_PX, REACH_PX + 0.05, 0.1)
    widths = [
        (point_response(offsets, axis, spacing_m) ** 2).sum() * 0.1 * spacing_m
        for axis in RESOLUTION_M
    ]
    return float(np.prod(widths))


def equivalent_looks(power: Float32s) -> float:
    """Number of looks of a surface of one brightness: mean squared over variance."""
    return float(power.mean() ** 2 / power.var())
