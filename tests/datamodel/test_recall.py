"""Recall of a detector: between its bands, at another place, and as text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.recall import Recall, RecallBand, RecallPrior, read_recall

QUAY = (
    RecallBand(length_m=75.0, labels=19, found=6),
    RecallBand(length_m=130.0, labels=63, found=33),
    RecallBand(length_m=300.0, labels=20, found=20),
)
RECALL = Recall(
    places=12, between_places=1.3, quay=QUAY,
    open_water=(RecallBand(length_m=80.0, labels=40, found=36),),
)  # fmt: skip


def test_recall_is_counted_and_lies_between_the_bands() -> None:
    assert RECALL.at(75.0, "quay").mean == pytest.approx(6.5 / 20)
    assert RECALL.at(102.5, "quay").mean == pytest.approx((6.5 / 20 + 33.5 / 64) / 2)
    for beyond in (30.0, 75.0):
        assert RECALL.at(beyond, "quay") == RECALL.at(75.0, "quay")
    assert RECALL.at(400.0, "quay").mean < 1  # all of twenty are not all
    assert RECALL.at(90.0, "open_water").mean == pytest.approx(36.5 / 41)


@given(st.floats(0.05, 0.95), st.floats(0.1, 1.6))
def test_the_prior_has_its_mean_and_is_never_sure(mean: float, sigma: float) -> None:
    each = (np.arange(20_000) + 0.5) / 20_000
    drawn = RecallPrior(mean, sigma).quantile(each)
    assert drawn.mean() == pytest.approx(0.75 * mean + 0.25 * 0.5, abs=0.015)
    assert (np.diff(drawn) >= 0).all()
    assert 0 < drawn[0] < drawn[-1] < 1
    # However narrow the card is, a place like none of its places can have any recall.
    for low in (0.0, 0.9):
        assert ((drawn > low) & (drawn < low + 0.1)).mean() >= 0.02


@given(st.floats(40, 350), st.floats(0, 3))
def test_another_place_is_never_surer_than_places_are_alike(length: float, between: float) -> None:
    prior = RECALL.model_copy(update={"between_places": between}).at(length, "quay")
    assert prior.logit_sigma > between
    few, many = (
        RECALL.model_copy(update={"quay": (RecallBand(length_m=75.0, labels=n, found=n // 2),)})
        for n in (2, 20)
    )
    assert few.at(length, "quay").logit_sigma > many.at(length, "quay").logit_sigma


def test_its_text_is_read_back_whoever_wrote_the_label() -> None:
    assert read_recall(RECALL.text("s2-vessel@123")) == RECALL
    assert '"detector": "s2-vessel@123"' in RECALL.text("s2-vessel@123")


@pytest.mark.parametrize(
    "text",
    ["", "0.8", "[]", '{"places": 3}', RECALL.text("x").replace('"found": 6', '"found": 60')],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the recall of a detector as gnomon writes it"):
        read_recall(text)
