"""A detector: pixels and water masks in, oriented boxes out.

Everything above detection asks for a `Detector` by the sensor of a scene (`detector_of`) and knows
nothing of networks. A study names weights for each sensor it meets::

    [detect.models]
    optical = "s2-vessel"

**To add weights** for a sensor that is known, train them and name them there.

**To add an architecture**, see `gnomon.detect.architectures`: a folder of its own.

**To add a sensor type**:

1. its pixels: `gnomon.imagery` reads them into an `xarray.Dataset` on the scene's own grid in a
   physical unit (surface reflectance, linear sigma0), with masks ``water``, ``search``, ``land``;
2. its name in `gnomon.datamodel.scene.Sensor`;
3. a class with the attributes and the method of `Detector`, in a folder or module of
   `gnomon.detect`, and one line in `_KINDS` below. `gnomon.detect.cascade.Cascade` serves every
   sensor whose water is smooth enough for a z-score with Gaussian noise; radar speckle needs a
   first stage of its own.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import xarray as xr

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.calibration import BoxErrors
from gnomon.detect.cascade import Cascade
from gnomon.detect.radar import RadarDetector, RadarNetworkDetector
from gnomon.detect.radar_weights import load_radar_weights
from gnomon.detect.weights import Model, Weights, load, read_model


class Detector(Protocol):
    """What finds ships in the pixels of one sensor."""

    @property
    def sensor(self) -> Sensor:
        """Sensor whose pixels it reads."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands that it uses; it copes with the absence of some."""

    @property
    def background(self) -> bool:
        """Whether it can use a background."""

    @property
    def gsd_range_m(self) -> tuple[float, float]:
        """Smallest and largest pixel that it accepts, metres."""

    @property
    def label(self) -> str:
        """Name and digest, for the rows of a table."""

    @property
    def errors(self) -> BoxErrors:
        """Errors of its lengths, beams and headings."""

    @property
    def recall(self) -> str | None:
        """How many of the ships that are there it finds, at the threshold that the study asks for.

        The text of `gnomon.datamodel.recall.Recall`; None where it was not measured.
        """

    @property
    def recall_in_colour(self) -> str | None:
        """The same in images of blue, green and red alone."""

    def find(
        self, pixels: xr.Dataset, masks: xr.Dataset, *, background: xr.Dataset | None = None
    ) -> OrientedBoxes:
        """Find ships.

        Parameters
        ----------
        pixels
            Bands on one grid, not finite where the sensor saw nothing; some may be missing.
        masks
            Layers on the same grid: ``water`` (open water), ``search`` (where the centre of a hull
            may lie) and ``land``.
        background
            Bands on the same grid: the ground without ships; not finite where it is unknown.

        Returns
        -------
        OrientedBoxes
            In pixels of the grid, with calibrated scores, one box a hull.

        Raises
        ------
        WeightsError
            The pixels are smaller or larger than `gsd_range_m`.

        """


_KINDS: Mapping[Sensor, Callable[[Weights, DetectOptions], Detector]] = {"optical": Cascade}
"""The detector of each sensor type."""


def read_models(options: DetectOptions) -> dict[Sensor, Model]:
    """Read the model.toml of every sensor that a study names weights for.

    Raises
    ------
    WeightsError
        Weights are missing or at fault, are for another sensor, or no detector reads the sensor.

    """
    models = {sensor: read_model(name) for sensor, name in options.models.items()}
    for sensor, model in models.items():
        if model.sensor != sensor:
            raise WeightsError(
                f"detect.models: {model.name} is for {model.sensor} scenes and not for {sensor}"
            )
        if sensor not in _KINDS:
            have = ", ".join(_KINDS)
            raise WeightsError(f"detect.models: no detector reads {sensor} scenes, only {have}")
    return models


def detector_of(
    sensor: Sensor, options: DetectOptions, radar: RadarOptions | None = None
) -> Detector:
    """Load the detector that a study names for a sensor.

    Parameters
    ----------
    sensor
        Of the scene.
    options
        Weights, and limits of length and score.
    radar
        Options of the detector of radar, which names its own weights, if it needs any.

    Raises
    ------
    WeightsError
        The study names none, or what it names is at fault (see `read_models` and
        `gnomon.detect.weights.load`).

    """
    if sensor not in read_models(options):
        if sensor == "sar":
            return _radar_detector(radar or RadarOptions(), options)
        raise WeightsError(
            f"no weights for {sensor} scenes: name some in the study, under [detect.models]"
        )
    return _KINDS[sensor](load(options.models[sensor]), options)


def _radar_detector(radar: RadarOptions, options: DetectOptions) -> RadarDetector:
    if radar.detector == "network":
        return RadarNetworkDetector(radar, options, load_radar_weights(radar.model))
    return RadarDetector(radar, options)
