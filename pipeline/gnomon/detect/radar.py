"""The detectors of radar scenes: CFAR alone, and a network that judges what CFAR finds.

Of CFAR alone, the baseline, a group of pixels that stand out (`gnomon.detect.radar_cfar`) is a ship
where it is long enough. It cannot tell a ship from what else is bright and small: a mooring, a
beacon, a crane, an ambiguity of a town. Where land is badly known these are many.

The network (`gnomon.detect.radar_found`) scores and measures each place that CFAR finds at a rate
30 times as generous.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.calibration import BoxErrors, Curve
from gnomon.detect.quayside import near_land
from gnomon.detect.radar_cfar import POLARISATIONS, RadarCfar, radar_cfar_boxes
from gnomon.detect.radar_fixed import without_fixed_echoes
from gnomon.detect.radar_found import network_boxes
from gnomon.detect.radar_weights import RadarWeights

NAME = "s1-cfar"
OPEN_SCORE, QUAY_SCORE = Curve(slope=0.5, intercept=1.0), Curve(slope=0.5, intercept=-2.6)
"""From the raw score, the brightest pixel over the sum of itself and its level. At quays it rests
on simulations with a crane every 120 m, in which a quarter of the detections are ships. At sea it
is a judgement: in simulations nearly all are, but those have no ambiguities, platforms or rocks."""
BLUR_M = 36.0
"""Of a point, as the side of the rectangle with its moments: those of hull and point add up."""
SLIMMEST = 0.1
"""Least beam of a ship over its length."""
ERRORS = BoxErrors(length_m=25.0, length_share=0.12, beam_m=9.0, beam_share=0.25, heading_deg=8.0)
"""By the real ships of OpenSARShip whose chips are large enough (docs/sentinel1.md)."""
JOIN_M = 40.0
"""Pixels so near are of one ship: the deck of a tanker between bow and house may be as dark as the
sea. Ships that lie nearer to each other are one."""
GROW_RATE = 1e-3
"""At this rate one pixel in a hundred stretches of a ship's length is sea."""
SIDELOBES = 0.02
"""-17 dB. Those of Sentinel-1 lie below -21 dB, and several points of a ship add up."""


