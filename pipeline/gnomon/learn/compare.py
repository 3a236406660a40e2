"""Old weights and new ones on the same chips, which neither was trained on.

A hull found where nobody knows what lies there counts neither way. The scores of a network are
calibrated, and its threshold chosen, on what was held back if that has twenty ships or more; with
fewer the calibration of the weights that it began with is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.study import DetectOptions
from gnomon.detect import weights
from gnomon.detect.calibration import Curve
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet.network import Network
from gnomon.detect.weights import Model, Weights
from gnomon.learn.calibrate import TYPED_MIN, calibrated, tanker_curve
from gnomon.learn.metrics import Matched, match
from gnomon.learn.samples import Lesson
from gnomon.learn.scenes import outlines_in_pixels, rectangles_of

HELD = 0.25
"""Share of the ships that is held back."""
PORTS_MIN = 3
"""With fewer ports whole scenes are held back, because a port left out leaves too little."""
LOWEST = 0.02
"""Down to scores far below any threshold."""
SHIPS_MIN = 20
"""Fewer ships do not carry a calibration of three numbers and five errors."""
SHORTEST_M = 30.0


@dataclass(frozen=True)
class Split:
    """What is taught, and what is held back to tell how good that was."""

    taught: tuple[Lesson, ...]
    held: tuple[Lesson, ...]
    by: str
    """"port", "scene", or nothing where nothing could be held back."""


def split(lessons: Sequence[Lesson], hold: Sequence[str], *, seed: int) -> Split:
    """Hold back whole ports or whole scenes, with about a quarter of the ships.

    Parameters
    ----------
    lessons
        All.
    hold
        Parts of ports' names or scene ids to hold back; chosen by itself if empty.
    seed
        Of the choice.

    Raises
    ------
    LabelError
        ``hold`` leaves nothing to one of the sides.

    """
    if hold:
        held = [x for x in lessons if any(h in f"{x.port} {x.scene_id}" for h in hold)]
        names = ", ".join(sorted({x.scene_id for x in lessons}))
        if not held or len(held) == len(lessons):
            raise LabelError(f"hold back some scenes and not all of them; there are {names}")
        return _split(lessons, {x.scene_id for x in held}, by="scene")
    ports = {x.port for x in lessons if x.port and len(x.ships)}
    by = "port" if len(ports) >= PORTS_MIN else "scene"
    ships: dict[str, int] = {}
    for lesson in lessons:
        ships[_group(lesson, by)] = ships.get(_group(lesson, by), 0) + len(lesson.ships)
    shown = sorted(name for name, count in ships.items() if count)
    chosen: set[str] = set()
    for name in np.random.default_rng(seed).permutation(shown)[: len(shown) - 1]:
        if sum(ships[other] for other in chosen) < HELD * sum(ships.values()):
            chosen.add(str(name))
    return _split(lessons, chosen, by=by if chosen else "")


def _group(lesson: Lesson, by: str) -> str:
    return str(lesson.port) if by == "port" else lesson.scene_id


def _split(lessons: Sequence[Lesson], chosen: set[str], *, by: str) -> Split:
    held = [by != "" and _group(lesson, by) in chosen for lesson in lessons]
    taught = tuple(x for x, back in zip(lessons, held, strict=True) if not back)
    return Split(taught, tuple(x for x, back in zip(lessons, held, strict=True) if back), by)


@dataclass(frozen=True)
class Row:
    """One line of the table in the card."""

    weights: str
    scenes: str
    ships: int
    average_precision: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Comparison:
    """What is known of new weights."""

    model: Model
    """Threshold, calibration and errors that the new weights get."""
    calibrated: bool
    """On what was held back; else they are those of the weights that it began with."""
    rows: tuple[Row, ...]
    """Empty where nothing was held back."""


def compared(
    base: Weights, network: Network | None, held: Sequence[Lesson], checks: Sequence[Lesson]
) -> Comparison:
    """Judge a network against the weights that it began with.

    Parameters
    ----------
    base
        Those weights.
    network
        Trained without what was held back; None where nothing was.
    held
        What was held back.
    checks
        Simulated scenes, to see what was forgotten.

    """
    if network is None:
        return Comparison(base.model, calibrated=False, rows=())
    found = matched(weights.uncalibrated(network, gsd_m=base.model.gsd_m), held)
    model, enough = base.model, len(found.truth) >= SHIPS_MIN and len(found.score) > 0
    if enough:
        tanker = _tanker_curve(found, model.calibration.tanker)
        calibration = calibrated(found, gsd_m=held[0].gsd_m).model_copy(update={"tanker": tanker})
        model = model.model_copy(update={"calibration": calibration})
    after = Weights(model, network)
    rows = [
        _row(title, name, matched(ready, scenes), ready.model.calibration.threshold)
        for name, scenes in (("chips held back", held), ("simulated", checks))
        for title, ready in ((base.model.name, base), ("new", after))
        if scenes
    ]
    return Comparison(model, calibrated=enough, rows=tuple(rows))


def _tanker_curve(found: Matched, base: Curve | None) -> Curve | None:
    """Curve of p_tanker, if enough ships have a type; else that of the weights it began with."""
    right = found.label >= 0
    tanker, raw = found.truth.tanker[found.label[right]], found.found.p_tanker[right]
    known = np.isfinite(tanker) & np.isfinite(raw)
    if min((tanker[known] == 1).sum(), (tanker[known] == 0).sum()) < TYPED_MIN:
        return base
    return tanker_curve(raw[known], tanker[known])


def matched(ready: Weights, lessons: Sequence[Lesson]) -> Matched:
    """Hulls of several pictures against what is known of them."""
    detector = Cascade(ready, DetectOptions(threshold=LOWEST))
    parts = []
    for lesson in lessons:
        hulls = detector.find(lesson.pixels, lesson.masks)
        truth = rectangles_of(lesson.ships, lesson.pixels)
        outlines = outlines_in_pixels(lesson.ships, lesson.pixels)
        known = _known(hulls, lesson)
        parts.append(match(known, outlines, truth, gsd_m=lesson.gsd_m, length_min_m=SHORTEST_M))
    return Matched.joined(parts)


def _known(boxes: OrientedBoxes, lesson: Lesson) -> OrientedBoxes:
    rows, columns = lesson.unknown.shape
    y = boxes.y.astype(int).clip(0, rows - 1)
    x = boxes.x.astype(int).clip(0, columns - 1)
    return boxes[~lesson.unknown[y, x]]


def _row(title: str, scenes: str, result: Matched, threshold: float) -> Row:
    at = result.at(threshold)
    average = result.average_precision() if len(result.score) else 0.0
    return Row(title, scenes, len(result.truth), average, at["precision"], at["recall"], at["f1"])
