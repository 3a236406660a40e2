"""Tables of a run as the page's JSON: observations, ships, visits, ports, register."""

from collections.abc import Mapping

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.shipped import shipped
from gnomon.report.load_tables import Run
from gnomon.report.page.encode import (
    epoch_s,
    epochs_s,
    number,
    numbers,
    parsed,
    ring,
    rings,
    text,
    texts,
)
from gnomon.report.page.schema import (
    ObservationColumns,
    Onward,
    PortOutline,
    PortPicture,
    Ring,
    ShipColumns,
    VisitRow,
)

OUTLINE_CORNERS = 9
"""A rectangle has five; outlines with more corners than this are simplified to one."""
MAX_ONWARD = 4
"""Voyages shown for a visit, the likeliest first."""


def observations_of(run: Run) -> ObservationColumns:
    """Every observation, with or without ships."""
    table = run.observations
    return {
        "scene": texts(table.scene_id),
        "collection": texts(table.collection),
        "platform": texts(table.platform),
        "sensor": texts(table.sensor),
        "t": epochs_s(table.seen_at),
        "port": texts(table.port),
        "status": texts(table.status),
        "reason": texts(table.reason),
        "usable": numbers(table.usable_fraction),
        "covered": numbers(table.covered_fraction),
        "zones": [parsed(text, dict[str, float]()) for text in table.zones],
        "sun": numbers(table.sun_elevation_deg, 1),
        "sun_az": numbers(table.sun_azimuth_deg, 1),
        "view": numbers(table.view_zenith_deg, 1),
        "gsd": numbers(table.gsd_m, 2),
        "digest": texts(table.run_digest),
    }


def ships_of(run: Run) -> ShipColumns:
    """Every detection."""
    table = run.detections
    places = [_point(shape) for shape in table.geometry]
    return {
        "id": texts(table.detection_id),
        "scene": texts(table.scene_id),
        "collection": texts(table.collection),
        "platform": texts(table.platform),
        "sensor": texts(table.sensor),
        "t": epochs_s(table.seen_at),
        "port": texts(table.port),
        "zone": texts(table.zone),
        "state": texts(table.load_state),
        "reason": texts(table.load_reason),
        "model": texts(table.model),
        "digest": texts(table.run_digest),
        "quay": [bool(at) if pd.notna(at) else None for at in table.quayside],
        "lon": [None if place is None else number(place.x, 6) for place in places],
        "lat": [None if place is None else number(place.y, 6) for place in places],
        "outline": [_outline(shape) for shape in table.footprint],
        "score": numbers(table.score),
        "tanker": numbers(table.p_tanker),
        "length": numbers(table.length_m, 1),
        "length_s": numbers(table.length_sigma_m, 1),
        "beam": numbers(table.beam_m, 1),
        "beam_s": numbers(table.beam_sigma_m, 1),
        "heading": numbers(table.heading_deg, 1),
        "heading_s": numbers(table.heading_sigma_deg, 1),
        "fb": numbers(table.freeboard_m, 2),
        "fb_s": numbers(table.freeboard_sigma_m, 2),
        "fb05": numbers(table.freeboard_p05_m, 2),
        "fb95": numbers(table.freeboard_p95_m, 2),
        "lr": numbers(table.log_lr_laden, 2),
        "laden": numbers(table.p_laden),
        "sun_az": numbers(table.sun_azimuth_deg, 1),
        "sun": numbers(table.sun_elevation_deg, 1),
        "view_az": numbers(table.view_azimuth_deg, 1),
        "view": numbers(table.view_zenith_deg, 1),
        "gsd": numbers(table.gsd_m, 2),
    }


def visits_of(run: Run) -> list[VisitRow]:
    """Every visit, with its candidates and possible next ports."""
    return [_visit(row, run.voyages) for _, row in run.visits.iterrows()]


