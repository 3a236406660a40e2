"""The embedded study: one small season in pixels over three invented ports, with its truth.

From 15 October to 24 December 2024 a few tankers load at Port Alfa and unload at Port Bravo and
Port Charlie, other ships come and go beside them (`gnomon.simulate.calls`), and every scene shows
those that lie there at its time. Sentinel-2 passes at its real times, every five days; images of 3
m of the oil pier and its surroundings come between. The sun is where it was, 38 to 23 degrees high;
under a higher one loads cannot be determined. Clouds are those of
`gnomon.simulate.season.timetable`: some observations show part of a port, and some nothing.

truth.parquet beside the catalogue has every call of the season.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from gnomon.datamodel.files import write_json, write_table
from gnomon.datamodel.partials import sweep
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.shipped import shipped
from gnomon.geo.sun import sun_at
from gnomon.simulate.calls import Call, season_calls, table_of
from gnomon.simulate.pixels.catalog import COLLECTION, scene_item, write_catalog, write_scene
from gnomon.simulate.pixels.light import BANDS, Light
from gnomon.simulate.pixels.roads import Roads, scatter_boats
from gnomon.simulate.pixels.scene import Scenery, SceneSpec, grid, random_weather, simulate
from gnomon.simulate.pixels.sea import Weather
from gnomon.simulate.season.campaign import Trade
from gnomon.simulate.season.timetable import DAILY, S2, draw_timetable
from gnomon.simulate.sites import Site, sites

SEED = 2034
START, DAYS = "2024-10-15", 71
LEAD_DAYS = 21
"""Ships have been trading for so long when the season begins."""
TRADE = Trade(
    start="2024-09-24",
    days=DAYS + LEAD_DAYS,
    ships=6,
    visits=24.0,
    deadweight_t=(3250.0, 4250.0),
)
FIRST_OVERPASS = {
    "port-alfa": "2024-03-04T02:12",
    "port-bravo": "2024-03-07T02:22",
    "port-charlie": "2024-03-05T02:37",
}
"""Of Sentinel-2, UTC (orbits R103, R003 and R046)."""
EVERY = {"port-alfa": 1, "port-bravo": 3, "port-charlie": 3}
"""One in so many of the daily images of 3 m is available."""
FINE_GSD_M, COARSE_GSD_M = 3.0, 10.0
MARGIN_M = 300.0
"""Around a port's area, so that no edge of the data lies within it."""
REACH_M = 600.0
"""From the middle of the oil pier to the edges of an image of 3 m."""
GREEN = 0.25
"""Of the land in autumn."""
BATCH = 6
"""Scenes that one task makes."""
RECIPE, UNFINISHED = "recipe.json", "unfinished.json"
"""What the catalogue in a folder, whole or not yet, is made from."""


def embedded_specs() -> Iterator[SceneSpec]:
    """Scenes of the embedded study, each port by itself in the order of time."""
    calls = embedded_calls()
    for number, site in enumerate(sites(SEED)):
        own = [call for call in calls if call.port == site.port.name]
        yield from _observations(site, own, np.random.default_rng([SEED, 1, number]))


def embedded_calls() -> list[Call]:
    """Calls of the season, days counting from its beginning."""
    calls = season_calls(np.random.default_rng([SEED, 2]), TRADE)
    moved = [
        replace(c, arrive_day=c.arrive_day - LEAD_DAYS, depart_day=c.depart_day - LEAD_DAYS)
        for c in calls
    ]
    return [call for call in moved if call.depart_day > 0 and call.arrive_day < DAYS]


