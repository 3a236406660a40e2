"""The evidence of one ship as a picture: her pixels, the fit, what is left, the posterior."""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.study import LoadOptions
from gnomon.freeboard import state
from gnomon.freeboard.bins import Chip
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS, outline_places
from gnomon.freeboard.image import cover_of_pixels
from gnomon.freeboard.rows import Reading, readings
from gnomon.report.figures.scene import OUTLINE, Picture
from gnomon.workflow.loads import prepared, read_detections, scenes_of

LADEN, BALLAST = "#0072b2", "#e69f00"
"""Blue and orange of Okabe and Ito, which colour-blind readers tell apart."""
SHADE = "#ffd400"
GAP_M = 25.0
"""Water drawn around hull and shadow."""


def show_load(
    detection: str,
    *,
    run: Path | None = None,
    detections: Path | None = None,
    catalog: str | None = None,
    out: Path | None = None,
) -> Path:
    """Read the load of one ship again and draw what it rests on.

    Raises
    ------
    GnomonError
        There is no such detection, or its table or scene cannot be read.

    """
    if run is not None:
        told = run / "run.json"
        if not told.is_file():
            raise StoreError(f"{run}: is not the folder of a run (it has no run.json)")
        detections = detections or run / "detections.parquet"
        catalog = catalog or json.loads(told.read_text(encoding="utf-8"))["study"]["catalog"]["url"]
    if detections is None or catalog is None:
        raise StoreError("say --run FOLDER, or --detections FILE and --catalog CATALOG")
    table = read_detections(detections)
    if detection not in set(table.detection_id):
        raise StoreError(f"{detections}: has no detection {detection!r}")
    scene_id = table.scene_id[table.detection_id == detection].iloc[0]
    # Her whole scene: neighbours are a reason too.
    mates = table[table.scene_id == scene_id]
    rows, read = prepared(mates, scenes_of(mates, catalog, detections)[scene_id])
    k = int(np.flatnonzero(mates.detection_id == detection)[0])
    reading = next(readings(rows, read, LoadOptions(), only=(k,)))
    path = out or (run or Path()) / f"{detection}.png"
    draw_reading(reading, title=f"{detection}\n{told_of(reading.load)}", path=path)
    return path


def told_of(load: state.Load) -> str:
    """Say a load in a line."""
    if load.freeboard_m is None:
        return f"load {load.load_state}: {load.load_reason}"
    why = f" ({load.load_reason})" if load.load_reason else ""
    return (
        f"freeboard {load.freeboard_m:.1f} m, nine in ten {load.freeboard_p05_m:.1f} to "
        f"{load.freeboard_p95_m:.1f} m; log LR {load.log_lr_laden:+.1f}, "
        f"p(laden) {load.p_laden:.2f}: {load.load_state}{why}"
    )


def draw_reading(
    reading: Reading, *, title: str = "", path: Path | None = None, dpi: float = 100
) -> Picture:
    """Draw one reading: chip, fit, remainder, posterior over laden and ballast.

    Parameters
    ----------
    reading
        From `gnomon.freeboard.rows`; without a fit only what there is is drawn.
    title
        Above all.
    path
        Where to write a PNG; the figure is returned in any case.
    dpi
        Of the figure in a notebook, 12 inches wide.

    """
    figure = Picture(figsize=(12, 3.6), dpi=dpi, layout="constrained")
    axes = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.35))
    figure.suptitle(title, fontsize=9)
    chip, fit = reading.chip, reading.fit
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
                _outlines(each, chip, fit)
            spread = 0.25 * (high - low)
            grey = (chip.image - model).mean(0, keepdims=True)
            _image(axes[2], chip, grey, -spread, spread, "pixels less fit", window)
    if reading.evidence is not None:
        _posterior(axes[3], reading)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context({"savefig.dpi": 130}):
            figure.savefig(path)
    return figure


