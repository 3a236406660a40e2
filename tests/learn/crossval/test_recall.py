"""Recall by length and place: counts by hand, and a scatter between ports that is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from gnomon.detect.weights import find, read_model
from gnomon.learn.crossval.matches import Matches
from gnomon.learn.crossval.recall import measured_recall
from gnomon.learn.crossval.report import recall_lines


def labelled(rng: np.random.Generator, ports: int, each: int, sigma: float) -> Matches:
    """Ships of two lengths at quays and on open water, found with an ease of each port."""
    ease = np.repeat(rng.normal(0, sigma, ports), each)
    count = ports * each
    quay, length = rng.random(count) < 0.7, rng.choice([80.0, 180.0], count)
    found = rng.random(count) < expit(ease - 0.5 * quay + (length > 100))
    labels = pd.DataFrame(
        {
            "port": np.repeat([f"port {n}" for n in range(ports)], each),
            "length_m": length, "quay": quay, "ignored": False,
            "score": np.where(found, 0.9, np.nan),
        }
    )  # fmt: skip
    return Matches(pd.DataFrame(), labels, pd.DataFrame())


def test_ships_are_counted_by_length_and_place() -> None:
    matches = labelled(np.random.default_rng(0), 5, 40, 1.0)
    labels = matches.labels
    labels.loc[3, "ignored"], labels.loc[4, "length_m"] = True, 40.0
    recall = measured_recall(matches, 0.4)
    assert recall is not None
    assert recall.places == 5
    kept = labels[~labels.ignored & (labels.length_m >= 50)]
    for place, bands in ((True, recall.quay), (False, recall.open_water)):
        for band, length in zip(bands, (80.0, 180.0), strict=True):
            own = kept[(kept.quay == place) & (kept.length_m == length)]
            assert band.length_m == length
            assert (band.labels, band.found) == (len(own), int((own.score >= 0.4).sum()))


@pytest.mark.parametrize("sigma", [0.0, 0.7, 1.5])
def test_the_scatter_between_ports_is_found(sigma: float) -> None:
    found = [
        measured_recall(labelled(np.random.default_rng(seed), 30, 40, sigma), 0.4)
        for seed in range(6)
    ]
    assert np.mean([one.between_places for one in found if one]) == pytest.approx(sigma, abs=0.2)


def test_two_ports_say_nothing_of_a_third() -> None:
    assert measured_recall(labelled(np.random.default_rng(1), 2, 60, 0.5), 0.4) is None
    one_place = labelled(np.random.default_rng(1), 5, 30, 0.5)
    one_place.labels["quay"] = True
    assert measured_recall(one_place, 0.4) is None
    assert "unknown" in " ".join(recall_lines(None))


def test_the_shipped_card_has_the_numbers_of_its_weights() -> None:
    card = read_model("s2-vessel").calibration.recall
    assert card is not None
    text = (find("s2-vessel") / "card.md").read_text(encoding="utf-8")
    for line in recall_lines(card):
        assert line in text
    # The counts of the headline: 208 and 32 labels of 100 m and more, 0.69 and 0.97 found.
    for bands, labels, share in ((card.quay, 208, 0.69), (card.open_water, 32, 0.97)):
        long = [band for band in bands if band.length_m > 100]
        assert sum(band.labels for band in long) == labels
        assert sum(band.found for band in long) / labels == pytest.approx(share, abs=0.005)
