"""A simulated radar scene as files: a GRD product as Sentinel-1 has it, and its STAC item.

Raster with ground control points, annotation, calibration and noise of each polarisation, in the
layout of the public bucket. The XML has what a reader of GRD needs, in the places of the Product
Specification (S1-RS-MDA-52-7441), and no more.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import rasterio
import shapely
from numpy.typing import ArrayLike
from rasterio.control import GroundControlPoint
from shapely.geometry import mapping

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.files import write_folder_whole
from gnomon.simulate.radar.echoes import NOISE_DB
from gnomon.simulate.radar.orbit import LINE_S, SAMPLE_M, RadarOrbit
from gnomon.simulate.radar.scene import RadarSceneSpec, drawn_sigma0, radar_truth

COLLECTION = "synthetic-sentinel-1"
"""So that a simulated scene is never taken for a real one."""
AMPLITUDE = 474.0
"""DN of a sigma0 of one at the near edge; a little less at the far one."""
TIE_POINTS = (6, 11)
"""Lines and samples of the grid of tie points."""
ORBIT_NUMBER, DATA_TAKE = 60_001, 400_001


def write_radar_scene(folder: Path, spec: RadarSceneSpec, name: str) -> pystac.Item:
    """Draw a scene and write its product, whole or not at all.

    Parameters
    ----------
    folder
        Of the catalogue; the files go into a folder of the scene's name.
    spec
        What is drawn.
    name
        Of the scene.

    Returns
    -------
    pystac.Item
        For `gnomon.simulate.pixels.catalog.write_catalog`.

    """
    drawn = drawn_sigma0(spec)

    def write(scene: Path) -> None:
        for polarisation, sigma0 in drawn.items():
            for path, text in product_files(spec, polarisation).items():
                (scene / path).parent.mkdir(parents=True, exist_ok=True)
                (scene / path).write_text(text, encoding="utf-8")
            _write_raster(scene / raster_path(polarisation), spec.orbit, sigma0)
        radar_truth(spec).to_file(scene / "ships.geojson", driver="GeoJSON")

    write_folder_whole(folder / name, write)
    return radar_item(spec, name)


def product_files(spec: RadarSceneSpec, polarisation: str) -> dict[str, str]:
    """XML of one polarisation, by path in the product."""
    file = f"iw-{polarisation}.xml"
    return {
        f"annotation/{file}": _annotation(spec, polarisation),
        f"annotation/calibration/calibration-{file}": _calibration(spec, polarisation),
        f"annotation/calibration/noise-{file}": _noise(spec, polarisation),
    }


def radar_item(spec: RadarSceneSpec, name: str) -> pystac.Item:
    """Item of a product, as Earth Search has it."""
    lines, samples = spec.orbit.lines - 1, spec.orbit.samples - 1
    corners = np.column_stack(
        spec.orbit.places(np.array([0, 0, lines, lines]), np.array([0, samples, samples, 0]))
    )
    outline = shapely.Polygon(corners)
    item = pystac.Item(
        id=name,
        geometry=json.loads(json.dumps(mapping(outline))),
        bbox=list(outline.bounds),
        datetime=spec.seen_at,
        collection=COLLECTION,
        properties={
            "platform": "sentinel-1s",
            "constellation": "synthetic",
            "sar:instrument_mode": "IW",
            "sat:absolute_orbit": ORBIT_NUMBER,
            "sat:relative_orbit": spec.relative_orbit,
            "sat:orbit_state": "ascending" if spec.orbit.northward else "descending",
        },
    )
    for polarisation in spec.polarisations:
        raster = pystac.Asset(
            f"./{raster_path(polarisation)}", media_type=pystac.MediaType.COG, roles=["data"]
        )
        item.add_asset(polarisation, raster)
        kinds = ("product", "calibration", "noise")
        for kind, path in zip(kinds, product_files(spec, polarisation), strict=True):
            side = pystac.Asset(f"./{path}", media_type=pystac.MediaType.XML, roles=["metadata"])
            item.add_asset(f"schema-{kind}-{polarisation}", side)
    labels = pystac.Asset("./ships.geojson", media_type=pystac.MediaType.GEOJSON, roles=["labels"])
    item.add_asset("ships", labels)
    return item


def raster_path(polarisation: str) -> str:
    """Of a polarisation, in the product."""
    return f"measurement/iw-{polarisation}.tiff"


def _amplitude(samples: ArrayLike) -> np.ndarray:
    """DN of a sigma0 of one."""
    return AMPLITUDE * (1 - 1e-5 * np.asarray(samples, float))


def _write_raster(path: Path, orbit: RadarOrbit, sigma0: Float32s) -> None:
    dn = np.sqrt(sigma0) * _amplitude(np.arange(orbit.samples)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **raster_profile(orbit)) as file:
        file.write(np.clip(np.rint(dn), 1, 65_535).astype(np.uint16), 1)


def raster_profile(orbit: RadarOrbit) -> dict[str, Any]:
    """How the raster of a product is written, for rasterio."""
    points = [
        GroundControlPoint(row=line, col=sample, x=lon, y=lat, z=0.0)
        for line, sample, lon, lat, _ in _tie_points(orbit)
    ]
    return {
        "driver": "GTiff", "dtype": "uint16", "count": 1, "width": orbit.samples,
        "height": orbit.lines, "gcps": points, "crs": "EPSG:4326", "tiled": True,
        "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1,
    }  # fmt: skip


def _tie_points(orbit: RadarOrbit) -> list[tuple[int, int, float, float, float]]:
    """Line, sample, longitude, latitude and incidence of a grid on the ellipsoid."""
    lines = np.unique(np.linspace(0, orbit.lines - 1, TIE_POINTS[0]).astype(int))
    samples = np.unique(np.linspace(0, orbit.samples - 1, TIE_POINTS[1]).astype(int))
    grid = np.stack(np.meshgrid(lines, samples, indexing="ij"), -1).reshape(-1, 2)
    places = np.column_stack(orbit.places(grid[:, 0].astype(float), grid[:, 1]))
    incidence = orbit.incidence_deg(grid[:, 1])
    rows = zip(grid.tolist(), places.tolist(), incidence.tolist(), strict=True)
    return [(line, sample, lon, lat, angle) for (line, sample), (lon, lat), angle in rows]


def _annotation(spec: RadarSceneSpec, polarisation: str) -> str:
    orbit = spec.orbit
    states = "".join(
        f"<orbit><time>{_time(spec, second)}</time>{_xyz('position', position)}"
        f"{_xyz('velocity', velocity)}</orbit>"
        for second, position, velocity in orbit.states()
    )
    end = orbit.lines * LINE_S
    updates = "".join(
        f"<coordinateConversion><azimuthTime>{_time(spec, second)}</azimuthTime><gr0>0</gr0>"
        f"{_list('grsrCoefficients', orbit.ranges(second))}</coordinateConversion>"
        for second in (-0.5, end + 0.5)
    )
    ties = "".join(
        f"<geolocationGridPoint><line>{line}</line><pixel>{sample}</pixel><latitude>{lat!r}"
        f"</latitude><longitude>{lon!r}</longitude><height>0</height><incidenceAngle>{angle!r}"
        "</incidenceAngle></geolocationGridPoint>"
        for line, sample, lon, lat, angle in _tie_points(orbit)
    )
    return f"""<product>{_header(spec, polarisation)}<generalAnnotation><productInformation>
