"""Ships and images of one season, read from a user's files and compared with each other.

Every ship needs its image, an observation that took place; every port of a study that is known has
its ships within 20 km of its area. Images without ships count as much as those with ships: if there
are none of them, a note says what that means.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gnomon.datamodel.ports import EVERYWHERE, Port
from gnomon.datamodel.study import LedgerOptions
from gnomon.geo.local import distance_m
from gnomon.track.implausible import FAR_FROM_PORT_M, far_from_port
from gnomon.track.table_checks import denominator_notes
from gnomon.workflow.user_tables.faults import Faults
from gnomon.workflow.user_tables.reading import (
    FOR_TRACK,
    UserTable,
    read_detections,
    read_observations,
)


@dataclass(frozen=True)
class SeasonTables:
    """Tables that fit together, their rows numbered from 0."""

    detections: pd.DataFrame
    observations: pd.DataFrame
    notes: tuple[str, ...]
    """What was assumed, one line each."""
    load_notes: tuple[str, ...]
    """What the evidence of load was made of."""


def read_season_tables(
    detections: Path,
    observations: Path,
    *,
    detection_columns: Mapping[str, str],
    observation_columns: Mapping[str, str],
    ports: tuple[Port, ...] = (),
    ledger: LedgerOptions | None = None,
) -> SeasonTables:
    """Read tables of ships and images.

    Parameters
    ----------
    detections, observations
        Files, as `read_detections` and `read_observations` take them.
    detection_columns, observation_columns
        Our name of a column = theirs.
    ports
        Known ones: ships must lie near their areas; of others, near each other.
    ledger
        A study's: the ports that it names should be there.

    Raises
    ------
    TableError
        A file cannot be used, or they do not fit together; every fault has its line.

    """
    ships = read_detections(detections, needs=FOR_TRACK, columns=detection_columns)
    images = read_observations(observations, columns=observation_columns)
    faults = season_faults(ships, images)
    notes = [*ships.notes, *images.notes, *port_notes(ships, ports, faults)]
    faults.refuse()
    notes += [*image_notes(ships, images), *loading_notes(images, ledger)]
    plain = [table.frame.reset_index(drop=True) for table in (ships, images)]
    return SeasonTables(plain[0], plain[1], tuple(notes), ships.load_notes)


def season_faults(ships: UserTable, images: UserTable) -> Faults:
    """Ships without an image that was observed."""
    faults = Faults(ships.path)
    keys = _keys(ships.frame)
    all_images = _keys(images.frame)
    absent = ~keys.isin(all_images)
    if absent.any():
        first = ships.frame[absent].iloc[0]
        why = (
            f"ships without an image in {images.path}, first {first.scene_id} at {first.port}; add "
            "a row for each image"
        )
        known = set(images.frame.port.dropna())
        if pd.notna(first.port) and first.port not in known:
            why += f" (its ports are {', '.join(sorted(known)[:10]) or 'empty'})"
        faults.add_where(absent, why)
    if "status" in images.frame:
        done = _keys(images.frame[images.frame.status == "observed"])
        unseen = ~absent & ~keys.isin(done)
        why = (
            f"ships in images that are skipped or failed in {images.path}; set their status to "
            "observed, or delete the ships"
        )
        faults.add_where(unseen, why)
    return faults


def _keys(frame: pd.DataFrame) -> pd.Series:
    port = frame.port.astype(object).where(frame.port.notna(), None)
    return pd.Series(list(zip(frame.scene_id, port, strict=True)), index=frame.index, dtype=object)


def port_notes(ships: UserTable, ports: tuple[Port, ...], faults: Faults) -> Iterator[str]:
    """Note ships outside their ports' areas; those that lie far outside become faults.

    Ships of ports whose area is not known must lie near each other.
    """
    if not ships.faults:
        known = [port.name for port in ports if port.area is not None]
        faults.add_all(far_from_port(ships.frame, known))
    for port, own in _of_ports(ships, ports):
        assert port.area is not None
        away_m = metres_outside(own.geometry, port.area)
        far = away_m > FAR_FROM_PORT_M
        if far.any():
            faults.add(_far_text(own.geometry[far], port), rows=own.index[far])
        elif (outside := away_m > 0).any():
            first = int(own.index[outside][0]) + 1
            yield (
                f"{ships.path}: {outside.sum():,} ships of port {port.name} lie outside its area, "
                f"by up to {away_m.max() / 1000:.2g} km, first row {first}; they count as there"
            )


def ships_inside(ships: UserTable, ports: tuple[Port, ...]) -> int | None:
    """Ships inside the areas of their ports; None if no area of them is known."""
    counts = [
        int((metres_outside(own.geometry, port.area) == 0).sum())
        for port, own in _of_ports(ships, ports)
        if port.area is not None
    ]
    return sum(counts) if counts else None


def _of_ports(ships: UserTable, ports: tuple[Port, ...]) -> Iterator[tuple[Port, gpd.GeoDataFrame]]:
    """Ports with an area, and their ships that have a place."""
    if not isinstance(ships.frame, gpd.GeoDataFrame) or "port" not in ships.frame:
        return
    for port in ports:
        own = ships.frame[_of_port(ships.frame, port) & ships.frame.geometry.notna()]
        if port.area is not None and len(own):
            yield port, own


def _of_port(frame: pd.DataFrame, port: Port) -> pd.Series:
    return frame.port.isna() if port.name is None else frame.port == port.name


def _far_text(places: gpd.GeoSeries, port: Port) -> str:
    name = f"port {port.name}" if port.name else "the study"
    count = f"{len(places):,} ship{'s' if len(places) > 1 else ''} of {name}"
    turned = shapely.points(np.column_stack([places.y, places.x]))
    area = port.area
    assert area is not None
    why = f"{count} lie{'' if len(places) > 1 else 's'} more than 20 km outside its area"
    if (metres_outside(gpd.GeoSeries(turned), area) <= FAR_FROM_PORT_M).all():
        return f"{why}; lon and lat are swapped"
    return f"{why}: are lon and lat swapped, or is it another port?"


def metres_outside(places: gpd.GeoSeries, area: shapely.Geometry) -> np.ndarray:
    """Metres from each point to an area, 0 inside; along the line that is shortest in degrees."""
    points = places.to_numpy()
    lines = shapely.get_coordinates(shapely.shortest_line(points, area)).reshape(-1, 2, 2)
    return np.asarray(distance_m(lines[:, 0], lines[:, 1]))


def image_notes(ships: UserTable, images: UserTable) -> Iterator[str]:
    """Note images that seem to be missing, unusable though they show a ship, or of another year."""
    tables = [
        pd.DataFrame(table.frame).assign(port=table.frame.port.fillna(EVERYWHERE))
        for table in (ships, images)
    ]
    for port, text in denominator_notes(*tables).items():
        of_port = "" if port == EVERYWHERE else f"port {port}: "
        yield f"{images.path}: {of_port}{text}"


def loading_notes(images: UserTable, ledger: LedgerOptions | None) -> Iterator[str]:
    """Note that the tables have none of the ports that a study's ledger names."""
    if ledger is None or "loading" not in ledger.model_fields_set or "port" not in images.frame:
        return
    have = sorted(set(images.frame.port.dropna()))
    if have and not set(have) & set(ledger.loading):
        yield (
            f"no port of [ledger] loading ({', '.join(ledger.loading)}) is in the tables (they "
            f"have {_names(have)}), so that no barrels are counted"
        )


def _names(names: Sequence[str], most: int = 10) -> str:
    """Names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