@dataclass(frozen=True)
class RadarDetector:
    """A detector (`gnomon.detect.detector.Detector`) without weights: CFAR alone."""

    options: RadarOptions
    detect: DetectOptions

    @property
    def sensor(self) -> Sensor:
        """Radar."""
        return "sar"

    @property
    def bands(self) -> tuple[str, ...]:
        """Polarisations; any of them will do."""
        return POLARISATIONS

    @property
    def background(self) -> bool:
        """Fixed echoes of earlier passes of the track, where the study asks for it."""
        return self.options.fixed_echoes

    @property
    def gsd_range_m(self) -> tuple[float, float]:
        """Pixels of IW at high resolution."""
        return (9.0, 11.0)

    @property
    def label(self) -> str:
        """Name, and the beginning of a digest of the options."""
        text = self.options.model_dump_json(include={"detector", "false_alarm_rate", "guard_m",
                                                     "background_m"})  # fmt: skip
        return f"{NAME} {hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def errors(self) -> BoxErrors:
        """Errors on real ships."""
        return ERRORS

    @property
    def recall(self) -> None:
        """Not measured on real ships."""
        return

    @property
    def recall_in_colour(self) -> None:
        """Radar has no colours."""
        return

    def find(
        self, pixels: xr.Dataset, masks: xr.Dataset, *, background: xr.Dataset | None = None
    ) -> OrientedBoxes:
        """Find ships (see `gnomon.detect.detector.Detector.find`).

        Parameters
        ----------
        pixels
            Linear sigma0 (line, sample) with its thermal noise, ``attrs["spacing_m"]`` their
            distances.
        masks
            Layers of `gnomon.imagery.sentinel1.water.radar_water`.
        background
            Fixed echoes (`gnomon.detect.radar_fixed`), or nothing.

        """
        spacing_m: tuple[float, float] = pixels.attrs["spacing_m"]
        gsd_m = float(np.mean(spacing_m))
        searched = pixels
        if background is not None:
            searched = without_fixed_echoes(pixels, background, masks["clutter"].to_numpy())
        boxes = self._boxes(pixels, searched, masks, spacing_m)
        boxes = boxes[boxes.length * gsd_m >= self.detect.length_min_m]
        at_quay = near_land(boxes, masks["land"].to_numpy(), gsd_m)
        open_score, quay_score = self._curves
        score = np.where(at_quay, quay_score(boxes.score), open_score(boxes.score))
        boxes = replace(boxes, score=score.astype(np.float32), quayside=at_quay)
        threshold = self._threshold if self.detect.threshold is None else self.detect.threshold
        return boxes[boxes.score >= threshold]

    @property
    def _curves(self) -> tuple[Curve, Curve]:
        """From raw score to score on open water, and at quays."""
        return OPEN_SCORE, QUAY_SCORE

    @property
    def _threshold(self) -> float:
        """Least score, if the study asks for none."""
        return 0.0

    def _test(self, rate: float) -> RadarCfar:
        return RadarCfar(
            guard_m=self.options.guard_m,
            background_m=self.options.background_m,
            false_alarm_rate=rate,
            join_m=JOIN_M,
            grow_rate=GROW_RATE,
            sidelobes=SIDELOBES,
        )

    def _boxes(
        self,
        pixels: xr.Dataset,
        searched: xr.Dataset,
        masks: xr.Dataset,
        spacing_m: tuple[float, float],
    ) -> OrientedBoxes:
        """Boxes of hulls with raw scores; ``searched`` is the image without fixed echoes."""
        del pixels
        boxes = radar_cfar_boxes(
            searched,
            masks["clutter"].to_numpy(),
            masks["search"].to_numpy(),
            spacing_m=spacing_m,
            options=self._test(self.options.false_alarm_rate),
        )
        return _hulls(boxes, float(np.mean(spacing_m)))


@dataclass(frozen=True)
class RadarNetworkDetector(RadarDetector):
    """A detector with weights."""

    weights: RadarWeights

    @property
    def label(self) -> str:
        """Name and digest of the weights, and of options that are not usual ones."""
        windows = {"guard_m", "background_m"}
        text = self.options.model_dump_json(include=windows)
        usual = RadarOptions().model_dump_json(include=windows)
        own = "" if text == usual else f" {hashlib.sha256(text.encode()).hexdigest()[:8]}"
        return self.weights.model.label + own

    @property
    def errors(self) -> BoxErrors:
        """Errors on real ships that training did not see."""
        return self.weights.model.calibration.errors

    @property
    def _curves(self) -> tuple[Curve, Curve]:
        calibration = self.weights.model.calibration
        return calibration.open_water, calibration.quay

    @property
    def _threshold(self) -> float:
        return self.weights.model.calibration.threshold

    def _boxes(
        self,
        pixels: xr.Dataset,
        searched: xr.Dataset,
        masks: xr.Dataset,
        spacing_m: tuple[float, float],
    ) -> OrientedBoxes:
        return network_boxes(
            self.weights.network,
            pixels,
            masks,
            searched=searched,
            spacing_m=spacing_m,
            test=self._test(self.weights.model.candidate_rate),
        )


def _hulls(boxes: OrientedBoxes, gsd_m: float) -> OrientedBoxes:
    """Boxes of groups as boxes of hulls."""
    blur = np.float32(BLUR_M / gsd_m)
    length, beam = (
        np.sqrt(np.maximum(side**2 - blur**2, 1)) for side in (boxes.length, boxes.beam)
    )
    return replace(boxes, length=length, beam=np.maximum(beam, np.float32(SLIMMEST) * length))
