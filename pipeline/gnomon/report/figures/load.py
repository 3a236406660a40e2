"""The evidence for the load of one ship as a picture: pixels, fit, residual, posterior."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import file_name, read_places
from gnomon.datamodel.study import LoadOptions
from gnomon.freeboard import state
from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.image import cover_of_pixels, traces
from gnomon.freeboard.rows import Reading, readings
from gnomon.imagery.natural_colour import RADAR, natural_bands, stretched, water_light
from gnomon.report.credits import UNCREDITED, ImageCredit, credit_of_rows, image_credit
from gnomon.report.figures.marks import credit_figure
from gnomon.report.figures.scene import OUTLINE, Picture
from gnomon.workflow.evidence import FreeboardPosterior, cutouts, posterior_of
from gnomon.workflow.loads import prepared, scenes_of
from gnomon.workflow.store import STORE, Store, check_run_folder
from gnomon.workflow.user_tables.reading import read_detections

LADEN, BALLAST = "#0072b2", "#e69f00"
"""Blue and orange of Okabe and Ito, which colour-blind readers can distinguish."""
SHADE = "#ffd400"
GAP_M = 25.0
"""Water drawn around hull and shadow."""


def show_load(
    detection: str,
    *,
    run: Path | None = None,
    detections: Path | None = None,
    catalog: str | None = None,
    hosts: tuple[str, ...] = (),
    out: Path | None = None,
) -> Path:
    """Draw the evidence for the load of one ship.

    For a run, the evidence in its folder is drawn. For a table with its catalogue, the load is
    estimated again from the scene.

    Parameters
    ----------
    detection
        Its detection_id.
    run
        Folder of a run.
    detections, catalog
        Instead of a run: a table, and the catalogue that has its scenes.
    hosts
        Hosts that are not of the internet and that the catalogue may lead to.
    out
        PNG file to write; ``DETECTION.png`` in the run's folder or the working directory if left
        out.

    Raises
    ------
    GnomonError
        There is no such detection, or its table, evidence or scene cannot be read.

    """
    path = out or (run or Path()) / file_name(detection, ".png")
    if run is not None:
        load, drawing, credit = _of_run(run, detection)
    elif detections is None or catalog is None:
        raise StoreError("name --run FOLDER, or --detections FILE and --catalog CATALOG")
    else:
        reading, credit = _read_again(detection, detections, catalog, hosts)
        load, drawing = reading.load, _Drawing.of(reading)
    _draw(drawing, title=f"{detection}\n{load_line(load)}", path=path, credit=credit)
    return path


@dataclass(frozen=True)
class _Drawing:
    """What is drawn of one ship."""

    chip: ShipChip | None
    fit: Fit | None
    posterior: FreeboardPosterior | None
    pixels: xr.Dataset | None = None
    """Around the ship, to be shown where there is no chip."""

    @classmethod
    def of(cls, reading: Reading) -> Self:
        return cls(reading.chip, reading.fit, posterior_of(reading))


def _of_run(run: Path, detection: str) -> tuple[state.Load, _Drawing, ImageCredit]:
    """Load of one ship of a run, its evidence, and the credit of its image."""
    check_run_folder(run)
    table = read_places(run / "detections.parquet")
    row = _row_of(table, detection, run / "detections.parquet")
    rows = Store(run / STORE).evidence(str(row.run_digest))
    found = list(cutouts(rows[rows.evidence_id == detection]))
    if not found:
        raise StoreError(f"{run}: has no evidence of {detection}; run the study again (gnomon run)")
    known = {f.name: row[f.name] for f in fields(state.Load) if pd.notna(row[f.name])}
    load = state.Load(**known)
    drawing = _Drawing(found[0].chip, found[0].fit, found[0].posterior, found[0].pixels)
    return load, drawing, credit_of_rows(row.to_frame().T)


def _read_again(
    detection: str, detections: Path, catalog: str, hosts: tuple[str, ...]
) -> tuple[Reading, ImageCredit]:
    """Load of one ship of a table, read from its scene; the whole scene's hulls are neighbours."""
    table = read_detections(detections).frame
    scene_id = _row_of(table, detection, detections).scene_id
    mates = table[table.scene_id == scene_id]
    scene = scenes_of(mates, catalog, detections, hosts=hosts)[scene_id]
    rows, read = prepared(mates, scene)
    k = int(np.flatnonzero(mates.detection_id == detection)[0])
    credit = image_credit(scene.collection, scene.platform, scene.seen_at)
    return next(readings(rows, read, LoadOptions(), only=(k,))), credit


