"""What the network says does not depend on which way the track runs, and becomes boxes."""

import numpy as np
import pytest
import torch

from gnomon.detect.radar_network import (
    BEAM_PX,
    LENGTH_PX,
    OFFSET_PX,
    RadarNetwork,
    RadarNetworkOptions,
    RadarOutput,
    decoded,
)


@torch.inference_mode()
def test_upside_down_all_is_mirrored() -> None:
    torch.manual_seed(2)
    network = RadarNetwork(RadarNetworkOptions(widths=(8, 8), hidden=4)).eval()
    crops, known = torch.randn(5, 3, 64, 64), torch.randn(5, 3)
    crops[:, :, 0] = crops[:, :, 0].flip(1)  # the first line has no mirror image
    there = network.both_ways(crops, known)
    back = network.both_ways(crops.roll(-1, 2).flip(2), known).mirrored()
    torch.testing.assert_close(there.parts, back.parts, atol=1e-5, rtol=1e-4)
    assert there.offset.abs().min() > 0


@pytest.mark.parametrize("axis_deg", [0.0, 30.0, 100.0, 179.0])
def test_boxes_are_what_the_outputs_say(axis_deg: float) -> None:
    turn = np.deg2rad(2 * axis_deg)
    output = RadarOutput(
        torch.tensor([0.0]),
        torch.tensor([[0.5, -0.25]]),
        torch.log(torch.tensor([[20 / LENGTH_PX, 3 / BEAM_PX]])),
        torch.zeros(1, 2),
        0.3 * torch.tensor([[np.cos(turn), np.sin(turn)]]),
    )
    (box,) = decoded(output, np.array([[7, 9]]))
    assert (box.x, box.y) == pytest.approx((7.5 + OFFSET_PX / 2, 9.5 - OFFSET_PX / 4))
    assert (box.length, box.beam, box.score) == pytest.approx((20, 3, 0.5))
    assert (box.angle - axis_deg + 90) % 180 == pytest.approx(90, abs=1e-3)
    assert RadarOutput.of(output.parts).parts.tolist() == output.parts.tolist()
