"""A whole Sentinel-2 tile for the benchmark: 10980 x 10980 pixels of coast, water and ships.

Two simulated blocks, open sea and a harbour, are laid out over the tile, each time turned another
way; then every pixel gets noise of its own, without which the files would be small and quick to
decode. It is a scene to measure time on, and not one to learn from.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.xr import wrap_xr

from gnomon.synth.catalog import write_catalog, write_scene
from gnomon.synth.coast import Coast
from gnomon.synth.scene import grid, simulate, training_specs, truth

SIDE_PX, BLOCK_PX = 10_980, 512
BANDS = ("blue", "green", "red", "nir")
HARBOURS = 0.25
"""Of all blocks: about as much of a tile over the Sea of Japan is coast."""


def write_tile(folder: Path, *, seed: int = 0) -> Path:
    """Write a catalogue of one tile, some 500 MB; one that is there is left alone.

    Returns
    -------
    Path
        Of catalog.json.

    """
    folder = folder.resolve()
    recipe = {"seed": seed, "side_px": SIDE_PX, "block_px": BLOCK_PX, "harbours": HARBOURS}
    told = folder / "recipe.json"
    if told.is_file() and json.loads(told.read_text()) == recipe:
        return folder / "catalog.json"
    specs = list(training_specs(20, seed=seed))
    sea = simulate(next(s for s in specs if s.coast.land.is_empty))[0]
    harbour = simulate(next(s for s in specs if s.coast.quays))[0]
    tile = replace(
        specs[0],
        id="SYN_tile",
        geobox=grid(
            epsg=32653, west_m=300_000, north_m=4_800_000, shape=(SIDE_PX, SIDE_PX), gsd_m=10.0
        ),
        coast=Coast(),
        ships=(),
    )
    pixels = xr.Dataset(
        {band: wrap_xr(_laid(sea[band], harbour[band], seed), tile.geobox) for band in BANDS}
    )
    item = write_scene(folder, tile, pixels, truth(tile))
    path = write_catalog(folder, [item], description="One simulated tile for the benchmark")
    told.write_text(json.dumps(recipe))
    return path


def _laid(sea: xr.DataArray, harbour: xr.DataArray, seed: int) -> NDArray[np.float32]:
    """Blocks side by side; every band of a seed is laid out alike, with its own noise."""
    plan = np.random.default_rng(seed)
    noise = np.random.default_rng([seed, len(str(sea.name))])
    blocks = [np.ascontiguousarray(b.to_numpy()[:BLOCK_PX, :BLOCK_PX]) for b in (sea, harbour)]
    count = -(-SIDE_PX // BLOCK_PX)
    tile = np.empty((SIDE_PX, SIDE_PX), np.float32)
    for row in range(count):
        for column in range(count):
            block = blocks[int(plan.random() < HARBOURS)]
            turned = np.rot90(block, int(plan.integers(4)))
            y, x = row * BLOCK_PX, column * BLOCK_PX
            part = tile[y : y + BLOCK_PX, x : x + BLOCK_PX]
            part[:] = turned[: part.shape[0], : part.shape[1]]
            part += noise.normal(0, 6e-4, part.shape).astype(np.float32)
    return tile
