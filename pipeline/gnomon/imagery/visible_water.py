"""Water in red, green and blue alone, where a scene has no infrared.

No index of the visible bands separates water from land everywhere: silt turns water red, woods are
as dark and as green as a lagoon, and air light makes both blue where the reflectance is that of the
top of the atmosphere. What water is nearly everywhere is SMOOTH. So:

1. **Sure water** is a wide area whose texture is faint, both in brightness and in tint (green less
   blue), and which has not the colour of leaves or of bare earth. Texture is the standard deviation
   over 3 x 3 blocks, limited before it is averaged over 5 x 5, so that a ship spoils the water
   around it less. Air light adds the same everywhere, and leaves texture as it is.
2. **Water beside it** has the brightness and the tint of the sure water within 300 m. So slips,
   wakes and the water around hulls come back, with any silt and any haze, and a quay, which is
   brighter or redder than the water in front of it, stays out.

What this takes for water and is none: dark woods and fields without relief, mostly in reflectance
of the top of the atmosphere. What it misses: surf, basins that are less than 100 m wide and have no
such water within reach, and water under glint that shows its waves.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gnomon.geo.regions import Regions
from gnomon.imagery.morphology import opened

Mask = NDArray[np.bool_]
Band = NDArray[np.float32]

TEXTURE_MAX = 0.005
"""Of the brightness of sure water, reflectance. Open water has 0.001 to 0.004 at the median of 14
places and 0.0064 under whitecaps; nine of ten blocks of town and of dry hills have 0.007 and more,
of woods 0.002."""
TINT_TEXTURE_MAX = 0.0045
"""Of green less blue; two bands of 8 bits have 0.003 by their steps alone."""
TEXTURE_LIMIT = 0.02
"""More counts as this much: a hull beside water of 0.002 may have 0.1."""
LEAVES, LEAVES_MIN = 0.33, 0.006
"""Leaves have more green than the mean of red and blue, by more than this share of it and this
reflectance. Shallow green water (Accra) has a share of 0.3."""
EARTH = 0.08
"""Most that red exceeds blue: the muddiest water seen has 0.06, dry earth up to 0.14."""
BRIGHTEST = 0.25
"""Most red of sure water."""
NARROWEST_M = 120.0
"""Sure water is as wide as this."""
SURE_M2 = 250_000.0
"""Least area of sure water: smooth roofs, yards, pitches and single fields are smaller."""
NEAR_M = 300.0
"""How far from sure water its colour holds."""
ROUNDS = 4
"""How often water is found by its likeness to the water nearby: basins are 1 km long."""


class Likeness(NamedTuple):
    """How far water may differ from the sure water nearby; reflectances."""

    brightness: float
    tint: float
    """Of red less blue, and of green less blue."""


ALIKE = Likeness(0.012, 0.012)
SHADED = Likeness(0.03, 0.015)
"""Of what touches water."""


def visible_water(blue: Band, green: Band, red: Band, *, block_m: float) -> tuple[Mask, Mask]:
    """Which blocks are water, and which are as water that something shines into.

    Parameters
    ----------
    blue, green, red
        Reflectances of blocks, (rows, columns), NaN where one of their pixels holds no data.
    block_m
        Side of a block.

    """
    seen = np.isfinite(blue + green + red)
    blue, green, red = (np.where(seen, band, np.float32(0)) for band in (blue, green, red))
    layers = [(blue + green + red) / np.float32(3), red - blue, green - blue]
    leaves = green - (red + blue) / 2 > LEAVES * green + LEAVES_MIN
    smooth = (_texture(layers[0]) < TEXTURE_MAX) & (_texture(layers[2]) < TINT_TEXTURE_MAX)
    wide = Regions(
        opened(smooth & seen & ~leaves & (layers[1] < EARTH) & (red < BRIGHTEST),
               NARROWEST_M / 2 / block_m)
    )  # fmt: skip
    sure = wide.where((wide.area * block_m**2 >= SURE_M2) | wide.cut)
    for _ in range(ROUNDS):
        alike, shaded = _alike(layers, sure, seen, block_m=block_m)
        sure |= opened(sure | alike, 1)
    return sure | alike, shaded


def _alike(layers: Sequence[Band], sure: Mask, seen: Mask, *, block_m: float) -> tuple[Mask, Mask]:
    """Blocks near sure water that look like it, by `ALIKE` and by `SHADED`."""
    side = 2 * round(NEAR_M / block_m) + 1
    share = _mean(sure.astype(np.float32), side)
    near = seen & (share > 0.5 / side**2)
    weight = np.where(near, share, np.float32(1))
    apart = [np.abs(layer - _mean(layer * sure, side) / weight) for layer in layers]
    alike, shaded = (
        near & (apart[0] < most.brightness) & (np.maximum(apart[1], apart[2]) < most.tint)
        for most in (ALIKE, SHADED)
    )
    return alike, shaded


def _texture(layer: Band) -> Band:
    """Standard deviation over 3 x 3 blocks, limited, and its mean over 5 x 5."""
    variance = _mean(layer * layer, 3) - _mean(layer, 3) ** 2
    limited = np.minimum(np.sqrt(np.maximum(variance, 0)), np.float32(TEXTURE_LIMIT))
    return _mean(limited, 5)


def _mean(layer: Band, side: int) -> Band:
    """Mean over a square of so many blocks."""
    return np.asarray(ndimage.uniform_filter(layer, side, mode="nearest"), np.float32)
