"""Options of radar: what contradicts itself is refused where it is written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gnomon.datamodel.radar_options import RING_M, RadarOptions
from gnomon.detect.radar_cfar import RadarCfar


@given(st.floats(1, 1000), st.floats(9, 11), st.floats(9, 11))
def test_the_least_ring_that_is_allowed_has_blocks_in_it(
    guard_m: float, line_m: float, sample_m: float
) -> None:
    options = RadarOptions(guard_m=guard_m, background_m=guard_m + RING_M)
    test = RadarCfar(guard_m=options.guard_m, background_m=options.background_m)
    sea = np.ones((3, 3), np.float32)
    test.levels(sea, sea > 0, spacing_m=(line_m, sample_m))


@pytest.mark.parametrize("background_m", [400.0, 500.0, 510.0])
def test_a_background_without_a_ring_around_its_guard_is_refused(background_m: float) -> None:
    with pytest.raises(ValidationError, match="above guard_m 500"):
        RadarOptions(guard_m=500.0, background_m=background_m)
