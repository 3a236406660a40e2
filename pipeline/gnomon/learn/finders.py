"""Detectors as functions from a labelled scene to boxes, for scores and comparisons."""

from collections.abc import Callable

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.study import DetectOptions
from gnomon.detect import weights
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet.network import Network
from gnomon.detect.cfar import cfar_boxes
from gnomon.learn.scenes import LabelledScene

Finder = Callable[[LabelledScene], OrientedBoxes]
"""Hulls of a scene, down to scores far below any threshold."""
LOWEST = 0.02
"""Least score of a hull that is compared with labels."""


def weights_finder(ready: weights.Weights) -> Finder:
    """Find hulls with weights."""
    detector = Cascade(ready, DetectOptions(threshold=LOWEST))
    return lambda scene: detector.find(scene.pixels, scene.masks)


def network_finder(network: Network) -> Finder:
    """Find hulls with a network whose scores are not calibrated."""
    return weights_finder(weights.uncalibrated(network))


def cfar_finder(scene: LabelledScene) -> OrientedBoxes:
    """Find hulls by their contrast alone."""
    defaults = DetectOptions.model_fields
    boxes = cfar_boxes(
        scene.pixels,
        scene.masks.water.to_numpy(),
        scene.masks.search.to_numpy(),
        z_score_min=defaults["z_score_min"].default,
    )
    return boxes[boxes.length * scene.gsd_m >= defaults["length_min_m"].default]
