"""What an image of a port costs against the port's area, and what whole studies cost by that.

One simulated scene lies on a server of this machine, which counts requests and bytes. Squares of
several sizes are observed in it, small ones first, and loads read: seconds of processor, bytes,
requests, peak of memory so far, and bytes of the result. Through each of them but memory goes a
straight line over the area, and studies are sums along it.

`make costs` measures, keeps the figures in docs/costs.json, and writes docs/costs.md from them.
"""

import json
import os
import platform
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import shapely
from pydantic import BaseModel

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.files import write_text
from gnomon.datamodel.observation import Observation, ObserveOptions
from gnomon.datamodel.ports import Port
from gnomon.datamodel.study import CatalogOptions
from gnomon.geo.local import box_around
from gnomon.imagery.read import geobox_of, stored_bytes
from gnomon.simulate.pixels.tile import write_tile
from gnomon.validate.range_server import counted, served
from gnomon.workflow.observation_rows import detector_for
from gnomon.workflow.observe import observe, windows_read
from gnomon.workflow.store import Store
from gnomon.workflow.threads import one_thread

SIDES_KM = (5.0, 10.0, 20.0)
FIGURES, PAGE = Path("docs") / "costs.json", Path("docs") / "costs.md"


class AreaCost(BaseModel):
    """What one image of a square took."""

    area_km2: float
    seconds: float
    """Of processor, one thread, libraries loaded."""
    bytes_read: float
    bytes_planned: float
    """What `gnomon plan` says: of the blocks under each window, and of the beginning of files. A
    block under two windows counts twice, and is read once."""
    requests: float
    peak_gib: float
    stored_bytes: float
    ships: int


class Figures(BaseModel):
    """What was measured, and where."""

    made_on: date
    machine: str
    costs: list[AreaCost]


@dataclass(frozen=True)
class Line:
    """Cost of an image as a straight line over the area."""

    fixed: float
    per_km2: float

    def at(self, area_km2: float) -> float:
        """Cost of an image of an area."""
        return self.fixed + self.per_km2 * area_km2


@dataclass(frozen=True)
class Workload:
    """A study: ports, and the images of each."""

    name: str
    areas_km2: tuple[float, ...]
    images_a_port: float


YEARLY_IMAGES = 93.0
"""Of a port, clear enough to be observed: 280 of four ports in 275 days of 2024, near Vostochny."""
YEARS_OF_KOREA = 10.4
"""From the middle of 2015, of one satellite and so half as many images until March 2017, to 2026;
in years of two satellites."""
READS = 2.0
"""Of each image: for the background without ships, and to be observed."""
LATENCY_S, BYTES_A_SECOND = 0.03, 50e6
"""Of one request and of one worker in the region of the data."""
ONE_MACHINE, CLUSTER = 8, 100
"""Workers, a processor each."""


def measure_square(side_km: float, catalog_folder: Path) -> AreaCost:
    """Observe a square of one scene in this process, from a server whose files it has not read."""
    with served(catalog_folder) as url:
        options = CatalogOptions(url=f"{url}/catalog.json", ask_files=False)
        (scene,) = find_scenes(options, area=None).scenes
        area = box_around(scene.footprint.centroid, half_m=500 * side_km)
        observation = Observation(scene, Port("square", area), ObserveOptions(), "costs")
        detector_for(observation)
        before, started = counted(url), time.process_time()
        with one_thread():
            result = observe(observation)
        seconds, after = time.process_time() - started, counted(url)
        windows = windows_read(observation, geobox_of(scene))
        planned = sum(stored_bytes(scene, window) for window in windows)
    if result.observation.status.iloc[0] != "observed":
        raise RuntimeError(str(result.observation.reason.iloc[0]))
    with tempfile.TemporaryDirectory() as place:
        Store(Path(place)).put("one", result)
        stored = sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file())
    return AreaCost(
        area_km2=side_km**2,
        seconds=seconds,
        bytes_read=after[1] - before[1],
        bytes_planned=planned,
        requests=after[0] - before[0],
        peak_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        stored_bytes=stored,
        ships=len(result.detections),
    )


def line(areas: list[float], values: list[float]) -> Line:
    """Straight line through costs by least squares; no image costs less than nothing."""
    per_km2, fixed = np.polyfit(areas, values, 1)
    return Line(max(float(fixed), 0.0), float(per_km2))


def workloads(ports: Path) -> list[Workload]:
    """Studies that the page has."""
    areas = _areas_km2(ports)
    season = ("vostochny", "vostochny-anchorage", "rajin", "chongjin")
    korea = ("rajin", "sonbong", "chongjin", "kimchaek", "hungnam", "wonsan", "nampo",
             "west-sea-barrage", "sokto", "songnim")  # fmt: skip
    return [
        Workload("a season of four ports, 275 days", tuple(areas[n] for n in season),
                 YEARLY_IMAGES * 275 / 365),
        Workload("North Korea, ten ports, 2015 to 2026", tuple(areas[n] for n in korea),
                 YEARLY_IMAGES * YEARS_OF_KOREA),
        Workload("the world's 100 largest oil ports, one year", (median(areas.values()),) * 100,
                 YEARLY_IMAGES),
    ]  # fmt: skip


