"""The footprint of a STAC item, valid and within the bounds of longitude."""

import math

import pystac
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.stac_item import StacItem
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.limits import VERTICES


def footprint_of(item: StacItem | pystac.Item, *, vertices: int = VERTICES) -> BaseGeometry:
    """Outline of an item in EPSG:4326, valid, in two parts where it crosses the antimeridian.

    Parameters
    ----------
    item
        Of any provider.
    vertices
        Most points that it may have.

    Raises
    ------
    AssetError
        The item has no outline in degrees, or one of more points than allowed.

    """
    if _has_more_than(vertices, item.geometry):
        why = f"has more points than [catalog.limits] vertices, {vertices:,}; raise it"
        raise AssetError(item.id, "geometry", why)
    try:
        outline = shape(item.geometry)
    except Exception as error:  # shapely raises several unrelated types for a malformed geometry
        raise AssetError(
            item.id, "geometry", f"is not a geometry ({error}); mend the item"
        ) from error
    if outline.is_empty or outline.geom_type not in ("Polygon", "MultiPolygon"):
        raise AssetError(item.id, "geometry", "is not an outline; mend the item")
    west, south, east, north = bounds = outline.bounds
    if not all(map(math.isfinite, bounds)) or max(-south, north) > 90:
        raise AssetError(item.id, "geometry", "is not in degrees; mend the item")
    if max(-west, east) > 360:
        raise AssetError(item.id, "geometry", "is not in degrees; mend the item")
    is_plain = isinstance(outline, Polygon) and west >= -180 and east <= 180 >= east - west
    if is_plain and outline.is_valid:  # as nearly every item's is
        return outline
    parts = [_unwrapped(part) for part in shapely.get_parts(outline)]
    is_plain = len(parts) == 1 and isinstance(parts[0], Polygon)
    outline = parts[0] if is_plain else _polygons(shapely.union_all(parts))
    if outline.is_empty:
        raise AssetError(item.id, "geometry", "has no extent; mend the item")
    return outline


def _has_more_than(vertices: int, geometry: object) -> bool:
    """Whether a geometry has more points, counted before anything is made of them."""
    count, waiting = 0, [geometry]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [one.get("coordinates"), one.get("geometries")]
        elif isinstance(one, list | tuple):
            if one and not isinstance(one[0], list | tuple | dict):
                count += 1
            else:
                waiting += one
        if count > vertices:
            return True
    return False


def _unwrapped(part: Polygon) -> BaseGeometry:
    """Cut an outline over the antimeridian in two, each within -180 to 180.

    No scene is 180 degrees wide: an outline that seems to be goes the other way round.
    """
    west, _, east, _ = part.bounds
    if east - west > 180:
        part = shapely.transform(part, lambda xy: xy + (xy[:, :1] < 0) * (360.0, 0.0))
    part = shapely.make_valid(part)
    if isinstance(part, Polygon) and part.bounds[0] >= -180 and part.bounds[2] <= 180:
        return part
    pieces = [
        translate(part & box(-180 - shift, -90, 180 - shift, 90), xoff=shift)
        for shift in (360, 0, -360)
    ]
    return shapely.union_all(pieces)


def _polygons(outline: BaseGeometry) -> BaseGeometry:
    """Areas only: mending an outline can leave stray lines."""
    parts = [part for part in shapely.get_parts(outline) if isinstance(part, Polygon)]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)
