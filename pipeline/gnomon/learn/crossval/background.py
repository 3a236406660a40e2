"""What a port's background is worth: one detector with and without it.

`python -m gnomon.learn.crossval.background [WEIGHTS]` simulates a season of Sentinel-2 at three
ports that no training has seen, with some 25 usable observations of each. It builds the backgrounds
as a run does, finds ships in every scene with them and without, and prints a table. WEIGHTS is a
name or a folder of weights that take a background.

Beside the traffic two ships lie at the cargo quay of each port: a stayer, for ten observations
running, which must not become background, and a hulk that never leaves, which is background by
right: it counts neither as a ship nor as a false alarm, and is reported apart.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from rich.console import Console

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import GnomonError, WeightsError
from gnomon.datamodel.observation import Background
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions, DetectOptions, MaskOptions
from gnomon.detect.cascade import Cascade
from gnomon.detect.weights import Weights, load
from gnomon.geo.sun import sun_at
from gnomon.imagery.read import read_pixels
from gnomon.imagery.water import usable_water
from gnomon.learn.crossval.matches import Matches, false_alarms, matches_of, ranking_of
from gnomon.learn.finders import LOWEST
from gnomon.learn.scenes import LabelledScene
from gnomon.simulate.calls import QUAY, Call, season_calls
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.roads import Roads, scatter_boats
from gnomon.simulate.pixels.scene import SceneSpec, grid, random_weather, simulate, truth
from gnomon.simulate.pixels.ships import sample_ship
from gnomon.simulate.season.campaign import Trade
from gnomon.simulate.season.timetable import S2, draw_timetable
from gnomon.simulate.sites import Site, sites
from gnomon.workflow.backgrounds import BackgroundBuilder, build_backgrounds
from gnomon.workflow.store import Store

SEED = 4031
"""Of ports and ships; the embedded study has another."""
START, DAYS = "2024-04-01", 240
TRADE = Trade(start=START, days=DAYS, ships=8, visits=60.0)
STAYS = slice(8, 18)
"""The observations that show the stayer: ten."""
STAYER, HULK = "stayer", "hulk"
GSD_M, MARGIN_M = 10.0, 300.0
LEAST_M = 50.0


@dataclass(frozen=True)
class BackgroundGain:
    """Every scene, with and without the background of its port."""

    scenes: list[LabelledScene]
    ships: list[str]
    """Name of each label, scene by scene."""
    without: Matches
    given: Matches
    known: float
    """Share of the water whose background is known."""


def season_scenes() -> Iterator[tuple[SceneSpec, tuple[str, ...]]]:
    """Scenes of the season, each with the names of its ships in the order of its truth."""
    calls = season_calls(np.random.default_rng([SEED, 0]), TRADE)
    for number, site in enumerate(sites(SEED)):
        rng = np.random.default_rng([SEED, 1, number])
        times = draw_timetable(rng, (S2,), start=np.datetime64(START), days=DAYS)
        usable = times.usable > 0.05
        days = times.day[usable]
        own = _with_guests([c for c in calls if c.port == site.port.name], site, days)
        for day, share in zip(days, times.usable[usable], strict=True):
            yield _observation(site, own, float(day), float(share), rng)


def _with_guests(calls: Sequence[Call], site: Site, days: np.ndarray) -> list[Call]:
    """The two ships, and the traffic that does not meet them."""
    stay = days[STAYS]
    guests = [
        _guest(HULK, site, spot=3, days=(days[0] - 1, days[-1] + 1)),
        _guest(STAYER, site, spot=2, days=(stay[0] - 0.5, stay[-1] + 0.5)),
    ]
    return guests + [call for call in calls if not any(_meet(call, guest) for guest in guests)]


def _guest(name: str, site: Site, *, spot: int, days: tuple[float, float]) -> Call:
    rng = np.random.default_rng([SEED, 2, spot, *str(site.port.name).encode()])
    ship = sample_ship(rng, kind="general", length_m=105.0, laden=False)
    return Call(
        ship=name,
        light=ship,
        full=ship,
        port=str(site.port.name),
        zone=QUAY,
        arrive_day=days[0],
        depart_day=days[1],
        laden=(False, False),
        spot=spot,
    )


def _meet(call: Call, guest: Call) -> bool:
    same = (call.zone, call.spot) == (guest.zone, guest.spot)
    return same and call.arrive_day < guest.depart_day and call.depart_day > guest.arrive_day


def _observation(
    site: Site, calls: Sequence[Call], day: float, usable: float, rng: np.random.Generator
) -> tuple[SceneSpec, tuple[str, ...]]:
    seen_at = datetime.fromisoformat(START).replace(tzinfo=UTC) + timedelta(days=day)
    seen_at = seen_at.replace(microsecond=0)
    pier = site.port.zones[0].geometry.centroid
    azimuth, elevation = sun_at(seen_at, longitude=pier.x, latitude=pier.y)
    weather = random_weather(rng, str(rng.choice(["fair", "fair", "hazy", "turbid"])))
    there = [call for call in calls if call.arrive_day < day < call.depart_day]
    box, wind = _grid(site), float(rng.uniform(0, 360))
    spec = SceneSpec(
        id=f"SYN_{site.port.name}_{seen_at:%Y%m%d}",
        seed=int(rng.integers(2**31)),
        geobox=box,
        seen_at=seen_at,
        light=Light(sun_azimuth_deg=azimuth, sun_elevation_deg=elevation),
        weather=replace(weather, cloud=1.0 - usable),
        coast=site.coast,
        ships=tuple(site.lying(call, day, wind_deg=wind) for call in there),
        boats=scatter_boats(rng, Roads(site.coast, box), count=4),
    )
    inside = [len(truth(replace(spec, ships=(ship,)))) for ship in spec.ships]
    return spec, tuple(c.ship for c, labels in zip(there, inside, strict=True) if labels)


def _grid(site: Site) -> GeoBox:
    area = Geometry(site.port.area, "EPSG:4326").to_crs(site.epsg).boundingbox
    rows, columns = (
        2 * round((span + 2 * MARGIN_M) / (2 * GSD_M)) for span in (area.span_y, area.span_x)
    )
    west, north = (round(v, -1) for v in (area.left - MARGIN_M, area.top + MARGIN_M))
    return grid(epsg=site.epsg, west_m=west, north_m=north, shape=(rows, columns), gsd_m=GSD_M)


def write_season(folder: Path) -> Path:
    """Write the season as a catalogue, unless it is there; returns catalog.json."""
    catalog = folder / "catalog.json"
    if not catalog.exists():
        items = [
            write_scene(folder, spec, *simulate(spec, scl=True)) for spec, _ in season_scenes()
        ]
        write_catalog(folder, items, description="simulated to measure the worth of backgrounds")
    return catalog


def measure_background(weights: Weights, folder: Path) -> BackgroundGain:
    """Find the ships of a season with and without the backgrounds of its ports.

    Parameters
    ----------
    weights
        Of a network that takes a background.
    folder
        For the season; one that is there is used as it is.

    Raises
    ------
    WeightsError
        The network takes no background.

    """
    if not weights.model.background:
        raise WeightsError(f"{weights.model.name}: takes no background; name other weights")
    found = find_scenes(CatalogOptions(url=str(write_season(folder))), area=None)
    backgrounds = _backgrounds(found.scenes, weights, folder)
    specs = {spec.id: (spec, ships) for spec, ships in season_scenes()}
    scenes, without, given, known = [], [], [], []
    ships: list[str] = []
    for scene in found.scenes:
        spec, names = specs[scene.id]
        labelled = _labelled(scene, spec, names)
        background = read_pixels(backgrounds[scene.id].scene, None, bands=weights.model.bands)
        scenes.append(labelled)
        ships += names
        without.append(_found(labelled, weights, None))
        given.append(_found(labelled, weights, background))
        known.append(np.isfinite(background["red"].to_numpy()[labelled.masks.water.to_numpy()]))
    share = float(np.concatenate(known).mean())
    plain, informed = (matches_of(scenes, boxes) for boxes in (without, given))
    return BackgroundGain(scenes, ships, plain, informed, share)


def _backgrounds(scenes: Sequence[Scene], weights: Weights, folder: Path) -> dict[str, Background]:
    builder = BackgroundBuilder(Store(folder / "store"), None, weights.model.bands, MaskOptions())
    return build_backgrounds(scenes, None, builder)


def _labelled(scene: Scene, spec: SceneSpec, names: Sequence[str]) -> LabelledScene:
    pixels = read_pixels(scene, None)
    exact = truth(spec)
    apart = (exact.length_m < LEAST_M) | (np.array(names) == HULK)
    outlines = exact[["geometry"]].assign(measured=True, ignored=apart)
    return LabelledScene(scene.id, pixels, usable_water(pixels, MaskOptions()), outlines)


def _found(scene: LabelledScene, weights: Weights, background: xr.Dataset | None) -> OrientedBoxes:
    detector = Cascade(weights, DetectOptions(threshold=LOWEST))
    return detector.find(scene.pixels, scene.masks, background=background)


def background_table(measured: BackgroundGain, threshold: float) -> str:
    """Both ways, side by side, as Markdown."""
    both = (measured.without, measured.given)
    rows = []
    for place, quay in (("at quays", True), ("at sea", False), ("everywhere", None)):
        ships = [ranking_of(one, LEAST_M, quay=quay) for one in both]
        rows.append(
            (
                f"average precision {place}, {ships[0].labels} labels of {LEAST_M:.0f} m and more",
                *(f"{one.average_precision():.3f}" for one in ships),
            )
        )
        rows.append(
            (
                f"... precision, recall at {threshold:.2f}",
                *("{:.2f}, {:.2f}".format(*one.at(threshold)) for one in ships),
            )
        )
    alarms = [false_alarms(one, threshold, LEAST_M) for one in both]
    rows.append(
        ("false alarms per 100 km2, open water / all", *(f"{a:.1f} / {b:.1f}" for a, b in alarms))
    )
    rows += [_fate(name, measured, threshold) for name in (STAYER, HULK)]
    head = f"| {len(measured.scenes)} scenes | without | with background |\n|---|---|---|"
    lines = [f"| {what} | {without} | {given} |" for what, without, given in rows]
    known = f"The background is known for {measured.known:.0%} of the usable water."
    return "\n".join([head, *lines, "", known])


def _fate(name: str, measured: BackgroundGain, threshold: float) -> tuple[str, str, str]:
    """How often one of the two ships is found, and the mean of its scores."""
    rows = np.array(measured.ships) == name
    words = []
    for one in (measured.without, measured.given):
        score = one.labels.score.fillna(0).to_numpy()[rows]
        words.append(f"{(score >= threshold).sum()} ({score.mean():.2f})")
    return f"{name}s found in {rows.sum()} observations (mean score)", words[0], words[1]


def main(name: str = "s2-vessel") -> None:
    """Measure, and print the table."""
    torch.set_num_threads(1)
    weights = load(name)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure_background(weights, Path(folder))
        Console().print(background_table(measured, weights.model.calibration.threshold))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
