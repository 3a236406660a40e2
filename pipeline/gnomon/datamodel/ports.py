"""Ports: an area to look at, with its berths and anchorages, from a GeoJSON that QGIS can edit.

The file holds one feature per zone. Properties: ``port`` (name of the port), ``kind`` (``area``,
``berth`` or ``anchorage``), ``zone`` (name of the zone within the port) and, where the exact pier
is not known, ``provisional: true``. Each port has exactly one ``area``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import StudyError

ZONE_KINDS = ("area", "berth", "anchorage")


@dataclass(frozen=True)
class Zone:
    """A berth or an anchorage of a port, in EPSG:4326."""

    name: str
    kind: Literal["berth", "anchorage"]
    geometry: BaseGeometry
    provisional: bool = False


@dataclass(frozen=True)
class Port:
    """An area to look at, in EPSG:4326, and the zones within it."""

    name: str | None
    """None for a place without a name: a bounding box, or wherever there are scenes."""
    area: BaseGeometry | None
    """None for the whole footprint of every scene."""
    zones: tuple[Zone, ...] = ()


def read_ports(path: Path) -> dict[str, Port]:
    """Read every port of a GeoJSON file.

    Parameters
    ----------
    path
        A GeoJSON file as the module's head describes it.

    Returns
    -------
    dict
        Ports by name, in the order of the file.

    Raises
    ------
    StudyError
        The file is missing, is not GeoJSON, or a feature is at fault; all faults are listed.

    """
    try:
        rows = gpd.read_file(path)
    except Exception as error:  # pyogrio raises several unrelated types
        raise StudyError(f"{path}: cannot be read as GeoJSON ({error})") from error
    missing = {"port", "kind", "zone"} - set(rows.columns)
    if missing:
        raise StudyError(f"{path}: features lack the properties {', '.join(sorted(missing))}")
    if faults := _faults(rows):
        raise StudyError(f"{path}: " + "; ".join(faults))
    return {name: _port(name, features) for name, features in rows.groupby("port", sort=False)}


def _faults(rows: gpd.GeoDataFrame) -> list[str]:
    faults = []
    for place, row in enumerate(rows.itertuples(), start=1):
        who = f"feature {place} ({row.port}, {row.zone})"
        if row.kind not in ZONE_KINDS:
            faults.append(f"{who}: kind is {row.kind!r}, should be one of {', '.join(ZONE_KINDS)}")
        if row.geometry is None or row.geometry.is_empty or not row.geometry.is_valid:
            faults.append(f"{who}: its geometry is missing or not valid")
        elif row.geometry.geom_type not in ("Polygon", "MultiPolygon"):
            faults.append(f"{who}: is a {row.geometry.geom_type}, should be a Polygon")
    areas = rows[rows.kind == "area"].port.value_counts()
    faults += [
        f"port {name}: has {areas.get(name, 0)} areas, should have exactly one"
        for name in rows.port.unique()
        if areas.get(name, 0) != 1
    ]
    return faults


def _port(name: str, features: gpd.GeoDataFrame) -> Port:
    area = features.geometry[features.kind == "area"].iloc[0]
    provisional = features.get("provisional")
    doubt = [False] * len(features) if provisional is None else list(provisional == True)  # noqa: E712
    zones = tuple(
        Zone(str(row.zone), row.kind, row.geometry, bool(unsure))
        for row, unsure in zip(features.itertuples(), doubt, strict=True)
        if row.kind != "area"
    )
    return Port(name, area, zones)
