"""Time of a whole radar scene against its floor: `make bench PART=radar`.

A simulated IW product, 16,500 lines of 25,000 samples in two polarisations, is decoded by plain
rasterio, and its ships are found in strips of lines: pixels read, calibrated and tested, all of it
sea. Both use two threads. A run (`gnomon.workflow.observe_radar`) does more, because it lays ports,
masks and pictures on the map; that is given too, in one thread, as runs do it.
"""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import rasterio
import xarray as xr
from rich.table import Table
from shapely import box

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.files import write_json
from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import Port
from gnomon.datamodel.radar_options import RadarOptions
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions
from gnomon.detect.detector import Detector
from gnomon.detect.nms import non_maximum_suppression
from gnomon.geo.tiles import Window, windows
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.read import channel_of, polarisations_of, read_sigma0
from gnomon.simulate.radar.product import COLLECTION
from gnomon.simulate.radar.whole import write_whole_scene
from gnomon.workflow.observation_rows import detector_for
from gnomon.workflow.observe import observe

LINES, HALO_LINES, THREADS = 1536, 112, 2
"""Of a strip, and what is read around it: more than the background of the detector."""
PORT_DEGREES = (0.24, 0.18)


def boxes_in_strips(
    scene: Scene, detector: Detector, *, lines: int = LINES, threads: int = THREADS
) -> OrientedBoxes:
    """Ships of a scene without land, in its samples and lines, found in strips of lines."""
    image = channel_of(scene, polarisations_of(scene)[0]).annotation
    tall = windows((image.lines, 1), core_px=lines, halo_px=HALO_LINES)
    spacing_m = image.line_spacing_m, image.sample_spacing_m
    one = partial(_boxes, scene, detector, image.samples, spacing_m)
    with ThreadPoolExecutor(threads) as pool:
        return non_maximum_suppression(OrientedBoxes.concatenate(pool.map(one, tall)))


def _boxes(
    scene: Scene, detector: Detector, samples: int, spacing_m: tuple[float, float], part: Window
) -> OrientedBoxes:
    top, bottom = part.halo[0].start, part.halo[0].stop
    pixels = read_sigma0(scene, GridWindow(top, 0, bottom - top, samples), keep_noise=True)
    pixels.attrs["spacing_m"] = spacing_m
    shape = (bottom - top, samples)
    sea, land = np.ones(shape, bool), np.zeros(shape, bool)
    layers = {"clutter": sea, "search": sea, "land": land}
    masks = xr.Dataset({name: (("line", "sample"), one) for name, one in layers.items()})
    found = detector.find(pixels, masks).shifted(0, top)
    return found[part.claims(np.zeros(len(found)), found.y)]


def time_radar(what: str, catalog: str) -> dict[str, float]:
    """Do one thing in this process; seconds without imports, and peak memory."""
    (scene,) = find_scenes(CatalogOptions(url=catalog, collections=(COLLECTION,)), area=None).scenes
    land = Path(catalog).parent / "land.geojson"
    write_json({"type": "FeatureCollection", "features": []}, land)
    middle, (width, height) = scene.footprint.centroid, PORT_DEGREES
    port = Port(None, box(middle.x, middle.y, middle.x + width, middle.y + height))
    options = ObserveOptions(radar=RadarOptions(land=land))
    observation = Observation(scene, port, options, "bench")
    detector = detector_for(observation)
    begin, spent = time.perf_counter(), time.process_time()
    if what == "decode":
        ships = _decode(scene)
    elif what == "strips":
        ships = len(boxes_in_strips(scene, detector))
    else:
        ships = len(observe(observation).detections)
    return {
        "seconds": time.perf_counter() - begin,
        "processor_s": time.process_time() - spent,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "ships": ships,
    }


def _decode(scene: Scene) -> int:
    """Read the polarisations by plain rasterio, two at a time: the floor for this format."""

    def read(name: str) -> None:
        with rasterio.open(scene.assets[name].href) as source:
            for top in range(0, source.height, LINES):
                rows = min(LINES, source.height - top)
                source.read(1, window=((top, top + rows), (0, source.width)))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, polarisations_of(scene)))
    return 0


def radar_scene_table(in_process: Callable[..., dict[str, float]], rounds: int) -> Table:
    """Seconds, floor, ratio and memory; medians of rounds, each thing in a process of its own."""
    catalog = str(write_whole_scene(Path("build") / "bench-radar"))
    things = {"decode": "decoding alone", "strips": "decoding to ships, in strips",
              "port": "a port of 20 x 20 km, as in a run"}  # fmt: skip
    runs = [{one: in_process("radar", one, catalog) for one in things} for _ in range(rounds)]
    table = Table(box=None, title="IW scene, 25,000 x 16,500, VV and VH; medians")
    table.add_column("what")
    for name in ("seconds", "processor s", "ratio", "of processor", "peak GiB", "ships"):
        table.add_column(name, justify="right")
    for one, words in things.items():
        seconds, spent = (median(r[one][key] for r in runs) for key in ("seconds", "processor_s"))
        ratios = [
            median(r[one][key] / r["decode"][key] for r in runs)
            for key in ("seconds", "processor_s")
        ]
        cells = [f"{seconds:.2f}", f"{spent:.2f}", *(f"{ratio:.2f}" for ratio in ratios)]
        most = max(r[one]["gib"] for r in runs), max(r[one]["ships"] for r in runs)
        table.add_row(words, *cells, f"{most[0]:.2f}", f"{most[1]:.0f}")
    return table