def _observations(site: Site, calls: list[Call], rng: np.random.Generator) -> Iterator[SceneSpec]:
    """One port: the coast stays, ships and weather change."""
    port = str(site.port.name)
    times = draw_timetable(
        rng, (S2, DAILY), start=np.datetime64(START), days=DAYS, first_overpass=FIRST_OVERPASS[port]
    )
    daily = np.flatnonzero(times.sensor == DAILY)
    chosen = np.sort(np.r_[np.flatnonzero(times.sensor == S2), daily[:: EVERY[port]]])
    grids = {S2: _coarse_grid(site), DAILY: _fine_grid(site)}
    water = {kind: Roads(site.coast, geobox) for kind, geobox in grids.items()}
    for n in chosen:
        kind, day = int(times.sensor[n]), float(times.day[n])
        there = [call for call in calls if call.arrive_day < day < call.depart_day]
        wind = float(rng.uniform(0, 360))
        yield replace(
            _scene(site, day, grids[kind], rng),
            weather=_weather(rng, float(times.usable[n])),
            ships=tuple(site.lying(call, day, wind_deg=wind) for call in there),
            boats=scatter_boats(rng, water[kind], count=4),
        )


def _scene(site: Site, day: float, geobox: GeoBox, rng: np.random.Generator) -> SceneSpec:
    """Place, time and light of an observation."""
    fine = abs(geobox.resolution.x) < COARSE_GSD_M
    seen_at = datetime.fromisoformat(START).replace(tzinfo=UTC) + timedelta(days=day)
    seen_at = seen_at.replace(microsecond=0)
    pier = site.port.zones[0].geometry.centroid
    azimuth, elevation = sun_at(seen_at, longitude=pier.x, latitude=pier.y)
    name = f"SYN_{site.port.name}_{seen_at:%Y%m%d}"
    return SceneSpec(
        id=f"{name}_3m" if fine else name,
        seed=int(rng.integers(2**31)),
        geobox=geobox,
        seen_at=seen_at,
        light=Light(
            sun_azimuth_deg=azimuth,
            sun_elevation_deg=elevation,
            view_azimuth_deg=float(rng.choice([104.0, 284.0])),
            view_zenith_deg=float(rng.uniform(0, 5)) if fine else 4.0,
        ),
        coast=site.coast,
        collection="synthetic-daily-3m" if fine else COLLECTION,
        platform="synthetic-dove" if fine else "synthetic-2a",
    )


def _coarse_grid(site: Site) -> GeoBox:
    """Pixels of 10 m over the whole port."""
    area = Geometry(site.port.area, "EPSG:4326").to_crs(site.epsg).boundingbox
    west, north = (round(v, -1) for v in (area.left - MARGIN_M, area.top + MARGIN_M))
    # Even numbers: the bands of 20 m have half as many.
    rows, columns = (
        2 * round((span + 2 * MARGIN_M) / (2 * COARSE_GSD_M)) for span in (area.span_y, area.span_x)
    )
    shape = (rows, columns)
    return grid(epsg=site.epsg, west_m=west, north_m=north, shape=shape, gsd_m=COARSE_GSD_M)


def _fine_grid(site: Site) -> GeoBox:
    """Pixels of 3 m over the oil pier."""
    west, north = (round(v) for v in (site.pier[0] - REACH_M, site.pier[1] + REACH_M))
    side = round(2 * REACH_M / FINE_GSD_M)
    shape = (side, side)
    return grid(epsg=site.epsg, west_m=west, north_m=north, shape=shape, gsd_m=FINE_GSD_M)


def _weather(rng: np.random.Generator, usable: float) -> Weather:
    """Weather with so much sky between the clouds."""
    kind = str(rng.choice(["fair", "fair", "hazy", "turbid"]))
    weather = replace(random_weather(rng, kind), green=GREEN)
    return replace(weather, cloud=1.0 if usable < 0.05 else 1.0 - usable)


