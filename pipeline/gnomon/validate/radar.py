"""How many simulated ships the radar detector finds, by length and wind, and how well it measures.

Scenes of `gnomon.simulate.radar` are written as products, observed as any other, and compared with
their truth. Simulation and detector share their authors: what is said here holds for a sea and for
ships as they are drawn there, and is no measurement on real ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.files import write_json
from gnomon.datamodel.study import Study
from gnomon.geo.local import from_local_metres
from gnomon.simulate.pixels.catalog import write_catalog
from gnomon.simulate.radar.echoes import SeaState
from gnomon.simulate.radar.orbit import RadarOrbit
from gnomon.simulate.radar.product import write_radar_scene
from gnomon.simulate.radar.scene import RadarSceneSpec, RadarShip, radar_truth
from gnomon.workflow.observe import observe
from gnomon.workflow.plan import plan

WINDS_M_S = (3.0, 6.0, 9.0, 12.0)
ROUGHNESS = 0.15
BANDS_M = (30, 50, 75, 100, 150, 250, 350)
APART_M = 900.0
"""Between ships, which do not disturb each other's background."""
PLACE = (133.3, 42.5)
LINES, SAMPLES = 1200, 1200
MARGIN_M = 800.0
MATCH_LENGTHS, MATCH_M = 0.5, 40.0
"""Farthest that a found ship may lie from its truth: so many lengths of it, and so many metres."""
BEAM_SHARE = (0.13, 0.19)


@dataclass(frozen=True)
class RadarTrial:
    """Ships of all scenes, and what was found beside them."""

    ships: pd.DataFrame
    """A row a ship: ``wind_m_s``, ``length_m``, ``beam_m``, ``heading_deg``, ``found``,
    ``quayside``, and of those found what was measured, with the prefix ``seen_``."""
    false_alarms: pd.DataFrame
    """A row each: ``wind_m_s``, ``score``, ``length_m``, ``quayside``."""
    searched_km2: float


def radar_trial(folder: Path, *, scenes: int, seed: int = 0, quays: bool = False) -> RadarTrial:
    """Draw scenes of each wind, observe them, and compare.

    Parameters
    ----------
    folder
        For their files.
    scenes
        Of each wind.
    seed
        Of the first.
    quays
        Whether ships lie at quays, which are berths of a port, on either side of moles.

    """
    ships, alarms, searched = [], [], 0.0
    for number in range(scenes):
        for wind in WINDS_M_S:
            place = folder / f"{wind:.0f}-{number}"
            spec = _spec(wind, seed + 100 * number + int(wind), quays=quays)
            result = observe(plan(_study(place, spec)).observations[0])
            row = result.observation.iloc[0]
            assert row.status == "observed", row.reason
            searched += row.usable_water_km2
            own, others = _compared(spec, result.detections)
            ships.append(own.assign(wind_m_s=wind))
            alarms.append(others.assign(wind_m_s=wind))
    return RadarTrial(
        pd.concat(ships, ignore_index=True), pd.concat(alarms, ignore_index=True), searched
    )


def recall_table(ships: pd.DataFrame) -> pd.DataFrame:
    """Share found, by band of length and wind."""
    band = pd.cut(ships.length_m, BANDS_M, right=False)
    return ships.assign(band=band).pivot_table(
        "found", index="band", columns="wind_m_s", aggfunc="mean", observed=True
    )


def _spec(wind: float, seed: int, *, quays: bool) -> RadarSceneSpec:
    rng = np.random.default_rng(seed)
    orbit = RadarOrbit(
        longitude_deg=PLACE[0], latitude_deg=PLACE[1], lines=LINES, samples=SAMPLES,
        northward=bool(seed % 2),
    )  # fmt: skip
    land = tuple(_moles()) if quays else ()
    return RadarSceneSpec(
        orbit=orbit,
        ships=tuple(_alongside(rng) if quays else _at_sea(rng)),
        land=shapely.MultiPolygon(land) if land else None,
        sea=SeaState(wind_m_s=wind, roughness=ROUGHNESS),
        seed=seed,
    )


def _ship(rng: np.random.Generator, east: float, north: float, heading: float) -> RadarShip:
    length = float(np.exp(rng.uniform(np.log(BANDS_M[0]), np.log(BANDS_M[-1]))))
    return _placed(east, north, length, length * rng.uniform(*BEAM_SHARE), heading)


def _placed(east: float, north: float, length: float, beam: float, heading: float) -> RadarShip:
    longitude, latitude = from_local_metres(east, north, origin=PLACE)
    return RadarShip(
        longitude_deg=float(longitude),
        latitude_deg=float(latitude),
        length_m=length,
        beam_m=beam,
        heading_deg=heading,
    )


