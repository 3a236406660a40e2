"""From the likelihood of a freeboard to the load state of a ship, or to the reason for none.

A ship of a given size could have many freeboards, laden and in ballast
(`gnomon.physics.hydrostatics` draws them). The likelihood of the pixels is averaged over the laden
ones and over the ballast ones; the logarithm of the ratio is the evidence of this image, with no
prior on how often ships are laden. ``p_laden`` adds one, of one half. Outliers, one image in a
hundred and more where a hull is a pixel or two wide, are allowed for, which keeps the likelihood
ratio of a single image within about a hundred to one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS
from gnomon.physics.hydrostatics import Tankers

Floats = NDArray[np.float64]

OUTLIERS, OUTLIERS_PX2, MOST_OUTLIERS = 0.01, 0.10, 0.08
"""Fraction of images whose likelihood is worthless: another ship's shadow, a wrong fit. Its least
value, its value for a beam of one pixel (it falls with the square of the beam), and its greatest.
Found on synthetic ships of other seeds than those of docs/validation.md."""
DECK_RISE_M, RISE_PER_COT_M, COT_MOST = 0.22, 0.10, 6.0
"""How much higher a freeboard is read than the deck is amidships: sheer, forecastle, poop, gear at
the rail; the more, by the cotangent of the sun's angle off the hull's axis, the further the shadows
of the ends fall along the side."""
RISE_GSD_M, RISE_FACTOR, RISE_DOUBT = (0.5, 3.0), (0.9, 1.7), (0.6, 0.8)
"""Pixel sizes, the factors on the rise there, and its relative uncertainty: fine pixels separate
gear from deck, coarse ones do not."""
DECK_DOUBT_M, EDGE_DOUBT_PX = 0.15, 0.06
LEAST_EDGE_PX = 0.06
"""Pixels that the shadow's edge moves for a metre of freeboard, below which a fit counts as no
evidence: it rests then on bow, stern and superstructure, whose shapes the model does not know."""
WRONG_COSTS = 10.0
"""What a wrong load state costs, in load states that are not given: one is given where the chance
that it is wrong is below the inverse."""
LADEN_ABOVE, BALLAST_BELOW = 1 - 1 / WRONG_COSTS, 1 / WRONG_COSTS
"""Of p_laden; between the two a ship is indeterminate."""
SUN_HIGH_DEG = 50.0
SUN_ALONG_DEG = 30.0
TOO_SMALL_PIXELS = 1.2
"""Beam in pixels, below which an indeterminate ship is called too small."""


@dataclass(frozen=True)
class Evidence:
    """Likelihood of a freeboard: grid in metres, ascending, and natural logarithms on it."""

    freeboard_m: Floats
    log_likelihood: Floats
    outlier: float = OUTLIERS
    """Probability that it is worthless."""

    def at(self, freeboard_m: Floats) -> Floats:
        """Log likelihood at any freeboards; outside the grid that of its nearer end."""
        values: Floats = np.interp(freeboard_m, self.freeboard_m, self.log_likelihood)
        return values


def evidence(fit: Fit, *, gsd_m: float) -> Evidence:
    """Likelihood of a fit, blurred by the error of the model itself.

    No hull is a prism. Decks rise towards the ends and carry gear, so that a freeboard is read too
    high by `DECK_RISE_M` and more, give or take most of it; `DECK_DOUBT_M` is what trim and
    bulwarks do besides; `EDGE_DOUBT_PX` how far paint, gear and an inexactly known point spread
    move an edge. They were measured on synthetic ships of another model than the one that is
    fitted: a bare prism among them is read without bias. An implausible fit, or one whose shadow's
    edge hardly moves with the freeboard, counts as none.
    """
    grid = fit.freeboard_m
    if fit.implausible or fit.edge_m_per_m < LEAST_EDGE_PX * gsd_m:
        return Evidence(grid, np.zeros_like(grid))
    off = np.deg2rad(max(fit.sun_off_axis_deg, 1.0))
    rise = DECK_RISE_M + RISE_PER_COT_M * min(1 / np.tan(off), COT_MOST)
    rise *= float(np.interp(gsd_m, RISE_GSD_M, RISE_FACTOR))
    doubt = np.hypot(DECK_DOUBT_M, rise * np.interp(gsd_m, RISE_GSD_M, RISE_DOUBT))
    sigma = np.hypot(doubt, EDGE_DOUBT_PX * gsd_m / fit.edge_m_per_m)
    away = grid - (grid[:, None] + rise)  # rows: true freeboards; columns: as read
    kernel = np.exp(-0.5 * (away / sigma) ** 2) * np.gradient(grid)
    # At the ends of the grid the kernel is cut, not the likelihood.
    blurred = kernel @ np.exp(fit.log_likelihood) / kernel.sum(1)
    log_likelihood = np.log(np.maximum(blurred, 1e-300))
    beam_px = fit.ship[PARAMETERS.index("beam_m")] / gsd_m
    outlier = float(np.clip(OUTLIERS_PX2 / max(beam_px, 1e-3) ** 2, OUTLIERS, MOST_OUTLIERS))
    return Evidence(grid, log_likelihood - log_likelihood.max(), outlier)


@dataclass(frozen=True, kw_only=True)
class Load:
    """The load columns of a detection; see `gnomon.datamodel.tables.Detections`."""

    freeboard_m: float | None = None
    freeboard_sigma_m: float | None = None
    freeboard_p05_m: float | None = None
    freeboard_p95_m: float | None = None
    log_lr_laden: float | None = None
    p_laden: float | None = None
    load_state: str = "indeterminate"
    load_reason: str | None = None


def assess_load(
    evidence: Evidence,
    ships: Tankers,
    *,
    sun_elevation_deg: float,
    sun_off_axis_deg: float,
    beam_px: float,
    reason: str | None = None,
) -> Load:
    """Estimate a load state from the evidence of one image.

    Parameters
    ----------
    evidence
        Of one image, from `evidence`.
    ships
        Draws for this ship, arrays of shape (draws,).
    sun_elevation_deg, sun_off_axis_deg, beam_px
        Of the image: height of the sun, angle between its azimuth and the hull's axis (0 to 90),
        beam in pixels. They do not decide; they name the reason why evidence is weak.
    reason
        If the image is known to be unusable (``alongside``, ``neighbour`` and so on), that is the
        answer: the freeboard is still estimated, the load state is not.

    """
    grid = evidence.freeboard_m
    weight = posterior(evidence, ships) * np.gradient(grid)
    mean = float((weight * grid).sum())
    sigma = float(np.sqrt((weight * (grid - mean) ** 2).sum()))
    middles = weight.cumsum() - weight / 2
    low, high = np.interp([0.05, 0.95], middles, grid)
    ratio = log_lr_laden(evidence, ships)
    p_laden = float(1 / (1 + np.exp(-ratio)))
    weak = why_weak(sun_elevation_deg, sun_off_axis_deg, beam_px)
    state, why = verdict(p_laden, weak=weak, reason=reason)
    return Load(
        freeboard_m=mean,
        freeboard_sigma_m=sigma,
        freeboard_p05_m=float(low),
        freeboard_p95_m=float(high),
        log_lr_laden=ratio,
        p_laden=p_laden,
        load_state=state,
        load_reason=why,
    )


def verdict(p_laden: float, *, weak: str, reason: str | None = None) -> tuple[str, str | None]:
    """Load state that costs least, and why it is indeterminate.

    Parameters
    ----------
    p_laden
        Probability that the ship is laden.
    weak
        The reason if the probability decides nothing.
    reason
        The reason if nothing is decided whatever the probability.

    """
    if reason is None and p_laden > LADEN_ABOVE:
        return "laden", None
    if reason is None and p_laden < BALLAST_BELOW:
        return "ballast", None
    return "indeterminate", reason or weak


def posterior(evidence: Evidence, ships: Tankers) -> Floats:
    """Posterior density of the freeboard on the evidence's grid, per metre."""
    grid = evidence.freeboard_m
    density = prior(grid, ships) * np.exp(evidence.log_likelihood)
    total: Floats = density / (density * np.gradient(grid)).sum()
    return total


