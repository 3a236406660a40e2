"""One image of one's own as a STAC item.

Where only the time is told, the sun is computed from time and place. Where the sun is told too, the
two are held against each other: an hour's error of the clock turns the sun by up to 15 degrees, so
a sun that is further off than `SUN_AGREES_DEG` says that the time, its zone or the angles are
wrong, and the image is left out.

Every item goes through the same door as all others (`items.py`) before it is written, so that what
is catalogued can be read.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import pystac
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.angles import incidence_deg
from gnomon.catalog.footprints import footprint_of
from gnomon.catalog.items import scene_from_item
from gnomon.catalog.local import planet
from gnomon.catalog.local.geotiff import GeoTiff
from gnomon.catalog.local.metadata import ImageMetadata
from gnomon.datamodel.errors import AssetError
from gnomon.geo.sun import sun_at

SUN_AGREES_DEG = 5.0
"""Between directions; the middle and the corner of a strip of 100 km differ by one degree."""
READ = ("blue", "green", "red", "nir", "pan")
"""Bands of which an image needs one."""
EXTENSIONS = (
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
)


@dataclass(frozen=True, kw_only=True)
class Image:
    """A file that can be used, and all that is told of it."""

    name: str
    file: GeoTiff
    told: ImageMetadata
    bands: tuple[str | None, ...]
    sidecar: planet.Sidecar | None

    @property
    def id(self) -> str:
        """Of its item: the file's name without its ending."""
        return self.file.path.stem

    @property
    def bands_read(self) -> int:
        """How many of its bands gnomon reads."""
        return len({*self.bands} & {*READ})

    @property
    def rank(self) -> tuple[int, bool, str]:
        """How much it tells, among files of one acquisition."""
        return self.bands_read, self.told.scale is not None, self.name


def item_of(image: Image, collection: str) -> pystac.Item:
    """Describe an image in the words of STAC; AssetError if gnomon could not read it back."""
    file, told = image.file, image.told
    assert told.seen_at is not None, "checked where it was told"
    item = pystac.Item(
        id=image.id,
        geometry=mapping(_outline(image)),
        bbox=[],
        datetime=told.seen_at,
        properties={
            "gsd": file.gsd_m,
            "platform": told.platform,
            "constellation": told.constellation,
            "eo:cloud_cover": told.cloud_percent,
            "created": told.published_at and told.published_at.isoformat(),
            **_projection(file),
            **_view(told),
        },
        collection=collection,
        stac_extensions=[*EXTENSIONS],
    )
    item.properties = {key: value for key, value in item.properties.items() if value is not None}
    footprint = footprint_of(item)  # in two parts if over the antimeridian
    item.geometry, item.bbox = json.loads(json.dumps(mapping(footprint))), [*footprint.bounds]
    item.properties |= _sun(image, footprint)
    item.add_asset("image", _asset(image))
    scene_from_item(item)
    return item


def _outline(image: Image) -> BaseGeometry:
    """Outline of what holds data; Planet knows its own where a file does not tell."""
    outline = image.file.outline
    if image.sidecar is None or image.sidecar.outline is None:
        return outline
    whole = image.sidecar.outline
    if not whole.is_valid or (part := whole & outline).area == 0:
        why = f"{image.sidecar.path.name} is of another place; mend or remove it"
        raise AssetError(image.name, "metadata", why)
    return part


def _projection(file: GeoTiff) -> dict[str, Any]:
    crs, affine = file.grid.crs, file.grid.affine
    assert crs is not None, "checked when the file was read"
    code = {"proj:code": f"EPSG:{crs.epsg}"} if crs.epsg else {"proj:wkt2": crs.wkt}
    return {**code, "proj:shape": [*file.grid.shape.yx], "proj:transform": [*affine][:6]}


def _view(told: ImageMetadata) -> dict[str, float | None]:
    zenith = told.view_zenith_deg
    if zenith is None and told.off_nadir_deg is not None:
        zenith = incidence_deg(told.off_nadir_deg, altitude_km=told.altitude_km)
    azimuth = told.view_azimuth_deg
    return {
        "view:azimuth": None if azimuth is None else azimuth % 360,
        "view:incidence_angle": zenith,
        "view:off_nadir": told.off_nadir_deg,
    }


def _sun(image: Image, footprint: BaseGeometry) -> dict[str, float]:
    """Where the sun stood: as told, if that agrees with time and place, else computed."""
    told, middle = image.told, footprint.representative_point()
    assert told.seen_at is not None, "checked where it was told"
    azimuth, elevation = sun_at(told.seen_at, longitude=middle.x, latitude=middle.y)
    when = f"{told.seen_at:%Y-%m-%dT%H:%M:%SZ}"
    if elevation <= 0:
        why = f"at {when} the sun stood {-elevation:.0f} degrees below its horizon"
        raise AssetError(image.name, "time", f"{why}; check the time and its zone")
    if told.sun_azimuth_deg is not None and told.sun_elevation_deg is not None:
        said = (told.sun_azimuth_deg, told.sun_elevation_deg)
        if (apart := _apart_deg(said, (azimuth, elevation))) > SUN_AGREES_DEG:
            why = (
                f"the one told (azimuth {said[0]:.1f}, elevation {said[1]:.1f}) is {apart:.0f} "
                f"degrees from where it stood at {when} ({azimuth:.1f}, {elevation:.1f})"
            )
            raise AssetError(image.name, "sun", f"{why}; check the time, its zone and the angles")
        azimuth, elevation = said
    return {"view:sun_azimuth": azimuth % 360, "view:sun_elevation": elevation}


def _apart_deg(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Angle between two directions of azimuth and elevation."""
    (a, e), (b, f) = (tuple(map(math.radians, pair)) for pair in (one, other))
    cosine = math.sin(e) * math.sin(f) + math.cos(e) * math.cos(f) * math.cos(a - b)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def _asset(image: Image) -> pystac.Asset:
    """The file, with the names and the numbers of its bands."""
    file, told = image.file, image.told
    filled = planet.NODATA if image.sidecar and file.data_type != "uint8" else None
    bands = []
    for place, name in enumerate(image.bands):
        own = (file.scales[place], file.offsets[place])
        scale, offset = (told.scale, told.offset or 0.0) if told.scale else own
        nodata = filled if file.nodata[place] is None else file.nodata[place]
        band: dict[str, Any] = {"name": name or f"band-{place + 1}"}
        if name in READ:
            band |= {"eo:common_name": name, "raster:scale": scale, "raster:offset": offset}
        if nodata is not None:
            band["nodata"] = "nan" if math.isnan(nodata) else nodata
        bands.append(band)
    return pystac.Asset(
        str(file.path),
        title=file.path.name,
        media_type=pystac.MediaType.GEOTIFF,
        roles=["data"],
        extra_fields={"gsd": file.gsd_m, "data_type": file.data_type, "bands": bands},
    )
