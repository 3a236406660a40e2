"""Credits and the mark SIMULATED, in the pixels of a picture.

The mark stands many times across a picture of a simulated scene, so that no part of it worth
showing can be cut out without one. It is pale, so that hulls are seen through it, and palest in the
middle of a picture of one hull.
"""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gnomon.report.credits import SIMULATED, ImageCredit

PALE, PALEST = 0.42, 0.18
"""Opacity of the mark, and in the middle of a picture with one column of marks."""
EMS = 6.5
"""Width of the mark in sizes of its letters."""
WIDTH, SMALLEST, LARGEST = 0.6, 8.0, 14.0
"""Of the mark as a part of the width, and the sizes of its letters: points, or pixels."""
LEGIBLE_PX = 96
"""Least side of a picture in which the mark is read."""
LINE_PX, INK, PAPER = 9, (225, 225, 225), (24, 24, 24)
"""Letters of a credit, their colour, and that of the strip below the picture."""


def credit_figure(figure: Figure, axes: list[Axes], credit: ImageCredit) -> None:
    """Write the credit below a figure, and the mark across its images if they are simulated.

    Parameters
    ----------
    figure
        Of matplotlib, with a constrained layout.
    axes
        Those that show the image.
    credit
        Of the image.

    """
    if credit.text:
        figure.supxlabel(credit.text, x=0.01, ha="left", fontsize=7, color="0.25")
    if not credit.simulated:
        return
    for each in axes:
        extent = each.get_window_extent()
        width, height = (72 * side / figure.dpi for side in (extent.width, extent.height))
        size = _letters(width)
        for x, y, opacity in _places(width, height, size):
            each.text(
                x,
                y,
                SIMULATED,
                transform=each.transAxes,
                ha="center",
                va="center",
                fontsize=size,
                color="white",
                alpha=opacity,
                path_effects=[withStroke(linewidth=1, foreground="black", alpha=opacity)],
                zorder=5,
            )


def mark_pixels(image: NDArray[np.uint8], credit: ImageCredit) -> NDArray[np.uint8]:
    """Picture with its mark or, in a strip below it, its credit.

    A simulated picture that is too small for the mark is enlarged first, each pixel to a square.

    Parameters
    ----------
    image
        Red, green, blue, shape (rows, columns, 3).
    credit
        Of the image; without text, and not simulated, the picture is returned as it is.

    """
    if not credit.simulated:
        return _with_line(image, credit.text) if credit.text else image
    zoom = -(-LEGIBLE_PX // min(image.shape[:2]))
    large = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
    rows, columns = large.shape[:2]
    layer = Image.new("RGBA", (columns, rows))
    draw = ImageDraw.Draw(layer)
    size = _letters(columns)
    font = ImageFont.load_default(size)
    for x, y, opacity in _places(columns, rows, size):
        shade = round(255 * opacity)
        draw.text(
            (x * columns, y * rows),
            SIMULATED,
            font=font,
            anchor="mm",
            fill=(255, 255, 255, shade),
            stroke_width=1,
            stroke_fill=(0, 0, 0, shade),
        )
    whole = Image.alpha_composite(Image.fromarray(large).convert("RGBA"), layer)
    return np.asarray(whole.convert("RGB"))


def _letters(width: float) -> float:
    """Size of the letters in a picture of that width."""
    return float(np.clip(WIDTH * width / EMS, SMALLEST, LARGEST))


def _places(width: float, height: float, letters: float) -> Iterator[tuple[float, float, float]]:
    """Middles of the marks as parts of width and height, and their opacities."""
    columns = max(1, int(width / (2.2 * EMS * letters)))
    rows = max(3, int(height / (6 * letters)))
    for row in range(rows):
        shift = 0.25 * (-1) ** row if columns > 1 else 0  # like bricks
        for column in range(columns):
            y = (row + 0.5) / rows
            middle = columns == 1 and abs(y - 0.5) < 0.2
            yield (column + 0.5 + shift) / columns, y, PALEST if middle else PALE


def _with_line(image: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """Picture with a line of text on a dark strip below it."""
    strip = Image.new("RGB", (image.shape[1], LINE_PX + 5), PAPER)
    font = ImageFont.load_default(LINE_PX)
    ImageDraw.Draw(strip).text((3, 1), text, font=font, fill=INK)
    return np.concatenate([image, np.asarray(strip)], axis=0)
