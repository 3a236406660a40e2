"""The network of ship types: what it does not depend on."""

import pytest
import torch

from gnomon.detect.hull_frame import ACROSS, ALONG
from gnomon.detect.type_network import TypeNetwork, TypeNetworkOptions

FRAMES = torch.randn(3, 3, ACROSS[2], ALONG[2], generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module", params=[False, True], ids=["hull", "with surroundings"])
def network(request):
    torch.manual_seed(0)
    return TypeNetwork(TypeNetworkOptions(surroundings=request.param)).eval()


@pytest.mark.parametrize("axes", [(-1,), (-2,), (-2, -1)])
@torch.inference_mode()
def test_bow_and_side_do_not_matter(network, axes):
    turned = network.log_odds(FRAMES.flip(axes))
    torch.testing.assert_close(turned, network.log_odds(FRAMES), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_what_lies_beside_the_hull_counts_only_where_it_is_to(network):
    quay = FRAMES.clone()
    quay[:, :, :6] = 3.0
    same = torch.equal(network.log_odds(quay), network.log_odds(FRAMES))
    assert same is not network.options.surroundings
