"""CFAR of radar on simulated seas: its rate, ships beside ships, land, and two polarisations.

The seas are drawn here, by other means than the model's: textures are sums of squares of smooth
Gaussian fields, whose distribution is a gamma by construction, with structures of 200 m.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from scipy import ndimage
from skimage.measure import label, regionprops

from gnomon.datamodel.arrays import Float32s
from gnomon.detect.radar_blocks import BLOCK_M
from gnomon.detect.radar_cfar import RadarCfar, radar_cfar_boxes

SPACING_M = (10.15, 10.0)
LOOKS = 4.4


def sea(
    shape: tuple[int, int], *, fields: int, seed: int, smooth_px: float = 8.0, mean: float = 0.01
) -> Float32s:
    """Intensity of speckle over a texture of shape ``fields / 2``; no fields, no texture."""
    rng = np.random.default_rng(seed)
    texture = np.zeros(shape, np.float32) if fields else np.ones(shape, np.float32)
    for _ in range(fields):
        field = rng.standard_normal(shape, np.float32)
        if smooth_px:
            field = ndimage.gaussian_filter(field, smooth_px, mode="wrap", truncate=3)
        texture += (field / field.std()) ** 2 / fields
    speckle = rng.standard_gamma(LOOKS, shape, np.float32) / np.float32(LOOKS)
    return np.asarray(mean * texture * speckle, np.float32)


@pytest.mark.parametrize(("fields", "smooth_px"), [(0, 0.0), (6, 8.0), (6, 0.0), (3, 8.0)], ids=str)
def test_the_rate_is_within_a_factor_of_two_over_two_decades(fields: int, smooth_px: float) -> None:
    """Speckle alone, and K of shape 3 and 1.5, with structures and from pixel to pixel."""
    intensity = sea((1800, 1400), fields=fields, seed=7, smooth_px=smooth_px)
    water = np.ones(intensity.shape, bool)
    for rate in (1e-3, 1e-4, 1e-5):
        level = RadarCfar().levels(intensity, water, spacing_m=SPACING_M, rate=rate)
        found = float((intensity > level).mean()) / rate
        assert 0.5 < found < 2


def test_the_level_follows_the_wind() -> None:
    """A sea that is ten times as bright at one end has the same rate there."""
    intensity = sea((1400, 1400), fields=0, seed=8)
    intensity *= np.geomspace(1, 10, 1400, dtype=np.float32)
    water = np.ones(intensity.shape, bool)
    level = RadarCfar().levels(intensity, water, spacing_m=SPACING_M, rate=1e-3)
    for half in (np.s_[:, :700], np.s_[:, 700:]):
        assert (intensity[half] > level[half]).mean() / 1e-3 == pytest.approx(1, abs=0.35)


def with_ships(intensity: Float32s, places: list[tuple[int, int]]) -> Float32s:
    """Ships of 200 by 40 m that lie from left to right, 300 times as bright as the sea."""
    rng = np.random.default_rng(9)
    found = intensity.copy()
    for line, sample in places:
        at = np.s_[line - 2 : line + 2, sample - 10 : sample + 10]
        found[at] = 3.0 * rng.gamma(LOOKS, 1 / LOOKS, found[at].shape)
    return found


def test_ships_at_anchor_do_not_hide_each_other() -> None:
    """Nine of them 700 m apart, and the level is that of the sea without any."""
    empty = sea((500, 500), fields=6, seed=10)
    places = [(180 + 70 * i, 180 + 70 * j) for i in range(3) for j in range(3)]
    ships = with_ships(empty, places)
    water = np.ones(empty.shape, bool)
    levels = [RadarCfar().levels(one, water, spacing_m=SPACING_M) for one in (empty, ships)]
    np.testing.assert_allclose(levels[1], levels[0], rtol=0.1)
    boxes = radar_cfar_boxes(
        xr.Dataset({"vv": (("line", "sample"), ships)}),
        water,
        water,
        spacing_m=SPACING_M,
        options=RadarCfar(),
    )
    found = sorted(zip(boxes.y.tolist(), boxes.x.tolist(), strict=True))
    assert np.abs(np.array(found) - np.array(places)).max() < 1
    np.testing.assert_allclose(boxes.angle, 90, atol=3)
    assert boxes.length == pytest.approx(np.full(9, 20), abs=2)
    assert boxes.beam == pytest.approx(np.full(9, 4), abs=1)


def test_ships_of_real_chips_are_found(shared_data: Path) -> None:
    """All of those whose chip shows sea around them; in smaller ones nothing can be compared."""
    folder = shared_data / "s1" / "opensarship"
    chips = pd.read_csv(folder / "index.csv").query("split == 'val' and chip_w >= 65")
    assert len(chips) >= 10
    for chip in chips.itertuples():
        with rasterio.open(folder / chip.chip) as file:
            vv = file.read(file.count)
        level = RadarCfar().levels(vv, np.ones(vv.shape, bool), spacing_m=(10.0, 10.0))
        hull = np.s_[
            int(chip.box_ymin) : int(chip.box_ymax), int(chip.box_xmin) : int(chip.box_xmax)
        ]
        assert (vv[hull] > level[hull]).any()


def test_boxes_are_those_of_skimage() -> None:
    """Groups that touch at corners, at the ends of lines, of one pixel, on a sea of few."""
    intensity = sea((300, 200), fields=0, seed=15)
    rng = np.random.default_rng(16)
    bright = ndimage.binary_dilation(rng.random(intensity.shape) < 0.002, iterations=1)
    bright |= rng.random(intensity.shape) < 0.002
    bright[100, -1] = bright[101, 0] = True  # neighbours in memory alone
    intensity[bright] = 5.0
    water = np.ones(intensity.shape, bool)
    pixels = xr.Dataset({"vv": (("line", "sample"), intensity)})
    boxes = radar_cfar_boxes(pixels, water, water, spacing_m=SPACING_M, options=RadarCfar())
    over = intensity / RadarCfar().levels(intensity, water, spacing_m=SPACING_M)
    regions = regionprops(label(over > 1, connectivity=2), over)
    assert len(boxes) == len(regions) > 50
    order = np.lexsort((boxes.x, boxes.y))
    wanted = sorted(regions, key=lambda one: (np.float32(one.centroid[0]), one.centroid[1]))
    for k, region in zip(order, wanted, strict=True):
        y, x = region.centroid
        assert (boxes.x[k], boxes.y[k]) == pytest.approx((x + 0.5, y + 0.5), abs=1e-3)
        # Theirs are ellipses of points, ours rectangles of pixels.
        axes = region.axis_major_length, region.axis_minor_length
        sides = [np.sqrt(12 * (axis**2 / 16 + 1 / 12)) for axis in axes]
        assert (boxes.length[k], boxes.beam[k]) == pytest.approx(sides, abs=1e-3)
        peak = float(region.intensity_max)
        assert boxes.score[k] == pytest.approx(peak / (peak + 1), rel=1e-5)
        if region.axis_major_length > 1.05 * region.axis_minor_length:
            turn = (boxes.angle[k] + np.rad2deg(region.orientation)) % 180
            assert min(turn, 180 - turn) < 0.1


def test_land_is_neither_clutter_nor_searched() -> None:
    intensity = sea((400, 400), fields=0, seed=11)
    intensity[:, 250:] *= 100
    water = np.ones(intensity.shape, bool)
    water[:, 250:] = False
    ships = with_ships(intensity, [(200, 235)])
    pixels = xr.Dataset({"vv": (("line", "sample"), ships)})
    boxes = radar_cfar_boxes(pixels, water, water, spacing_m=SPACING_M, options=RadarCfar())
    assert (boxes.x.tolist(), boxes.y.tolist()) == ([235.0], [200.0])


def test_what_was_not_seen_and_what_has_no_sea_near_finds_nothing() -> None:
    intensity = sea((300, 300), fields=0, seed=12)
    intensity[:150] = np.nan
    level = RadarCfar().levels(intensity, np.ones(intensity.shape, bool), spacing_m=SPACING_M)
    assert np.isfinite(level[200:]).all()
    assert not (intensity > level).any()
    dry = np.zeros(intensity.shape, bool)
    assert np.isinf(RadarCfar().levels(intensity, dry, spacing_m=SPACING_M)).all()


def test_a_ship_of_one_polarisation_counts() -> None:
    """With half the rate for each of two; the other sees nothing there."""
    quiet = sea((300, 300), fields=0, seed=13, mean=0.001)
    vv = sea((300, 300), fields=0, seed=14)
    water = np.ones(vv.shape, bool)
    pixels = xr.Dataset(
        {
            "vv": (("line", "sample"), vv),
            "vh": (("line", "sample"), with_ships(quiet, [(150, 150)])),
        }
    )
    boxes = radar_cfar_boxes(pixels, water, water, spacing_m=SPACING_M, options=RadarCfar())
    assert (boxes.x.tolist(), boxes.y.tolist()) == ([150.0], [150.0])
    alone = radar_cfar_boxes(pixels[["vv"]], water, water, spacing_m=SPACING_M, options=RadarCfar())
    assert len(alone) == 0


def test_windows_are_in_metres() -> None:
    """A step in the sea is felt as far as the background reaches, whatever the pixels are."""
    for spacing in (10.0, 40.0):
        pixels = int(8000 / spacing)
        intensity = np.full((pixels, pixels), 0.01, np.float32)
        intensity[:, : pixels // 2] = 0.02
        level = RadarCfar().levels(
            intensity, np.ones(intensity.shape, bool), spacing_m=(spacing, spacing)
        )
        changed = np.flatnonzero(np.abs(np.diff(level[pixels // 2])) > 1e-9)
        reach_m = (np.array([changed.min(), changed.max()]) + 1 - pixels / 2) * spacing
        assert np.abs(reach_m) == pytest.approx([400, 400], abs=2 * BLOCK_M)


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="wider than the guard"):
        RadarCfar(guard_m=900, background_m=800)
    water = np.ones((5, 5), bool)
    with pytest.raises(ValueError, match="the same number of blocks"):
        RadarCfar(guard_m=790).levels(np.ones((5, 5), np.float32), water, spacing_m=SPACING_M)
    with pytest.raises(ValueError, match="none of vv, vh, hh, hv"):
        radar_cfar_boxes(xr.Dataset(), water, water, spacing_m=SPACING_M, options=RadarCfar())


def test_a_group_grows_to_what_is_less_bright_and_finds_no_more() -> None:
    """Of two bars of which one has a bright end, that one is found whole, and the other not."""
    intensity = sea((300, 300), fields=0, seed=21)
    options = RadarCfar(false_alarm_rate=1e-9, grow_rate=1e-3)
    water = np.ones(intensity.shape, bool)
    faint = 1.3 * float(np.median(RadarCfar(false_alarm_rate=1e-3).levels(
        intensity, water, spacing_m=SPACING_M)))  # fmt: skip
    intensity[100:103, 100:130] = intensity[200:203, 100:130] = faint
    intensity[100:103, 100:104] = 10.0
    pixels = xr.Dataset({"vv": (("line", "sample"), intensity)})
    (box,) = radar_cfar_boxes(pixels, water, water, spacing_m=SPACING_M, options=options)
    assert box.y == pytest.approx(101.5, abs=0.5)
    assert box.length == pytest.approx(30, abs=1.5)
    plain = RadarCfar(false_alarm_rate=1e-9)
    (short,) = radar_cfar_boxes(pixels, water, water, spacing_m=SPACING_M, options=plain)
    assert short.length == pytest.approx(4, abs=0.5)
    assert short.score == box.score


@pytest.mark.parametrize(("gap", "join_m", "count"), [(3, 15.0, 2), (3, 40.5, 1), (4, 40.5, 2)])
def test_pixels_within_a_distance_are_one_group(gap: int, join_m: float, count: int) -> None:
    intensity = sea((300, 300), fields=0, seed=22)
    intensity[100:104, 100:110] = intensity[100:104, 110 + gap : 120 + gap] = 10.0
    # At the ends of lines, neighbours in memory alone.
    intensity[200:204, -4:] = intensity[201:205, :4] = 10.0
    pixels = xr.Dataset({"vv": (("line", "sample"), intensity)})
    water = np.ones(intensity.shape, bool)
    options = RadarCfar(join_m=join_m)
    boxes = radar_cfar_boxes(pixels, water, water, spacing_m=SPACING_M, options=options)
    assert len(boxes) == count + 2
