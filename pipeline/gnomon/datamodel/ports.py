"""Ports: areas to observe, with their berths and anchorages, from a GeoJSON that QGIS can edit.

The file holds one feature per zone. Properties: ``port`` (name of the port), ``kind`` (``area``,
``berth`` or ``anchorage``), ``zone`` (name of the zone within the port) and, where the exact pier
is not known, ``provisional: true``. Each port has exactly one ``area``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import StrictBool
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.geojson import FeatureFault, Row, read_geometry, read_rows

EVERYWHERE = "everywhere"
"""What a port without a name is called where it needs one."""


@dataclass(frozen=True)
class Zone:
    """A berth or an anchorage of a port, in EPSG:4326."""

    name: str
    kind: Literal["berth", "anchorage"]
    geometry: BaseGeometry
    provisional: bool = False


@dataclass(frozen=True)
class Port:
    """An area to observe, in EPSG:4326, and the zones within it."""

    name: str | None
    """None for a place without a name: a bounding box, or anywhere that there are scenes."""
    area: BaseGeometry | None
    """None for the whole footprint of every scene."""
    zones: tuple[Zone, ...] = ()


class PortFeature(Row):
    """One feature of a file of ports."""

    NAMED_BY: ClassVar = ("port", "zone")

    port: str
    kind: Literal["area", "berth", "anchorage"]
    zone: str
    provisional: StrictBool = False
    geometry: Annotated[BaseGeometry, read_geometry("Polygon", "MultiPolygon")]


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
        The file is missing, is not GeoJSON, or a feature is at fault; every fault has its line.

    """
    rows = read_rows(path, PortFeature, error=StudyError, check=_areas)
    areas = {row.port: row.geometry for row in rows if row.kind == "area"}
    return {
        name: Port(name, areas[name], tuple(_zones(rows, name)))
        for name in dict.fromkeys(row.port for row in rows)
    }


def _areas(rows: Mapping[int, PortFeature]) -> Iterator[FeatureFault]:
    """Find ports that do not have exactly one area; each is named at its first feature."""
    for name in dict.fromkeys(row.port for row in rows.values()):
        numbers = [number for number, row in rows.items() if row.port == name]
        areas = sum(rows[number].kind == "area" for number in numbers)
        if areas != 1:
            yield FeatureFault(
                numbers[0], name, f"port has {areas} usable areas, should have exactly one"
            )


def _zones(rows: list[PortFeature], port: str) -> Iterator[Zone]:
    for row in rows:
        if row.port == port and row.kind != "area":
            yield Zone(row.zone, row.kind, row.geometry, row.provisional)
