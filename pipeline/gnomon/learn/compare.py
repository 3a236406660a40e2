"""Old weights and new ones on the same samples, which neither was trained on.

A hull on unknown ground counts neither way. The scores of a network are calibrated, and its
threshold chosen, on the holdout if that has twenty ships or more; with fewer the calibration of the
base weights is kept.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.datamodel.errors import LabelError
from gnomon.detect import weights
from gnomon.detect.calibration import Curve
from gnomon.detect.centernet.network import Network
from gnomon.detect.weights import Model, Weights
from gnomon.learn.calibrate import TYPED_MIN, calibrated, tanker_curve
from gnomon.learn.finders import weights_finder
from gnomon.learn.metrics import Matched
from gnomon.learn.scenes import LabelledScene
from gnomon.learn.scores import match_scenes

HOLDOUT = 0.25
"""Share of the ships that is held out."""
PORTS_MIN = 3
"""With fewer ports whole scenes are held out, because a port left out leaves too little."""
SHIPS_MIN = 20
"""Fewer ships do not carry a calibration of three numbers and five errors."""
SHORTEST_M = 30.0
"""Shorter ships do not count: a person who labels chips takes more care than under 50 m."""


@dataclass(frozen=True)
class Split:
    """What is trained on, and what is held out to measure how good that was."""

    train: tuple[LabelledScene, ...]
    holdout: tuple[LabelledScene, ...]
    by: str
    """"port", "scene", or empty where nothing could be held out."""


def split(samples: Sequence[LabelledScene], hold: Sequence[str], *, seed: int) -> Split:
    """Hold out whole ports or whole scenes, with about a quarter of the ships.

    Parameters
    ----------
    samples
        All.
    hold
        Parts of ports' names or scene ids to hold out; drawn, if empty.
    seed
        Of the draw.

    Raises
    ------
    LabelError
        ``hold`` leaves nothing to one of the sides.

    """
    if hold:
        return _split_as_asked(samples, hold)
    ports = {x.port for x in samples if x.port and len(x.outlines)}
    by = "port" if len(ports) >= PORTS_MIN else "scene"
    ships: Counter[str] = Counter()
    for sample in samples:
        ships[_group(sample, by)] += len(sample.outlines)
    groups = sorted(name for name, count in ships.items() if count)
    drawn: set[str] = set()
    for name in np.random.default_rng(seed).permutation(groups)[: len(groups) - 1]:
        if sum(ships[other] for other in drawn) < HOLDOUT * ships.total():
            drawn.add(str(name))
    return _split(samples, drawn, by=by if drawn else "")


def _split_as_asked(samples: Sequence[LabelledScene], hold: Sequence[str]) -> Split:
    held = {x.name for x in samples if any(part in f"{x.port} {x.name}" for part in hold)}
    names = {x.name for x in samples}
    if not held or held == names:
        scenes = ", ".join(sorted(names))
        raise LabelError(f"hold back some scenes and not all of them; there are {scenes}")
    return _split(samples, held, by="scene")


def _group(sample: LabelledScene, by: str) -> str:
    return str(sample.port) if by == "port" else sample.name


def _split(samples: Sequence[LabelledScene], groups: set[str], *, by: str) -> Split:
    held = [by != "" and _group(sample, by) in groups for sample in samples]
    train = tuple(x for x, out in zip(samples, held, strict=True) if not out)
    return Split(train, tuple(x for x, out in zip(samples, held, strict=True) if out), by)


@dataclass(frozen=True)
class ComparisonRow:
    """One line of the table in the card."""

    weights: str
    scenes: str
    ships: int
    average_precision: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class WeightsComparison:
    """What is known of new weights."""

    model: Model
    """Threshold, calibration and errors that the new weights get."""
    calibrated: bool
    """On the holdout; else they are those of the base weights."""
    rows: tuple[ComparisonRow, ...]
    """Empty where nothing was held out."""


def compare(
    base: Weights,
    network: Network | None,
    holdout: Sequence[LabelledScene],
    checks: Sequence[LabelledScene],
) -> WeightsComparison:
    """Measure a network beside the weights that its training began with.

    Parameters
    ----------
    base
        Those weights.
    network
        Trained without the holdout; None where nothing was held out.
    holdout
        What was held out.
    checks
        Simulated scenes, to see what was forgotten.

    """
    if network is None:
        return WeightsComparison(base.model, calibrated=False, rows=())
    raw = _matched(weights.uncalibrated(network, gsd_m=base.model.gsd_m), holdout)
    model, enough = base.model, len(raw.truth) >= SHIPS_MIN and len(raw.found) > 0
    if enough:
        tanker = _tanker_curve(raw, model.calibration.tanker)
        calibration = calibrated(raw, gsd_m=holdout[0].gsd_m).model_copy(update={"tanker": tanker})
        model = model.model_copy(update={"calibration": calibration})
    after = Weights(model, network)
    rows = [
        _row(title, name, _matched(ready, scenes), ready.model.calibration.threshold)
        for name, scenes in (("chips held back", holdout), ("simulated", checks))
        for title, ready in ((base.model.name, base), ("new", after))
        if scenes
    ]
    return WeightsComparison(model, calibrated=enough, rows=tuple(rows))


def _tanker_curve(raw: Matched, base: Curve | None) -> Curve | None:
    """Curve of p_tanker, if enough ships have a type; else that of the base weights."""
    right = raw.label >= 0
    tanker, p_tanker = raw.truth.tanker[raw.label[right]], raw.found.p_tanker[right]
    known = np.isfinite(tanker) & np.isfinite(p_tanker)
    if min((tanker[known] == 1).sum(), (tanker[known] == 0).sum()) < TYPED_MIN:
        return base
    return tanker_curve(p_tanker[known], tanker[known])


def _matched(ready: Weights, samples: Sequence[LabelledScene]) -> Matched:
    find = weights_finder(ready)
    return match_scenes(samples, [find(x) for x in samples], length_min_m=SHORTEST_M)


def _row(title: str, scenes: str, result: Matched, threshold: float) -> ComparisonRow:
    ranking = result.ranking
    at = ranking.at(threshold)
    average = ranking.average_precision()
    return ComparisonRow(title, scenes, ranking.labels, average, at.precision, at.recall, at.f1)
