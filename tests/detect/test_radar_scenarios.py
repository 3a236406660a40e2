"""What radar meets at sea beside ships: what is no ship must give no row of 50 m or more.

Scenes are simulated with seeds that no training uses, three of each kind, 19 km2 each. CFAR may
have one row in the three, because at its rate the sea itself has one now and then. What falls
short today is marked so, and fails when it has been mended. A real scene with any of this was not
at hand.
"""

from collections.abc import Callable

import numpy as np
import pytest
from shapely import affinity

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.detector import detector_of
from gnomon.imagery.coast import LAND, WATER
from gnomon.imagery.sentinel1.water import radar_water
from gnomon.learn.radar.sheets import SPACING_M, as_pixels
from gnomon.simulate.radar.echoes import SeaState, ship_cross_section_m2
from gnomon.simulate.radar.scene import (
    RadarGhost,
    RadarPatch,
    RadarSceneSpec,
    drawn_boxes,
    drawn_land,
    drawn_sigma0,
)
from radar_scenes import COAST, at, box_m, radar_ship, radar_spec

SEEDS = range(3)


def scene(seed: int, **things: object) -> RadarSceneSpec:
    sea = SeaState(wind_m_s=(4.0, 6.0, 9.0)[seed], roughness=0.1)
    return radar_spec(**({"ships": (), "land": None, "sea": sea, "seed": 700 + seed} | things))


def ghost(east: float, north: float, *, along: float, across: float, like_m: float) -> RadarGhost:
    longitude, latitude = at(east, north)
    return RadarGhost(
        longitude_deg=longitude, latitude_deg=latitude, along_m=along, across_m=across,
        cross_section_m2=ship_cross_section_m2(like_m, "vv"),
    )  # fmt: skip


def found(spec: RadarSceneSpec, detector: str) -> OrientedBoxes:
    """Hulls of 50 m and more, at the usual threshold."""
    options = RadarOptions(detector=detector)
    pixels = as_pixels(drawn_sigma0(spec), spec.orbit.incidence_deg(np.arange(spec.orbit.samples)))
    land = drawn_land(spec)
    masks = radar_water(
        pixels,
        np.where(land, LAND, WATER).astype(np.uint8),
        np.zeros(land.shape, bool),
        spacing_m=SPACING_M,
        options=options,
    )
    hulls = detector_of("sar", DetectOptions(), options).find(pixels, masks)
    return hulls[hulls.length * SPACING_M[0] >= 50]


def field_of_ice(seed: int) -> tuple[RadarPatch, ...]:
    """Floes of 100 to 700 m, apart and in packs, in half of the image."""
    rng = np.random.default_rng([11, seed])
    floe = box_m(-0.5, -0.5, 0.5, 0.5)
    floes = []
    for _ in range(60):
        east, north = rng.uniform(-1800, 0), rng.uniform(-1800, 1800)
        size = rng.uniform(100, 700, 2)
        shape = affinity.scale(floe, *size)
        shape = affinity.rotate(shape, rng.uniform(0, 180))
        middle = at(east, north)
        shape = affinity.translate(
            shape, middle[0] - shape.centroid.x, middle[1] - shape.centroid.y
        )
        floes.append(RadarPatch(area=shape, brighter_db=rng.uniform(3, 9), roughness=0.5))
    return tuple(floes)


NO_SHIP: dict[str, Callable[[int], RadarSceneSpec]] = {
    "sea": scene,
    "ice": lambda seed: scene(seed, patches=field_of_ice(seed)),
    "slick": lambda seed: scene(
        seed, patches=(RadarPatch(area=box_m(-900, -500, 800, 700), brighter_db=-8.0),)
    ),
    "interference": lambda seed: scene(
        seed,
        patches=tuple(
            RadarPatch(area=box_m(-4000, north, 4000, north + 150), brighter_db=brighter)
            for north, brighter in ((-1400, 6.0), (-300, 9.0), (900, 12.0))
        ),
    ),
    "ambiguity of a town": lambda seed: scene(
        seed, ghosts=(ghost(200, 100, along=900, across=500, like_m=90 + 30 * seed),)
    ),
    "ambiguity of a ship": lambda seed: scene(
        seed, ghosts=(ghost(200, 100, along=350, across=60, like_m=60 + 15 * seed),)
    ),
    "beacon": lambda seed: scene(
        seed, ghosts=(ghost(-300, 200, along=1, across=1, like_m=30 + 10 * seed),)
    ),
    "cranes": lambda seed: scene(seed, land=COAST, cranes=True),
}
ALLOWED = {"cfar": 1, "network": 0}
FALLS_SHORT = {("cranes", "cfar"), ("ambiguity of a ship", "cfar")}


@pytest.mark.parametrize("detector", ["cfar", "network"])
@pytest.mark.parametrize("kind", NO_SHIP)
def test_what_is_no_ship_is_none(kind: str, detector: str, request: pytest.FixtureRequest) -> None:
    counts = [len(found(NO_SHIP[kind](seed), detector)) for seed in SEEDS]
    if (kind, detector) in FALLS_SHORT:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"rows in each scene: {counts}"))
    assert sum(counts) <= ALLOWED[detector], counts


@pytest.mark.parametrize("detector", ["cfar", "network"])
def test_sidelobes_of_a_bright_ship_are_no_ships(detector: str) -> None:
    for seed in SEEDS:
        ship = radar_ship(0, 0, 300, heading_deg=20.0 + 40 * seed, brighter_db=10.0)
        spec = scene(seed, ships=(ship,))
        hulls, truth = found(spec, detector), drawn_boxes(spec)
        assert len(hulls) == 1
        assert np.hypot(hulls.x - truth.x, hulls.y - truth.y)[0] < 10
