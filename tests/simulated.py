"""Simulated scenes of open water, small enough to be made in a second each, and calls of ships."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gnomon.simulate.calls import Call
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.coast import Coast
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.roads import Roads, anchor_ships
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate

BOX = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(256, 288), gsd_m=10.0)
DAYS = (4, 14, 24)


def spec(day: int) -> SceneSpec:
    rng = np.random.default_rng(day)
    roads = Roads(Coast(), BOX)
    inner = BOX.extent.geom.buffer(-350)
    anchor_ships(rng, roads, count=6, within=inner, under_way=0.0)
    return SceneSpec(
        id=f"april-{day:02d}",
        seed=day,
        geobox=BOX,
        seen_at=datetime(2024, 4, day, 2, 22, tzinfo=UTC),
        light=Light(sun_azimuth_deg=157, sun_elevation_deg=45),
        ships=tuple(roads.ships),
    )


def write_sea(folder: Path) -> Path:
    """A static catalogue of three scenes with ships at anchor."""
    items = [write_scene(folder, s, *simulate(s)) for s in map(spec, DAYS)]
    return write_catalog(folder, items, description="made by a test")


def of_tankers(calls: list[Call]) -> dict[str, list[Call]]:
    """Calls of each tanker, in the order of time."""
    tankers = sorted((c for c in calls if c.light.type == "tanker"), key=lambda c: c.arrive_day)
    ships = sorted({call.ship for call in tankers})
    return {ship: [call for call in tankers if call.ship == ship] for ship in ships}
