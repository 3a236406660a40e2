"""Pictures of the anchorage's ships, and of their count over time.

Every picture of pixels is in natural colour at the scene's own pixel, enlarged by whole numbers,
north up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gnomon.geo.grid import grid_of
from gnomon.imagery.natural_colour import natural_bands, stretched, water_light
from gnomon.validate.anchorage.season import (
    FALSE,
    SHIP,
    UNCERTAIN,
    RealSeason,
    counts_by_date,
    possible_stays,
)

Pixels = NDArray[np.uint8]
CREDIT = "Contains modified Copernicus Sentinel data 2019-2020"
FRAMES = {SHIP: None, UNCERTAIN: (255, 208, 0), FALSE: (255, 60, 40)}
"""Frame of a hull in the sheet: none, yellow, red."""
MISSED = (255, 158, 27)
CYAN, PAPER, INK = (0, 229, 255), (20, 26, 30), (235, 240, 242)
CROP_PX, GAP_PX, COLUMNS = 40, 2, 24
"""Side of a crop: 400 m; the longest hull has 280 m."""
LABEL_PX, LINE_PX, LARGE_PX = 13, 20, 22
JPEG_QUALITY = 88


@dataclass(frozen=True)
class DatePicture:
    """One date of the anchorage in natural colour."""

    image: Pixels
    """(rows, columns, 3)."""
    pixels: xr.Dataset

    def crop(self, x: float, y: float, half_px: int) -> Pixels:
        """Square around a place, metres; black beyond the edge."""
        column, row = (round(v) for v in ~grid_of(self.pixels).affine @ (x, y))
        padded = np.zeros((2 * half_px, 2 * half_px, 3), np.uint8)
        top, left = row - half_px, column - half_px
        part = self.image[max(top, 0) : top + 2 * half_px, max(left, 0) : left + 2 * half_px]
        start = max(-top, 0), max(-left, 0)
        padded[start[0] : start[0] + part.shape[0], start[1] : start[1] + part.shape[1]] = part
        return padded


def date_picture(pixels: xr.Dataset) -> DatePicture:
    """Stretch the pixels of one date for the eye."""
    return DatePicture(stretched(natural_bands(pixels), water_light(pixels)), pixels)


def count_figure(season: RealSeason, ports: Sequence[str]) -> Figure:
    """Ships by date and port: found, and labelled."""
    figure = Figure(figsize=(9, 1.9 * len(ports) + 0.9), layout="constrained")
    rows = figure.subplots(len(ports), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, port in zip(rows, ports, strict=True):
        table = counts_by_date(season, port)
        axes.vlines(table.index, 0, table[["found", "labelled"]].max(axis=1), color="0.8", lw=1)
        axes.plot(
            table.index, table.labelled, "o", ms=9, mfc="none", mec="#d55e00", label="labelled"
        )
        axes.plot(table.index, table.found, "o", ms=4.5, color="#0072b2", label="found")
        axes.set_title(port.replace("-", " ").title(), loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="0.92")
    rows[0].set_ylim(0, 1.08 * max(axes.get_ylim()[1] for axes in rows))
    rows[0].legend(frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    locator = AutoDateLocator()
    rows[-1].xaxis.set_major_locator(locator)
    rows[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    figure.supylabel("ships in the image", fontsize=9)
    return figure


def hull_sheet(season: RealSeason, dates: dict[pd.Timestamp, DatePicture]) -> Image.Image:
    """Every hull that was found, date by date, then what was missed."""
    parts = []
    for date in season.dates:
        found = season.counted[season.counted.date == date].sort_values("label")
        crops = [_framed(dates[date], one, FRAMES[one.verdict]) for one in found.itertuples()]
        missed = season.ships[(season.ships.date == date) & ~season.ships.found]
        crops += [_framed(dates[date], one, MISSED) for one in missed.itertuples()]
        parts.append(
            _titled(_grid(crops), f"{date:%d %B %Y}: {len(found)} found, {len(missed)} missed")
        )
    return _below(parts)


def _framed(picture: DatePicture, hull: object, colour: tuple[int, int, int] | None) -> Pixels:
    middle = hull.geometry.centroid  # type: ignore[attr-defined]
    crop = picture.crop(middle.x, middle.y, CROP_PX // 2)
    if colour is not None:
        crop[[0, 1, -2, -1]] = colour
        crop[:, [0, 1, -2, -1]] = colour
    return crop


def _grid(crops: Sequence[Pixels]) -> Pixels:
    step = CROP_PX + GAP_PX
    rows = -(-len(crops) // COLUMNS)
    sheet = np.full((rows * step, COLUMNS * step, 3), PAPER, np.uint8)
    for number, crop in enumerate(crops):
        row, column = divmod(number, COLUMNS)
        sheet[row * step :, column * step :][:CROP_PX, :CROP_PX] = crop
    return sheet


def _titled(sheet: Pixels, title: str) -> Image.Image:
    image = Image.new("RGB", (sheet.shape[1], sheet.shape[0] + LINE_PX), PAPER)
    image.paste(Image.fromarray(sheet), (0, LINE_PX))
    ImageDraw.Draw(image).text((3, 3), title, fill=INK, font=ImageFont.load_default(LABEL_PX))
    return image


def _below(parts: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one width, one below the other, with the credit."""
    width = max(part.width for part in parts)
    image = Image.new("RGB", (width, sum(part.height for part in parts) + LINE_PX), PAPER)
    top = 0
    for part in parts:
        image.paste(part, (0, top))
        top += part.height
    ImageDraw.Draw(image).text(
        (3, top + 3), CREDIT, fill=INK, font=ImageFont.load_default(LABEL_PX)
    )
    return image


