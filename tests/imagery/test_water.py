"""Usable water: real ports whose ships must not be lost, and laws that hold for any pixels."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.scene import OPTICAL_BANDS
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery import water as mask
from gnomon.imagery.quality import Quality
from gnomon.imagery.water import usable_water
from harbours import Harbour, find, scene

OPTIONS = MaskOptions()
PORTS = ("algiers", "athens", "cartagena", "durban", "genoa", "honolulu", "klang", "marseille",
         "valencia", "casablanca", "gdynia")  # fmt: skip
WATER = {"blue": 0.06, "green": 0.05, "red": 0.03, "nir": 0.02, "swir16": 0.01}
LAND = {"blue": 0.08, "green": 0.10, "red": 0.12, "nir": 0.22, "swir16": 0.25}
CLOUD = {"blue": 0.45, "green": 0.45, "red": 0.44, "nir": 0.46, "swir16": 0.35}
ICE = {"blue": 0.55, "green": 0.52, "red": 0.50, "nir": 0.40, "swir16": 0.05}


QUALITIES = (Quality.CLEAR, Quality.WATER, Quality.CLOUD, Quality.ICE, Quality.NODATA)
"""Of the kinds of `painted`."""


def painted(kinds: np.ndarray, *, gsd_m: float = 10.0) -> xr.Dataset:
    """A scene of land (0), water (1), cloud (2), ice (3) and nodata (4)."""
    nothing = dict.fromkeys(OPTICAL_BANDS, np.nan)
    looks = (LAND, WATER, CLOUD, ICE, nothing)
    bands = {b: np.array([k[b] for k in looks], "float32")[kinds] for b in OPTICAL_BANDS}
    return scene(kinds.shape, gsd_m=gsd_m, **bands)


def sea_and_coast(size: int = 120) -> np.ndarray:
    kinds = np.ones((size, size), int)
    kinds[: size // 3] = 0
    return kinds


@pytest.fixture(scope="module")
def harbours(shared_data: Path) -> dict[str, Harbour]:
    return {name: find(shared_data, name) for name in PORTS}


@pytest.fixture(scope="module")
def usable(harbours: dict[str, Harbour]) -> dict[str, xr.Dataset]:
    return {name: usable_water(port.pixels, OPTIONS) for name, port in harbours.items()}


# --- real ports ----------------------------------------------------------------------------------


def test_no_labelled_ship_is_lost(harbours, usable):
    assert sum(len(port.ids) for port in harbours.values()) == 253
    assert {n: port.lost(usable[n]) for n, port in harbours.items()} == dict.fromkeys(PORTS, 0)
    assert {n: port.clouded(usable[n]) for n, port in harbours.items()} == dict.fromkeys(PORTS, 0)


@pytest.mark.parametrize("bands", [("green", "nir"), ("blue", "green", "swir16")])
def test_few_ships_are_lost_without_some_bands(harbours, bands):
    lost = sum(
        port.lost(usable_water(port.pixels[list(bands)], OPTIONS)) for port in harbours.values()
    )
    assert lost <= 0.02 * 253


@pytest.mark.parametrize("fault", ["hulls", "hulls and what is bright", "all but water"])
def test_a_classification_that_calls_hulls_and_quays_cloud_is_not_believed(harbours, usable, fault):
    for name, port in harbours.items():
        water = usable[name]["water"].to_numpy()
        classes = np.where(water, Quality.WATER, Quality.CLEAR)
        if fault == "all but water":
            classes[~water] = Quality.CLOUD
        if fault == "hulls and what is bright":
            classes[(port.pixels["blue"].to_numpy() > 0.08) & ~water] = Quality.CLOUD
        # A quality layer has 20 m, and its cloud is grown.
        classes[ndimage.binary_dilation(port.ships > 0, iterations=2)] = Quality.CLOUD
        classes[~usable[name]["valid"].to_numpy()] = Quality.NODATA
        pixels = port.pixels.assign(quality=(("y", "x"), classes.astype("float32")))
        masks = usable_water(pixels, OPTIONS)
        assert (name, port.lost(masks), port.clouded(masks)) == (name, 0, 0)


INLAND = {  # rows, columns: town, woods, warehouses and yards, checked by eye
    "algiers": (slice(500, 880), slice(0, 120)),
    "athens": (slice(150, 450), slice(500, 1000)),
    "cartagena": (slice(560, 760), slice(530, 720)),
    "durban": (slice(60, 320), slice(20, 440)),
    "genoa": (slice(20, 75), slice(560, 1500)),
    "klang": (slice(1010, 1500), slice(270, 400)),
    "marseille": (slice(480, 1000), slice(850, 1100)),
    "valencia": (slice(600, 1000), slice(30, 150)),
    "casablanca": (slice(252, 282), slice(20, 420)),
    "gdynia": (slice(400, 600), slice(20, 400)),
}
OPEN_WATER = {
    "algiers": (slice(20, 560), slice(450, 700)),  # glint, and the edge between two detectors
    "cartagena": (slice(160, 360), slice(10, 140)),  # haze: near infrared 0.14
    "durban": (slice(380, 420), slice(500, 540)),  # silt
    "klang": (slice(1380, 1450), slice(20, 110)),  # silt: red exceeds green
    "valencia": (slice(100, 900), slice(650, 1200)),
    "honolulu": (slice(10, 30), slice(200, 320)),  # so dark that infrared is noise
}


@pytest.mark.parametrize("name", INLAND)
def test_towns_and_woods_are_not_searched(usable, name):
    box = usable[name].isel(dict(zip("yx", INLAND[name], strict=True)))
    assert box["valid"].mean() > 0.9
    assert box["search"].mean() == 0
    assert (box["land"] | box["cloud"] | ~box["valid"]).mean() > 0.99


@pytest.mark.parametrize("name", OPEN_WATER)
def test_haze_silt_and_glint_stay_water(usable, name):
    box = usable[name].isel(dict(zip("yx", OPEN_WATER[name], strict=True)))
    assert box["water"].mean() > 0.99


def test_the_search_ends_within_reach_of_water(usable):
    for masks in usable.values():
        away_m = ndimage.distance_transform_edt(~masks["water"].to_numpy()) * 10
        search = masks["search"].to_numpy()
        assert away_m[search].max() <= OPTIONS.quay_reach_m + mask.BLOCK_M
        near = away_m <= OPTIONS.quay_reach_m - 2 * mask.BLOCK_M
        hidden = (masks["cloud"] | masks["ice"] | ~masks["valid"]).to_numpy()
        # Blocks that nodata cuts were not seen as a whole.
        hidden = ndimage.binary_dilation(hidden, np.ones((3, 3)))
        assert (search | hidden)[near].all()


def test_a_real_cloud_over_water_is_cloud(usable):
    assert usable["cartagena"]["cloud"][938:952, 68:82].all()


def test_ships_in_the_roads_float_free_and_berthed_ones_do_not(harbours, usable):
    port, land = harbours["algiers"], usable["algiers"]["land"].to_numpy()
    near = ndimage.distance_transform_edt(~land) * 10 <= 40
    quayside = {int(i) for i in np.unique(port.ships[near])} - {0}
    rows, columns = port.centres.T
    roads = (columns > 320) & (rows < 660)
    assert roads.sum() == 12
    assert quayside == {int(i) for i in port.ids[~roads]}


def test_a_window_sees_what_the_whole_sees(harbours, usable):
    rows, columns, halo = slice(300, 700), slice(400, 800), 64
    for name in ("athens", "durban", "valencia"):
        for shift, most in ((0, 0.001), (1, 0.02)):
            window = harbours[name].pixels.isel(
                y=slice(rows.start - halo - shift, rows.stop + halo),
                x=slice(columns.start - halo - shift, columns.stop + halo),
            )
            core = slice(halo + shift, halo + shift + 400)
            masks = usable_water(window, OPTIONS).isel(y=core, x=core)
            whole = usable[name].isel(y=rows, x=columns)
            for layer in ("water", "search", "cloud", "land"):
                assert (masks[layer].to_numpy() != whole[layer].to_numpy()).mean() <= most


def test_bands_that_do_not_suffice_for_water_are_named(shared_data):
    pixels = find(shared_data, "los_angeles").pixels
    with pytest.raises(GnomonError, match=r"water cannot be found.*green.*only nir, swir16"):
        usable_water(pixels, OPTIONS)


def test_a_quality_layer_alone_finds_water(shared_data):
    port = find(shared_data, "los_angeles")
    classes = np.where(port.pixels["swir16"].to_numpy() < 0.06, Quality.WATER, Quality.CLEAR)
    classes[port.ships > 0] = Quality.CLOUD
    masks = usable_water(port.pixels.assign(quality=(("y", "x"), classes)), OPTIONS)
    assert port.lost(masks) == 0
    assert not masks["cloud"].any()


@pytest.mark.parametrize("name", ["santos", "san_francisco"])
def test_no_ship_is_lost_where_bands_are_missing(shared_data, name):
    port = find(shared_data, name)
    assert port.lost(usable_water(port.pixels, OPTIONS)) == 0


# --- cloud and ice pasted on real water ----------------------------------------------------------


def pasted(port: Harbour, look: dict[str, float], cover: np.ndarray) -> xr.Dataset:
    """A part of Valencia's roads under a veil of some look and cover (0 to 1)."""
    sea = port.pixels.isel(y=slice(300, 500), x=slice(700, 900)).copy(deep=True)
    for band in OPTICAL_BANDS:
        sea[band].values = (sea[band].to_numpy() * (1 - cover) + look[band] * cover).astype("f4")
    return sea