def write_embedded(
    folder: Path,
    *,
    executor: Executor | None = None,
    on_progress: Progress = silent,
) -> Path:
    """Write the catalogue of the embedded study; one that is there and current is left alone.

    An interrupted run leaves whole scenes, and the next one goes on after them.

    Parameters
    ----------
    folder
        Of the catalogue.
    executor
        Runs batches of scenes side by side; without one they are made here, one by one.
    on_progress
        Called with how many scenes are done, how many there are, and the last one's id.

    Returns
    -------
    Path
        Of catalog.json.

    """
    folder = folder.resolve()
    recipe, complete, unfinished = _recipe(), folder / RECIPE, folder / UNFINISHED
    if _read(complete) == recipe:
        return folder / "catalog.json"
    complete.unlink(missing_ok=True)
    if _read(unfinished) != recipe:
        for scene in folder.glob("SYN_*"):  # of another recipe
            shutil.rmtree(scene)
    sweep(folder)
    write_json(recipe, unfinished)
    specs = list(embedded_specs())
    batches = _batches([spec for spec in specs if not (folder / spec.id).is_dir()])
    done = len(specs) - sum(map(len, batches))
    for written in _written(folder, batches, executor):
        done += len(written)
        on_progress(done, len(specs), written[-1])
    items = [scene_item(spec, _bands(spec)) for spec in specs]
    path = write_catalog(folder, items, description="Simulated scenes: the ships are not real")
    write_table(embedded_truth(), folder / "truth.parquet")
    write_json(recipe, complete)
    unfinished.unlink()
    return path


def _read(recipe: Path) -> Any:
    return json.loads(recipe.read_text(encoding="utf-8")) if recipe.is_file() else None


def _batches(specs: list[SceneSpec]) -> list[list[SceneSpec]]:
    """Scenes that share a coast and a grid, a few together: what stays is drawn once for them."""
    groups: dict[tuple[int, str], list[SceneSpec]] = defaultdict(list)
    for spec in specs:
        groups[spec.coast.seed, spec.collection].append(spec)
    return [
        group[start : start + BATCH]
        for group in groups.values()
        for start in range(0, len(group), BATCH)
    ]


def _written(
    folder: Path, batches: list[list[SceneSpec]], executor: Executor | None
) -> Iterator[list[str]]:
    """Write batches of scenes; yield the ids of those that are done."""
    if executor is None:
        for batch in batches:
            scenery = Scenery.of(batch[0])
            for spec in batch:
                yield _write_scenes(folder, [spec], scenery)
        return
    waiting = [executor.submit(_write_scenes, folder, batch) for batch in batches]
    try:
        for future in as_completed(waiting):
            yield future.result()
    finally:
        for future in waiting:
            future.cancel()


def _write_scenes(
    folder: Path, specs: list[SceneSpec], scenery: Scenery | None = None
) -> list[str]:
    """Simulate and write scenes of one coast and grid; return their ids."""
    scenery = scenery or Scenery.of(specs[0])
    for spec in specs:
        bands = _bands(spec)
        pixels, truth = simulate(spec, scl="scl" in bands, scenery=scenery)
        write_scene(folder, spec, pixels[list(bands)], truth)
    return [spec.id for spec in specs]


def _bands(spec: SceneSpec) -> tuple[str, ...]:
    """All of Sentinel-2's that gnomon reads; of a constellation of 3 m four, as such ones have."""
    return (*BANDS, "scl") if spec.collection == COLLECTION else BANDS[:4]


def embedded_truth() -> gpd.GeoDataFrame:
    """Every call of the season and its place; columns as in `gnomon.simulate.calls.table_of`."""
    places = {site.port.name: site for site in sites(SEED)}
    calls = sorted(embedded_calls(), key=lambda call: call.arrive_day)
    ships = [places[call.port].lying(call, call.arrive_day, wind_deg=0) for call in calls]
    points = [
        Geometry(ship.polygon().centroid, f"EPSG:{places[call.port].epsg}").to_crs(4326).geom
        for ship, call in zip(ships, calls, strict=True)
    ]
    return gpd.GeoDataFrame(table_of(calls, START), geometry=points, crs="EPSG:4326")


def _recipe() -> dict[str, str]:
    """What the catalogue is made from; another recipe makes another one."""
    code = sorted(Path(__file__).parent.rglob("*.py"))
    inputs = [*code, shipped("configs") / "embedded.geojson"]
    digest = sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    return {"gnomon": version("gnomon"), "digest": digest}
