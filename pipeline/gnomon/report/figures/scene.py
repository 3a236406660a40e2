"""A picture of a scene with the hulls that were found in it."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from gnomon.datamodel.errors import GnomonError, faults_of
from gnomon.datamodel.files import file_name
from gnomon.datamodel.observation import Observation
from gnomon.datamodel.progress import Progress, silent
from gnomon.imagery.read import read_pixels
from gnomon.report.credits import ImageCredit, credit_of_rows, image_credit
from gnomon.report.figures.marks import credit_figure
from gnomon.workflow.run import Results

OUTLINE = "#00e5ff"
"""Cyan stands out from water, land and rust alike, also for colour-blind readers."""


class Picture(Figure):
    """A figure that a notebook shows, however matplotlib is set up there."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def picture(
    pixels: xr.Dataset,
    detections: gpd.GeoDataFrame | None = None,
    *,
    credit: ImageCredit | None = None,
    path: Path | None = None,
) -> Picture:
    """Draw pixels in natural colours, and the outline, length and score of each hull.

    Parameters
    ----------
    pixels
        Reflectances on an odc-geo GeoBox; bands that are missing are drawn as another.
    detections
        Rows of the detections table, in any CRS.
    credit
        Of the image; that of the detections if left out. Simulated scenes are marked.
    path
        Where to write a PNG; the figure is returned in any case.

    """
    box = pixels.odc.geobox
    rows, columns = box.shape.yx
    figure = Picture(figsize=(10, np.clip(10 * rows / columns, 3, 20)), layout="constrained")
    axes = figure.subplots()
    left, bottom, right, top = box.boundingbox
    axes.imshow(natural(pixels), extent=(left, right, bottom, top), interpolation="nearest")
    if detections is not None and len(detections):
        _outline(axes, detections.to_crs(box.crs), gsd_m=abs(box.resolution.x))
    axes.set(xlim=(left, right), ylim=(bottom, top), title=_title(pixels, detections))
    axes.set_xlabel(f"easting, m (EPSG:{box.crs.epsg})")
    axes.set_ylabel("northing, m")
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.set_aspect("equal")
    rows_of = detections if detections is not None else gpd.GeoDataFrame()
    credit_figure(figure, [axes], credit or credit_of_rows(rows_of))
    if path:
        with mpl.rc_context({"savefig.dpi": 130}):
            figure.savefig(path)
    return figure


def natural(pixels: xr.Dataset) -> NDArray[np.floating]:
    """Red, green, blue from 0 to 1, stretched so that ships stand out from water."""
    here = [b for b in ("red", "green", "blue", "nir", "swir16") if b in pixels]
    chosen = [b if b in pixels else here[0] for b in ("red", "green", "blue")]
    stack = np.stack([pixels[b].to_numpy() for b in chosen], axis=-1)
    # The range of a port, but no less than up to a bright deck: dark water stays dark.
    top = max(float(np.nanpercentile(stack, 99)) if np.isfinite(stack).any() else 0.0, 0.15)
    return np.nan_to_num(np.clip(stack / top, 0, 1)) ** np.float32(0.6)


def _outline(axes: Axes, detections: gpd.GeoDataFrame, *, gsd_m: float) -> None:
    # Two pixels aside: an outline on the hull's edge would hide the hull at 10 m.
    grown = detections.set_geometry("footprint").to_crs(detections.crs).buffer(2 * gsd_m)
    grown.boundary.plot(ax=axes, color=OUTLINE, linewidth=1)
    for row, outline in zip(detections.itertuples(), grown, strict=True):
        axes.annotate(
            f"{row.length_m:.0f} m  {row.score:.2f}",
            (outline.bounds[2], outline.bounds[3]),
            color=OUTLINE,
            fontsize=6,
            clip_on=True,
            path_effects=[withStroke(linewidth=1.6, foreground="black")],  # on pale quays too
        )


def _title(pixels: xr.Dataset, detections: gpd.GeoDataFrame | None) -> str:
    scene = pixels.attrs.get("scene_id", "")
    return scene if detections is None else f"{scene}: {len(detections)} hulls"


def _draw_one(observation: Observation, ships: gpd.GeoDataFrame, folder: Path) -> None:
    scene = observation.scene
    picture(
        read_pixels(scene, observation.port.area),
        ships,
        credit=image_credit(scene.collection, scene.platform, scene.seen_at),
        path=folder / file_name(f"{scene.id}_{observation.port.name or 'all'}", ".png"),
    )


def draw(results: Results, folder: Path, on_progress: Progress = silent) -> Path:
    """Draw every observation that has ships, one PNG each; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for count, observation in enumerate(results.planned, start=1):
        ships = results.detections[results.detections.run_digest == observation.digest]
        if len(ships):
            # A scene that cannot be read any more has no picture, and ends nothing.
            with suppress(GnomonError), faults_of(observation.scene.id, "picture"):
                _draw_one(observation, ships, folder)
        on_progress(count, len(results.planned), observation.scene.id)
    return folder
