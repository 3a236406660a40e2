"""Hulls in chips: where they lie, and which may be one ship."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chip_hulls import chip_hull, chip_pixels
from gnomon.datamodel.errors import LabelError
from gnomon.learn.ship_type.chip_hulls import hull_box, likeness, read_chip_hull, same_ship


@given(st.floats(36, 44), st.floats(36, 44), st.floats(40, 62), st.floats(0, 179))
def test_a_hull_is_found_where_it_lies(x, y, length_px, axis_deg):
    hull = chip_hull(x=x, y=y, length_px=length_px, axis_deg=axis_deg)
    assert np.hypot(hull.box.x - x, hull.box.y - y) < 1.7
    assert hull.box.length == pytest.approx(length_px, abs=1e-3)  # of the labels


def test_dark_hatches_do_not_end_a_hull():
    assert abs(chip_hull(tanker=False, x=42, y=38).box.x - 42) < 1.5


def test_of_a_hull_that_is_cut_the_part_that_is_seen_counts():
    whole = chip_hull(length_px=70, y=25, axis_deg=0.0)
    cut = whole.label.model_copy(update={"whole_2": False})
    box = hull_box(whole.pixels, cut)
    assert box.length == pytest.approx(60, abs=3)  # from row 0 to row 60
    assert box.y == pytest.approx(30, abs=2)


def test_a_chip_is_read_as_it_is_drawn(tmp_path):
    hull = chip_hull()
    path = tmp_path / hull.label.file
    levels = (hull.pixels * 255).round().astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(levels).save(path)
    read = read_chip_hull(tmp_path, hull.label)
    np.testing.assert_allclose(read.pixels, hull.pixels, atol=0.003)
    assert read.box.x == pytest.approx(hull.box.x, abs=0.2)
    Image.fromarray(levels[:50]).save(path)
    with pytest.raises(LabelError, match="has the size"):
        read_chip_hull(tmp_path, hull.label)
    path.write_bytes(b"no picture")
    with pytest.raises(LabelError, match="cannot be read as a picture"):
        read_chip_hull(tmp_path, hull.label)


def test_a_deck_is_like_itself_turned_and_unlike_another():
    one, turned = chip_hull(tanker=False), chip_hull(tanker=False, axis_deg=120.0, seed=1)
    pixels = chip_pixels()
    assert np.isfinite(pixels).all()
    alike = likeness([one, turned, chip_hull(seed=2)])
    np.testing.assert_allclose(alike, alike.T, atol=1e-5)
    np.testing.assert_allclose(alike.diagonal(), 1, atol=1e-3)
    assert alike[0, 1] > alike[0, 2]


@pytest.mark.parametrize(
    ("day", "lon", "length_px", "tanker", "same"),
    [
        ("20170704", -122.3415, 62.0, False, True),  # at anchor two days later, whatever its look
        ("20170704", -122.3800, 62.0, False, False),  # three kilometres away
        ("20170720", -122.3415, 62.0, False, False),  # weeks later
        ("20170720", -122.3800, 60.0, True, True),  # it came back
        ("20170720", -122.3800, 50.0, True, False),  # a shorter one that looks like it
    ],
)
def test_one_ship_is_known_by_its_stay_or_its_look(day, lon, length_px, tanker, same):
    first = chip_hull()
    other = chip_hull(day=day, lon=lon, length_px=length_px, tanker=tanker, seed=1)
    assert same_ship([first, other])[0, 1] == same
