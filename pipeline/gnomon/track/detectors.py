"""Which observations share a probability of detection: a class of sensors, or a detector's card."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.recall import Recall, read_recall
from gnomon.track.passes import from_text
from gnomon.track.presence import SENSOR_CLASSES, sensor_class

Ints = NDArray[np.int64]


def sensor_classes(observations: pd.DataFrame) -> Ints:
    """Places in `gnomon.track.presence.SENSOR_CLASSES`; optical and 10 m where nothing is known."""
    sensor = observations["sensor"] if "sensor" in observations else ["optical"] * len(observations)
    gsd = observations["gsd_m"] if "gsd_m" in observations else [10.0] * len(observations)
    pairs = zip(sensor, gsd, strict=True)
    return np.array(
        [sensor_class(str(s), 10.0 if pd.isna(g) else float(g)) for s, g in pairs], np.int64
    )


def detector_cards(observations: pd.DataFrame, classes: Ints) -> tuple[Ints, tuple[Recall, ...]]:
    """Which card each observation has, and the cards.

    Parameters
    ----------
    observations
        With a column ``recall``, or without any card.
    classes
        From `sensor_classes`.

    Returns
    -------
    array, tuple
        Places in ``SENSOR_CLASSES``, and beyond those the number of the card, one a detector: what
        makes a port easy or hard for it does so in all its images.

    Raises
    ------
    TrackError
        A text is no recall.

    """
    detector = classes.copy()
    if "recall" not in observations:
        return detector, ()
    texts: list[object] = []
    cards: list[Recall] = []
    for n, (scene, text) in enumerate(zip(observations.scene_id, observations.recall, strict=True)):
        if text not in texts:
            card = from_text("recall", scene, text, read_recall)
            if card is None:
                continue
            texts.append(text)
            cards.append(card)
        detector[n] = len(SENSOR_CLASSES) + texts.index(text)
    return detector, tuple(cards)
