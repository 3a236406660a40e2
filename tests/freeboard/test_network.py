"""The network: maps of geometry, densities that agree, and a start at the prior."""

import numpy as np
import pytest
import torch

from gnomon.freeboard.network import PosteriorNetwork, PosteriorOptions, geometry_maps
from gnomon.freeboard.posterior import to_latent
from gnomon.freeboard.window import ACROSS, ALONG, CONTEXT, hull_window
from model_ships import model_chip

NAMES = ("blue", "green", "red", "nir")


@pytest.fixture(scope="module")
def read():
    """Window of a ship, as tensors."""
    window = hull_window(model_chip())
    return torch.tensor(window.pixels[None]), torch.tensor(window.context[None])


def test_the_first_map_is_the_height_whose_shadow_reaches_a_cell():
    chip = model_chip()
    context = torch.tensor(hull_window(chip).context[None])
    across, _, inside, _ = geometry_maps(context)[0]
    sun = np.deg2rad(chip.sun_azimuth_deg - chip.heading_deg)
    reach = abs(np.sin(sun)) / np.tan(np.deg2rad(chip.sun_elevation_deg))
    edges = np.linspace(ACROSS[0], ACROSS[1], ACROSS[2] + 1)
    y = (edges[1:] + edges[:-1]) / 2 * chip.length_m
    height = (y - chip.beam_m / 2) / reach
    np.testing.assert_allclose(across[:, 0], np.clip(25 * height / chip.length_m, -1, 3), atol=1e-3)
    column = inside[:, ALONG[2] // 2]
    assert column[np.abs(y) < 0.3 * chip.beam_m].min() > 0.8
    assert column[np.abs(y) > 0.9 * chip.beam_m].max() < 0.1


def test_density_in_torch_and_in_numpy_agree(read):
    network = PosteriorNetwork(PosteriorOptions(widths=(8, 8, 16), hidden=16)).eval()
    out = network(*read)
    freeboard = 3.3
    latent = float(to_latent(freeboard))
    slope = 1 / -np.expm1(-freeboard)
    expected = float(out.posterior().density([freeboard])[0]) / slope
    found = float(out.log_density(torch.tensor([latent])).exp().detach())
    assert found == pytest.approx(expected, rel=1e-4)


def test_an_untrained_network_gives_the_prior_and_even_odds(read):
    torch.manual_seed(0)
    posterior = PosteriorNetwork().eval()(*read).posterior()
    low, high = posterior.quantile(0.05)[0], posterior.quantile(0.95)[0]
    length = 100 * np.exp(float(read[1][0, CONTEXT.index("log_length")]))
    assert low < 0.02 * length
    assert high > 0.05 * length
    assert abs(posterior.p_laden[0] - 0.5) < 0.2


def test_a_ship_does_not_depend_on_its_company(read):
    network = PosteriorNetwork().eval()
    pixels, context = read
    alone = network(pixels, context).centre.detach()
    company = network(
        torch.cat([pixels, torch.randn_like(pixels)]), torch.cat([context, 0.5 * context])
    ).centre.detach()
    torch.testing.assert_close(alone[0], company[0], atol=1e-4, rtol=1e-4)
