"""How many of the ships that are there a detector finds: by length, at quays and on open water.

Weights carry it, measured at places that they were not trained on; a run writes it beside every
observation, and tracking takes it as the prior of the probability of detection. A column of text is
read by every program that reads tables, and survives a CSV.
"""

import json
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationError, model_validator
from scipy.special import logit, ndtr

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.geojson import strict_json
from gnomon.datamodel.study import Options

Water = Literal["quay", "open_water"]
"""Where a ship lies: within 40 m of land, or not."""
LOGIT_NORMAL = 0.346
"""The mean of logistic(x), x normal with mean m and deviation s, is close to
logistic(m / sqrt(1 + 0.346 s^2)) (Zeger, Liang & Albert 1988, Biometrics 44, eq. 3.2)."""


class RecallBand(Options):
    """Ships of about one length."""

    length_m: float = Field(gt=0)
    """Median of the ships, metres."""
    labels: int = Field(ge=1)
    """Ships that were there."""
    found: int = Field(ge=0)
    """Of these, ships that the detector found."""

    @model_validator(mode="after")
    def _found_among_labels(self) -> "RecallBand":
        if self.found > self.labels:
            raise ValueError(f"{self.found} found of {self.labels}")
        return self


Bands = Annotated[tuple[RecallBand, ...], Field(min_length=1)]


ELSEWHERE = 0.25
"""Weight of a uniform prior beside what was measured: a place with other haze, other quays or finer
pixels than those of the card may be like none of them (robust meta-analytic prior, Schmidli et al.
2014, Biometrics 70, 1023)."""
GRID = 2001


class RecallPrior(NamedTuple):
    """Probability that a ship is found at another place.

    Where it is like the places that were measured, its logit is normal; in one of four it is
    anything.
    """

    mean: float
    """Of the probability where it is like them."""
    logit_sigma: float

    def quantile(self, p: Float64s) -> Float64s:
        """Probability of being found that is not exceeded with probability p."""
        grid = (np.arange(GRID) + 0.5) / GRID
        centre = logit(self.mean) * np.sqrt(1 + LOGIT_NORMAL * self.logit_sigma**2)
        alike = ndtr((logit(grid) - centre) / self.logit_sigma)
        out: Float64s = np.interp(p, (1 - ELSEWHERE) * alike + ELSEWHERE * grid, grid)
        return out


class Recall(Options):
    """What was measured of one detector at its threshold."""

    places: int = Field(ge=1)
    """Ports that it was measured at."""
    between_places: float = Field(ge=0)
    """Standard deviation of the logit of recall from port to port, beyond that of counting."""
    quay: Bands
    """In the order of length."""
    open_water: Bands

    def bands(self, water: Water) -> tuple[RecallBand, ...]:
        """At one kind of place."""
        return self.quay if water == "quay" else self.open_water

    def at(self, length_m: float, water: Water) -> RecallPrior:
        """Recall of ships of a length at another place.

        Linear between bands, constant beyond the first and the last. The mean of n ships of which k
        were found is (k + 1/2) / (n + 1), by Jeffreys' prior; in its logit the error of counting
        and the scatter between places add in quadrature.
        """
        bands = self.bands(water)
        lengths = [band.length_m for band in bands]
        labels = np.array([band.labels for band in bands])
        means = (np.array([band.found for band in bands]) + 0.5) / (labels + 1)
        counting = 1 / ((labels + 2) * means * (1 - means))
        mean, variance = (
            float(np.interp(length_m, lengths, values)) for values in (means, counting)
        )
        return RecallPrior(mean, float(np.sqrt(variance + self.between_places**2)))

    def text(self, detector: str) -> str:
        """As the column ``recall`` of observations has it, with the detector's label."""
        return json.dumps({"detector": detector} | self.model_dump(mode="json"))


def read_recall(text: str) -> Recall:
    """Read the recall of a detector from its text.

    Raises
    ------
    ValueError
        It is not one.

    """
    try:
        values = strict_json(text)
        values.pop("detector", None)
        return Recall.model_validate(values)
    except (ValueError, TypeError, AttributeError, ValidationError) as error:
        raise ValueError("not the recall of a detector as gnomon writes it") from error
