"""A picture of a labelled scene: what was found beside what a person outlined."""

from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import xarray as xr

from gnomon.report.credits import ImageCredit
from gnomon.report.figures.scene import Picture, picture

LABEL = "#ff9e1b"
"""Orange beside the cyan of hulls found: the pair stays apart for colour-blind readers."""


def labelled_picture(
    pixels: xr.Dataset,
    detections: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame,
    *,
    credit: ImageCredit | None = None,
    path: Path | None = None,
) -> Picture:
    """Draw hulls found, with length and score, and labels as thin outlines.

    Parameters
    ----------
    pixels
        Reflectances on an odc-geo GeoBox.
    detections
        Rows of the detections table.
    outlines
        Labels, polygons in any CRS.
    credit
        Of the image; that of the detections if left out. Simulated scenes are marked.
    path
        Where to write a PNG; the figure is returned in any case.

    """
    figure = picture(pixels, detections, credit=credit)
    axes = figure.axes[0]
    if len(outlines):
        outlines.to_crs(pixels.odc.geobox.crs).boundary.plot(ax=axes, color=LABEL, linewidth=0.8)
    axes.set_title(f"{axes.get_title()} (cyan), {len(outlines)} labels (orange)")
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context({"savefig.dpi": 130}):
            figure.savefig(path)
    return figure
