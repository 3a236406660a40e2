"""Second looks: what is said of a crop does not depend on which way round it is."""

import pytest
import torch

from gnomon.detect.network import Maps, Network, NetworkOptions
from gnomon.detect.views import several_looks


@pytest.fixture(scope="module")
def network() -> Network:
    """An untrained network that sees something everywhere."""
    torch.manual_seed(1)
    made = Network(NetworkOptions(widths=(4, 8, 8, 8), blocks=(1, 1, 1))).eval()
    torch.nn.init.normal_(made.heads.weight, std=2.0)
    made.heads.bias.data[0] = 0.0
    return made


@torch.inference_mode()
def looked(network: Network, crops: torch.Tensor, history: torch.Tensor | None = None) -> Maps:
    return several_looks(network, crops, torch.ones(len(crops), 4), history)


@pytest.mark.parametrize("axes", [(2,), (3,), (2, 3)])
def test_a_mirrored_crop_gives_mirrored_maps(network: Network, axes: tuple[int, ...]) -> None:
    crops = torch.rand(2, 4, 64, 96, generator=torch.Generator().manual_seed(0)) * 0.3
    straight = looked(network, crops, crops)
    other = looked(network, crops.flip(axes), crops.flip(axes))
    for name in ("centre", "size", "hull", "tanker"):
        back = getattr(other, name).flip(axes)
        assert torch.allclose(back, getattr(straight, name), atol=1e-4)
    signs = torch.tensor([-1.0 if axis in axes else 1.0 for axis in (3, 2)])
    back = other.shift.flip(axes) * signs[:, None, None]
    assert torch.allclose(back, straight.shift, atol=1e-4)
    # A mirror turns the lean of an axis round; a half turn does not.
    back = other.axis.flip(axes) * torch.tensor([1.0, float(signs.prod())])[:, None, None]
    assert torch.allclose(back, straight.axis, atol=1e-4)
    # And one look alone is not so.
    with torch.inference_mode():
        alone, mirrored = (network(c, torch.ones(2, 4)) for c in (crops, crops.flip(axes)))
    assert not torch.allclose(mirrored.centre.flip(axes), alone.centre, atol=1e-2)


def test_where_there_is_nothing_one_look_is_enough(network: Network) -> None:
    calls: list[int] = []

    class Counting(torch.nn.Module):
        def forward(
            self, bands: torch.Tensor, present: torch.Tensor, history: torch.Tensor
        ) -> Maps:
            assert history.shape == bands.shape
            calls.append(len(bands))
            said: Maps = network(bands, present, history)
            empty = bands.amax((1, 2, 3)) < 0.1
            said.centre[empty] = -9.0
            return said

    crops = torch.full((3, 4, 32, 32), 0.02)
    with torch.inference_mode():
        several_looks(Counting(), crops, torch.ones(3, 4), crops)
        assert calls == [3]
        crops[1, :, 10:20, 10:14] = 0.5
        calls.clear()
        several_looks(Counting(), crops, torch.ones(3, 4), crops)
    assert calls == [3, 1, 1, 1]
