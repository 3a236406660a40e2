"""The loss: least where maps are right, and blind to what nobody knows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxes import box
from centernet_maps import perfect
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.loss import loss
from gnomon.detect.centernet.maps import Maps
from gnomon.detect.centernet.targets import targets

SIDE = 64
SHIPS = OrientedBoxes.of([20, 45], [25, 40], [15, 12], [3, 2.5], [30, 110], tanker=[1, 0])
WANTED = targets([SHIPS], side_px=SIDE)


@given(st.sampled_from(["shift", "size", "axis"]), st.floats(0.05, 2))
def test_a_wrong_shape_costs_its_distance(name: str, off: float) -> None:
    right = perfect(WANTED)
    wrong, worse = (replace(right, **{name: getattr(right, name) + by}) for by in (off, 2 * off))
    first, second = ((loss(maps, WANTED) - loss(right, WANTED)).item() for maps in (wrong, worse))
    assert first > 0
    assert second == pytest.approx(2 * first, rel=1e-3)


@pytest.mark.parametrize("name", ["centre", "hull", "tanker"])
def test_a_wrong_logit_costs_more_than_an_unsure_one(name: str) -> None:
    right = perfect(WANTED)
    values = getattr(right, name)
    unsure, wrong = (replace(right, **{name: by * values}) for by in (0.3, -1.0))
    assert loss(right, WANTED) < loss(unsure, WANTED) < loss(wrong, WANTED)


def test_a_false_centre_costs_nothing_where_cells_do_not_count() -> None:
    counted = torch.ones(1, SIDE // 2, SIDE // 2)
    counted[:, :8] = 0
    wanted = targets([SHIPS], side_px=SIDE, counted=[counted])
    right = perfect(wanted)
    centre, hull = right.centre.clone(), right.hull.clone()
    centre[..., 3, 3] = hull[..., 3, 3] = 5.0
    false = replace(right, centre=centre, hull=hull)
    assert loss(false, wanted).item() == pytest.approx(loss(right, wanted).item())
    assert loss(false, WANTED) > loss(right, WANTED) + 1


def test_an_unknown_type_costs_nothing() -> None:
    wanted = targets([replace(SHIPS, tanker=np.full(2, np.nan))], side_px=SIDE)
    right = perfect(wanted)
    other = replace(right, tanker=torch.full_like(right.tanker, 7.0))
    assert loss(other, wanted).item() == pytest.approx(loss(right, wanted).item())


def test_a_false_centre_beside_a_true_one_is_forgiven() -> None:
    """The penalty is reduced by (1 - target)^4: eq. 1 of Zhou et al. 2019."""
    wanted = targets([box(32, 32, 20, 4, 0)], side_px=SIDE)
    plain = perfect(wanted)

    def with_centre_at(row: int, column: int) -> Maps:
        centre = plain.centre.clone()
        centre[..., row, column] = 3.0
        return replace(plain, centre=centre)

    ((row, column),) = (wanted.centre[0, 0] == 1).nonzero().tolist()
    beside, away = loss(with_centre_at(row + 1, column), wanted), loss(with_centre_at(2, 2), wanted)
    assert beside - loss(plain, wanted) < 0.2 * (away - loss(plain, wanted))


def test_half_precision_maps_are_compared_in_single_precision() -> None:
    maps = perfect(WANTED)
    half = Maps(**{name: values.bfloat16() for name, values in maps.tensors().items()})
    assert loss(half, WANTED).dtype == torch.float32
    assert loss(half, WANTED).item() == pytest.approx(loss(half.float(), WANTED).item())
