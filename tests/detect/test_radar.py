"""The detector of radar: what it keeps of what stands out, and what it calls it."""

import numpy as np
import pytest
import xarray as xr

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.detector import detector_of
from gnomon.detect.radar import BLUR_M, RadarDetector, RadarNetworkDetector
from gnomon.detect.radar_weights import load_radar_weights

SHAPE = (300, 320)


def scene(*hulls: tuple[slice, slice], **layers: np.ndarray) -> tuple[xr.Dataset, xr.Dataset]:
    """Speckled sea with bright hulls; and masks of nothing but water where none are given."""
    rng = np.random.default_rng(3)
    bands = {}
    for name, mean in (("vv", 0.02), ("vh", 0.005)):
        values = rng.gamma(4.4, mean / 4.4, SHAPE).astype(np.float32)
        for hull in hulls:
            values[hull] += 50 * mean
        bands[name] = (("line", "sample"), values)
    pixels = xr.Dataset(bands, attrs={"spacing_m": (10.0, 10.0)})
    water, nothing = np.ones(SHAPE, bool), np.zeros(SHAPE, bool)
    masks = {"clutter": water, "search": water, "land": nothing, **layers}
    return pixels, xr.Dataset({k: (("line", "sample"), v) for k, v in masks.items()})


def found(
    *hulls: tuple[slice, slice], detect: DetectOptions | None = None, **layers: np.ndarray
) -> OrientedBoxes:
    return RadarDetector(RadarOptions(), detect or DetectOptions()).find(*scene(*hulls, **layers))


HULL = np.s_[100:104, 60:80]


def test_a_hull_is_shorter_and_slimmer_than_its_echo() -> None:
    (box,) = found(HULL)
    assert (box.x, box.y) == pytest.approx((70, 102), abs=0.3)
    assert box.length == pytest.approx(np.sqrt(20**2 - (BLUR_M / 10) ** 2), abs=0.2)
    assert box.beam == pytest.approx(0.1 * box.length, abs=0.5)  # no slimmer than ships are
    assert box.angle == pytest.approx(90, abs=1)
    assert not box.quayside


def test_a_hull_with_a_dark_middle_is_one_and_two_hulls_are_two() -> None:
    dark = np.s_[100:104, 60:66], np.s_[100:104, 69:80]
    (whole,) = found(*dark)
    assert whole.length == pytest.approx(np.sqrt(20**2 - (BLUR_M / 10) ** 2), abs=2)
    assert len(found(HULL, np.s_[100:104, 86:106])) == 2


def test_sidelobes_of_a_bright_hull_make_it_no_wider() -> None:
    """A hundredth of its brightness, which stands out of the sea by itself."""
    pixels, masks = scene()
    values = pixels["vv"].to_numpy()
    values[90:114, 50:90] += 1.0
    values[100:106, 60:80] += 100.0
    (box,) = RadarDetector(RadarOptions(), DetectOptions()).find(pixels, masks)
    assert box.length == pytest.approx(np.sqrt(20**2 - (BLUR_M / 10) ** 2), abs=0.2)
    assert box.beam == pytest.approx(np.sqrt(6**2 - (BLUR_M / 10) ** 2), abs=0.2)


def test_what_is_short_is_left_out() -> None:
    assert len(found(np.s_[100:103, 60:63], HULL)) == 1
    assert len(found(np.s_[100:103, 60:63], detect=DetectOptions(length_min_m=0))) == 1


def test_nothing_is_found_where_nothing_is_searched() -> None:
    search = np.ones(SHAPE, bool)
    search[90:120] = False
    assert len(found(HULL, np.s_[200:204, 60:80], search=search)) == 1


def test_beside_land_a_ship_is_less_sure() -> None:
    land = np.zeros(SHAPE, bool)
    land[:98] = True
    at_sea, beside = found(HULL), found(HULL, land=land, search=~land, clutter=~land)
    assert beside.quayside.all()
    assert beside.score[0] < 0.5 < at_sea.score[0]


def test_a_threshold_of_the_study_counts() -> None:
    assert len(found(HULL, detect=DetectOptions(threshold=0.999))) == 0


def test_one_polarisation_will_do_and_of_none_nothing_is_said() -> None:
    pixels, masks = scene(HULL)
    detector = RadarDetector(RadarOptions(), DetectOptions())
    for name in ("vv", "vh"):
        assert len(detector.find(pixels[[name]], masks)) == 1


def test_it_is_the_detector_of_radar_and_its_label_names_its_options() -> None:
    usual = detector_of("sar", DetectOptions())
    other = detector_of("sar", DetectOptions(), RadarOptions(false_alarm_rate=1e-5))
    assert (usual.sensor, usual.background) == ("sar", True)
    assert usual.recall is None  # not measured on real ships
    assert usual.recall_in_colour is None
    assert usual.label.startswith("s1-cfar ")
    assert usual.label != other.label
    elsewhere = detector_of("sar", DetectOptions(), RadarOptions(shore_m=50))
    assert usual.label == elsewhere.label  # where land ends is not the detector's


def test_the_network_is_the_detector_where_a_study_asks_for_it() -> None:
    asked = RadarOptions(detector="network")
    detector = detector_of("sar", DetectOptions(), asked)
    model = load_radar_weights("s1-vessel").model
    assert isinstance(detector, RadarNetworkDetector)
    assert detector.label == model.label
    assert detector.errors == model.calibration.errors
    wider = detector_of("sar", DetectOptions(), asked.model_copy(update={"guard_m": 560.0}))
    assert wider.label.startswith(f"{model.label} ")


def test_the_network_finds_the_hull_and_measures_it() -> None:
    """As one ship, at its place, along its axis, and less surely beside land."""
    pixels, masks = scene(HULL)
    incidence = np.full(SHAPE, 38.0, np.float32)
    pixels = pixels.assign(incidence_deg=(("line", "sample"), incidence))
    detector = detector_of("sar", DetectOptions(), RadarOptions(detector="network"))
    (box,) = detector.find(pixels, masks)
    assert (box.x, box.y) == pytest.approx((70, 102), abs=2)
    assert box.length == pytest.approx(20, abs=6)
    assert box.angle == pytest.approx(90, abs=10)
    assert box.score >= detector.weights.model.calibration.threshold
    (alone,) = detector.find(pixels.drop_vars("vh"), masks)
    assert (alone.x, alone.y) == pytest.approx((70, 102), abs=2)
    none = RadarNetworkDetector(RadarOptions(), DetectOptions(threshold=1.0), detector.weights)
    assert len(none.find(pixels, masks)) == 0
