"""`make bench`: time against the floor, finding the ships of a scene against decoding its bands.

All parts take half an hour or so; `make bench PART=scene` measures one: plan, memory, scene, loads,
seasons or radar (a whole scene of Sentinel-1). It makes two Sentinel-2 tiles (10980 x 10980 pixels,
four bands, deflate COGs, 115 km of shore), one with some 300 ships and a crowded one, and measures
them whole, and a port of 20 x 20 km of the crowded one. Each measurement is a process of its own,
in turn with its floor, so that a machine that slows down slows both; the figures are medians. The
load of ships is read apart from that, from chips that are drawn beforehand, one process on each
core; its memory is given for some hulls and for four times as many. A season is inferred from
tables alone, as long as that of 2024 and four times as long.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import rasterio
from rasterio.windows import Window
from rich.console import Console
from rich.table import Table
from shapely import box

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import CatalogOptions, LoadOptions
from gnomon.freeboard.rows import read_chip
from gnomon.imagery.read import geobox_of, window_of
from gnomon.simulate.pixels.tile import write_tile
from gnomon.simulate.season import campaign
from gnomon.validate.memory import measure_memory
from gnomon.validate.planning import measure_plan
from gnomon.validate.radar_scene import radar_scene_table, time_radar
from gnomon.validate.seasons import infer_season
from gnomon.validate.ships import Cell, chip_of_portrait, portrait_of
from gnomon.workflow.observation_rows import detector_for
from gnomon.workflow.observe import observe
from gnomon.workflow.threads import one_thread

ROUNDS = 3
SEASON = 275
"""Days of the season of 2024."""
LOADS_ON, LOADS_AT_ONCE = os.cpu_count() or 1, 32
OBSERVED = (80, 800)
PLANNED_ITEMS, PLANNED_PORTS = 5_000, (1, 4)
BANDS = ("blue", "green", "red", "nir")
PORT_DEGREES = (0.24, 0.18)
"""Width and height of 20 x 20 km at 43 degrees north."""


def measured(what: str, catalog: str, where: str) -> dict[str, float]:
    """Do one thing in this process; seconds without imports, and peak memory."""
    (scene,) = find_scenes(CatalogOptions(url=catalog), area=None).scenes
    port = Port(None, None)
    if where == "port":
        middle, (width, height) = scene.footprint.centroid, PORT_DEGREES
        port = Port(None, box(middle.x, middle.y, middle.x + width, middle.y + height))
    # The load of ships is measured apart.
    options = ObserveOptions(load=LoadOptions(enabled=False))
    observation = Observation(scene, port, options, "bench")
    detector_for(observation)
    started = time.perf_counter()
    ships = (
        _decode(observation)
        if what == "decode"
        else len(observe(observation, threads=2).detections)  # decoding has two too
    )
    return {
        "seconds": time.perf_counter() - started,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "ships": ships,
    }


def _decode(observation: Observation) -> int:
    """Read the bands by plain rasterio, two at a time: the floor for this format."""
    whole = geobox_of(observation.scene)
    part = (
        window_of(observation.scene, whole, observation.port.area)
        if observation.port.area
        else whole
    )
    left, top = ~whole.affine @ part.affine @ (0, 0)
    window = Window(round(left), round(top), part.shape.x, part.shape.y)

    def read(band: str) -> None:
        with rasterio.open(observation.scene.assets[band].href) as source:
            source.read(1, window=window)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, BANDS))
    return 0


def time_loads(gsd: str, count: str) -> dict[str, float]:
    """Read the loads of drawn ships in this process; seconds without drawing, and peak memory."""
    cells = [Cell(float(gsd), 30.0, length) for length in (70.0, 110.0, 180.0)]
    rng = np.random.default_rng(0)
    chips = [
        chip_of_portrait(portrait_of(cells[k % 3], 0, k), cells[k % 3], rng, "click")
        for k in range(int(count))
    ]
    with one_thread():
        read_chip(chips[0])  # what is slow only once
        started = time.perf_counter()
        for chip in chips:
            read_chip(chip)
    return {
        "seconds": time.perf_counter() - started,
        "hulls": len(chips),
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def season(days: str) -> dict[str, float]:
    """Infer visits and barrels of a season in this process; seconds without making its tables."""
    made = campaign.simulate_season(
        np.random.default_rng(0), campaign.Trade(days=int(days), visits=43 * int(days) / SEASON)
    )
    started = time.perf_counter()
    infer_season(made)
    return {
        "seconds": time.perf_counter() - started,
        "observations": len(made.observations),
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _seasons_table() -> Table:
    table = Table(box=None, title="From observations to barrels, one process; medians")
    table.add_column("days")
    for name in ("observations", "seconds", "seconds per 1,000 observations", "peak GiB"):
        table.add_column(name, justify="right")
    for days in (SEASON, 4 * SEASON):
        runs = [_in_process("days", str(days)) for _ in range(ROUNDS)]
        seconds, observations = median(one["seconds"] for one in runs), runs[0]["observations"]
        cells = (f"{observations:.0f}", f"{seconds:.1f}", f"{1000 * seconds / observations:.1f}")
        table.add_row(str(days), *cells, f"{max(one['gib'] for one in runs):.2f}")
    return table


def _loads_table() -> Table:
    table = Table(box=None, title=f"Loads of ships, {LOADS_ON} processes")
    table.add_column("pixel")
    for name in ("hulls a second", "peak GiB each", "with four times as many"):
        table.add_column(name, justify="right")
    for gsd, count in (("10", 48), ("3", 24), ("0.5", 12)):
        with ThreadPoolExecutor(LOADS_ON) as pool:
            runs = list(pool.map(lambda _: _in_process("hulls", gsd, str(count)), range(LOADS_ON)))  # noqa: B023
        more = _in_process("hulls", gsd, str(4 * count))
        rate = sum(one["hulls"] / one["seconds"] for one in runs)
        memory = (max(one["gib"] for one in runs), more["gib"])
        table.add_row(f"{gsd} m", f"{rate:.1f}", *(f"{gib:.2f}" for gib in memory))
    return table


def _in_process(*words: str) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", "gnomon.validate.bench", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _scene_table() -> Table:
    folder = Path("build")
    # A process of its own: peak memory of a child starts at that of its parent.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        ordinary, crowded = (
            str(pool.submit(write_tile, folder / name, crowded=crowded).result())
            for name, crowded in (("bench-ordinary", False), ("bench", True))
        )
    table = Table(box=None, title="Sentinel-2 tile, 10980 x 10980, four bands; medians")
    table.add_column("scene")
    for name in ("decode, s", "file to ships, s", "ratio", "peak GiB", "ships"):
        table.add_column(name, justify="right")
    for name, catalog, where in (
        ("ordinary tile", ordinary, "tile"),
        ("crowded tile", crowded, "tile"),
        ("20 x 20 km port", crowded, "port"),
    ):
        pairs = [
            (_in_process("decode", catalog, where), _in_process("find", catalog, where))
            for _ in range(ROUNDS)
        ]
        decode = median(floor["seconds"] for floor, _ in pairs)
        find = median(ours["seconds"] for _, ours in pairs)
        ratio = median(ours["seconds"] / floor["seconds"] for floor, ours in pairs)
        memory, ships = (max(ours[key] for _, ours in pairs) for key in ("gib", "ships"))
        cells = (f"{decode:.2f}", f"{find:.2f}", f"{ratio:.2f}", f"{memory:.2f}", f"{ships:.0f}")
        table.add_row(name, *cells)
    return table


def _plan_table() -> Table:
    table = Table(box=None, title="Search to tasks, one process, items of 22 kB; processor time")
    table.add_column("ports")
    for name in ("items", "ms an item", "x json.loads", "a million, minutes", "peak GiB"):
        table.add_column(name, justify="right")
    for ports in PLANNED_PORTS:
        one = _in_process("planned", str(PLANNED_ITEMS), str(ports))
        ms = 1000 * one["seconds"] / one["items"]
        ratio = f"{one['seconds'] / one['floor']:.1f}"
        cells = (f"{ms:.2f}", ratio, f"{ms * 1e3 / 60:.1f}", f"{one['gib']:.2f}")
        table.add_row(str(ports), f"{one['items']:,.0f}", *cells)
    return table


def _memory_table() -> Table:
    table = Table(box=None, title="Runs of one small port, one process each; GiB at the most")
    table.add_column("observations")
    for name in ("libraries", "run", "gather", "s of processor an observation"):
        table.add_column(name, justify="right")
    for count in OBSERVED:
        one = _in_process("remembered", str(count))
        peaks = (f"{one[name]:.3f}" for name in ("before", "run", "gather"))
        table.add_row(f"{one['observations']:.0f}", *peaks, f"{one['seconds'] / count:.2f}")
    return table


PARTS: dict[str, Callable[[], Table]] = {
    "plan": _plan_table,
    "memory": _memory_table,
    "scene": _scene_table,
    "loads": _loads_table,
    "seasons": _seasons_table,
    "radar": partial(radar_scene_table, _in_process, ROUNDS),
}
TASKS: dict[str, Callable[..., dict[str, float]]] = {
    "decode": partial(measured, "decode"),
    "find": partial(measured, "find"),
    "hulls": time_loads,
    "days": season,
    "planned": measure_plan,
    "remembered": measure_memory,
    "radar": time_radar,
}
"""What is done in a process of its own."""


def main(*names: str) -> None:
    """Measure some parts, or all, and print their tables."""
    for name in names or PARTS:
        if name not in PARTS:
            sys.exit(f"there is no part {name}; there are {', '.join(PARTS)}")
        Console().print(PARTS[name]())


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or [""]
    if what in TASKS and rest:
        print(json.dumps(TASKS[what](*rest)))  # noqa: T201 - read by the parent
    elif what in ("-h", "--help"):
        print(__doc__)  # noqa: T201
    else:
        main(*sys.argv[1:])
