"""How many simulated ships the radar detector finds, by length and wind, and how well it measures.

Scenes of `gnomon.simulate.radar` are written as products, observed as any other, and compared with
their truth. Simulation and detector share their authors: what is said here holds for a sea and for
ships as they are drawn there, and is no measurement on real ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
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
from gnomon.workflow.run import run

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
HARBOUR_PASSES, HARBOUR_SEED = 12, 40


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


def fixed_echo_trial(
    folder: Path, *, wind_m_s: float, same: bool, fixed_echoes: bool, seed: int = 7
) -> RadarTrial:
    """Twelve passes over one harbour, with or without its fixed echoes left out.

    Parameters
    ----------
    folder
        For the files of the scenes and of the run.
    wind_m_s
        Of all passes.
    same
        Whether quays and cranes echo alike in all passes; otherwise their echoes are drawn anew,
        at the same places.
    fixed_echoes
        As of `gnomon.datamodel.radar_options.RadarOptions`.
    seed
        Of the ships.

    Returns
    -------
    RadarTrial
        Ships have a column ``kind``: ``visitor``, ``stayer`` (three passes) or ``hulk`` (all).

    """
    specs, kinds = [], []
    for number, ships in enumerate(_harbour_ships(np.random.default_rng(seed))):
        base = _spec(wind_m_s, HARBOUR_SEED, quays=True)
        one = replace(
            base,
            ships=tuple(ship for _, ship in ships),
            seed=1000 + number,
            structures_seed=3 if same else None,
            seen_at=base.seen_at + timedelta(days=12 * number),
        )
        specs.append(one)
        kinds.append([kind for kind, _ in ships])
    study = _study(folder, *specs)
    radar = study.radar.model_copy(update={"fixed_echoes": fixed_echoes})
    found = run(study.model_copy(update={"radar": radar}), folder / "run", infer=False)
    ships, alarms = [], []
    for number, (one, kind) in enumerate(zip(specs, kinds, strict=True)):
        own = found.detections[found.detections.scene_id == _name(number)]
        mine, others = _compared(one, own)
        ships.append(mine.assign(wind_m_s=wind_m_s, kind=kind))
        alarms.append(others.assign(wind_m_s=wind_m_s))
    searched = float(found.observations.usable_water_km2.sum())
    return RadarTrial(
        pd.concat(ships, ignore_index=True), pd.concat(alarms, ignore_index=True), searched
    )


def _harbour_ships(rng: np.random.Generator) -> Iterator[list[tuple[str, RadarShip]]]:
    """Ships of each pass, and what they are."""
    slots = [(*place, side, along) for place in _mole_places() for side in (-1, 1)
             for along in (-0.25, 0.25)]  # fmt: skip
    stayer, hulk = slots[5], slots[14]
    for number in range(HARBOUR_PASSES):
        ships = []
        for slot in slots:
            if slot == hulk:
                ships.append(("hulk", _at_slot(slot, 150.0, 24.0)))
            elif slot == stayer:
                if 4 <= number < 7:
                    ships.append(("stayer", _at_slot(slot, 200.0, 32.0)))
            elif rng.random() < 0.5:
                length = float(np.exp(rng.uniform(np.log(50), np.log(350))))
                beam = length * rng.uniform(*BEAM_SHARE)
                ships.append(("visitor", _at_slot(slot, length, beam)))
        yield ships


def _at_slot(slot: tuple[float, float, int, float], length: float, beam: float) -> RadarShip:
    """A ship at one of four places of a mole, a metre off."""
    east, north, side, along = slot
    off = MOLE_M[0] * along, side * (MOLE_M[1] / 2 + 1 + beam / 2)
    return _placed(east + off[1], north + off[0], length, beam, 0.0)


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


def _name(number: int) -> str:
    return f"scene-{number:02d}"


def _study(folder: Path, *specs: RadarSceneSpec) -> Study:
    items = [write_radar_scene(folder, one, _name(n)) for n, one in enumerate(specs)]
    spec = specs[0]
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
