"""Simulated radar scenes, small enough to be drawn in a second, and studies of them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely
from pystac import Item

from gnomon.datamodel.study import Study
from gnomon.geo.local import from_local_metres
from gnomon.simulate.pixels.catalog import write_catalog
from gnomon.simulate.radar.echoes import SeaState
from gnomon.simulate.radar.orbit import RadarOrbit
from gnomon.simulate.radar.product import write_radar_scene
from gnomon.simulate.radar.scene import RadarSceneSpec, RadarShip

PLACE = (133.06, 42.75)
SIDE_PX = 440
HALF_M = 1500.0


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude of a place near the middle."""
    longitude, latitude = from_local_metres(east_m, north_m, origin=PLACE)
    return float(longitude), float(latitude)


def radar_ship(east_m: float, north_m: float, length_m: float, **more: float) -> RadarShip:
    longitude, latitude = at(east_m, north_m)
    sizes = {"beam_m": 0.16 * length_m, "heading_deg": 60.0, **more}
    return RadarShip(longitude_deg=longitude, latitude_deg=latitude, length_m=length_m, **sizes)


def box_m(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Box by metres from the middle."""
    return shapely.Polygon([at(west, south), at(east, south), at(east, north), at(west, north)])


SHIPS = (radar_ship(-900, 500, 220), radar_ship(0, -600, 160, heading_deg=150.0),
         radar_ship(-700, -800, 120, heading_deg=10.0))  # fmt: skip
COAST = box_m(900, -4000, 4000, 4000)
"""Land in the east."""


def radar_spec(**changes: Any) -> RadarSceneSpec:
    orbit = {"longitude_deg": PLACE[0], "latitude_deg": PLACE[1], "lines": SIDE_PX,
             "samples": SIDE_PX, **changes.pop("orbit", {})}  # fmt: skip
    given = {
        "ships": SHIPS,
        "land": COAST,
        "cranes": False,
        "sea": SeaState(wind_m_s=5.0, roughness=0.05),
    }
    return RadarSceneSpec(orbit=RadarOrbit(**orbit), **(given | changes))


def write_radar(folder: Path, specs: Iterable[RadarSceneSpec], *others: Item) -> Path:
    """Catalogue of scenes, beside others; and the land of the first as land.geojson."""
    specs = list(specs)
    items = [write_radar_scene(folder, one, f"radar-{n}") for n, one in enumerate(specs)]
    write_land(folder / "land.geojson", specs[0].land)
    return write_catalog(folder, [*others, *items], description="made by a test")


def write_land(path: Path, land: Any) -> None:
    features = [] if land is None else [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(land)}
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def radar_study(catalog: Path, **sections: Any) -> Study:
    """Of the middle of the scenes, whose land is given."""
    west, south, east, north = box_m(-HALF_M, -HALF_M, HALF_M, HALF_M).bounds
    return Study.model_validate(
        {
            "name": "radar",
            "catalog": {"url": str(catalog), "collections": ["synthetic-sentinel-1"]},
            "ports": {"bbox": [west, south, east, north]},
            "radar": {"land": str(catalog.parent / "land.geojson")},
            **sections,
        }
    )