def why_weak(sun_elevation_deg: float, sun_off_axis_deg: float, beam_px: float) -> str:
    """Likeliest reason why an image does not determine the load."""
    if beam_px < TOO_SMALL_PIXELS:
        return "too_small"
    if sun_off_axis_deg < SUN_ALONG_DEG:
        return "sun_along_hull"
    return "sun_high" if sun_elevation_deg >= SUN_HIGH_DEG else "weak_evidence"


def prior(freeboard_m: Floats, ships: Tankers) -> Floats:
    """Prior density of freeboards: two parts laden, two ballast, one anything between.

    Wide enough that an image without information gives an interval from a deeply laden ship to a
    light one.
    """
    between = np.linspace(0.0, 1.0, ships.length_m.shape[-1])
    groups = (ships.laden_freeboard_m, ships.ballast_freeboard_m, ships.freeboard_at_m(between))
    density = np.zeros_like(freeboard_m)
    for part, values in zip((0.4, 0.4, 0.2), groups, strict=True):
        # Silverman's width, which smooths 512 draws by a third of their spread.
        width = max(1.06 * values.std() * values.size**-0.2, 0.02)
        z = (freeboard_m[:, None] - values) / width
        density += part * np.exp(-0.5 * z**2).mean(-1) / (width * np.sqrt(2 * np.pi))
    return density


def log_lr_laden(evidence: Evidence, ships: Tankers) -> float:
    """Log likelihood of the pixels if laden, less that if in ballast."""
    likelihood = _likelihood_at(evidence, ships.laden_freeboard_m)
    other = _likelihood_at(evidence, ships.ballast_freeboard_m)
    return float(np.log(likelihood.mean() / other.mean()))


def _likelihood_at(evidence: Evidence, freeboard_m: Floats) -> Floats:
    """Likelihood, its mean over the grid one, with the part that may be an outlier."""
    scaled = np.exp(evidence.log_likelihood - evidence.log_likelihood.max())
    span = np.ptp(evidence.freeboard_m)
    mean = np.trapezoid(scaled, evidence.freeboard_m) / span
    here = np.exp(evidence.at(freeboard_m) - evidence.log_likelihood.max()) / mean
    likelihood: Floats = (1 - evidence.outlier) * here + evidence.outlier
    return likelihood
