"""Folders of chips and labels, from simulated scenes whose ships are known; no network is asked."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gnomon.datamodel.files import write_json, write_table
from gnomon.learn.export import ChipExport, export_chips
from gnomon.learn.labels import NAME, read_features, write_labels
from gnomon.learn.sources import source_of
from simulated import BOX

PORTS = {"april-04": "east", "april-14": "west", "april-24": "west"}


def truth(sea: Path) -> gpd.GeoDataFrame:
    """Every simulated ship, as a detector that misses nothing would report it."""
    rows = []
    for path in sorted(sea.parent.glob("april-*/ships.geojson")):
        scene = path.parent.name
        for number, ship in gpd.read_file(path).iterrows():
            rows.append(
                {
                    "detection_id": f"{scene}-{number}",
                    "scene_id": scene,
                    "port": PORTS[scene],
                    "geometry": ship.geometry.centroid,
                    "footprint": ship.geometry,
                    "score": 0.5 + number / 100,
                }
            )
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    frame["footprint"] = gpd.GeoSeries(frame.footprint, crs="EPSG:4326")
    return frame


def write_run(folder: Path, sea: Path, ships: gpd.GeoDataFrame) -> Path:
    """The folder of a run, with what chips need of it."""
    write_table(ships, folder / "detections.parquet")
    area = shapely.box(*ships.total_bounds).buffer(0.02)
    inner = BOX.extent.to_crs("EPSG:4326").geom
    observations = [
        {
            "scene_id": scene,
            "port": port,
            "status": "observed",
            "usable_water_km2": 7.0,
            "detections": int((ships.scene_id == scene).sum()),
            "geometry": area.intersection(inner),
        }
        for scene, port in PORTS.items()
    ]
    write_table(gpd.GeoDataFrame(observations, crs="EPSG:4326"), folder / "observations.parquet")
    write_json({"study": {"catalog": {"url": str(sea)}}}, folder / "run.json")
    return folder


def write_chips(folder: Path, sea: Path, **options: Any) -> ChipExport:
    """Chips of every simulated ship."""
    run = write_run(folder.with_name(f"{folder.name}-run"), sea, truth(sea))
    return export_chips(source_of(run), folder, **options)


def edit(folder: Path, changes: dict[str, dict[str, Any]]) -> None:
    """Edit labels as a person does in an editor: properties by label_id."""
    features = read_features(folder / NAME)
    for feature in features:
        feature["properties"] |= changes.get(feature["properties"]["label_id"], {})
    write_labels(features, folder / NAME)


def decide(folder: Path, status: str = "ship") -> None:
    """Decide on every row."""
    rows = [feature["properties"]["label_id"] for feature in read_features(folder / NAME)]
    edit(folder, {row: {"status": status} for row in rows})


def as_frame(path: Path) -> pd.DataFrame:
    """Properties of a GeoJSON as they stand in the file."""
    return pd.DataFrame([f["properties"] for f in json.loads(path.read_text())["features"]])
