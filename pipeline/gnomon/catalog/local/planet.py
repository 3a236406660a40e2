"""Planet's metadata beside an image: what the fields of its items mean.

A delivery has ``<id>_metadata.json``, an item of Planet's Data API (a GeoJSON Feature), beside
``<id>_3B_AnalyticMS_SR.tif`` and the like. Of its properties are read

- ``acquired``: the time, RFC 3339, UTC;
- ``sun_azimuth``, ``sun_elevation``: from true north towards the sun, and above the horizon;
- ``view_angle``: off nadir AT THE SPACECRAFT, in some products with a sign for the side across the
  track, which is dropped; the zenith at the target is a little larger
  (`gnomon.catalog.angles.incidence_deg`);
- ``satellite_azimuth``: for PlanetScope "from true north to the satellite vector, projected on the
  horizontal plane", read as from the target towards the satellite. For SkySat the documents call
  it "off track pointing direction", which may be the opposite: there it is left out, and a table
  may give it. For PlanetScope the doubt has little effect: its view is within 5 degrees of nadir;
- ``cloud_percent``, else ``cloud_cover`` (0 to 1); ``satellite_id``; ``item_type``; ``published``.

``gsd`` is that of the telescope (3.7-4.2 m); the pixels of the file (3 m) are what gnomon goes by.

Surface reflectance (``_SR`` in the name) is counted in 1e-4. Other analytic files hold radiance,
whose factors to reflectance stand in the XML, which is not read: they stay counts.

Source: Planet Imagery Product Specifications; docs.planet.com, PSScene and SkySatCollect.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.local.metadata import ImageMetadata, image_metadata
from gnomon.datamodel.errors import StudyError

MISSIONS = {"PS": "planetscope", "SkySat": "skysat", "RE": "rapideye"}
"""By the first letters of an item_type."""
ALTITUDE_KM = {"planetscope": 475.0, "skysat": 475.0, "rapideye": 630.0}
"""Of the orbits; PlanetScope and SkySat fly at 450-525 km."""
ORDERS = {
    ("planetscope", 3): ("red", "green", "blue"),
    ("planetscope", 4): ("blue", "green", "red", "nir"),
    ("planetscope", 8): (
        "coastal", "blue", "green_i", "green", "yellow", "red", "rededge", "nir",
    ),
    ("skysat", 1): ("pan",),
    ("skysat", 4): ("blue", "green", "red", "nir"),
    ("rapideye", 5): ("blue", "green", "red", "rededge", "nir"),
}  # fmt: skip
"""Bands of analytic files, by mission and number."""
NODATA = 0.0
SURFACE_REFLECTANCE = 1e-4
_MASK = re.compile(r"_udm2?(_|$)", re.IGNORECASE)
_SR = re.compile(r"_sr(_|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """Planet's metadata of one acquisition; several files may share it."""

    path: Path
    metadata: ImageMetadata
    outline: BaseGeometry | None
    """Footprint of the whole acquisition, EPSG:4326."""


def is_mask(image: Path) -> bool:
    """Whether a file is a mask of usable pixels of another (UDM, UDM2) and not an image."""
    return bool(_MASK.search(image.stem))


def sidecar_path(image: Path) -> Path | None:
    """Metadata of an image: its own name, or the acquisition's that its name begins with."""
    parts = image.stem.split("_")
    for count in range(len(parts), 0, -1):
        start = "_".join(parts[:count])
        # An id has three parts or more; a shorter name would catch files that mean other things.
        endings = ("_metadata.json", ".json") if count in {len(parts), *range(3, 9)} else ()
        for ending in endings or ("_metadata.json",):
            if (path := image.with_name(start + ending)).is_file():
                return path
    return None


def read_sidecar(path: Path, image: Path) -> Sidecar:
    """Read Planet's metadata.

    Raises
    ------
    StudyError
        The file is not a Planet item, or a value in it is not what it should be.

    """
    try:
        feature = json.loads(path.read_text(encoding="utf-8"))
        properties = feature["properties"]
        acquired = properties["acquired"]
        outline = shape(feature["geometry"]) if feature.get("geometry") else None
    except Exception as error:  # a file of any content stands here
        why = f"is not a Planet item ({type(error).__name__}: {error}); mend it, or move it away"
        raise StudyError(f"{path.name} {why}") from error
    metadata = image_metadata({"seen_at": acquired, **_fields(properties, image)})
    return Sidecar(path=path, metadata=metadata, outline=outline)


def _fields(properties: dict[str, Any], image: Path) -> dict[str, Any]:
    kind = str(properties.get("item_type") or "")
    mission = next((name for start, name in MISSIONS.items() if kind.startswith(start)), None)
    mission = mission or str(properties.get("provider") or "planet").lower()
    angle, cover = properties.get("view_angle"), properties.get("cloud_cover")
    cloud = properties.get("cloud_percent")
    if cloud is None and isinstance(cover, int | float):
        cloud = round(100 * cover, 4)
    satellite = str(properties.get("satellite_id") or "").lower()
    azimuth = properties.get("satellite_azimuth") if mission == "planetscope" else None
    return {
        "sun_azimuth_deg": properties.get("sun_azimuth"),
        "sun_elevation_deg": properties.get("sun_elevation"),
        "view_azimuth_deg": azimuth,
        "off_nadir_deg": abs(angle) if isinstance(angle, int | float) else angle,
        "altitude_km": ALTITUDE_KM.get(mission),
        "cloud_percent": cloud,
        "platform": f"{mission}-{satellite}" if satellite else mission,
        "constellation": mission,
        "scale": SURFACE_REFLECTANCE if _SR.search(image.stem) else None,
        "published_at": properties.get("published"),
    }