def blob(radius_m: float) -> np.ndarray:
    """A disc with an edge 30 m soft."""
    y, x = np.mgrid[-100:100, -100:100] + 0.5
    return np.clip((radius_m - np.hypot(y, x) * 10) / 30 + 0.5, 0, 1)


def test_cloud_over_water_is_cloud_and_its_fringe_is_not_searched(harbours):
    cover = blob(400)
    masks = usable_water(pasted(harbours["valencia"], CLOUD, cover), OPTIONS)
    assert masks["cloud"].values[cover > 0.95].all()
    assert not masks["water"].values[cover > 0.6].any()
    assert not masks["search"].values[cover > 0.6].any()
    assert masks["water"].values[cover == 0].mean() > 0.99


def test_ice_is_ice_and_without_shortwave_cloud(harbours):
    cover = blob(400)
    sea = pasted(harbours["valencia"], ICE, cover)
    masks = usable_water(sea, OPTIONS)
    assert masks["ice"].values[cover > 0.95].all()
    assert not masks["cloud"].values[cover > 0.95].any()
    bare = usable_water(sea.drop_vars("swir16"), OPTIONS)
    assert bare["cloud"].values[cover > 0.95].all()
    assert not bare["ice"].any()
    for layers in (masks, bare):
        assert not layers["water"].values[cover > 0.95].any()