def false_sheet(
    season: RealSeason,
    dates: dict[pd.Timestamp, DatePicture],
    *,
    zoom: int = 3,
    a_row: int = 8,
    most: int = 24,
) -> Image.Image:
    """Longest false alarms, each with its date, length and score: some may be ships."""
    false = season.found[season.found.verdict == FALSE].nlargest(most, "length_m")
    cells = [
        _titled(
            _enlarged(_framed(dates[one.date], one, None), zoom),
            f"{one.date:%d %b}, {one.length_m:.0f} m, {one.score:.2f}",
        )
        for one in false.itertuples()
    ]
    return _below([_beside(cells[k : k + a_row]) for k in range(0, len(cells), a_row)])


def _enlarged(image: Pixels, zoom: int) -> Pixels:
    return image.repeat(zoom, axis=0).repeat(zoom, axis=1)


def stay_sheet(
    season: RealSeason,
    dates: dict[pd.Timestamp, DatePicture],
    *,
    zoom: int = 2,
    pairs_a_row: int = 5,
) -> Image.Image:
    """Pairs of labelled ships that may be one hull on two dates, beside each other."""
    ships = season.ships
    cells = []
    for pair in possible_stays(ships).itertuples():
        two = [ships.loc[pair.date], ships.loc[pair.after]]
        crops = [_framed(dates[one.date], one, None) for one in two]
        joined = _enlarged(np.concatenate(crops, axis=1), zoom)
        days = " and ".join(f"{one.date:%d %b}" for one in two)
        cells.append(_titled(joined, f"{days}, {pair.metres:.0f} m"))
    rows = [cells[k : k + pairs_a_row] for k in range(0, len(cells), pairs_a_row)]
    return _below([_beside(row) for row in rows])


def _beside(cells: Sequence[Image.Image], gap_px: int = 8) -> Image.Image:
    width = sum(cell.width + gap_px for cell in cells)
    image = Image.new("RGB", (width, max(cell.height for cell in cells)), PAPER)
    left = 0
    for cell in cells:
        image.paste(cell, (left, 0))
        left += cell.width + gap_px
    return image


@dataclass(frozen=True)
class Part:
    """Part of a scene: its corner in metres, and its pixels."""

    west_m: float
    north_m: float
    columns: int
    rows: int


def front_picture(
    found: gpd.GeoDataFrame, picture: DatePicture, part: Part, *, zoom: int = 2
) -> Image.Image:
    """A part of one date with the ships that were found, each with its length.

    Parameters
    ----------
    found
        Of that date, in metres, with the outline of each in ``footprint``.
    picture
        The date.
    part
        What is shown of it.
    zoom
        Pixels of the picture in one of the scene.

    """
    affine = grid_of(picture.pixels).affine
    left, top = (round(v) for v in ~affine @ (part.west_m, part.north_m))
    cut = picture.image[top : top + part.rows, left : left + part.columns]
    size = zoom * part.columns, zoom * part.rows
    image = Image.fromarray(cut).resize(size, Image.Resampling.BICUBIC)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(LARGE_PX)
    outlines = gpd.GeoSeries(found.footprint, crs="EPSG:4326").to_crs(found.crs)
    for length_m, outline in zip(found.length_m, outlines, strict=True):
        grown = outline.buffer(25, join_style="mitre")
        corners = [~affine @ corner for corner in grown.exterior.coords]
        ring = [(zoom * (x - left), zoom * (y - top)) for x, y in corners]
        draw.line(ring, fill=CYAN, width=2)
        at = (max(x for x, _ in ring) + 3, min(y for _, y in ring) - 10)
        draw.text(at, f"{length_m:.0f} m", fill=CYAN, font=font, stroke_width=1, stroke_fill=PAPER)
    return _below([image, _hull_strip(found, picture, part, image.width)])


def _hull_strip(
    found: gpd.GeoDataFrame, picture: DatePicture, part: Part, width: int, *, zoom: int = 3
) -> Image.Image:
    """The longest hulls of a part, from west to east, enlarged, as many as a row takes."""
    east, north = found.geometry.x - part.west_m, part.north_m - found.geometry.y
    size = abs(picture.pixels.odc.geobox.resolution.x)
    inside = east.between(0, size * part.columns) & north.between(0, size * part.rows)
    count = width // (zoom * CROP_PX)
    shown = found[inside].nlargest(count, "length_m").sort_values("detection_id")
    crops = [_enlarged(_framed(picture, one, None), zoom) for one in shown.itertuples()]
    strip = np.full((zoom * CROP_PX, width, 3), PAPER, np.uint8)
    joined = np.concatenate(crops, axis=1)
    left = (width - joined.shape[1]) // 2
    strip[:, left : left + joined.shape[1]] = joined
    return Image.fromarray(strip)


def save_picture(image: Image.Image, path: Path) -> None:
    """Write a picture, as JPEG where it is named so."""
    image.save(path, quality=JPEG_QUALITY)
