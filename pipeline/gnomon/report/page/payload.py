"""Rows of a run as columns of the page's JSON: looks, ships, visits, ports."""

from typing import Any

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.study import shipped
from gnomon.report.load_tables import EVERYWHERE, Run
from gnomon.report.page.encode import moment, moments, number, numbers, parsed, ring, rings, words

OUTLINE_CORNERS = 9
"""More than a hull as a rectangle has; rounder outlines are simplified."""


def observations_of(run: Run) -> dict[str, list[Any]]:
    """Every look, whatever was found in it."""
    table = run.observations
    return {
        "scene": words(table.scene_id),
        "collection": words(table.collection),
        "platform": words(table.platform),
        "sensor": words(table.sensor),
        "t": moments(table.seen_at),
        "port": words(table.port),
        "status": words(table.status),
        "reason": words(table.reason),
        "usable": numbers(table.usable_fraction),
        "zones": [parsed(text, {}) for text in table.zones],
        "sun": numbers(table.sun_elevation_deg, 1),
        "sun_az": numbers(table.sun_azimuth_deg, 1),
        "view": numbers(table.view_zenith_deg, 1),
        "gsd": numbers(table.gsd_m, 2),
        "digest": words(table.run_digest),
    }


def ships_of(run: Run) -> dict[str, list[Any]]:
    """Every detection."""
    table = run.detections
    told: dict[str, list[Any]] = {
        "id": words(table.detection_id),
        "scene": words(table.scene_id),
        "collection": words(table.collection),
        "platform": words(table.platform),
        "sensor": words(table.sensor),
        "t": moments(table.seen_at),
        "port": words(table.port),
        "zone": words(table.zone),
        "state": words(table.load_state),
        "reason": words(table.load_reason),
        "model": words(table.model),
        "digest": words(table.run_digest),
        "quay": [bool(at) if pd.notna(at) else None for at in table.quayside],
    }
    told["lon"] = [None if p is None else number(p.x, 6) for p in map(_point, table.geometry)]
    told["lat"] = [None if p is None else number(p.y, 6) for p in map(_point, table.geometry)]
    told["outline"] = [_outline(shape) for shape in table.footprint]
    return told | {short: numbers(table[name], digits) for short, name, digits in _MEASURES}


_MEASURES = (
    ("score", "score", 3),
    ("tanker", "p_tanker", 3),
    ("length", "length_m", 1),
    ("length_s", "length_sigma_m", 1),
    ("beam", "beam_m", 1),
    ("beam_s", "beam_sigma_m", 1),
    ("heading", "heading_deg", 1),
    ("heading_s", "heading_sigma_deg", 1),
    ("fb", "freeboard_m", 2),
    ("fb_s", "freeboard_sigma_m", 2),
    ("fb05", "freeboard_p05_m", 2),
    ("fb95", "freeboard_p95_m", 2),
    ("lr", "log_lr_laden", 2),
    ("laden", "p_laden", 3),
    ("sun_az", "sun_azimuth_deg", 1),
    ("sun", "sun_elevation_deg", 1),
    ("view_az", "view_azimuth_deg", 1),
    ("view", "view_zenith_deg", 1),
    ("gsd", "gsd_m", 2),
)


def visits_of(run: Run) -> list[dict[str, Any]]:
    """Every visit, with her candidates and where she may have gone."""
    return [_visit(row, run.voyages) for _, row in run.visits.iterrows()]


def _visit(row: pd.Series, voyages: pd.DataFrame) -> dict[str, Any]:
    times = (
        "arrived_after", "arrived_before", "departed_after", "departed_before", "arrived_p05",
        "arrived_p50", "arrived_p95", "departed_p05", "departed_p50", "departed_p95",
    )  # fmt: skip
    measures = (
        "p_visit", "p_tanker", "length_m", "length_sigma_m", "beam_m", "beam_sigma_m",
        "log_lr_laden_in", "log_lr_laden_out", "p_laden_in", "p_laden_out", "p_loaded",
        "p_unloaded", "deadweight_t", "deadweight_log_sigma",
    )  # fmt: skip
    place = _point(row.geometry)
    candidates = parsed(row.candidates, {})
    return {
        "id": str(row.visit_id),
        "port": str(row.port),
        "place": None if place is None else [number(place.x, 6), number(place.y, 6)],
        "mmsi": None if pd.isna(row.mmsi) else str(row.mmsi),
        "dark": None if pd.isna(row.dark) else bool(row.dark),
        "ships": [str(name) for name in parsed(row.detections, [])],
        "candidates": [[str(name), number(chance)] for name, chance in candidates.items()],
        "onward": _onward(voyages, str(row.visit_id)),
        **{name: moment(row[name]) for name in times},
        **{name: number(row[name]) for name in measures},
    }


def _onward(voyages: pd.DataFrame, visit: str) -> list[dict[str, Any]]:
    rows = voyages[voyages.departure == visit].sort_values("probability", ascending=False)
    return [
        {
            "to": None if pd.isna(row.destination) else str(row.destination),
            "visit": None if pd.isna(row.arrival) else str(row.arrival),
            "p": number(row.probability),
        }
        for _, row in rows.head(4).iterrows()
    ]


def register_of(run: Run) -> dict[str, dict[str, Any]]:
    """What the register says of each ship that is a candidate, by name."""
    path = (run.study.track.fleet if run.study else None) or shipped("configs") / "fleet.csv"
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):
        return {}
    kept = [n for n in ("imo", "deadweight_t", "length_m", "beam_m", "listing") if n in rows]
    if "name" not in rows:
        return {}
    called = {name for text in run.visits.candidates for name in parsed(text, {})}
    rows = rows[rows["name"].isin(called)]
    return {row["name"]: {n: row[n] for n in kept if row[n]} for _, row in rows.iterrows()}


def ports_of(run: Run, coasts: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Ports with their zones, and the coast where pixels showed it."""
    named = [
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
            "coast": coasts.get(port.name or EVERYWHERE, []),
        }
        for port in run.ports()
    ]
    there = {port["name"] for port in named}
    lost = sorted(set(run.observations.port) - there)
    return [*named, *({"name": n, "area": [], "zones": [], "coast": []} for n in lost)]


def _point(shape: BaseGeometry | None) -> shapely.Point | None:
    if shape is None or shape.is_empty:
        return None
    return shape if shape.geom_type == "Point" else shape.centroid


def _outline(shape: BaseGeometry | None) -> list[list[float]] | None:
    """Corners of a hull, not closed."""
    if shape is None or shape.is_empty or shape.geom_type != "Polygon":
        return None
    if len(shape.exterior.coords) > OUTLINE_CORNERS:
        shape = shape.minimum_rotated_rectangle
    return ring(shape.exterior)[:-1] if shape.geom_type == "Polygon" else None