@pytest.mark.parametrize("look", [CLOUD, ICE])
@pytest.mark.parametrize("turn_deg", [0, 30, 45, 90])
def test_a_hull_as_bright_as_cloud_or_ice_is_neither(harbours, look, turn_deg):
    y, x = (np.mgrid[-100:100, -100:100] + 0.5) * 10
    turn = np.deg2rad(turn_deg)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    hull = (np.abs(along) < 200) & (np.abs(across) < 32)  # the greatest there are
    masks = usable_water(pasted(harbours["valencia"], look, hull.astype(float)), OPTIONS)
    assert not (masks["cloud"] | masks["ice"]).any()
    assert masks["search"].all()
    assert not masks["land"].any()


# --- laws ----------------------------------------------------------------------------------------

EVEN = st.tuples(st.integers(4, 20), st.integers(4, 20)).map(lambda n: (2 * n[0], 2 * n[1]))
SMALL = MaskOptions(water_area_min_m2=2_000, cloud_width_min_m=50)
"""Limits that small random scenes reach."""


@st.composite
def patchwork(draw):
    """Random scenes of blotches of land, water, cloud, ice and nodata."""
    shape = draw(EVEN)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    noise = ndimage.gaussian_filter(rng.normal(size=(5, *shape)), (0, 3, 3))
    # Cloud, ice and nodata are rarer than land and water.
    return (noise / noise.std() - np.array([0, 0, 0.5, 0.8, 1.0])[:, None, None]).argmax(0)


@given(kinds=patchwork())
@settings(max_examples=60, deadline=None)
def test_layers_do_not_contradict_each_other(kinds):
    pixels = painted(kinds)
    m = {k: v.to_numpy() for k, v in usable_water(pixels, SMALL).items()}
    assert (m["valid"] == (kinds != 4)).all()
    for layer in ("cloud", "ice", "water", "search", "land"):
        assert not (m[layer] & ~m["valid"]).any()
    hidden = m["cloud"] | m["ice"]
    assert not (m["cloud"] & m["ice"]).any()
    assert not (m["search"] & hidden).any()
    assert not (m["land"] & hidden).any()
    assert not (m["water"] & ~m["search"]).any()


