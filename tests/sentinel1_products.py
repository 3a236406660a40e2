"""Files of Sentinel-1 products: real ones of the shared data, and small ones made up here."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
import rasterio
from numpy.polynomial import polynomial
from pyproj import Transformer
from rasterio.control import GroundControlPoint

from gnomon.geo.local import WGS84

TO_EARTH_FIXED = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
KINDS = ("product", "calibration", "noise")


@dataclass(frozen=True)
class ProductFiles:
    """Three files of one polarisation."""

    name: str
    polarisation: str
    product: bytes
    calibration: bytes
    noise: bytes


def real_products(shared: Path) -> list[ProductFiles]:
    """Every polarisation of every real product that has its three files."""
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    for name, xml in _files(shared / "s1" / "safe"):
        root = fromstring(xml)
        if root.tag in KINDS:
            key = (name, root.findtext("adsHeader/polarisation", ""))
            found.setdefault(key, {})[root.tag] = xml
    return [ProductFiles(*key, **files) for key, files in sorted(found.items())]


def rfi_files(shared: Path) -> list[bytes]:
    """Real files of radio interference."""
    return [xml for _, xml in _files(shared / "s1" / "safe") if fromstring(xml).tag == "rfi"]


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for product in sorted(folder.glob("S1*")):
        name = product.name.removesuffix(".zip").removesuffix(".SAFE")
        if product.suffix == ".zip":
            with zipfile.ZipFile(product) as archive:
                members = [m for m in archive.namelist() if "/annotation/" in m]
                yield from ((name, archive.read(m)) for m in members if m.endswith(".xml"))
        else:
            yield from (
                (name, f.read_bytes()) for f in sorted(product.rglob("annotation/**/*.xml"))
            )


@dataclass(frozen=True)
class SmallImage:
    """An image whose places are known in closed form.

    The satellite flies north along a meridian on a circle, over an earth that does not turn, and
    looks east. With its direction u from the earth's centre and east e, the plane of zero Doppler
    holds the points ``a u + b e``, of which one is on the ellipsoid for each b.
    """

    lines: int = 60
    samples: int = 90
    polarisation: str = "VV"
    mission: str = "S1D"
    mode: str = "IW"
    hill_deg: float = 0.0
    """Turn of the line of sight that lifts the tie points off the ellipsoid."""
    spacing_m: float = 10.0

    RADIUS, MERIDIAN_DEG, START_DEG, OFF_TRACK_M = 7.07e6, 132.0, 42.0, 300_000.0
    RATE, INTERVAL = 7500 / 7.07e6, 1.5e-3

    def satellite(self, time: Any) -> tuple[Any, Any, Any]:
        """Direction, north along the track, and east, at seconds after the first line."""
        phi, lam = (
            np.deg2rad(self.START_DEG) + self.RATE * np.asarray(time),
            np.deg2rad(self.MERIDIAN_DEG),
        )
        zero, one = np.zeros_like(phi), np.ones_like(phi)
        up = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], -1)
        north = np.stack([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)], -1)
        return up, north, np.stack([-np.sin(lam) * one, np.cos(lam) * one, zero], -1)

    def points(self, time: Any, sample: Any) -> tuple[Any, Any]:
        """Places on the ellipsoid, Earth-fixed, and their slant ranges."""
        up, _, east = self.satellite(time)
        across = (self.OFF_TRACK_M + self.spacing_m * np.asarray(sample, float))[..., None]
        squash = (up[..., :2] ** 2).sum(-1) / WGS84.a**2 + up[..., 2] ** 2 / WGS84.b**2
        along = np.sqrt((1 - across**2 / WGS84.a**2) / squash[..., None])
        place = along * up + across * east
        return place, np.linalg.norm(place - self.RADIUS * up, axis=-1)

    def places(self, line: Any, sample: Any) -> tuple[Any, Any]:
        """Longitude and latitude of lines and samples."""
        place, _ = self.points(np.asarray(line) * self.INTERVAL, sample)
        return TO_EARTH_FIXED.transform(*np.moveaxis(place, -1, 0), direction="INVERSE")[:2]

    def tie_points(self) -> Iterator[tuple[float, ...]]:
        """Line, sample, longitude, latitude, height and incidence of a grid of tie points."""
        for line in (0, self.lines // 2, self.lines - 1):
            for sample in (0, self.samples // 3, self.samples - 1):
                time = line * self.INTERVAL
                up, _, east = self.satellite(time)
                place, slant = self.points(time, sample)
                sight = (place - self.RADIUS * up) / slant
                look = np.arctan2(sight @ east, -sight @ up) + np.deg2rad(self.hill_deg)
                lifted = self.RADIUS * up + slant * (np.sin(look) * east - np.cos(look) * up)
                lon, lat, height = TO_EARTH_FIXED.transform(*lifted, direction="INVERSE")
                phi, lam = np.deg2rad(lat), np.deg2rad(lon)
                normal = [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
                angle = float(np.rad2deg(np.arccos(-sight @ normal)))
                yield line, sample, lon, lat, height, angle

    def product(self) -> str:
        """Annotation file."""
        states = "".join(
            f"<orbit><time>{_time(t)}</time>{_xyz('position', self.RADIUS * self.satellite(t)[0])}"
            f"{_xyz('velocity', self.RADIUS * self.RATE * self.satellite(t)[1])}</orbit>"
            for t in range(-30, 31, 10)
        )
        x = np.linspace(-5, self.samples + 5, 40) * self.spacing_m
        updates = "".join(
            f"<coordinateConversion><azimuthTime>{_time(t)}</azimuthTime><gr0>0</gr0>"
            + _list("grsrCoefficients", polynomial.polyfit(x, self._slant(t, x), 5))
            + "</coordinateConversion>"
            for t in (-0.5, 0.5)
        )
        ties = "".join(
            f"<geolocationGridPoint><line>{line}</line><pixel>{sample}</pixel><latitude>{lat!r}"
            f"</latitude><longitude>{lon!r}</longitude><height>{height!r}</height>"
            f"<incidenceAngle>{incidence!r}</incidenceAngle></geolocationGridPoint>"
            for line, sample, lon, lat, height, incidence in self.tie_points()
        )
        return f"""<product>{self.header()}<generalAnnotation><productInformation>
            <projection>Ground Range</projection></productInformation>
            <orbitList>{states}</orbitList></generalAnnotation><imageAnnotation><imageInformation>
            <productFirstLineUtcTime>{_time(0)}</productFirstLineUtcTime>
            <rangePixelSpacing>{self.spacing_m}</rangePixelSpacing>
            <azimuthPixelSpacing>10</azimuthPixelSpacing>
            <azimuthTimeInterval>{self.INTERVAL}</azimuthTimeInterval>
            <numberOfSamples>{self.samples}</numberOfSamples>
            <numberOfLines>{self.lines}</numberOfLines></imageInformation><processingInformation>
            <thermalNoiseCorrectionPerformed>false</thermalNoiseCorrectionPerformed>
            </processingInformation></imageAnnotation><geolocationGrid><geolocationGridPointList>
            {ties}</geolocationGridPointList></geolocationGrid><coordinateConversion>
            <coordinateConversionList>{updates}</coordinateConversionList></coordinateConversion>
            </product>"""

    def _slant(self, time: float, ground_m: Any) -> Any:
        return self.points(np.full(len(ground_m), time), ground_m / self.spacing_m)[1]

    def calibration(self) -> str:
        """Calibration file: amplitude falls along range, and a little along azimuth."""
        samples = np.array([*range(0, self.samples, 40), self.samples - 1])
        vectors = "".join(
            f"<calibrationVector><line>{line}</line>{_list('pixel', samples)}"
            f"{_list('sigmaNought', 660 - samples - line / 10)}</calibrationVector>"
            for line in (0, 25, self.lines + 5)
        )
        listed = f"<calibrationVectorList>{vectors}</calibrationVectorList>"
        return f"<calibration>{self.header()}{listed}</calibration>"

    def noise(self, *, old: bool = False, power: float = 900.0) -> str:
        """Noise file; samples differ from vector to vector."""
        name, lut = ("noise", "noiseLut") if old else ("noiseRange", "noiseRangeLut")
        vectors = ""
        for line, step in ((0, 30), (20, 41), (self.lines - 1, 30)):
            samples = np.array([*range(0, self.samples, step), self.samples + 3])
            values = power * (1 + samples / 100 + line / 300)
            vectors += f"<{name}Vector><line>{line}</line>{_list('pixel', samples)}"
            vectors += f"{_list(lut, values)}</{name}Vector>"
        blocks = "".join(
            f"<noiseAzimuthVector><firstAzimuthLine>{top}</firstAzimuthLine><firstRangeSample>{left}"
            f"</firstRangeSample><lastAzimuthLine>{bottom}</lastAzimuthLine><lastRangeSample>{right}"
            f"</lastRangeSample>{_list('line', lines)}"
            f"{_list('noiseAzimuthLut', 1 + np.array(lines) / 100)}</noiseAzimuthVector>"
            for top, left, bottom, right, lines in (
                (0, 0, 29, 44, (0, 10, 29)),
                (30, 0, self.lines - 1, 44, (30,)),
                (0, 45, self.lines - 1, self.samples - 1, (0, 50)),
            )
        )
        blocks = "" if old else f"<noiseAzimuthVectorList>{blocks}</noiseAzimuthVectorList>"
        listed = f"<{name}VectorList>{vectors}</{name}VectorList>{blocks}"
        return f"<noise>{self.header()}{listed}</noise>"

    def header(self, kind: str = "GRD") -> str:
        """Header of each file."""
        return f"""<adsHeader><missionId>{self.mission}</missionId><productType>{kind}</productType>
            <polarisation>{self.polarisation}</polarisation><mode>{self.mode}</mode>
            <swath>{self.mode}</swath><absoluteOrbitNumber>8123</absoluteOrbitNumber>
            <missionDataTakeId>235923</missionDataTakeId>
            <startTime>{_time(0)}</startTime></adsHeader>"""


def _time(seconds: float) -> str:
    start = np.datetime64("2026-07-01T09:00:00.000000")
    return str(start + np.timedelta64(round(seconds * 1e6), "us"))


def _xyz(name: str, vector: Any) -> str:
    axes = "".join(f"<{a}>{v!r}</{a}>" for a, v in zip("xyz", vector.tolist(), strict=True))
    return f"<{name}>{axes}</{name}>"


def _list(name: str, values: Any) -> str:
    numbers = " ".join(repr(v) for v in np.asarray(values).tolist())
    return f'<{name} count="{len(np.asarray(values))}">{numbers}</{name}>'


def write_radar_product(
    folder: Path, images: list[SmallImage], amplitudes: list[Any], *, old: bool = False
) -> dict[str, Any]:
    """Write a product in the layout of the public bucket, and its item as Earth Search has it."""
    assets: dict[str, Any] = {}
    for image, dn in zip(images, amplitudes, strict=True):
        band = image.polarisation.lower()
        name = f"{image.mode.lower()}-{band}"
        texts = {
            f"annotation/{name}.xml": image.product(),
            f"annotation/rfi/rfi-{name}.xml": f"<rfi>{image.header()}</rfi>",
            f"annotation/calibration/calibration-{name}.xml": image.calibration(),
            f"annotation/calibration/noise-{name}.xml": image.noise(old=old),
        }
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        points = [
            GroundControlPoint(row=line, col=sample, x=lon, y=lat, z=height)
            for line, sample, lon, lat, height, _ in image.tie_points()
        ]
        raster = folder / "measurement" / f"{name}.tiff"
        raster.parent.mkdir(exist_ok=True)
        with rasterio.open(
            raster, "w", driver="GTiff", dtype="uint16", count=1, width=dn.shape[1],
            height=dn.shape[0], gcps=points, crs="EPSG:4326", tiled=True, blockxsize=64,
            blockysize=64, compress="deflate",
        ) as file:  # fmt: skip
            file.write(dn.astype(np.uint16), 1)
        xml = {"type": "application/xml", "roles": ["metadata"]}
        _, _, calibration, noise = texts
        assets |= {
            f"schema-product-{band}": {"href": f"annotation/rfi/rfi-{name}.xml", **xml},
            f"schema-calibration-{band}": {"href": calibration, **xml},
            f"schema-noise-{band}": {"href": noise, **xml},
            band: {"href": f"measurement/{name}.tiff", "type": COG, "roles": ["data"]},
        }
    return radar_item(
        images[0], {k: v | {"href": str(folder / v["href"])} for k, v in assets.items()}
    )


COG = "image/tiff; application=geotiff; profile=cloud-optimized"


def radar_item(image: SmallImage, assets: dict[str, Any]) -> dict[str, Any]:
    """An item as Earth Search has it."""
    corners = [image.places(i * (image.lines - 1), j * (image.samples - 1))
               for i, j in ((0, 0), (0, 1), (1, 1), (1, 0), (0, 0))]  # fmt: skip
    ring = [[float(x), float(y)] for x, y in corners]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "S1D_IW_GRDH_1SDV_20260701T090000_20260701T090025_008123_010000",
        "collection": "sentinel-1-grd",
        "bbox": [min(x for x, _ in ring), min(y for _, y in ring),
                 max(x for x, _ in ring), max(y for _, y in ring)],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "datetime": "2026-07-01T09:00:12Z", "platform": "sentinel-1d",
            "constellation": "sentinel-1", "sat:absolute_orbit": 8123, "sat:relative_orbit": 32,
        },
        "links": [],
        "assets": assets,
    }  # fmt: skip


def refused_in_one_line(read: Callable[[], object], *whys: str, error: type[Exception]) -> None:
    """Check that a product is refused for these reasons, in one line."""
    with pytest.raises(error) as caught:
        read()
    text = str(caught.value)
    for why in whys:
        assert why in text
    assert len(text.splitlines()) == 1
