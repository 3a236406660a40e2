"""Time against the floor: finding the ships of a scene, against decoding its bands and no more.

`python -m gnomon.bench` makes one Sentinel-2 tile (10980 x 10980 pixels, four bands, deflate COGs),
and measures it whole and as a port of 20 x 20 km. Each measurement is a process of its own, in turn
with its floor, so that a machine that slows down slows both; what is told are medians.
"""

import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import rasterio
from rasterio.windows import Window
from rich.console import Console
from rich.table import Table
from shapely import box

from gnomon import run
from gnomon.fetch.catalog import find_scenes
from gnomon.fetch.raster import geobox_of, window_of
from gnomon.ports import Port
from gnomon.study import CatalogOptions, Study
from gnomon.synth.tile import write_tile

ROUNDS = 3
BANDS = ("blue", "green", "red", "nir")
PORT_DEGREES = (0.24, 0.18)
"""Width and height of 20 x 20 km at 43 degrees north."""


def measured(what: str, catalog: str, where: str) -> dict[str, float]:
    """Do one thing in this process; seconds without imports, and peak memory."""
    study = Study.model_validate({"name": "bench", "catalog": {"url": catalog}})
    (scene,) = find_scenes(CatalogOptions(url=catalog), area=None).scenes
    port = Port(None, None)
    if where == "port":
        middle, (width, height) = scene.footprint.centroid, PORT_DEGREES
        port = Port(None, box(middle.x, middle.y, middle.x + width, middle.y + height))
    look = run.Look(scene, port, study, "bench")
    run.network_of(study)
    started = time.perf_counter()
    ships = _decode(look) if what == "decode" else len(run.examine(look).detections)
    return {
        "seconds": time.perf_counter() - started,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "ships": ships,
    }


def _decode(look: run.Look) -> int:
    """Read the bands by plain rasterio, two at a time: nobody is faster without another format."""
    whole = geobox_of(look.scene)
    part = window_of(look.scene, whole, look.port.area) if look.port.area else whole
    left, top = ~whole.affine @ part.affine @ (0, 0)
    window = Window(round(left), round(top), part.shape.x, part.shape.y)

    def read(band: str) -> None:
        with rasterio.open(look.scene.assets[band].href) as source:
            source.read(1, window=window)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, BANDS))
    return 0


def _in_process(*words: str) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", "gnomon.bench", *words], check=True, capture_output=True, text=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Make the tile if it is not there, measure, print a table."""
    console = Console()
    folder = Path("build") / "bench"
    # A process of its own: peak memory of a child starts at that of its parent.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        catalog = pool.submit(write_tile, folder).result()
    table = Table(box=None, title="Sentinel-2 tile, 10980 x 10980, four bands; medians")
    table.add_column("scene")
    for name in ("decode, s", "file to ships, s", "ratio", "peak GiB", "ships"):
        table.add_column(name, justify="right")
    for where in ("tile", "port"):
        pairs = [
            (_in_process("decode", str(catalog), where), _in_process("find", str(catalog), where))
            for _ in range(ROUNDS)
        ]
        decode = median(floor["seconds"] for floor, _ in pairs)
        find = median(ours["seconds"] for _, ours in pairs)
        ratio = median(ours["seconds"] / floor["seconds"] for floor, ours in pairs)
        memory, ships = (max(ours[key] for _, ours in pairs) for key in ("gib", "ships"))
        cells = (f"{decode:.2f}", f"{find:.2f}", f"{ratio:.2f}", f"{memory:.2f}", f"{ships:.0f}")
        table.add_row({"tile": "whole tile", "port": "20 x 20 km port"}[where], *cells)
    console.print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(*sys.argv[1:])))  # noqa: T201 - read by the parent
    else:
        main()
