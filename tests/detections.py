"""A scene, its grid and a detector, for tests that make rows of the detections table."""

from datetime import UTC, datetime

from odc.geo.geobox import GeoBox
from shapely import box

from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import DetectOptions
from gnomon.detect.cascade import Cascade
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.detect.weights import uncalibrated

DETECTOR = Cascade(
    uncalibrated(Network(NetworkOptions(bands=("nir",), widths=(1, 1, 1, 1), blocks=(1, 1, 1)))),
    DetectOptions(),
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
