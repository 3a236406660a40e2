"""Tables of one row that match the schemas: a satellite pass, a ship, its evidence."""

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.xr import xr_coords
from shapely import Point, box

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Observations
from gnomon.workflow.evidence import evidence_row, evidence_table
from simulated import BOX


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


def pixels(shape: tuple[int, int] = (6, 8)) -> xr.Dataset:
    """Reflectances of a corner of the simulated sea."""
    grid = BOX[: shape[0], : shape[1]]
    counts = np.arange(shape[0] * shape[1]).reshape(shape)
    layers = {
        name: (("y", "x"), ((counts + 100 * n) * 1e-4).astype(np.float32))
        for n, name in enumerate(("blue", "green", "red", "nir"))
    }
    return xr.Dataset(layers, coords=xr_coords(grid, dims=("y", "x")))


def cutout(scene: str = "a", x: float = 130.3) -> pd.DataFrame:
    """Evidence of the ship of the same arguments."""
    return evidence_table([evidence_row(f"{scene}-{x}", scene, pixels())])
