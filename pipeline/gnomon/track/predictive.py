"""Posterior predictive check: whether images like those at hand would look like them.

The model misses ships one by one. Haze that no mask marks, a bad calibration or a detector out of
its depth miss them together: a crane, a hulk and a tanker that all lay there before and after are
absent from one image. That makes two visits of one, and shortens what stays.

What is compared is, over optical images and over pairs of tracks that lie in port at an image (they
were detected before it and after it), the sum of

    (seen - p) of the one  x  (seen - p) of the other,

p being the chance of detection. Misses that have nothing to do with each other cancel. The sum is
computed from the tracks of each draw of the posterior; and once more with each of these detections
drawn anew, with chance p. ``fit`` is how often the latter is as great (Gelman, Meng & Stern 1996,
Statistica Sinica 6, 733-807, for discrepancies that depend on parameters). Such a probability is
near one half where the model is right, and rarely below `FIT_MIN`.

Where no two things lie in port for several images, there is nothing to compare and ``fit`` is 0.5.
Counts of ships, gaps between them, lengths of stay and single sightings were tried too: in a few
simulated seasons of each kind, the posterior reproduced them whatever was amiss (bursts, other
stays, coasters, barges, a weak detector), so they are not compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.track.classes import FALSE_ALARM
from gnomon.track.linking import PartitionDraw
from gnomon.track.posterior import TrackPosterior
from gnomon.track.presence import RADAR, chance_of_detection

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FIT_MIN = 0.05
"""Below it the data do not fit the model."""
DRAWS = 200
"""Most draws that are compared, evenly over the chains."""
P_SEEN_MIN = 0.1
"""Images that hardly show the berths say nothing."""
NAMED = 3
"""Images that a note names."""


@dataclass(frozen=True)
class PredictiveCheck:
    """Outcome of the check of one port."""

    fit: float
    """Share of draws in which detections drawn anew are missed together as much."""
    worst: tuple[str, ...]
    """Days of the images that miss most together, the worst first."""

    @property
    def note(self) -> str | None:
        """What a reader must know of it; None where the data fit."""
        if self.fit >= FIT_MIN:
            return None
        return (
            "the data do not fit the model: images miss what lies in port together, as haze does "
            f"that no mask marks, so visits may be split or missed (look at {', '.join(self.worst)}"
            ", and give an image that is hazy a usable_fraction of 0)"
        )


def predictive_check(tracks: TrackPosterior, *, seed: int = 0) -> PredictiveCheck:
    """Compare the misses of a port with misses drawn anew.

    Parameters
    ----------
    tracks
        Draws of the chains.
    seed
        Of the detections drawn anew.

    """
    data, rng = tracks.data, np.random.default_rng(seed)
    p = chance_of_detection(
        tracks.prior,
        tracks.traffic,
        sensor_classes=data.sensor_class,
        usable=data.usable,
        detector=data.detector,
        cards=data.cards,
    )
    optical = data.sensor_class != RADAR
    draws = tracks.draws[:: max(len(tracks.draws) // DRAWS, 1)]
    ours, theirs = np.empty((2, len(draws), int(optical.sum())))
    for n, draw in enumerate(draws):
        seen, chance = _seen_and_chance(tracks, draw, p)
        again = rng.random(seen.shape) < chance
        known = known_present(seen) & (chance >= P_SEEN_MIN)
        ours[n] = missed_together(seen, chance, known)[optical]
        theirs[n] = missed_together(again, chance, known)[optical]
    # Equal sums, as where nothing stays from image to image, are half a yes.
    real, drawn = ours.sum(1), theirs.sum(1)
    fit = (drawn > real).mean() + 0.5 * (drawn == real).mean()
    each = ours.mean(0)
    order = [n for n in np.argsort(-each, kind="stable")[:NAMED] if each[n] > 0]
    days = data.day[optical]
    return PredictiveCheck(float(fit), tuple(f"{data.time(days[n]):%Y-%m-%d}" for n in order))


def _seen_and_chance(tracks: TrackPosterior, draw: PartitionDraw, p: Floats) -> tuple[Mask, Floats]:
    """Which observations detected each track of a draw, and with what chance they would have."""
    pairs = zip(draw.tracks, draw.classes, strict=True)
    ships = [(list(track), int(kind)) for track, kind in pairs if kind != FALSE_ALARM]
    seen = np.zeros((len(ships), len(tracks.data.day)), bool)
    for n, (track, _) in enumerate(ships):
        seen[n, tracks.data.hulls.observation[track]] = True
    return seen, p[:, draw.member, [kind for _, kind in ships]].T


def known_present(seen: Mask) -> Mask:
    """Where tracks certainly were in port: strictly between their first and last detection.

    Parameters
    ----------
    seen
        Which observations detected each track, (tracks, observations).

    """
    before = np.maximum.accumulate(seen, 1)
    after = np.maximum.accumulate(seen[:, ::-1], 1)[:, ::-1]
    between = np.zeros_like(seen)
    between[:, 1:-1] = before[:, :-2] & after[:, 2:]
    return between


def missed_together(seen: Mask, chance: Floats, known: Mask) -> Floats:
    """Sum over pairs of tracks of the products of their residuals, by observation.

    Parameters
    ----------
    seen, chance
        Which observations detected each track, and with what chance they would have: (tracks,
        observations).
    known
        Where the track is compared.

    """
    residual = np.where(known, seen - chance, 0.0)
    pairs: Floats = (residual.sum(0) ** 2 - (residual**2).sum(0)) / 2
    return pairs