def _row_of(table: gpd.GeoDataFrame, detection: str, path: Path) -> pd.Series:
    rows = table[table.detection_id == detection]
    if not len(rows):
        raise StoreError(f"{path}: has no detection {detection!r}")
    return rows.iloc[0]


def load_line(load: state.Load) -> str:
    """A load as one line of text."""
    if load.freeboard_m is None:
        return f"load {load.load_state}: {load.load_reason}"
    why = f" ({load.load_reason})" if load.load_reason else ""
    return (
        f"freeboard {load.freeboard_m:.1f} m, 90 % interval {load.freeboard_p05_m:.1f} to "
        f"{load.freeboard_p95_m:.1f} m; log LR {load.log_lr_laden:+.1f}, "
        f"p(laden) {load.p_laden:.2f}: {load.load_state}{why}"
    )


def draw_reading(
    reading: Reading,
    *,
    title: str = "",
    credit: ImageCredit = UNCREDITED,
    path: Path | None = None,
    dpi: float = 100,
) -> Picture:
    """Draw one reading: chip, fit, remainder, posterior over laden and ballast.

    Parameters
    ----------
    reading
        From `gnomon.freeboard.rows`; without a fit only what there is is drawn.
    title
        Above all.
    credit
        Of the image, below all; simulated ones are marked.
    path
        Where to write a PNG; the figure is returned in any case.
    dpi
        Of the figure in a notebook, 10 inches wide.

    """
    return _draw(_Drawing.of(reading), title=title, path=path, dpi=dpi, credit=credit)


def _plain(axes: Sequence[Axes], pixels: xr.Dataset) -> None:
    """Pixels as the eye sees them; of radar each polarisation."""
    names = [name for name in RADAR if name in pixels]
    shown = {name.upper(): pixels[[name]] for name in names} or {"pixels": pixels}
    for each, (title, layer) in zip(axes, shown.items(), strict=False):
        each.imshow(stretched(natural_bands(layer), water_light(layer)))
        each.set_title(title, fontsize=8)


def _draw(
    drawing: _Drawing,
    *,
    title: str,
    path: Path | None,
    dpi: float = 100,
    credit: ImageCredit = UNCREDITED,
) -> Picture:
    figure = Picture(figsize=(10, 3.2), dpi=dpi, layout="constrained")
    axes = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.35))
    figure.suptitle(title, fontsize=9)
    chip, fit = drawing.chip, drawing.fit
    for each in axes:
        each.set_axis_off()
    if chip is not None:
        window = _window(chip, fit)
        low, high = _stretch(chip.image)
        _image(axes[0], chip, chip.image, low, high, "pixels", window)
        _compass(axes[0], chip, window)
        if fit is not None:
            model = _model(chip, fit)
            _image(axes[1], chip, model, low, high, "fit: hull, and edge of its shadow", window)
            for each in axes[:2]:
                _outlines(each, chip, fit, drawing.posterior)
            spread = 0.25 * (high - low)
            grey = (chip.image - model).mean(0, keepdims=True)
            _image(axes[2], chip, grey, -spread, spread, "pixels less fit", window)
    elif drawing.pixels is not None:
        _plain(axes, drawing.pixels)
    if drawing.posterior is not None:
        _posterior(axes[3], drawing.posterior)
    credit_figure(figure, [each for each in axes if each.images], credit)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context({"savefig.dpi": 130}):
            figure.savefig(path)
    return figure


def traced(axes: Axes, reading: Reading, *, outlines: bool = True) -> None:
    """Draw the pixels of a reading on given axes, with the fitted hull and the edge of its shadow.

    With ``outlines`` the stretch is the water's, so that shadows are seen; else the ship's.
    """
    chip, fit = reading.chip, reading.fit
    axes.set_axis_off()
    if chip is None:
        return
    window = _window(chip, fit)
    if outlines:  # grey water and white decks, but shadows that are seen
        level = np.nanmedian(chip.image, axis=(1, 2), keepdims=True)
        _image(axes, chip, chip.image / level, 0.0, 2.5, "", window)
    else:
        _image(axes, chip, chip.image, *_stretch(chip.image), "", window)
    if fit is not None and outlines:
        _outlines(axes, chip, fit, posterior_of(reading))
        _compass(axes, chip, window)


