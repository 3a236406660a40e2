"""Decoding undoes the drawing of targets, and the mask weighs in the raw score."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from centernet_maps import perfect
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.decode import MASK_WEIGHT, decode
from gnomon.detect.centernet.maps import Maps
from gnomon.detect.centernet.targets import targets

SIDE = 96
far_apart = st.lists(
    st.tuples(
        st.floats(-8, 8), st.floats(-8, 8), st.floats(6, 20), st.floats(1.5, 4), st.floats(0, 179)
    ),
    min_size=0,
    max_size=4,
)
CORNERS = [(24, 24), (72, 24), (24, 72), (72, 72)]


def ships(rows: list[tuple[float, ...]]) -> OrientedBoxes:
    """One ship around each corner of a square, none near another."""
    return OrientedBoxes.concatenate(
        OrientedBoxes.of(cx + x, cy + y, length, beam, angle, tanker=number % 2)
        for number, ((cx, cy), (x, y, length, beam, angle)) in enumerate(
            zip(CORNERS, rows, strict=False)
        )
    )


@given(far_apart, st.integers(0, 30))
def test_decoding_perfect_maps_gives_the_ships_back(
    rows: list[tuple[float, ...]], halo_px: int
) -> None:
    truth = ships(rows)
    empty, found = decode(
        perfect(targets([OrientedBoxes.empty(), truth], side_px=SIDE)), halo_px=halo_px
    )
    assert len(empty) == 0
    assert len(found) == len(truth)
    if not len(truth):
        return
    moved = truth.shifted(-halo_px, -halo_px)
    nearest = np.hypot(found.x[:, None] - moved.x, found.y[:, None] - moved.y).argmin(1)
    assert sorted(nearest) == list(range(len(truth)))
    moved = moved[nearest]
    for name in ("x", "y", "length", "beam"):
        np.testing.assert_allclose(getattr(found, name), getattr(moved, name), atol=1e-3)
    np.testing.assert_allclose((found.angle - moved.angle + 90) % 180, 90, atol=0.05)
    # The mask of a narrow hull misses the middles of some cells.
    assert (found.score[moved.beam >= 3] > 0.9).all()
    np.testing.assert_array_equal(found.p_tanker > 0.5, moved.tanker == 1)


def test_a_centre_in_the_mask_scores_above_one_on_water() -> None:
    blank = torch.full((1, 1, 32, 64), -9.0)
    centre, hull = blank.clone(), torch.full_like(blank, -2.0)
    hull[..., :32] = 2.0
    centre[..., 16, 16] = centre[..., 16, 48] = -1.0
    size = torch.log(torch.tensor([12.0, 2.5]))[:, None, None].expand(1, 2, 32, 64)
    (boxes,) = decode(
        Maps(centre, torch.zeros(1, 2, 32, 64), size, torch.ones(1, 2, 32, 64), hull, hull / 4),
        halo_px=0,
    )
    left, right = boxes[np.argsort(boxes.x)]
    assert left.score == pytest.approx(expit(-1 + 2 * MASK_WEIGHT), abs=1e-4)
    assert right.score == pytest.approx(expit(-1 - 2 * MASK_WEIGHT), abs=1e-4)
    # p_tanker is the logistic of its head at the peak.
    assert left.p_tanker == pytest.approx(expit(0.5), abs=1e-4)
    assert left.angle == pytest.approx(22.5, abs=1e-3)
