"""A picture of a labelled scene: labels are drawn where they lie."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.study import CatalogOptions, shipped
from gnomon.imagery.read import read_pixels
from gnomon.report.figures.labelled import LABEL, labelled_picture

CATALOG = str(shipped("configs") / "casablanca" / "catalog.json")
SQUARE = shapely.box(629_000, 3_719_900, 629_400, 3_720_300)
"""On the grid of the scene, EPSG:32629, over the harbour's dark water."""


@pytest.fixture(scope="module")
def pixels() -> xr.Dataset:
    (scene,) = find_scenes(CatalogOptions(url=CATALOG), area=None).scenes
    return read_pixels(scene, None)


def outlined(pixels: xr.Dataset, *outlines: shapely.Geometry) -> np.ndarray:
    """Metres east and north of all pixels of the picture that have the colour of labels."""
    nothing = gpd.GeoDataFrame({"length_m": [], "score": []}, geometry=[], crs="EPSG:4326")
    labels = gpd.GeoDataFrame(geometry=list(outlines), crs="EPSG:32629").to_crs("EPSG:4326")
    figure = labelled_picture(pixels, nothing, labels)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    rows, columns = np.nonzero(np.abs(drawn - colors.to_rgb(LABEL)).max(axis=-1) < 0.1)
    shown = np.column_stack([columns + 0.5, drawn.shape[0] - rows - 0.5])
    return np.asarray(figure.axes[0].transData.inverted().transform(shown))


def test_a_label_is_drawn_where_it_lies_and_nowhere_else(pixels: xr.Dataset) -> None:
    without, drawn = outlined(pixels), outlined(pixels, SQUARE)
    assert not len(without)
    off = shapely.distance(shapely.points(drawn), SQUARE.boundary)
    assert off.max() < 10  # the line is a pixel of the picture wide, and that is 5 m
    corners = drawn.min(axis=0), drawn.max(axis=0)
    assert np.ravel(corners) == pytest.approx(SQUARE.bounds, abs=10)


def test_a_picture_is_written_into_a_folder_that_is_not_there_yet(
    pixels: xr.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "picture.png"
    nothing = gpd.GeoDataFrame({"length_m": [], "score": []}, geometry=[], crs="EPSG:4326")
    labels = gpd.GeoDataFrame(geometry=[SQUARE], crs="EPSG:32629")
    labelled_picture(pixels, nothing, labels, path=path)
    assert path.stat().st_size > 100_000