def _visit(row: pd.Series, voyages: pd.DataFrame) -> VisitRow:
    place = _point(row.geometry)
    candidates = parsed(row.candidates, dict[str, float]())
    return {
        "id": str(row.visit_id),
        "port": str(row.port),
        "place": None if place is None else [number(place.x, 6), number(place.y, 6)],
        "mmsi": text(row.mmsi),
        "dark": _flag(row.dark),
        "ships": [str(name) for name in parsed(row.detections, list[str]())],
        "candidates": [(str(name), number(chance)) for name, chance in candidates.items()],
        "onward": _onward(voyages, str(row.visit_id)),
        "arrived_after": epoch_s(row.arrived_after),
        "arrived_before": epoch_s(row.arrived_before),
        "departed_after": epoch_s(row.departed_after),
        "departed_before": epoch_s(row.departed_before),
        "arrived_p05": epoch_s(row.arrived_p05),
        "arrived_p50": epoch_s(row.arrived_p50),
        "arrived_p95": epoch_s(row.arrived_p95),
        "departed_p05": epoch_s(row.departed_p05),
        "departed_p50": epoch_s(row.departed_p50),
        "departed_p95": epoch_s(row.departed_p95),
        "p_visit": number(row.p_visit),
        "p_tanker": number(row.p_tanker),
        "p_tanker_basis": text(row.get("p_tanker_basis")),
        "hidden_images": parsed(row.get("hidden_images"), list[str]()),
        "length_m": number(row.length_m),
        "length_sigma_m": number(row.length_sigma_m),
        "beam_m": number(row.beam_m),
        "beam_sigma_m": number(row.beam_sigma_m),
        "log_lr_laden_in": number(row.log_lr_laden_in),
        "log_lr_laden_out": number(row.log_lr_laden_out),
        "image_p_laden_in": number(row.get("image_p_laden_in")),
        "image_p_laden_out": number(row.get("image_p_laden_out")),
        "others_p_laden_in": number(row.get("others_p_laden_in")),
        "others_p_laden_out": number(row.get("others_p_laden_out")),
        "contradicts_trade": _flag(row.get("contradicts_trade")),
        "p_laden_in": number(row.p_laden_in),
        "p_laden_out": number(row.p_laden_out),
        "p_loaded": number(row.p_loaded),
        "p_unloaded": number(row.p_unloaded),
        "deadweight_t": number(row.deadweight_t),
        "deadweight_log_sigma": number(row.deadweight_log_sigma),
    }


def _flag(value: bool | None) -> bool | None:
    return None if value is None or pd.isna(value) else bool(value)


def _onward(voyages: pd.DataFrame, visit: str) -> list[Onward]:
    rows = voyages[voyages.departure == visit].sort_values("probability", ascending=False)
    return [
        {
            "to": None if pd.isna(row.destination) else str(row.destination),
            "visit": None if pd.isna(row.arrival) else str(row.arrival),
            "p": number(row.probability),
        }
        for _, row in rows.head(MAX_ONWARD).iterrows()
    ]


def register_of(run: Run) -> dict[str, dict[str, str]]:
    """Entries of the ship register for every candidate, by name."""
    path = (run.study.track.fleet if run.study else None) or shipped("configs") / "fleet.csv"
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):
        return {}
    kept = [n for n in ("imo", "deadweight_t", "length_m", "beam_m", "listing") if n in rows]
    if "name" not in rows:
        return {}
    names = {name for text in run.visits.candidates for name in parsed(text, dict[str, float]())}
    rows = rows[rows["name"].isin(names)]
    return {row["name"]: {n: row[n] for n in kept if row[n]} for _, row in rows.iterrows()}


def ports_of(
    run: Run, coastlines: Mapping[str, list[Ring]], pictures: Mapping[str, PortPicture]
) -> list[PortOutline]:
    """Ports with their zones, and with the coastline and a picture if pixels show them."""
    known: list[PortOutline] = [
        {
            "name": port.name or EVERYWHERE,
            "area": rings(port.area),
            "zones": [
                {
                    "name": zone.name,
                    "kind": zone.kind,
                    "provisional": zone.provisional,
                    "rings": rings(zone.geometry),
                }
                for zone in port.zones
            ],
            "coast": coastlines.get(port.name or EVERYWHERE, []),
            "picture": pictures.get(port.name or EVERYWHERE),
        }
        for port in run.ports()
    ]
    missing = sorted(set(run.observations.port) - {port["name"] for port in known})
    unknown: list[PortOutline] = [
        {"name": name, "area": [], "zones": [], "coast": [], "picture": pictures.get(name)}
        for name in missing
    ]
    return [*known, *unknown]


def _point(shape: BaseGeometry | None) -> shapely.Point | None:
    if shape is None or shape.is_empty:
        return None
    return shape if shape.geom_type == "Point" else shape.centroid


def _outline(shape: BaseGeometry | None) -> Ring | None:
    """Corners of a hull; the first is not repeated at the end."""
    if shape is None or shape.is_empty or shape.geom_type != "Polygon":
        return None
    if len(shape.exterior.coords) > OUTLINE_CORNERS:
        shape = shape.minimum_rotated_rectangle
    return ring(shape.exterior)[:-1] if shape.geom_type == "Polygon" else None