def _stretch(image: NDArray[np.float32]) -> tuple[float, float]:
    """From dark water to a bright deck, so that shadows are seen."""
    if not np.isfinite(image).any():
        return 0.0, 1.0
    low, middle, high = (float(np.nanpercentile(image, q)) for q in (0.2, 50, 99.7))
    return low - 0.1 * (middle - low), max(high, middle + 1e-6)


def _window(chip: ShipChip, fit: Fit | None) -> tuple[float, float, float, float]:
    east, north, length = chip.east_m, chip.north_m, chip.length_m
    if fit is not None:
        east, north, length = (float(v) for v in fit.ship[:3])
    half = length / 2 + GAP_M
    return east - half, east + half, north - half, north + half


def _image(
    axes: Axes,
    chip: ShipChip,
    image: NDArray[np.floating],
    low: float,
    high: float,
    title: str,
    window: tuple[float, float, float, float],
) -> None:
    bands, rows, columns = image.shape
    half = columns * chip.gsd_m / 2, rows * chip.gsd_m / 2
    extent = (-half[0], half[0], -half[1], half[1])
    if bands >= 3:  # blue, green, red
        shown = np.clip((np.moveaxis(image[2::-1], 0, -1) - low) / (high - low), 0, 1) ** 0.6
        axes.imshow(np.nan_to_num(shown), extent=extent, interpolation="nearest")
    else:
        colours = "RdBu" if low == -high else "gray"
        axes.imshow(image[0], extent=extent, cmap=colours, vmin=low, vmax=high)
    axes.set(xlim=window[:2], ylim=window[2:])
    axes.set_title(title, fontsize=8)


def _model(chip: ShipChip, fit: Fit) -> NDArray[np.float32]:
    """Image that the fit predicts, on the chip's own pixels."""
    maps = cover_of_pixels(chip, fit.ship)
    return (fit.reflectance @ maps).reshape(chip.image.shape).astype(np.float32)


def _outlines(axes: Axes, chip: ShipChip, fit: Fit, posterior: FreeboardPosterior | None) -> None:
    """Draw the fitted waterline, and the edge of the shadow of a deck at the posterior's mean."""
    hull, shadow = traces(chip, fit, posterior.mean_m if posterior else None)
    axes.plot(*hull.T, color=OUTLINE, linewidth=0.9)
    axes.plot(*shadow.T, color=SHADE, linewidth=0.9, linestyle="--")


def _compass(axes: Axes, chip: ShipChip, window: tuple[float, float, float, float]) -> None:
    """An arrow towards the sun, in the upper left corner."""
    size = 0.09 * (window[1] - window[0])
    x, y = window[0] + 1.6 * size, window[3] - 1.6 * size
    sun = np.deg2rad(chip.sun_azimuth_deg)
    axes.annotate(
        "",
        (x + size * np.sin(sun), y + size * np.cos(sun)),
        (x - size * np.sin(sun), y - size * np.cos(sun)),
        arrowprops={"arrowstyle": "->", "color": SHADE, "linewidth": 1.3},
    )
    text = f"sun {chip.sun_elevation_deg:.0f} deg high, {chip.gsd_m:g} m pixels"
    axes.text(window[0] + 0.3 * size, window[2] + 0.4 * size, text, color="white", fontsize=7)


def _posterior(axes: Axes, posterior: FreeboardPosterior) -> None:
    axes.set_axis_on()
    grid = posterior.freeboard_m
    for ends, colour, name in (
        (posterior.laden_m, LADEN, "laden"),
        (posterior.ballast_m, BALLAST, "ballast"),
    ):
        axes.axvspan(*ends, color=colour, alpha=0.22, label=name)
    likelihood = np.exp(posterior.log_likelihood)
    axes.plot(grid, likelihood / likelihood.max(), color="0.55", linestyle=":", label="fit alone")
    density = posterior.density
    axes.plot(grid, density / density.max(), color="black", label="posterior")
    axes.set(xlim=(0, 1.4 * posterior.ballast_m[1]), yticks=[], xlabel="freeboard, m")
    axes.set_title("posterior; bands: 90 % of such tankers", fontsize=8)
    axes.legend(fontsize=7, frameon=False)
