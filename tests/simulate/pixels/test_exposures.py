"""Exposures of one tanker: truth, prior knowledge, pixels."""

import numpy as np
import pytest

from gnomon.simulate.pixels.exposures import COARSEST_M, FINEST_M, HullChip, exposures


@pytest.fixture(scope="module")
def many() -> list[list[HullChip]]:
    return [exposures((11, k)) for k in range(30)]


def test_a_seed_gives_the_same_chips_and_another_others() -> None:
    one, same, other = (exposures(seed) for seed in ((3, 1), (3, 1), (3, 2)))
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first.image, second.image)
        assert first.known == second.known
        assert first.truth == second.truth
    assert one[0].truth != other[0].truth


def test_exposures_of_a_tanker_share_its_truth_in_ever_larger_pixels(
    many: list[list[HullChip]],
) -> None:
    for chips in many:
        assert len({chip.truth for chip in chips}) == 1
        sizes = [chip.gsd_m for chip in chips]
        assert sizes == sorted(sizes)
        assert sizes[0] >= FINEST_M
        assert sizes[-1] <= COARSEST_M
        assert all(len(chip.image) == len(chip.bands) for chip in chips)


def test_errors_of_what_is_known_are_as_large_as_they_are_said_to_be(
    many: list[list[HullChip]],
) -> None:
    chips = [chip for chips in many for chip in chips]
    for name in ("length", "beam"):
        known = np.array([getattr(c.known, f"{name}_m") for c in chips])
        sigma = np.array([getattr(c.known, f"{name}_sigma_m") for c in chips])
        true = np.array([getattr(c.truth, f"{name}_m") for c in chips])
        assert 0.7 < np.std((known - true) / sigma) < 1.3


def test_the_view_is_known_whole_or_not_at_all(many: list[list[HullChip]]) -> None:
    views = np.array([(c.view_azimuth_deg, c.view_zenith_deg) for chips in many for c in chips])
    unknown = np.isnan(views)
    assert (unknown[:, 0] == unknown[:, 1]).all()
    assert 0.02 < unknown[:, 0].mean() < 0.3


def test_every_kind_of_image_occurs(many: list[list[HullChip]]) -> None:
    chips = [chip for chips in many for chip in chips]
    assert {("pan",), ("blue", "green", "red", "nir"), ("blue", "green", "red")} <= {
        chip.bands for chip in chips
    }
    assert any(np.nanmax(chip.image) == 255 for chip in chips), "contrast stretches"
    assert any(np.isnan(chip.image).any() for chip in chips), "edges of images"
