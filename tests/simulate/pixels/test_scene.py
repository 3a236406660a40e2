"""The simulator: same seed, same pixels; ships where the truth says; shadows as long as physics."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from rasterio.features import rasterize

from gnomon.simulate.pixels.coast import Coast, harbour, shore_distance
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.scene import (
    Scenery,
    SceneSpec,
    deserted,
    grid,
    random_weather,
    simulate,
    training_specs,
    truth,
)
from gnomon.simulate.pixels.sea import Weather
from gnomon.simulate.pixels.ships import Ship, sample_ship
from simulated import spec

CALM = Weather(glint=0.0, roughness=0.0, turbidity=0.3, plume=0.0, haze=0.0)


def alone(
    *, sun_azimuth_deg: float, sun_elevation_deg: float, freeboard_m: float, heading_deg: float
) -> SceneSpec:
    """One tanker in calm water at 0.5 m, seen from above."""
    box = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(400, 400), gsd_m=0.5)
    ship = Ship(
        type="tanker",
        length_m=90.0,
        beam_m=15.0,
        heading_deg=heading_deg,
        freeboard_m=freeboard_m,
        house_height_m=10.0,
        deck="white",
        east_m=600_100.0,
        north_m=4_669_900.0,
    )
    light = Light(sun_azimuth_deg=sun_azimuth_deg, sun_elevation_deg=sun_elevation_deg)
    return SceneSpec(
        id="alone",
        seed=1,
        geobox=box,
        seen_at=datetime(2024, 4, 4, tzinfo=UTC),
        light=light,
        weather=CALM,
        ships=(ship,),
    )


def shadow_reach_m(scene: SceneSpec) -> tuple[float, float]:
    """How far the water beside the ship is dark, on its sunny and on its shaded side.

    Measured across the hull, ahead of amidships, where no house stands, in the green band.
    """
    (ship,) = scene.ships
    image = simulate(scene)[0].green.to_numpy()
    turn = np.deg2rad(ship.heading_deg)
    starboard = np.array([np.cos(turn), -np.sin(turn)])
    ahead = np.array([np.sin(turn), np.cos(turn)])
    sun = np.deg2rad(scene.light.sun_azimuth_deg)
    sunny = np.sign(starboard @ [np.sin(sun), np.cos(sun)])
    water = np.median(image[:40, :40])
    out = np.arange(ship.beam_m / 2 + 1.0, 40.0, 0.25)
    profiles = []
    for side in (sunny, -sunny):
        samples = []
        for along in np.arange(-2.0, 12.0, 1.0):
            points = along * ahead + side * out[:, None] * starboard
            columns = (200 + points[:, 0] / 0.5).astype(int)
            rows = (200 - points[:, 1] / 0.5).astype(int)
            samples.append(image[rows, columns])
        profiles.append(np.mean(samples, axis=0))
    # Gear on the deck throws a thinner shade beyond that of the hull itself.
    deep = (water + 2 * np.min(profiles)) / 3
    dark = [np.flatnonzero(profile < deep) for profile in profiles]
    return tuple(1.0 + out[hit[-1]] - out[0] if len(hit) else 0.0 for hit in dark)


@pytest.mark.parametrize("elevation", [25.0, 40.0])
@pytest.mark.parametrize("freeboard", [3.0, 6.0])
@pytest.mark.parametrize("heading", [0.0, 30.0])
def test_the_shadow_is_on_the_far_side_and_as_long_as_the_sun_says(
    elevation: float, freeboard: float, heading: float
) -> None:
    scene = alone(
        sun_azimuth_deg=heading + 90.0,
        sun_elevation_deg=elevation,
        freeboard_m=freeboard,
        heading_deg=heading,
    )
    sunny, shaded = shadow_reach_m(scene)
    assert sunny == 0.0
    assert shaded == pytest.approx(freeboard / np.tan(np.deg2rad(elevation)), abs=0.8)


def test_the_same_specification_gives_the_same_pixels_and_another_seed_does_not() -> None:
    one, same = (simulate(spec(4))[0] for _ in range(2))
    other = simulate(replace(spec(4), seed=99))[0]
    assert one.equals(same)
    assert not one.equals(other)


def test_a_scene_of_a_seed_does_not_depend_on_how_many_there_are() -> None:
    few, many = list(training_specs(2, seed=3)), list(training_specs(3, seed=3))
    assert [s.ships for s in few] == [s.ships for s in many[:2]]


def test_every_ship_of_the_truth_stands_out_from_the_water() -> None:
    pixels, truth = simulate(spec(14))
    outlines = truth.to_crs(pixels.odc.geobox.crs).geometry
    shape, affine = pixels.odc.geobox.shape.yx, pixels.odc.geobox.affine
    nir = pixels.nir.to_numpy()
    everything = rasterize(outlines.buffer(60), shape, transform=affine).astype(bool)
    water = np.median(nir[~everything])
    for outline in outlines:
        deck = rasterize([outline], shape, transform=affine).astype(bool)
        assert nir[deck].mean() > 1.5 * water


OPEN = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(120, 140), gsd_m=10.0)
HARBOUR = harbour(np.random.default_rng(3), (600_700.0, 4_669_100.0), 0.0)


def empty(weather: Weather = CALM, coast: Coast | None = None, seed: int = 1) -> SceneSpec:
    """A scene without ships."""
    return SceneSpec(
        id="empty",
        seed=seed,
        geobox=OPEN,
        seen_at=datetime(2024, 4, 4, tzinfo=UTC),
        light=Light(sun_azimuth_deg=150, sun_elevation_deg=40),
        weather=weather,
        coast=coast or Coast(),
    )


def test_a_scenery_drawn_before_gives_the_same_scene_to_the_bit() -> None:
    one = empty(coast=HARBOUR)
    later = replace(empty(Weather(haze=0.03, cloud=0.3), HARBOUR, seed=9), id="later")
    scenery = Scenery.of(one)
    for spec_ in (one, later):
        fresh, cached = simulate(spec_, scl=True)[0], simulate(spec_, scl=True, scenery=scenery)[0]
        assert fresh.equals(cached)


def test_the_land_stays_from_day_to_day_and_the_water_does_not() -> None:
    coast = Coast(land=HARBOUR.land, seed=HARBOUR.seed)
    first, second = (simulate(empty(coast=coast, seed=seed))[0].red.to_numpy() for seed in (1, 2))
    shore = shore_distance(coast, OPEN)
    assert np.corrcoef(first[shore < -60], second[shore < -60])[0, 1] > 0.95
    # Steps from pixel to pixel: over large waves two seas may agree by chance.
    steps = [np.diff(image)[shore[:, 1:] > 100] for image in (first, second)]
    assert abs(np.corrcoef(*steps)[0, 1]) < 0.1


def test_noise_is_that_of_the_instrument() -> None:
    """On calm water, whose texture is smooth: a second difference leaves the noise alone."""
    image = simulate(empty(replace(CALM, turbidity=0.0)))[0]
    for band, read in (("blue", 6e-4), ("nir", 5e-4)):
        values = image[band].to_numpy().astype(float)
        second = values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2]
        expected = np.sqrt(read**2 + 3e-6 * values.mean())
        assert second.std() / np.sqrt(6) == pytest.approx(expected, rel=0.2)


def test_swir_and_classes_have_pixels_of_20_m() -> None:
    image = simulate(empty(coast=HARBOUR), scl=True)[0]
    for band in ("swir16", "scl"):
        values = image[band].to_numpy()
        blocks = values.reshape(60, 2, 70, 2)
        assert np.all(blocks == blocks[:, :1, :, :1])
    fine = image["nir"].to_numpy().reshape(60, 2, 70, 2)
    assert np.any(fine != fine[:, :1, :, :1])


def test_cloud_hides_the_ground_and_darkens_its_shadow() -> None:
    clear = simulate(empty(coast=HARBOUR), scl=True)[0]
    cloudy = simulate(empty(replace(CALM, cloud=0.4), HARBOUR), scl=True)[0]
    classes = cloudy["scl"].to_numpy()
    assert np.isin(classes, (8, 9, 10)).mean() == pytest.approx(0.4, abs=0.12)
    assert (cloudy["blue"] - clear["blue"]).to_numpy()[classes == 9].mean() > 0.2
    shaded = classes == 3
    assert shaded.any()
    assert (cloudy["red"] - clear["red"]).to_numpy()[shaded].mean() < 0


def test_the_classification_finds_water_where_the_coast_has_it() -> None:
    classes = simulate(empty(coast=HARBOUR), scl=True)[0]["scl"].to_numpy()
    shore = shore_distance(HARBOUR, OPEN)
    made = rasterize([q.outline.buffer(20) for q in HARBOUR.quays], OPEN.shape.yx,
                     transform=OPEN.affine)  # fmt: skip
    assert (classes[(shore > 100) & (made == 0)] == 6).mean() > 0.98
    assert (classes[shore < -150] == 6).mean() < 0.1


@pytest.mark.parametrize("heading", [0.0, 70.0, 200.0])
def test_a_wake_is_bright_astern_and_absent_ahead(heading: float) -> None:
    ship = replace(
        sample_ship(np.random.default_rng(2), kind="general", length_m=100),
        heading_deg=heading, east_m=600_700, north_m=4_669_400, speed_m_s=8.0,
    )  # fmt: skip
    still = replace(empty(), ships=(replace(ship, speed_m_s=0.0),))
    sailing = replace(empty(), ships=(ship,))
    more = (simulate(sailing)[0].green - simulate(still)[0].green).to_numpy()
    ahead = np.array([np.sin(np.deg2rad(heading)), np.cos(np.deg2rad(heading))])

    def at(distance: float) -> float:
        east, north = np.array([700, -600]) + distance * ahead
        return float(more[int(-north / 10), int(east / 10)])

    assert at(-90) > 0.02
    assert at(-90) > at(-250) > 0.002
    assert abs(at(120)) < 0.002


def test_the_truth_has_the_ships_whose_centre_lies_in_the_scene() -> None:
    ships = tuple(
        replace(sample_ship(np.random.default_rng(n)), east_m=east, north_m=4_669_500.0)
        for n, east in enumerate((599_999.0, 600_001.0, 601_399.0, 601_401.0))
    )
    table = truth(replace(empty(), ships=ships))
    assert table.length_m.tolist() == [ship.length_m for ship in ships[1:3]]
    metres = table.to_crs(OPEN.crs.to_epsg())
    for outline, ship in zip(metres.geometry, ships[1:3], strict=True):
        assert outline.symmetric_difference(ship.polygon()).area < 1e-3 * ship.polygon().area


@pytest.mark.parametrize(
    ("kind", "field", "least", "most"),
    [
        ("glint", "glint", 0.02, 0.07),
        ("turbid", "turbidity", 0.4, 1.0),
        ("hazy", "haze", 0.03, 0.07),
        ("rough", "whitecaps", 0.02, 0.02),
        ("cloud edge", "cloud", 0.1, 0.5),
        ("scraps", "cloud", 0.02, 0.12),
    ],
)
def test_weather_of_a_kind_has_what_it_is_called_for(
    kind: str, field: str, least: float, most: float
) -> None:
    values = [
        getattr(random_weather(np.random.default_rng(seed), kind), field) for seed in range(40)
    ]
    assert least <= min(values) <= max(values) <= most
    fair = [random_weather(np.random.default_rng(seed), "fair") for seed in range(40)]
    assert not any(weather.cloud or weather.whitecaps for weather in fair)


def test_training_scenes_come_in_every_kind_of_place_and_weather() -> None:
    specs = list(training_specs(40, seed=5))
    assert len({spec_.id for spec_ in specs}) == 40
    assert any(spec_.coast.quays for spec_ in specs)
    assert any(spec_.coast.land.is_empty for spec_ in specs)
    assert any(spec_.weather.ice for spec_ in specs)
    assert any(spec_.weather.cloud for spec_ in specs)
    for spec_ in specs:
        assert 512 <= min(spec_.geobox.shape.yx) <= max(spec_.geobox.shape.yx) <= 1024
        assert 20 <= spec_.light.sun_elevation_deg <= 70


def test_a_deserted_scene_is_the_same_place_on_another_day() -> None:
    spec_ = next(s for s in training_specs(10, seed=5) if s.ships)
    bare = deserted(spec_)
    assert (bare.ships, bare.boats) == ((), ())
    assert bare.coast is spec_.coast
    assert bare.geobox == spec_.geobox
    assert bare.seed != spec_.seed
    assert not bare.weather.cloud
