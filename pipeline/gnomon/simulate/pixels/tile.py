"""A whole Sentinel-2 tile for the benchmark: 10980 x 10980 pixels of coast, water and ships.

Three simulated blocks, empty sea on a fair day, roads with ships and a harbour, are laid out over
the tile, each time turned another way, about as often as in a tile that a coast runs through; then
every pixel gets noise of its own, without which the files would be small and quick to decode. It is
a scene to measure time on, and not one to learn from. A crowded tile has every ship of the blocks,
and platforms, rafts and pens all over the sea; an ordinary one has one ship in four, and its empty
sea is empty.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.xr import wrap_xr

from gnomon.datamodel.files import write_json
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.coast import Coast
from gnomon.simulate.pixels.scene import deserted, grid, simulate, training_specs, truth

SIDE_PX, BLOCK_PX = 10_980, 512
BANDS = ("blue", "green", "red", "nir")
SHARES = (0.90, 0.05, 0.05)
"""Of the blocks: 23 of 460 make 115 km of shore, and 23 are roads. All ships are 10 in each of the
roads and 37 in each harbour."""
ORDINARY = 4
"""One ship in so many is in an ordinary tile, about 300."""


def write_tile(folder: Path, *, seed: int = 0, crowded: bool = True) -> Path:
    """Write a catalogue of one tile, some 500 MB; one that is there is left alone.

    Parameters
    ----------
    folder
        To write into.
    seed
        Of the blocks, their places and their noise.
    crowded
        Whether it has every ship and obstacle of the blocks; if not, it is an ordinary one.

    Returns
    -------
    Path
        Of catalog.json.

    """
    folder = folder.resolve()
    recipe = {
        "seed": seed,
        "side_px": SIDE_PX,
        "block_px": BLOCK_PX,
        "shares": list(SHARES),
        "sea": "fair",
        "crowded": crowded,
    }
    made_from = folder / "recipe.json"
    if made_from.is_file() and json.loads(made_from.read_text()) == recipe:
        return folder / "catalog.json"
    specs = list(training_specs(20, seed=seed))
    roads = next(s for s in specs if s.coast.land.is_empty)
    harbour = next(s for s in specs if s.coast.quays)
    # Ice and whitecaps are not what most of a tile is.
    harbour = replace(harbour, weather=replace(harbour.weather, ice=0.0))
    if not crowded:
        roads, harbour = (
            replace(s, ships=s.ships[::ORDINARY], boats=s.boats[::ORDINARY])
            for s in (roads, harbour)
        )
    sea = deserted(roads if crowded else replace(roads, coast=Coast()))
    blocks = [simulate(s)[0] for s in (sea, roads, harbour)]
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
        {band: wrap_xr(_laid([b[band] for b in blocks], seed), tile.geobox) for band in BANDS}
    )
    item = write_scene(folder, tile, pixels, truth(tile))
    path = write_catalog(folder, [item], description="One simulated tile for the benchmark")
    write_json(recipe, made_from)
    return path


def _laid(kinds: list[xr.DataArray], seed: int) -> NDArray[np.float32]:
    """Blocks side by side; every band of a seed is laid out alike, with its own noise."""
    plan = np.random.default_rng(seed)
    noise = np.random.default_rng([seed, BANDS.index(str(kinds[0].name))])
    blocks = [kind.to_numpy()[:BLOCK_PX, :BLOCK_PX] for kind in kinds]
    count = -(-SIDE_PX // BLOCK_PX)
    tile = np.empty((SIDE_PX, SIDE_PX), np.float32)
    for row in range(count):
        for column in range(count):
            block = blocks[int(plan.choice(len(blocks), p=SHARES))]
            turned = np.rot90(block, int(plan.integers(4)))
            y, x = row * BLOCK_PX, column * BLOCK_PX
            part = tile[y : y + BLOCK_PX, x : x + BLOCK_PX]
            part[:] = turned[: part.shape[0], : part.shape[1]]
            part += noise.normal(0, 6e-4, part.shape).astype(np.float32)
    return tile
