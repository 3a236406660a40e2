"""The simulator: same seed, same pixels; ships where the truth says; shadows as long as physics."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.study import CatalogOptions
from gnomon.imagery.quality import Quality
from gnomon.imagery.read import read_pixels
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate, training_specs
from gnomon.simulate.pixels.sea import Weather
from gnomon.simulate.pixels.ships import SIMULATED_TYPES, Ship, hull_outline, sample_ship
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


@settings(max_examples=60)
@given(kind=st.sampled_from(SIMULATED_TYPES), length=st.floats(20, 330), slender=st.floats(3, 9))
def test_a_hull_fits_its_length_and_beam(kind: str, length: float, slender: float) -> None:
    outline = hull_outline(kind, length, length / slender)
    assert np.ptp(outline[:, 0]) == pytest.approx(length)
    assert np.ptp(outline[:, 1]) == pytest.approx(length / slender)
    area = shapely.Polygon(outline).area
    assert 0.75 < area / (length * length / slender) < 1.0


@given(st.integers(0, 10_000))
def test_a_sampled_ship_floats_with_its_deck_dry(seed: int) -> None:
    ship = sample_ship(np.random.default_rng(seed))
    assert 0.4 < ship.freeboard_m < 0.7 * ship.beam_m
    assert 2 < ship.length_m / ship.beam_m < 10


def test_a_catalogue_is_read_back_to_the_last_count(tmp_path: Path) -> None:
    scene = spec(24)
    pixels, truth = simulate(scene, scl=True)
    item = write_scene(tmp_path, scene, pixels, truth)
    path = write_catalog(tmp_path, [item], description="one scene")
    (found,) = find_scenes(CatalogOptions(url=str(path)), area=None).scenes
    assert found.collection == "synthetic-sentinel-2"
    assert found.sun_elevation_deg == pytest.approx(scene.light.sun_elevation_deg)
    again = read_pixels(found, None)
    for band in ("blue", "green", "red", "nir"):
        np.testing.assert_allclose(again[band], pixels[band], atol=0.51e-4)
    with rasterio.open(tmp_path / scene.id / "swir16.tif") as file:
        assert file.res == (20.0, 20.0)
    np.testing.assert_array_equal(again.quality == Quality.WATER, pixels.scl == 6)
    cloudy = pixels.scl.isin((8, 9, 10))
    np.testing.assert_array_equal(again.quality == Quality.CLOUD, cloudy)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".part")]