def traced(axes: Axes, reading: Reading, *, outlines: bool = True) -> None:
    """Draw the pixels of a reading on given axes, with the fitted hull and her shadow's edge.

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
        _outlines(axes, chip, fit)
        _compass(axes, chip, window)


def _stretch(image: NDArray[np.float32]) -> tuple[float, float]:
    """From dark water to a bright deck, so that shadows are seen."""
    if not np.isfinite(image).any():
        return 0.0, 1.0
    low, middle, high = (float(np.nanpercentile(image, q)) for q in (0.2, 50, 99.7))
    return low - 0.1 * (middle - low), max(high, middle + 1e-6)


def _window(chip: Chip, fit: Fit | None) -> tuple[float, float, float, float]:
    east, north, length = chip.east_m, chip.north_m, chip.length_m
    if fit is not None:
        east, north, length = (float(v) for v in fit.ship[:3])
    half = length / 2 + GAP_M
    return east - half, east + half, north - half, north + half


def _image(
    axes: Axes,
    chip: Chip,
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


def _model(chip: Chip, fit: Fit) -> NDArray[np.float32]:
    """Image that the fit says, on the chip's own pixels."""
    maps = cover_of_pixels(chip, fit.ship)
    return (fit.reflectance @ maps).reshape(chip.image.shape).astype(np.float32)


def _outlines(axes: Axes, chip: Chip, fit: Fit) -> None:
    """Draw the fitted waterline, and the edge of the shadow of the deck's edge."""
    hull, shadow = traces(chip, fit)
    axes.plot(*hull.T, color=OUTLINE, linewidth=0.9)
    axes.plot(*shadow.T, color=SHADE, linewidth=0.9, linestyle="--")


def traces(chip: Chip, fit: Fit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fitted waterline, and edge of the shadow of the deck's edge.

    Returns
    -------
    hull, shadow
        Metres east and north of the chip's centre, shape (n, 2).

    """
    fitted = dict(zip(PARAMETERS, fit.ship, strict=True))
    along, aside = outline_places(fitted["bow_length"]).T * (
        [[fitted["length_m"]], [fitted["beam_m"] / 2]]
    )
    sine, cosine = np.sin(fitted["heading_rad"]), np.cos(fitted["heading_rad"])
    east = fitted["east_m"] + along * sine + aside * cosine
    north = fitted["north_m"] + along * cosine - aside * sine
    best = float(fit.freeboard_m[fit.log_likelihood.argmax()])
    reach = best / np.tan(np.deg2rad(chip.sun_elevation_deg))
    away = np.deg2rad(chip.sun_azimuth_deg)
    hull = np.column_stack([east, north])
    return hull, hull - reach * np.array([np.sin(away), np.cos(away)])


def _compass(axes: Axes, chip: Chip, window: tuple[float, float, float, float]) -> None:
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


def _posterior(axes: Axes, reading: Reading) -> None:
    evidence, ships = reading.evidence, reading.ships
    assert evidence is not None, "a fit has it"
    assert ships is not None, "a fit has them"
    axes.set_axis_on()
    grid = evidence.freeboard_m
    for values, colour, name in (
        (ships.laden_freeboard_m, LADEN, "laden"),
        (ships.ballast_freeboard_m, BALLAST, "ballast"),
    ):
        axes.axvspan(*np.quantile(values, (0.05, 0.95)), color=colour, alpha=0.22, label=name)
    density = np.exp(evidence.log_likelihood)
    axes.plot(grid, density / density.max(), color="0.55", linestyle=":", label="pixels alone")
    posterior = state.posterior(evidence, ships)
    axes.plot(grid, posterior / posterior.max(), color="black", label="posterior")
    top = float(np.quantile(ships.ballast_freeboard_m, 0.99)) * 1.4
    axes.set(xlim=(0, top), yticks=[], xlabel="freeboard, m")
    axes.set_title("posterior; bands: nine in ten such tankers", fontsize=8)
    axes.legend(fontsize=7, frameon=False)
