"""Observations that share a probability of detection: by detector and class of sensor."""

import pandas as pd
import pytest

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.recall import Recall, RecallBand
from gnomon.track.detectors import detector_cards, sensor_classes
from gnomon.track.presence import COARSE, MEDIUM, RADAR, SENSOR_CLASSES

BAND = RecallBand(length_m=80.0, labels=10, found=6)
CARD = Recall(places=4, between_places=1.0, quay=(BAND,), open_water=(BAND,))
SCENES = pd.DataFrame({"scene_id": ["s0", "s1", "s2", "s3"]})


def test_sensors_are_optical_at_10_m_where_nothing_is_known() -> None:
    assert sensor_classes(SCENES).tolist() == [COARSE] * 4
    known = SCENES.assign(sensor=["optical", "sar", "optical", "sar"], gsd_m=[3.0, 3.0, None, None])
    assert sensor_classes(known).tolist() == [MEDIUM, RADAR, COARSE, RADAR]


def test_each_detector_has_one_card_in_all_its_images() -> None:
    texts = [CARD.text("a"), None, CARD.text("b"), CARD.text("a")]
    observations = SCENES.assign(recall=texts, gsd_m=[10.0, 3.0, 10.0, 3.0])
    classes = sensor_classes(observations)
    detector, cards = detector_cards(observations, classes)
    first = len(SENSOR_CLASSES)
    assert detector.tolist() == [first, MEDIUM, first + 1, first]
    assert cards == (CARD, CARD)
    assert classes.tolist() == [COARSE, MEDIUM, COARSE, MEDIUM]


def test_without_cards_a_detector_is_its_class_of_sensor() -> None:
    for observations in (SCENES, SCENES.assign(recall=None), SCENES.assign(recall="")):
        detector, cards = detector_cards(observations, sensor_classes(observations))
        assert (detector.tolist(), cards) == ([COARSE] * 4, ())


def test_a_text_that_is_no_recall_names_its_scene() -> None:
    observations = SCENES.assign(recall=[None, None, "0.8", None])
    with pytest.raises(TrackError, match="recall of s2 is not the recall of a detector"):
        detector_cards(observations, sensor_classes(observations))
