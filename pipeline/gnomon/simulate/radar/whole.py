"""A whole Sentinel-1 IW product for the benchmark: 16,500 lines of 25,000 samples, VV and VH.

Two simulated blocks, empty sea and sea with ships, are laid out over the image, each time turned
another way. Files are compressed tile by tile, so that equal blocks far apart make none smaller. It
is a scene to measure time on, and not one to learn from.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from gnomon.datamodel.files import write_json
from gnomon.geo.local import from_local_metres
from gnomon.simulate.pixels.catalog import write_catalog
from gnomon.simulate.radar.echoes import SeaState
from gnomon.simulate.radar.orbit import RadarOrbit
from gnomon.simulate.radar.product import product_files, radar_item, raster_path, raster_profile
from gnomon.simulate.radar.scene import RadarSceneSpec, RadarShip, drawn_sigma0

LINES, SAMPLES, BLOCK_PX = 16_500, 25_000, 1024
PLACE = (133.3, 42.5)
SHARE = 0.1
"""Of blocks with ships: 42 of 425, 160 ships."""
AMPLITUDE = 450.0


def write_whole_scene(folder: Path, *, seed: int = 0) -> Path:
    """Write a catalogue of one product, about 550 MB; one that is there is left alone.

    Returns
    -------
    Path
        Of catalog.json.

    """
    folder = folder.resolve()
    recipe = {"seed": seed, "lines": LINES, "samples": SAMPLES, "share": SHARE}
    made_from = folder / "recipe.json"
    if made_from.is_file() and json.loads(made_from.read_text()) == recipe:
        return folder / "catalog.json"
    spec = RadarSceneSpec(orbit=_orbit(LINES, SAMPLES), seed=seed)
    for polarisation in spec.polarisations:
        for name, text in product_files(spec, polarisation).items():
            (folder / "whole" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "whole" / name).write_text(text, encoding="utf-8")
        _write_blocks(folder / "whole" / raster_path(polarisation), spec, polarisation)
    item = radar_item(spec, "whole")
    item.assets.pop("ships")
    path = write_catalog(folder, [item], description="One simulated product for the benchmark")
    write_json(recipe, made_from)
    return path


def _orbit(lines: int, samples: int) -> RadarOrbit:
    return RadarOrbit(longitude_deg=PLACE[0], latitude_deg=PLACE[1], lines=lines, samples=samples)


def _blocks(seed: int, polarisation: str) -> list[NDArray[np.uint16]]:
    """Amplitudes of empty sea, and of sea with ships."""
    sea = RadarSceneSpec(
        orbit=_orbit(BLOCK_PX, BLOCK_PX),
        sea=SeaState(wind_m_s=6.0, roughness=0.15),
        polarisations=(polarisation,),
        seed=seed,
    )
    drawn = [drawn_sigma0(one)[polarisation] for one in (sea, replace(sea, ships=_ships()))]
    return [np.clip(np.rint(AMPLITUDE * np.sqrt(one)), 1, 65_535).astype("u2") for one in drawn]


def _ships() -> tuple[RadarShip, ...]:
    """Four, far from each other and from the block's edges."""
    places = [from_local_metres(e, n, origin=PLACE) for e in (-2500, 2500) for n in (-2500, 2500)]
    return tuple(
        RadarShip(
            longitude_deg=float(longitude),
            latitude_deg=float(latitude),
            length_m=90.0 + 50 * number,
            beam_m=15.0 + 8 * number,
            heading_deg=40.0 * number,
        )
        for number, (longitude, latitude) in enumerate(places)
    )


def _write_blocks(path: Path, spec: RadarSceneSpec, polarisation: str) -> None:
    plan = np.random.default_rng(spec.seed)
    blocks = _blocks(spec.seed, polarisation)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **raster_profile(spec.orbit)) as file:
        for top in range(0, LINES, BLOCK_PX):
            for left in range(0, SAMPLES, BLOCK_PX):
                block = blocks[int(plan.random() < SHARE)]
                turned = block[:: plan.choice([-1, 1]), :: plan.choice([-1, 1])]
                part = turned[: LINES - top, : SAMPLES - left]
                file.write(part, 1, window=Window(left, top, part.shape[1], part.shape[0]))
