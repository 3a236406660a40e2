"""What memory a run takes as its observations become more: 80 and 800 of one small port.

The scenes are four simulated ones of open water, under as many names and times as are asked for, so
that the window is the same in each and only their number grows. The whole study runs in a process
of its own: search, observations, visits and barrels.
"""

import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from gnomon.datamodel.study import Study
from gnomon.simulate.pixels.catalog import scene_item, write_catalog, write_scene
from gnomon.simulate.pixels.coast import Coast
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.roads import Roads, anchor_ships
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate
from gnomon.workflow.run import gather, run

DRAWN, SHIPS = 4, 1
FIRST, EVERY = datetime(2020, 1, 1, 2, 22, tzinfo=UTC), timedelta(days=2)
PLACE = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(128, 128), gsd_m=10.0)


def measure_memory(observations: str) -> dict[str, float]:
    """Run a study of that many observations, gather it again, and give the peak of memory."""
    count = int(observations)
    with tempfile.TemporaryDirectory() as folder:
        study = _study(_written(Path(folder), count))
        before, started = _peak_gib(), time.process_time()
        done = run(study, Path(folder) / "run")
        ran = _peak_gib()
        taken = time.process_time() - started
        gather(study, Path(folder) / "run")
    figures = {"observations": len(done.observations), "hulls": len(done.detections)}
    peaks = {"before": before, "run": ran, "gather": _peak_gib()}
    return figures | peaks | {"seconds": taken}


def _written(folder: Path, count: int) -> Path:
    """Catalogue of a few drawn scenes, each under many names."""
    drawn = [_drawn(number) for number in range(DRAWN)]
    first = [write_scene(folder, spec, *simulate(spec)) for spec in drawn]
    bands = [name for name in first[0].assets if name != "ships"]
    items = []
    for number in range(count):
        spec = replace(
            drawn[number % DRAWN], id=f"scene-{number:05d}", seen_at=FIRST + number * EVERY
        )
        (folder / spec.id).symlink_to(folder / drawn[number % DRAWN].id)
        items.append(scene_item(spec, bands))
    return write_catalog(folder, items, description="one port again and again")


def _drawn(number: int) -> SceneSpec:
    roads = Roads(Coast(), PLACE)
    inner = PLACE.extent.geom.buffer(-300)
    anchor_ships(np.random.default_rng(number), roads, count=SHIPS, within=inner, under_way=0.0)
    return SceneSpec(
        id=f"drawn-{number}",
        seed=number,
        geobox=PLACE,
        seen_at=FIRST,
        light=Light(sun_azimuth_deg=157, sun_elevation_deg=45),
        ships=tuple(roads.ships),
    )


def _study(catalog: Path) -> Study:
    west, south, east, north = PLACE.extent.to_crs("EPSG:4326").boundingbox.bbox
    return Study.model_validate(
        {
            "name": "memory",
            "catalog": {"url": str(catalog)},
            "ports": {"bbox": (west, south, east, north)},
            "detect": {"background": False},
            "load": {"enabled": False},
            "track": {"enabled": False},
        }
    )


def _peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
