"""Test-time augmentation: the maps of a crop do not depend on which way round it is."""

import numpy as np
import pytest
import torch

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import Maps
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.tta import SQUARE_PX, UNCERTAIN, augmented_maps, uncertain_tiles


@pytest.fixture(scope="module")
def network() -> Network:
    """An untrained network whose maps are large everywhere."""
    torch.manual_seed(1)
    made = Network(NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))).eval()
    torch.nn.init.normal_(made.heads.weight, std=2.0)
    made.heads.bias.data[0] = 0.0
    return made


@torch.inference_mode()
def observed(network: Network, crops: torch.Tensor, background: torch.Tensor | None = None) -> Maps:
    return augmented_maps(network, crops, torch.ones(len(crops), 4), background)


def crops_of(seed: int) -> torch.Tensor:
    return torch.rand(2, 4, 64, 96, generator=torch.Generator().manual_seed(seed)) * 0.3


def test_a_crop_turned_half_round_gives_maps_turned_half_round(network: Network) -> None:
    crops, axes = crops_of(0), (2, 3)
    straight = observed(network, crops, crops)
    other = observed(network, crops.flip(axes), crops.flip(axes))
    for name in ("centre", "size", "axis", "hull", "tanker"):
        back = getattr(other, name).flip(axes)
        assert torch.allclose(back, getattr(straight, name), atol=1e-4)
    assert torch.allclose(-other.shift.flip(axes), straight.shift, atol=1e-4)
    # And a single reading is not so.
    with torch.inference_mode():
        alone, turned = (network(c, torch.ones(2, 4)) for c in (crops, crops.flip(axes)))
    assert not torch.allclose(turned.centre.flip(axes), alone.centre, atol=1e-2)


def test_rows_for_columns_gives_columns_for_rows(network: Network) -> None:
    crops = crops_of(1)
    straight = observed(network, crops)
    back = {name: value.transpose(2, 3) for name, value in vars(
        observed(network, crops.transpose(2, 3))
    ).items()}  # fmt: skip
    for name in ("centre", "size", "hull", "tanker"):
        assert torch.allclose(back[name], getattr(straight, name), atol=1e-4)
    assert torch.allclose(back["shift"].flip(1), straight.shift, atol=1e-4)
    # What ran up and down runs left and right; what lay on the diagonal still does.
    signs = torch.tensor([-1.0, 1.0])[:, None, None]
    assert torch.allclose(back["axis"] * signs, straight.axis, atol=1e-4)


def boxes_at(*places: tuple[float, float, float]) -> OrientedBoxes:
    x, y, score = np.array(places, np.float32).T
    return OrientedBoxes.of(x, y, 12, 2, 0, score=score)


def test_only_uncertain_boxes_are_read_again() -> None:
    low, high = UNCERTAIN
    boxes = boxes_at(
        (5, 70, low / 2), (200, 10, (1 + high) / 2), (100, 40, 0.5), (101, 41, low / 2)
    )
    (tile,), within = uncertain_tiles(boxes, (256, 256))
    assert within.tolist() == [False, False, True, True]
    assert tile.core == (slice(32, 64), slice(96, 128))
    assert tile.halo == (slice(8, 88), slice(72, 152))
    assert uncertain_tiles(boxes[:0], (256, 256))[0] == []


def test_squares_side_by_side_are_one_tile_and_edges_hold() -> None:
    side = SQUARE_PX
    boxes = boxes_at((-1.5, 1, 0.5), (side + 3, 3, 0.5), (9 * side - 1, 9 * side + 6, 0.5))
    tiles, within = uncertain_tiles(boxes, (9 * side + 5, 9 * side))
    assert within.all()
    assert [tile.core for tile in tiles] == [
        (slice(0, side), slice(0, 2 * side)),
        (slice(9 * side, 9 * side + 5), slice(8 * side, 9 * side)),
    ]
