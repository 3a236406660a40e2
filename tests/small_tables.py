"""Tables of one row that match the schemas: a satellite pass and a ship."""

from datetime import UTC, datetime

import geopandas as gpd
from shapely import Point, box

from gnomon.datamodel.tables import Detections, Observations, table


def observation(scene: str = "a", port: str | None = "rajin") -> gpd.GeoDataFrame:
    return table(
        Observations,
        [
            {
                "scene_id": scene,
                "collection": "c",
                "platform": "sentinel-2a",
                "sensor": "optical",
                "seen_at": datetime(2024, 4, 6, 2, 12, tzinfo=UTC),
                "port": port,
                "geometry": box(130, 42, 131, 43),
                "status": "observed",
                "usable_fraction": 0.5,
                "zones": '{"pier 1": 0.5}',
                "detections": 1,
                "gsd_m": 10.0,
                "run_digest": "0" * 16,
            }
        ],
    )


def ship(scene: str = "a", x: float = 130.3) -> gpd.GeoDataFrame:
    return table(
        Detections,
        [
            {
                "detection_id": f"{scene}-{x}",
                "scene_id": scene,
                "collection": "c",
                "platform": "sentinel-2a",
                "sensor": "optical",
                "seen_at": datetime(2024, 4, 6, 2, 12, tzinfo=UTC),
                "port": "rajin",
                "zone": "pier 1",
                "geometry": Point(x, 42.2),
                "footprint": box(x - 0.001, 42.199, x + 0.001, 42.201),
                "score": 0.9,
                "length_m": 98.0,
                "length_sigma_m": 10.0,
                "beam_m": 15.0,
                "beam_sigma_m": 5.0,
                "heading_deg": 12.0,
                "heading_sigma_deg": 3.0,
                "gsd_m": 10.0,
                "quayside": True,
                "model": "m@0",
                "run_digest": "0" * 16,
            }
        ],
    )