def _half_m() -> float:
    return 10.0 * min(LINES, SAMPLES) / 2 - MARGIN_M


def _at_sea(rng: np.random.Generator) -> Iterator[RadarShip]:
    half = _half_m()
    for east in np.arange(-half, half, APART_M):
        for north in np.arange(-half, half, APART_M):
            heading = rng.uniform(0, 180)
            yield _ship(rng, east + rng.uniform(0, 200), north + rng.uniform(0, 200), heading)


MOLE_M = (1800.0, 260.0)
"""Length and breadth of moles, which have a quay on either side."""


def _mole_places() -> Iterator[tuple[float, float]]:
    half = _half_m() - MOLE_M[0] / 2
    for east in np.arange(-half, half + 1, 2 * half / 4):
        for north in (-half * 0.8, 0.0, half * 0.8):
            yield float(east), float(north)


def _moles() -> Iterator[shapely.Polygon]:
    """Moles from south to north."""
    for east, north in _mole_places():
        x = np.array([-1.0, 1.0, 1.0, -1.0]) * MOLE_M[1] / 2 + east
        y = np.array([-1.0, -1.0, 1.0, 1.0]) * MOLE_M[0] / 2 + north
        yield shapely.Polygon(np.column_stack(from_local_metres(x, y, origin=PLACE)))


def _alongside(rng: np.random.Generator) -> Iterator[RadarShip]:
    """Two ships on each side of each mole, a metre off."""
    for east, north in _mole_places():
        for side in (-1, 1):
            for along in (-0.25, 0.25):
                ship = _ship(rng, 0.0, 0.0, 0.0)
                off = MOLE_M[1] / 2 + 1 + ship.beam_m / 2
                at = east + side * off, north + along * MOLE_M[0]
                yield _placed(*at, ship.length_m, ship.beam_m, 0.0)


def _study(folder: Path, spec: RadarSceneSpec) -> Study:
    items = [write_radar_scene(folder, spec, "scene")]
    catalog = write_catalog(folder, items, description="Simulated radar")
    land = shapely.MultiPolygon() if spec.land is None else spec.land
    _write_features(folder / "land.geojson", [({}, one) for one in land.geoms])
    half = np.array([-1.0, 1.0]) * (_half_m() + MARGIN_M / 2)
    (west, east), (south, north) = from_local_metres(half, half, origin=PLACE)
    area = shapely.box(west, south, east, north)
    zones = ["area", "berth"] if land.geoms else ["area"]
    ports = [({"port": "here", "kind": zone, "zone": zone}, area) for zone in zones]
    _write_features(folder / "ports.geojson", ports)
    return Study.model_validate(
        {
            "name": "radar",
            "catalog": {"url": str(catalog), "collections": [items[0].collection_id]},
            "ports": {"file": str(folder / "ports.geojson"), "names": ["here"]},
            "radar": {"land": str(folder / "land.geojson")},
        }
    )


def _write_features(path: Path, features: list[tuple[dict[str, str], BaseGeometry]]) -> None:
    written = [
        {"type": "Feature", "properties": own, "geometry": shapely.geometry.mapping(shape)}
        for own, shape in features
    ]
    write_json({"type": "FeatureCollection", "features": written}, path)


def _compared(spec: RadarSceneSpec, found: gpd.GeoDataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ships with what was found of each, and what was found beside them; the nearest is one's."""
    crs = "EPSG:32653"
    truth, seen = radar_truth(spec).to_crs(crs), found.to_crs(crs)
    truth["found"], truth["seen"] = False, -1
    truth["quayside"] = spec.land is not None
    free = set(range(len(seen)))
    for row in truth.sort_values("length_m", ascending=False).index:
        middle = truth.geometry[row].centroid
        near = MATCH_LENGTHS * truth.length_m[row] + MATCH_M
        apart = {n: seen.geometry.iloc[n].distance(middle) for n in free}
        best = min(apart, key=apart.__getitem__, default=None)
        if best is not None and apart[best] <= near:
            truth.loc[row, ["found", "seen"]] = True, best
            free.discard(best)
    own = truth.drop(columns="geometry")
    for name in ("length_m", "beam_m", "heading_deg", "score", "length_sigma_m"):
        values = [seen[name].iloc[n] if n >= 0 else np.nan for n in own.seen]
        own[f"seen_{name}"] = np.array(values, float)
    rest = seen.iloc[sorted(free)][["score", "length_m", "quayside"]]
    return pd.DataFrame(own.drop(columns="seen")), pd.DataFrame(rest)
