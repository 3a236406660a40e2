"""Options of radar: how ships are found in it, and where its water is."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gnomon.datamodel.study_paths import FilePath, ModelPath

RING_M = 200.0
"""Least difference of background and guard. Both are whole numbers of blocks of 80 m, odd ones: of
less there may be no ring between them."""


class RadarOptions(BaseModel):
    """How ships are found in radar images, in which water cannot be told by its colour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: Literal["cfar", "network"] = "cfar"
    """``cfar``: what is brighter than the sea around it (`gnomon.detect.radar_cfar`). ``network``:
    of that, what a network takes for a ship (`gnomon.detect.radar_found`)."""
    model: ModelPath = "s1-vessel"
    """Weights of the network: name of weights that come with gnomon, or path of a folder."""
    false_alarm_rate: float = Field(default=10**-6.5, gt=0, lt=0.01)
    """Of ``cfar``: probability that a pixel of open sea is found. A rate of 10^-6.5 is one in
    300 km2."""
    guard_m: float = Field(default=500.0, gt=0)
    """Side of the square around a pixel that is not background: more than a ship's length."""
    background_m: float = Field(default=800.0, gt=0, le=5000)
    """Side of the square that is."""
    fixed_echoes: bool = True
    """Whether what echoes at the same place in most passes of a track, as moorings and cranes do,
    is left out. It takes 8 passes of one track over the port, at one angle, from the study itself;
    each is read a second time for it."""
    land: FilePath | None = None
    """GeoJSON of land, polygons; what lies outside is water. If left out, the port's optical
    background says what is water, or else a coastline (``pip install 'gnomon[coast]'``)."""
    shore_m: float = Field(default=20.0, ge=0, le=500)
    """What lies no farther than this from land is shore and is not searched: tides bare it, and
    places are a pixel or two off. Ships alongside reach beyond."""
    structure_m: float = Field(default=40.0, ge=0, le=300)
    """Height of cranes and tanks on land. Radar shows them nearer to its track than they are, by 40
    to 70 m, and the shore is so much wider there, but for the berths of the port."""

    @model_validator(mode="after")
    def _ring(self) -> Self:
        if self.background_m < self.guard_m + RING_M:
            raise ValueError(
                f"background_m {self.background_m:g} is not {RING_M:g} m and more above guard_m "
                f"{self.guard_m:g}"
            )
        return self
