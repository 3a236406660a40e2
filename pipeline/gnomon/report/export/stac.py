"""A run as a static STAC catalogue: one item per observation, with or without ships.

An item is one scene over one port. Its asset is the GeoJSON of the ships found there, which may be
empty. ``derived_from`` leads to the item of the scene if that has an address; an item on the
author's disk is named by ``gnomon:scene_id`` and ``gnomon:source``, the last two parts of its path.
The collection carries the tables as GeoParquet. Other properties that start with ``gnomon:`` are
columns of `gnomon.datamodel.tables`. Failed and skipped observations have no item; the table of
observations has them.

STAC 1.1, and version 1.0 of its view extension for the angles of sun and view.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pystac
import shapely
from pystac.extensions.view import ViewExtension

from gnomon.datamodel.files import file_name, write_table
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.report.credits import marked
from gnomon.report.export.vectors import geojson_rows, write_features
from gnomon.report.load_tables import public_location
from gnomon.report.publish import is_address

PARQUET = "application/vnd.apache.parquet"
ABOUT = (
    "Ships found by gnomon in satellite images of ports: one item per observation (an image of a "
    "port), with or without ships. Failed and skipped observations are in observations.parquet."
)
_OWN = ("scene_id", "port", "usable_fraction", "covered_fraction", "detections", "run_digest")
_ANGLES = {
    "view:sun_azimuth": "sun_azimuth_deg",
    "view:sun_elevation": "sun_elevation_deg",
    "view:azimuth": "view_azimuth_deg",
    "view:incidence_angle": "view_zenith_deg",
}


def write_stac(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    name: str,
    about: str,
    sources: Mapping[str, str],
    citation: str,
    version: str,
    simulated: bool,
    made_at: datetime | None = None,
) -> list[Path]:
    """Write the catalogue; nothing if no observation was made.

    Parameters
    ----------
    folder
        Folder to make.
    tables
        Tables of a run; ``observations`` and ``detections`` are used.
    name, about
        Name and description of the run.
    sources
        Address or path of the source item of each scene.
    citation
        Path of CITATION.txt, relative to the folder.
    version
        Version of gnomon.
    simulated
        Whether titles say SIMULATED.
    made_at
        Time of the run; now, if unknown.

    """
    observations = gpd.GeoDataFrame(tables["observations"])
    seen = observations[(observations.status == "observed") & observations.seen_at.notna()]
    if not len(seen):
        return []
    folder.mkdir(parents=True)
    collection = _collection(seen, name, about, version)
    (collection.title,) = marked([str(collection.title)], simulated=simulated)
    collection.add_link(pystac.Link(pystac.RelType.LICENSE, citation, "text/plain"))
    for table in ("observations", "detections"):
        write_table(gpd.GeoDataFrame(tables[table]), folder / f"{table}.parquet")
        asset = pystac.Asset(f"./{table}.parquet", table, None, PARQUET, ["data"])
        collection.add_asset(table, asset)
    found = geojson_rows("detections", tables["detections"])
    by_observation = found.groupby(["scene_id", "port"], dropna=False).indices
    made = made_at or datetime.now(UTC)
    for one, row in _named(seen):
        item = _item(one, row, sources, made)
        (item.properties["title"],) = marked([item.properties["title"]], simulated=simulated)
        (folder / one).mkdir()
        here = found.iloc[by_observation.get(_observation(row), [])]
        write_features(here, folder / one / "detections.geojson")
        collection.add_item(item)
    collection.normalize_hrefs(str(folder))
    collection.save(pystac.CatalogType.SELF_CONTAINED)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _named(seen: gpd.GeoDataFrame) -> Iterator[tuple[str, Any]]:
    """Observations with unique ids of letters, digits and ``_.-``."""
    used: set[str] = set()
    for row in seen.itertuples():
        port = EVERYWHERE if pd.isna(row.port) else row.port
        stem = file_name(f"{row.scene_id}-{port}")
        name = next(
            one for n in range(len(seen) + 1) if (one := f"{stem}-{n}" if n else stem) not in used
        )
        used.add(name)
        yield name, row


def _observation(row: Any) -> tuple[Any, Any]:
    """Key of an observation, also of one without a port."""
    return row.scene_id, np.nan if pd.isna(row.port) else row.port


def _item(name: str, row: Any, sources: Mapping[str, str], made: datetime) -> pystac.Item:
    shape = row.geometry if isinstance(row.geometry, shapely.Geometry) else None
    known = {f"gnomon:{column}": _json_value(getattr(row, column)) for column in _OWN}
    item = pystac.Item(
        id=name,
        geometry=json.loads(shapely.to_geojson(shape)) if shape is not None else None,
        bbox=list(shape.bounds) if shape is not None else None,
        datetime=row.seen_at.to_pydatetime(),
        properties={
            "title": f"{row.scene_id} over {'everywhere' if pd.isna(row.port) else row.port}",
            "platform": str(row.platform),
            "created": pystac.utils.datetime_to_str(made),
            **({"gsd": float(row.gsd_m)} if pd.notna(row.gsd_m) else {}),
            **{key: value for key, value in known.items() if value is not None},
        },
    )
    angles = {key: _json_value(getattr(row, column)) for key, column in _ANGLES.items()}
    if any(value is not None for value in angles.values()):
        ViewExtension.add_to(item)
        item.properties |= {key: value for key, value in angles.items() if value is not None}
    asset = pystac.Asset(
        "./detections.geojson", "Outlines of ships", None, pystac.MediaType.GEOJSON, ["data"]
    )
    item.add_asset("detections", asset)
    if source := sources.get(row.scene_id):
        _add_source(item, source)
    return item


def _add_source(item: pystac.Item, source: str) -> None:
    """Link to an item that others can open; of another its public name."""
    public = public_location(source)
    if is_address(source):
        item.add_link(pystac.Link(pystac.RelType.DERIVED_FROM, public, pystac.MediaType.GEOJSON))
    else:
        item.properties["gnomon:source"] = public


def _json_value(value: Any) -> Any:
    """Value as JSON has it; None if unknown."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _collection(seen: gpd.GeoDataFrame, name: str, about: str, version: str) -> pystac.Collection:
    bounds = [float(edge) for edge in seen.geometry.total_bounds]
    known = bounds if np.isfinite(bounds).all() else [-180.0, -90.0, 180.0, 90.0]
    days = [seen.seen_at.min().to_pydatetime(), seen.seen_at.max().to_pydatetime()]
    return pystac.Collection(
        id=file_name(f"gnomon-{name}"),
        title=f"gnomon: {name}",
        description=f"{ABOUT}\n\n{about}",
        extent=pystac.Extent(pystac.SpatialExtent([known]), pystac.TemporalExtent([days])),
        license="other",
        keywords=["ships", "ports", "detections"],
        providers=[pystac.Provider(f"gnomon {version}", roles=[pystac.ProviderRole.PROCESSOR])],
        summaries=pystac.Summaries(
            {
                "platform": sorted({str(one) for one in seen.platform}),
                "gsd": sorted({float(one) for one in seen.gsd_m.dropna()}),
            }
        ),
        catalog_type=pystac.CatalogType.SELF_CONTAINED,
    )
