"""One local image as a STAC item.

Where only the time is given, the sun is computed from time and place. Where the sun is given too,
the two are compared: an error of one hour turns the sun by up to 15 degrees, so where they differ
by more than `SUN_AGREES_DEG`, the time, its zone or the angles are wrong, and the image is left
out.

Every item is read back like an item of any provider (`gnomon.catalog.items`) before it is written,
so that what is catalogued can be read.
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
    """A file that can be used, and its metadata."""

    name: str
    file: GeoTiff
    metadata: ImageMetadata
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
        """How complete it is, among files of one acquisition."""
        return self.bands_read, self.metadata.scale is not None, self.name


def item_of(image: Image, collection: str) -> pystac.Item:
    """Describe an image as a STAC item.

    Raises
    ------
    AssetError
        Its metadata contradict each other, or gnomon could not read the item back.

    """
    file, metadata = image.file, image.metadata
    assert metadata.seen_at is not None, "checked when it was read"
    item = pystac.Item(
        id=image.id,
        geometry=mapping(_outline(image)),
        bbox=[],
        datetime=metadata.seen_at,
        properties={
            "gsd": file.gsd_m,
            "platform": metadata.platform,
            "constellation": metadata.constellation,
            "eo:cloud_cover": metadata.cloud_percent,
            "created": metadata.published_at and metadata.published_at.isoformat(),
            **_projection(file),
            **_view(metadata),
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
    """Outline of what holds data, cut to that in Planet's metadata if there is one."""
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


def _view(metadata: ImageMetadata) -> dict[str, float | None]:
    zenith = metadata.view_zenith_deg
    if zenith is None and metadata.off_nadir_deg is not None:
        zenith = incidence_deg(metadata.off_nadir_deg, altitude_km=metadata.altitude_km)
    azimuth = metadata.view_azimuth_deg
    return {
        "view:azimuth": None if azimuth is None else azimuth % 360,
        "view:incidence_angle": zenith,
        "view:off_nadir": metadata.off_nadir_deg,
    }


def _sun(image: Image, footprint: BaseGeometry) -> dict[str, float]:
    """Where the sun stood: as given, if that agrees with time and place, else computed."""
    metadata, middle = image.metadata, footprint.representative_point()
    assert metadata.seen_at is not None, "checked when it was read"
    azimuth, elevation = sun_at(metadata.seen_at, longitude=middle.x, latitude=middle.y)
    when = f"{metadata.seen_at:%Y-%m-%dT%H:%M:%SZ}"
    if elevation <= 0:
        why = f"at {when} the sun stood {-elevation:.0f} degrees below its horizon"
        raise AssetError(image.name, "time", f"{why}; check the time and its zone")
    if metadata.sun_azimuth_deg is not None and metadata.sun_elevation_deg is not None:
        given = (metadata.sun_azimuth_deg, metadata.sun_elevation_deg)
        if (apart := _apart_deg(given, (azimuth, elevation))) > SUN_AGREES_DEG:
            why = (
                f"the one given (azimuth {given[0]:.1f}, elevation {given[1]:.1f}) is {apart:.0f} "
                f"degrees from where it stood at {when} ({azimuth:.1f}, {elevation:.1f})"
            )
            raise AssetError(image.name, "sun", f"{why}; check the time, its zone and the angles")
        azimuth, elevation = given
    return {"view:sun_azimuth": azimuth % 360, "view:sun_elevation": elevation}


def _apart_deg(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Angle between two directions of azimuth and elevation."""
    (a, e), (b, f) = (tuple(map(math.radians, pair)) for pair in (one, other))
    cosine = math.sin(e) * math.sin(f) + math.cos(e) * math.cos(f) * math.cos(a - b)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def _asset(image: Image) -> pystac.Asset:
    """The file, with the names and the numbers of its bands."""
    file, metadata = image.file, image.metadata
    filled = planet.NODATA if image.sidecar and file.data_type != "uint8" else None
    bands = []
    for place, name in enumerate(image.bands):
        own = (file.scales[place], file.offsets[place])
        scale, offset = (metadata.scale, metadata.offset or 0.0) if metadata.scale else own
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
