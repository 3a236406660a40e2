"""Quality layers of two providers, number by number and bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.catalog.providers import providers
from gnomon.datamodel.scene import QualityCodes
from gnomon.imagery.quality import Quality, quality_classes

LANDSAT = QualityCodes(bits=True, nodata=(0,), cloud=(1, 2, 3), ice=(5,), water=(7,))
"""QA_PIXEL of Collection 2 (Landsat 8-9 Collection 2 Level 2 Science Product Guide, table 6-3)."""
FILL, WATER, CLOUD, SNOW = 1 << 0, 1 << 7, 1 << 3, 1 << 5


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, Quality.NODATA),
        (21824, Quality.CLEAR),  # clear land, all confidences low
        (21952, Quality.WATER),  # clear water
        (22280, Quality.CLOUD),  # high-confidence cloud
        (21826, Quality.CLOUD),  # dilated cloud over land
        (21890, Quality.CLOUD),  # dilated cloud, clear bit set
        (30048, Quality.ICE),  # snow
        (54596, Quality.CLOUD),  # cirrus, high confidence
        (23888, Quality.CLEAR),  # cloud shadow is seen
    ],
)
def test_values_of_the_landsat_guide(number: int, expected: Quality) -> None:
    assert quality_classes(np.array([[number]], np.uint16), LANDSAT) == expected


@given(st.integers(0, 2**16 - 1))
def test_of_several_bits_nodata_cloud_ice_and_water_count_in_this_order(number: int) -> None:
    (found,) = quality_classes(np.array([number], np.uint16), LANDSAT)
    bits = {bit for bit in range(16) if number >> bit & 1}
    if 0 in bits:
        expected = Quality.NODATA
    elif bits & {1, 2, 3}:
        expected = Quality.CLOUD
    elif 5 in bits:
        expected = Quality.ICE
    else:
        expected = Quality.WATER if 7 in bits else Quality.CLEAR
    assert found == expected


def test_the_scene_classification_of_sentinel_2() -> None:
    """Sen2Cor: 0 no data, 6 water, 8 and 9 cloud, 10 thin cirrus, 11 snow."""
    codes = providers().profile(collection="sentinel-2-l2a").quality
    found = quality_classes(np.arange(12, dtype=np.uint8), codes)
    expected = [Quality.CLEAR] * 12
    expected[0], expected[6], expected[11] = Quality.NODATA, Quality.WATER, Quality.ICE
    expected[8:11] = [Quality.CLOUD] * 3
    assert found.tolist() == expected


@given(st.integers(0, 255))
def test_without_codes_all_is_clear(number: int) -> None:
    assert quality_classes(np.array([number], np.uint8), QualityCodes()) == Quality.CLEAR