@given(kinds=patchwork(), turns=st.integers(0, 3), mirrored=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_turned_scene_has_turned_masks(kinds, turns, mirrored):
    def turned(layer):
        layer = np.rot90(layer, turns)
        return np.ascontiguousarray(layer[:, ::-1] if mirrored else layer)

    straight = usable_water(painted(kinds), SMALL)
    other = usable_water(painted(turned(kinds)), SMALL)
    for layer in straight:
        assert (turned(straight[layer].to_numpy()) == other[layer].to_numpy()).all()


@given(kinds=patchwork(), more=patchwork(), classified=st.booleans())
@settings(max_examples=60, deadline=None)
def test_more_cloud_is_never_more_water(kinds, more, classified):
    # By whole blocks: cloud on half of a block of land gives it nearly the colour of water.
    kinds, more = (k.repeat(2, 0).repeat(2, 1) for k in (kinds, np.resize(more, kinds.shape)))
    clouded = np.where((more == 2) & (kinds != 4), 2, kinds)

    def usable(kinds):
        pixels = painted(kinds)
        if classified:
            pixels["quality"] = (("y", "x"), np.array(QUALITIES, "float32")[kinds])
        return usable_water(pixels, SMALL)

    before, after = usable(kinds), usable(clouded)
    for layer in ("water", "search"):
        assert not (after[layer] & ~before[layer]).any()


@given(kinds=patchwork(), more=patchwork())
@settings(max_examples=40, deadline=None)
def test_more_nodata_is_never_more_water(kinds, more):
    lacking = np.where(np.resize(more, kinds.shape) == 4, 4, kinds)
    before, after = (usable_water(painted(k), SMALL) for k in (kinds, lacking))
    # Not so of what is searched: the fringe of a cloud that is beyond the data is not known for it.
    assert not (after["water"] & ~before["water"]).any()


@given(kinds=patchwork(), split=st.sampled_from([2, 4]))
@settings(max_examples=20, deadline=None)
def test_finer_pixels_of_the_same_ground_change_nothing(kinds, split):
    coarse = usable_water(painted(kinds), SMALL)
    fine = usable_water(painted(kinds.repeat(split, 0).repeat(split, 1), gsd_m=10 / split), SMALL)
    for layer in coarse:
        expected = coarse[layer].to_numpy().repeat(split, 0).repeat(split, 1)
        assert (fine[layer].to_numpy() == expected).all()


def test_odd_sizes_keep_their_last_row_and_column():
    kinds = sea_and_coast(121)
    kinds[-1, -1] = 4
    masks = usable_water(painted(kinds), OPTIONS)
    assert masks["water"].shape == (121, 121)
    assert masks["water"][-1, :-1].to_numpy()[:-1].all()
    assert not masks["water"][-1, -1]


def test_ponds_are_not_water_but_at_the_edge_who_knows():
    kinds = np.zeros((120, 120), int)
    kinds[40:58, 40:58] = 1  # 3.2 ha
    kinds[80:110, 40:70] = 1  # 9 ha
    kinds[0:18, 0:18] = 1
    water = usable_water(painted(kinds), OPTIONS)["water"].to_numpy()
    assert not water[40:58, 40:58].any()
    assert water[80:110, 40:70].all()
    assert water[0:18, 0:18].all()


def test_a_long_mole_is_land_and_a_hull_beside_open_water_is_not():
    kinds = np.ones((160, 160), int)
    kinds[20:24, 10:130] = 0  # 1.2 km, 40 m wide, attached to nothing
    kinds[80:84, 60:90] = 0  # 300 m
    land = usable_water(painted(kinds), OPTIONS)["land"].to_numpy()
    assert land[20:24, 10:130].all()
    assert land.sum() == 4 * 120


@given(seed=st.integers(0, 2**32 - 1), factor=st.integers(1, 5))
def test_block_means_are_those_of_a_loop(seed, factor):
    rng = np.random.default_rng(seed)
    band = rng.random((factor * 3, factor * 4)).astype("float32")
    band[rng.random(band.shape) < 0.03] = np.nan
    means = mask._block_means(band, factor)
    for (i, j), mean in np.ndenumerate(means):
        block = band[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor]
        assert mean == pytest.approx(block.mean(), nan_ok=True, rel=1e-5)


@pytest.mark.parametrize(
    ("bands", "named"), [(("blue", "red"), "blue, red"), (("green",), "green"), ((), "nothing")]
)
def test_the_error_says_what_there_is(bands, named):
    pixels = painted(sea_and_coast(20))[list(bands)]
    with pytest.raises(GnomonError, match=f"there is only {named};"):
        usable_water(pixels, OPTIONS)
