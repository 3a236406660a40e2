"""Raw scores to probabilities, and the errors of lengths, beams and headings.

A raw score becomes a probability by a logistic curve of its logit (Platt 1999, "Probabilistic
outputs for support vector machines"), fitted on ships that the network was not trained on::

    probability = logistic(slope * logit(raw) + intercept)
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit, logit

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.recall import Recall
from gnomon.datamodel.study import Options

Sigma = Annotated[float, Field(gt=0)]
Raw = NDArray[np.floating]

NEAREST = 1e-6
"""Raw scores are kept this far from 0 and 1: float32 has no more digits beside 1."""


def bounded_logit(raw: Raw) -> Float64s:
    """Logit of raw scores, kept finite."""
    logits: Float64s = logit(np.clip(raw.astype(float), NEAREST, 1 - NEAREST))
    return logits


class Curve(Options):
    """A logistic curve over `bounded_logit`."""

    slope: float = Field(gt=0)
    intercept: float

    def __call__(self, raw: Raw) -> Float64s:
        """Probabilities of raw scores."""
        probability: Float64s = expit(self.slope * bounded_logit(raw) + self.intercept)
        return probability


IDENTITY = Curve(slope=1.0, intercept=0.0)


class BoxErrors(Options):
    """Standard deviations of length, beam and heading."""

    length_m: Sigma
    """Of short hulls; `length_share` adds to it in quadrature."""
    length_share: float = Field(ge=0)
    """Share of the length."""
    beam_m: Sigma
    beam_share: float = Field(ge=0)
    heading_deg: Sigma
    """Of a hull of 100 m; inverse to the length."""


class Calibration(Options):
    """What a network's numbers are worth."""

    threshold: float = Field(gt=0, lt=1)
    """Least calibrated score of a detection."""
    ship: Curve
    """From raw score to score."""
    tanker: Curve | None = None
    """From raw to calibrated p_tanker; without it p_tanker is NaN."""
    errors: BoxErrors
    recall: Recall | None = None
    """Of ships at the threshold, where it was measured."""
    recall_in_colour: Recall | None = None
    """The same where pixels have blue, green and red alone."""

    def score(self, raw: Raw) -> Float64s:
        """Probability that a hull of a raw score is a ship."""
        return self.ship(raw)

    def p_tanker(self, raw: Raw) -> Float64s:
        """Probability of being a tanker at even odds; NaN without a curve."""
        return np.full(len(raw), np.nan) if self.tanker is None else self.tanker(raw)


UNCALIBRATED = Calibration(
    threshold=0.5,
    ship=IDENTITY,
    tanker=IDENTITY,
    errors=BoxErrors(length_m=10, length_share=0.1, beam_m=10, beam_share=0.2, heading_deg=10),
)
"""Of a network as training leaves it: raw scores, and errors wide enough for any."""
