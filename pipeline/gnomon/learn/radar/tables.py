"""Tables of the card of radar's weights, and the calibration they rest on.

Boxes are found as a run finds them, by `gnomon.detect.radar`, with a threshold of zero, so that any
threshold can be looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.calibration import IDENTITY, BoxErrors, Curve, bounded_logit
from gnomon.detect.radar import RadarDetector, RadarNetworkDetector
from gnomon.detect.radar_network import RadarNetwork
from gnomon.detect.radar_weights import RadarCalibration, RadarModel, RadarWeights
from gnomon.learn.calibrate import platt_curve
from gnomon.learn.radar.measure import RadarMatches, fitted_errors
from gnomon.learn.radar.sheets import RadarSheet

CANDIDATE_RATE = 1e-5
SHIP_M = 50.0
"""Ships of this length and more count."""
ASKED_PER_KM2 = 0.01
"""False alarms that are allowed."""
BANDS_M = (30.0, 50.0, 75.0, 100.0, 150.0, 250.0, 450.0)
ALL = DetectOptions(threshold=0.0, length_min_m=0.0)
RAW = RadarCalibration(
    threshold=0.5,
    open_water=IDENTITY,
    quay=IDENTITY,
    errors=BoxErrors(length_m=10, length_share=0.1, beam_m=5, beam_share=0.1, heading_deg=5),
)


def as_detector(network: RadarNetwork, calibration: RadarCalibration = RAW) -> RadarNetworkDetector:
    """A network as a run uses it."""
    model = RadarModel(
        name="radar",
        version="0",
        digest="0" * 64,
        candidate_rate=CANDIDATE_RATE,
        network=network.options,
        calibration=calibration,
    )
    return RadarNetworkDetector(RadarOptions(), ALL, RadarWeights(model, network))


def baseline() -> RadarDetector:
    """CFAR alone, with its usual options."""
    return RadarDetector(RadarOptions(), ALL)


def matches_in(detector: RadarDetector, sheets: Sequence[RadarSheet]) -> RadarMatches:
    """What a detector finds in sheets, against their ships."""
    return RadarMatches.joined(
        [RadarMatches.of(one, detector.find(one.pixels, one.masks)) for one in sheets]
    )


def radar_calibration(held: RadarMatches, unseen: RadarMatches) -> RadarCalibration:
    """Curves, threshold and errors.

    Parameters
    ----------
    held
        In simulated images that training did not see, raw.
    unseen
        On real ships, each by a network that did not see its scene, raw.

    """
    both = RadarMatches.joined([held, unseen])
    known = both.truth > -2
    at_quay = both.boxes.quayside
    curves = [_curve(both, known & where) for where in (~at_quay, at_quay)]
    scored = _scored(both, curves[0], curves[1])
    open_water = replace(scored, boxes=scored.boxes[~at_quay], truth=scored.truth[~at_quay])
    steps = np.arange(0.3, 0.96, 0.05)
    few = [
        open_water.false_alarms(least) <= ASKED_PER_KM2 / 2 * both.searched_km2 for least in steps
    ]
    threshold = float(steps[int(np.argmax(few))]) if any(few) else float(steps[-1])
    return RadarCalibration(
        threshold=round(threshold, 2),
        open_water=curves[0],
        quay=curves[1],
        errors=fitted_errors(unseen),
    )


def _curve(matches: RadarMatches, where: np.ndarray) -> Curve:
    raw = bounded_logit(matches.boxes.score[where])
    return platt_curve(raw, matches.truth[where] >= 0, np.ones(len(raw)))


def scored_by(matches: RadarMatches, calibration: RadarCalibration) -> RadarMatches:
    """Matches whose raw scores became scores."""
    return _scored(matches, calibration.open_water, calibration.quay)


def _scored(matches: RadarMatches, open_water: Curve, quay: Curve) -> RadarMatches:
    boxes = matches.boxes
    score = np.where(boxes.quayside, quay(boxes.score), open_water(boxes.score))
    return replace(matches, boxes=replace(boxes, score=score.astype(np.float32)))


HEAD = (
    (
        "| | found, of 50 m and more | false alarms | F1 | length: bias, sd (median, robust) | "
        "beam: bias, sd | 90 % intervals of length that hold |"
    ),
    "|---|---|---|---|---|---|---|",
)


def skill_row(
    name: str, matches: RadarMatches, least: float, errors: BoxErrors | None = None
) -> str:
    """One row of a table of `HEAD`."""
    found, there = matches.recall(least, (SHIP_M, np.inf))
    wrong = matches.false_alarms(least)
    length, true = matches.errors_m("length", least=least)
    beam, _ = matches.errors_m("beam", least=least)
    large = true >= SHIP_M
    length, beam, true = length[large], beam[large], true[large]
    middle = np.median(length)
    robust = 1.4826 * np.median(np.abs(length - middle))
    holds = "" if errors is None else f"{_coverage(errors, length, true):.2f}"
    return (
        f"| {name} | {found} of {there} ({found / max(there, 1):.3f}) | "
        f"{wrong} on {matches.searched_km2:.0f} km²{_beside(matches, least)} | "
        f"{_f1(found, there, wrong):.3f} | "
        f"{length.mean():+.1f}, {length.std():.1f} m ({middle:+.1f}, {robust:.1f}) | "
        f"{beam.mean():+.1f}, {beam.std():.1f} m | {holds} |"
    )


def _beside(matches: RadarMatches, least: float) -> str:
    """Boxes of no ship where ships have no label."""
    count = int(((matches.truth == -2) & (matches.boxes.score >= least)).sum())
    return f", and {count} in chips" if count else ""


def _f1(found: int, there: int, wrong: int) -> float:
    return 2 * found / max(found + wrong + there, 1)


def _coverage(errors: BoxErrors, length: np.ndarray, true: np.ndarray) -> float:
    sigma = np.hypot(errors.length_m, errors.length_share * (true + length))
    return float((np.abs(length) <= 1.645 * sigma).mean())


def harbour_lines(
    by_wind: Mapping[float, Sequence[RadarSheet]], detector: RadarDetector, least: float
) -> Iterator[str]:
    """F1 at quays by length and wind: of a detector at its threshold, and of CFAR.

    A false alarm counts at the length that it seems to have.
    """
    yield "| length | " + " | ".join(f"wind {wind:.0f} m/s" for wind in by_wind) + " |"
    yield "|---" * (len(by_wind) + 1) + "|"
    found = [
        [(matches_in(detector, sheets), least), (matches_in(baseline(), sheets), 0.0)]
        for sheets in by_wind.values()
    ]
    for low, high in pairwise(BANDS_M):
        cells = [
            " / ".join(f"{_band_f1(matches, score, low, high):.2f}" for matches, score in row)
            for row in found
        ]
        ships = sum(row[0][0].recall(1.0, (low, high))[1] for row in found)
        yield f"| {low:.0f} to {high:.0f} m ({ships}) | " + " | ".join(cells) + " |"


def _band_f1(matches: RadarMatches, least: float, low: float, high: float) -> float:
    found, there = matches.recall(least, (low, high))
    wrong = matches.false_alarms(least, short_m=low) - matches.false_alarms(least, short_m=high)
    return _f1(found, there, wrong)