<projection>Ground Range</projection></productInformation><orbitList>{states}</orbitList>
</generalAnnotation><imageAnnotation><imageInformation>
<productFirstLineUtcTime>{_time(spec, 0)}</productFirstLineUtcTime>
<rangePixelSpacing>{SAMPLE_M}</rangePixelSpacing><azimuthPixelSpacing>10</azimuthPixelSpacing>
<azimuthTimeInterval>{LINE_S}</azimuthTimeInterval>
<numberOfSamples>{orbit.samples}</numberOfSamples><numberOfLines>{orbit.lines}</numberOfLines>
</imageInformation><processingInformation>
<thermalNoiseCorrectionPerformed>false</thermalNoiseCorrectionPerformed>
</processingInformation></imageAnnotation><geolocationGrid><geolocationGridPointList>{ties}
</geolocationGridPointList></geolocationGrid><coordinateConversion><coordinateConversionList>
{updates}</coordinateConversionList></coordinateConversion></product>"""


def _calibration(spec: RadarSceneSpec, polarisation: str) -> str:
    samples = np.unique(np.r_[np.arange(0, spec.orbit.samples, 40), spec.orbit.samples - 1])
    vectors = "".join(
        f"<calibrationVector><line>{line}</line>{_list('pixel', samples)}"
        f"{_list('sigmaNought', _amplitude(samples))}</calibrationVector>"
        for line in (0, spec.orbit.lines)
    )
    listed = f"<calibrationVectorList>{vectors}</calibrationVectorList>"
    return f"<calibration>{_header(spec, polarisation)}{listed}</calibration>"


def _noise(spec: RadarSceneSpec, polarisation: str) -> str:
    lines, samples = spec.orbit.lines, spec.orbit.samples
    at = np.unique(np.r_[np.arange(0, samples, 40), samples - 1])
    power = 10 ** (NOISE_DB / 10) * _amplitude(at) ** 2
    vectors = "".join(
        f"<noiseRangeVector><line>{line}</line>{_list('pixel', at)}"
        f"{_list('noiseRangeLut', power)}</noiseRangeVector>"
        for line in (0, lines)
    )
    block = (
        "<noiseAzimuthVector><firstAzimuthLine>0</firstAzimuthLine><firstRangeSample>0"
        f"</firstRangeSample><lastAzimuthLine>{lines - 1}</lastAzimuthLine><lastRangeSample>"
        f"{samples - 1}</lastRangeSample>{_list('line', [0])}{_list('noiseAzimuthLut', [1.0])}"
        "</noiseAzimuthVector>"
    )
    return (
        f"<noise>{_header(spec, polarisation)}<noiseRangeVectorList>{vectors}"
        f"</noiseRangeVectorList><noiseAzimuthVectorList>{block}</noiseAzimuthVectorList></noise>"
    )


def _header(spec: RadarSceneSpec, polarisation: str) -> str:
    return f"""<adsHeader><missionId>S1S</missionId><productType>GRD</productType>
<polarisation>{polarisation.upper()}</polarisation><mode>IW</mode><swath>IW</swath>
<startTime>{_time(spec, 0)}</startTime><absoluteOrbitNumber>{ORBIT_NUMBER}</absoluteOrbitNumber>
<missionDataTakeId>{DATA_TAKE}</missionDataTakeId></adsHeader>"""


def _time(spec: RadarSceneSpec, seconds: float) -> str:
    start = np.datetime64(spec.seen_at.replace(tzinfo=None), "us")
    return str(start + np.timedelta64(round(seconds * 1e6), "us"))


def _xyz(name: str, vector: np.ndarray) -> str:
    axes = "".join(f"<{a}>{v!r}</{a}>" for a, v in zip("xyz", vector.tolist(), strict=True))
    return f"<{name}>{axes}</{name}>"


def _list(name: str, values: Sequence[float] | np.ndarray) -> str:
    numbers = " ".join(repr(v) for v in np.asarray(values).tolist())
    return f'<{name} count="{len(values)}">{numbers}</{name}>'
