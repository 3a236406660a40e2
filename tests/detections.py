"""A scene, its grid and a model, for tests that make rows of the detections table."""

from datetime import UTC, datetime

from odc.geo.geobox import GeoBox
from shapely import box

from gnomon.datamodel.scene import Scene
from gnomon.detect.weights import Errors, Model

MODEL = Model(
    name="test",
    version="0",
    bands=("nir",),
    widths=(1, 1, 1, 1),
    blocks=(1, 1, 1),
    threshold=0.5,
    slope=1.0,
    intercept=0.0,
    errors=Errors(length_m=10, length_share=0.05, beam_m=5, beam_share=0.1, heading_deg=3),
    sha256="0" * 64,
)
GRID = GeoBox.from_bbox((340_000, 4_730_000, 350_000, 4_740_000), "EPSG:32653", resolution=10)
SCENE = Scene(
    id="S2B_53TLH_20240403_0_L2A",
    collection="sentinel-2-l2a",
    platform="sentinel-2b",
    sensor="optical",
    seen_at=datetime(2024, 4, 3, 2, 12, tzinfo=UTC),
    footprint=box(132, 42, 134, 43),
    gsd_m=10.0,
)
