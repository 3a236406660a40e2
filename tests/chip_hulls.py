"""Drawn hulls in chips, as `gnomon.learn.ship_type` takes them."""

import numpy as np

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.ship_type.chip_hulls import CHIP_PX, ChipHull, hull_box
from gnomon.learn.ship_type.chip_types import ChipType

RED, WHITE = (0.6, 0.25, 0.2), (0.8, 0.8, 0.75)


def chip_pixels(
    colour=RED, *, x=40.0, y=40.0, length_px=60.0, axis_deg=30.0, hatches=0, seed=0
) -> np.ndarray:
    """A deck of one colour on water, with dark hatches."""
    draw = np.random.default_rng(seed)
    pixels = 0.12 + 0.01 * draw.random((3, CHIP_PX, CHIP_PX))
    hull = OrientedBoxes.of(x, y, length_px, length_px * 0.16, axis_deg)[0]
    rows, columns = np.mgrid[:CHIP_PX, :CHIP_PX] + 0.5
    along, across = hull.along_across(columns, rows)
    deck = (np.abs(along) < hull.length / 2) & (np.abs(across) < hull.beam / 2)
    pixels[:, deck] = np.array(colour)[:, None]
    for hatch in range(hatches):
        middle = hull.length * ((hatch + 0.5) / hatches - 0.5) * 0.7
        pixels[:, deck & (np.abs(along - middle) < 1.5)] = 0.2
    return pixels.astype(np.float32)


def chip_hull(
    *, tanker=True, day="20170702", lon=-122.34, length_px=60.0, axis_deg=30.0, seed=0, **drawn
) -> ChipHull:
    """A red tanker, or a white ship with hatches."""
    kind = "tanker" if tanker else "bulk"
    label = ChipType(
        file=f"1__{day}_18{seed % 60:02d}43_103c__{lon:.4f}_37.7200.png",
        axis_deg=axis_deg, tug_barge=False,
        type_1=kind, sure_1=True, length_1_m=3 * length_px, whole_1=True,
        type_2=kind, sure_2=True, length_2_m=3 * length_px, whole_2=True,
    )  # fmt: skip
    look = {"colour": RED if tanker else WHITE, "hatches": 0 if tanker else 5} | drawn
    pixels = chip_pixels(length_px=length_px, axis_deg=axis_deg, seed=seed, **look)
    return ChipHull(label, pixels, hull_box(pixels, label))
