"""The embedded study's catalogue: four small harbours at four ports, five times in 2024.

Its zones are those of configs/embedded.geojson; the harbours are drawn so that ships lie in them.
The sun stands where it stood at that place and time. Once the sky is overcast and once half of it
is cloud, because a look that shows nothing is a result too.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pystac
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry import Polygon, box

from gnomon.ports import Port, read_ports
from gnomon.study import shipped
from gnomon.sun import sun_at
from gnomon.synth.catalog import write_catalog, write_scene
from gnomon.synth.coast import Roads, anchor_ships, berth_ships, harbour, scatter_boats
from gnomon.synth.render import Light
from gnomon.synth.scene import SceneSpec, grid, random_weather, simulate
from gnomon.synth.sea import Weather

SEED = 2024
DAYS = ("2024-03-14", "2024-05-03", "2024-07-12", "2024-09-20", "2024-11-04")
OVERCAST, BROKEN = ("vostochny", "2024-07-12"), ("nampo", "2024-05-03")
OVERPASS = {32651: (2, 37), 32652: (2, 22), 32653: (2, 12)}
"""Hour and minute (UTC) at which Sentinel-2 passes, by UTM zone (orbits R046, R003, R103)."""
GSD_M = 10.0
MARGIN_M = 300.0
"""Around a port's area, so that no edge of the data lies within it."""
SHORE_KM = 1.15
"""From the middle of the area to the shore; the berths of embedded.geojson lie just before it."""


def embedded_specs() -> Iterator[SceneSpec]:
    """Scenes of the embedded study, each port by itself in the order of time."""
    ports = read_ports(shipped("configs") / "embedded.geojson")
    for number, port in enumerate(ports.values()):
        yield from _season(port, np.random.default_rng([SEED, number]))


def _season(port: Port, rng: np.random.Generator) -> Iterator[SceneSpec]:
    """One port: the coast stays, ships and weather change."""
    assert port.area is not None
    middle = port.area.centroid
    epsg = 32600 + int((middle.x + 180) // 6) + 1
    area = Geometry(port.area, "EPSG:4326").to_crs(epsg).boundingbox
    west, north = (round(v / GSD_M) * GSD_M for v in (area.left - MARGIN_M, area.top + MARGIN_M))
    shape = tuple(
        round((span + 2 * MARGIN_M) / GSD_M / 2) * 2 for span in (area.span_y, area.span_x)
    )
    geobox = grid(epsg=epsg, west_m=west, north_m=north, shape=(shape[0], shape[1]), gsd_m=GSD_M)
    coast = harbour(rng, *_shore(port, geobox))
    for number, day in enumerate(DAYS):
        hour, minute = OVERPASS[epsg]
        seen_at = datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=UTC)
        azimuth, elevation = sun_at(seen_at, longitude=middle.x, latitude=middle.y)
        roads = Roads(coast, geobox)
        berth_ships(rng, roads, coast.berths, busy=0.5)
        anchor_ships(rng, roads, count=int(rng.integers(3, 9)), within=_inner(geobox.extent.geom))
        yield SceneSpec(
            id=f"SYN_{port.name}_{day.replace('-', '')}",
            seed=int(rng.integers(2**31)),
            geobox=geobox,
            seen_at=seen_at,
            light=Light(
                sun_azimuth_deg=azimuth,
                sun_elevation_deg=elevation,
                view_azimuth_deg=284.0 if number % 2 else 104.0,
                view_zenith_deg=4.0,
            ),
            weather=_weather(rng, str(port.name), day),
            coast=coast,
            ships=tuple(roads.ships),
            boats=scatter_boats(rng, roads, count=10),
        )


def _shore(port: Port, geobox: GeoBox) -> tuple[tuple[float, float], float]:
    """Where the harbour lies on the shore, and the way to the sea: away from the berth."""
    left, bottom, right, top = geobox.extent.geom.bounds
    assert port.area is not None
    berth = next(zone for zone in port.zones if zone.kind == "berth").geometry.centroid
    middle = port.area.centroid
    x, y = (left + right) / 2, (bottom + top) / 2
    if abs(berth.y - middle.y) > 0.5 * abs(berth.x - middle.x):
        return (x, y + 1000 * SHORE_KM), 180.0
    return (x - 1000 * SHORE_KM, y), 90.0


def _inner(extent: Polygon) -> Polygon:
    """Where ships lie at anchor: not cut by the edge of the scene."""
    left, bottom, right, top = extent.bounds
    return box(left + 500, bottom + 500, right - 500, top - 500)


def _weather(rng: np.random.Generator, port: str, day: str) -> Weather:
    weather = random_weather(rng, str(rng.choice(["fair", "fair", "hazy", "turbid"])))
    if (port, day) == OVERCAST:
        return replace(weather, cloud=1.0, cloud_opacity=1.0)
    if (port, day) == BROKEN:
        return replace(weather, cloud=0.5, cloud_opacity=0.9)
    return weather


def write_embedded(folder: Path) -> Path:
    """Write the catalogue of the embedded study; one that is there and current is left alone.

    Returns
    -------
    Path
        Of catalog.json.

    """
    folder = folder.resolve()
    recipe = _recipe()
    told = folder / "recipe.json"
    if told.is_file() and json.loads(told.read_text()) == recipe:
        return folder / "catalog.json"
    told.unlink(missing_ok=True)
    specs = list(embedded_specs())
    with ProcessPoolExecutor() as pool:
        items = list(pool.map(_written, [folder] * len(specs), specs))
    path = write_catalog(folder, items, description="Simulated scenes: the ships are not real")
    told.write_text(json.dumps(recipe))
    return path


def _written(folder: Path, spec: SceneSpec) -> pystac.Item:
    return write_scene(folder, spec, *simulate(spec, scl=True))


def _recipe() -> dict[str, str]:
    """What the catalogue is made from; another recipe makes another one."""
    code = sorted(Path(__file__).parent.glob("*.py"))
    inputs = [*code, shipped("configs") / "embedded.geojson"]
    digest = sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    return {"gnomon": version("gnomon"), "digest": digest}
