"""The simulated orbit: there and back, heights, and a reader's own equations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.geo.local import distance_m
from gnomon.imagery.sentinel1.annotation import parse_annotation
from gnomon.imagery.sentinel1.geolocation import Geolocation
from gnomon.simulate.radar.orbit import RadarOrbit
from gnomon.simulate.radar.product import product_files
from radar_scenes import radar_spec

orbits = st.builds(
    RadarOrbit,
    longitude_deg=st.floats(-170, 170),
    latitude_deg=st.floats(-65, 65),
    lines=st.just(300),
    samples=st.just(500),
    northward=st.booleans(),
)


@given(orbits, st.floats(0, 299), st.floats(0, 499))
def test_lines_and_samples_and_back(orbit: RadarOrbit, line: float, sample: float) -> None:
    x, y = orbit.places(np.array([line]), np.array([sample]))
    np.testing.assert_allclose(orbit.pixels(x, y, 0.0), [[line], [sample]], atol=1e-5)


@given(orbits)
def test_the_middle_of_the_image_is_where_it_is_asked_for(orbit: RadarOrbit) -> None:
    x, y = orbit.places(np.array([149.5]), np.array([250.0]))
    apart = distance_m(np.column_stack([x, y]), [[orbit.longitude_deg, orbit.latitude_deg]])
    assert apart[0] < 25


@given(orbits, st.floats(5, 60))
def test_what_is_high_lies_nearer_to_the_track(orbit: RadarOrbit, height: float) -> None:
    place = orbit.longitude_deg, orbit.latitude_deg
    _, low = orbit.pixels(*place, 0.0)
    _, high = orbit.pixels(*place, height)
    incidence = np.deg2rad(orbit.incidence_deg(low))
    assert (low - high) * 10.0 == pytest.approx(height / np.tan(incidence), rel=0.02)


@pytest.mark.parametrize("northward", [True, False])
def test_a_reader_of_its_annotation_sees_the_same_places(northward: bool) -> None:
    """The equations of range and Doppler, which know nothing of this orbit."""
    spec = radar_spec(orbit={"northward": northward})
    xml = product_files(spec, "vv")["annotation/iw-vv.xml"]
    reader = Geolocation(parse_annotation(xml.encode()))
    line, sample = np.array([3.0, 222.2, 430.0]), np.array([400.0, 111.0, 7.5])
    own, read = spec.orbit.places(line, sample), reader.places(line, sample)
    assert distance_m(np.column_stack(own), np.column_stack(read)).max() < 0.05