def _areas_km2(ports: Path) -> dict[str, float]:
    features = json.loads(ports.read_text(encoding="utf-8"))["features"]
    return {
        one["properties"]["port"]: _km2(shapely.geometry.shape(one["geometry"]))
        for one in features
        if one["properties"]["kind"] == "area"
    }


def _km2(outline: shapely.geometry.base.BaseGeometry) -> float:
    """Area on the round earth, to a percent."""
    degree_km = 111.2
    return float(outline.area * degree_km**2 * np.cos(np.deg2rad(outline.centroid.y)))


def page(figures: Figures, studies: list[Workload]) -> str:
    """The page of costs."""
    return HEAD + _measured(figures) + _studies(figures, studies) + _assumptions(figures)


HEAD = """\
# What a study costs

This page is written by `make costs`. It measures one simulated image of 10 m over three
squares, on a server of the same machine, and computes the rest from that. Bytes
read are compared with those that `gnomon plan` says, which counts blocks at borders of parts twice.

## One image of one port

| km² | ships | s of a processor | MB read | x `gnomon plan` | requests | peak GiB | MB kept |
|---|---|---|---|---|---|---|---|
"""


def _measured(figures: Figures) -> str:
    return "".join(
        f"| {one.area_km2:,.0f} | {one.ships} | {one.seconds:.1f} | {one.bytes_read / 1e6:.1f} | "
        f"{one.bytes_read / one.bytes_planned:.2f} | {one.requests:.0f} | {one.peak_gib:.2f} | "
        f"{one.stored_bytes / 1e6:.2f} |\n"
        for one in figures.costs
    )


def _studies(figures: Figures, studies: list[Workload]) -> str:
    rows = []
    for study in studies:
        total = {name: study_cost(figures, study, name) for name in COLUMNS}
        work_s = worker_seconds(total)
        images = len(study.areas_km2) * study.images_a_port
        rows.append(
            f"| {study.name} | {images:,.0f} | {total['bytes_read'] / 1e12:.2f} | "
            f"{total['requests'] / 1e6:.2f} | {total['stored_bytes'] / 1e9:.1f} | "
            f"{duration(work_s / ONE_MACHINE)} | {duration(work_s / CLUSTER)} |\n"
        )
    return f"""
## Whole studies

| study | images | TB read | 10⁶ requests | GB kept | {ONE_MACHINE} workers | {CLUSTER} workers |
|---|---|---|---|---|---|---|
{"".join(rows)}"""


COLUMNS = ("seconds", "bytes_read", "requests", "stored_bytes")
READ_TWICE = ("bytes_read", "requests")


def study_cost(figures: Figures, study: Workload, name: str) -> float:
    """Sum of a cost over all images of a study."""
    areas = [one.area_km2 for one in figures.costs]
    fitted = line(areas, [getattr(one, name) for one in figures.costs])
    once = sum(fitted.at(area) * study.images_a_port for area in study.areas_km2)
    return once * (READS if name in READ_TWICE else 1.0)


def worker_seconds(total: dict[str, float]) -> float:
    """Seconds of one worker: its processor's, and what it waits for the network."""
    waiting = total["requests"] * LATENCY_S + total["bytes_read"] / BYTES_A_SECOND
    return total["seconds"] + waiting


def duration(seconds: float) -> str:
    """Time in words.

    >>> [duration(s) for s in (90, 5000, 90_000, 400_000)]
    ['2 min', '1.4 h', '25 h', '4.6 days']
    """
    if seconds < 3600:
        return f"{max(seconds / 60, 1):.0f} min"
    hours = seconds / 3600
    if hours < 48:
        return f"{hours:.1f} h" if hours < 10 else f"{hours:.0f} h"
    return f"{hours / 24:.1f} days"


def _assumptions(figures: Figures) -> str:
    return f"""
What is assumed:

- Costs of an image are a straight line over the port's area, by least squares through the table
  above.
- {YEARLY_IMAGES:.0f} images of a port in a year are clear enough, as around Vostochny in 2024;
  elsewhere clouds and the latitude make it half or twice as many.
- Each image is read {READS:.0f} times, once for the background without ships; the processor's time
  of that reading is not counted.
- A worker is one processor in the region of the data: {1000 * LATENCY_S:.0f} ms a request,
  {BYTES_A_SECOND / 1e6:.0f} MB/s. {ONE_MACHINE} of them are one machine. Far from the data it is
  the line that counts: a TB takes 2.3 days at 5 MB/s for all workers together.
- Areas are those of configs/ports.geojson; each of the world's ports has the median of these.
- North Korea's years count as {YEARS_OF_KOREA} of two satellites.
- Not in it: the search ([Performance](performance.md)), visits and barrels (seconds a port and
  season), and that a busy or older processor takes up to three times as long.

Measured on {figures.made_on:%d %B %Y}, {figures.machine}.
"""


def main() -> int:
    """Measure, keep the figures, and write the page."""
    # A process of its own: making the tile takes more memory than what is measured.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        folder = pool.submit(write_tile, Path("build") / "bench").result().parent
    costs = [measure_square(side, folder) for side in SIDES_KM]
    machine = f"{os.cpu_count()} processors ({platform.machine()}) that others used too"
    figures = Figures(made_on=date.today(), machine=machine, costs=costs)  # noqa: DTZ011
    write_text(figures.model_dump_json(indent=1) + "\n", FIGURES)
    write_text(page(figures, workloads(Path("configs") / "ports.geojson")), PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
