"""The simulator: same seed, same pixels; ships where the truth says; shadows as long as physics."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from rasterio.features import rasterize

from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate, training_specs
from gnomon.simulate.pixels.sea import Weather
from gnomon.simulate.pixels.ships import Ship
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
