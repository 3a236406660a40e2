"""The folder of a small run without pixels: three ships, observations with and without them."""

import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shapely import LineString, Point, box

from gnomon.datamodel.files import write_json, write_table
from gnomon.datamodel.ledger_tables import Cumulative, Ledger
from gnomon.datamodel.schema import Table, table
from gnomon.datamodel.study import Study
from gnomon.datamodel.tables import (
    DecisionEffects,
    Detections,
    FurtherPasses,
    Observations,
    Seasons,
    Visits,
    Voyages,
)

START = datetime(2024, 4, 6, 2, 12, 31, 250_000, tzinfo=UTC)
AREA = box(130.2, 42.1, 130.4, 42.3)
IDS = ("S2A_one-e1-n1", "S2A_one-e2-n2", "S2B_two-e1-n1")


def day(count: float) -> datetime:
    return START + timedelta(days=count)


def ship(name: str, when: datetime, x: float, **more: Any) -> dict[str, Any]:
    return {
        "detection_id": name,
        "scene_id": name.split("-", maxsplit=1)[0],
        "collection": "sentinel-2-l2a",
        "platform": "sentinel-2a" if "S2A" in name else "sentinel-2b",
        "sensor": "optical",
        "seen_at": when,
        "port": "rajin",
        "zone": "pier 1",
        "geometry": Point(x, 42.2),
        "footprint": box(x - 0.0006, 42.1999, x + 0.0006, 42.2001),
        "score": 0.9,
        "length_m": 98.4,
        "length_sigma_m": 12.0,
        "beam_m": 15.25,
        "beam_sigma_m": 3.0,
        "heading_deg": 90.0,
        "heading_sigma_deg": 4.0,
        "load_state": "indeterminate",
        "load_reason": "sun_high",
        "sun_azimuth_deg": 157.1,
        "sun_elevation_deg": 51.3,
        "gsd_m": 10.0,
        "quayside": True,
        "model": "s2-vessel@0123",
        "run_digest": "0a" * 8,
        **more,
    }


def observation(scene: str, when: datetime | None, **more: Any) -> dict[str, Any]:
    return {
        "scene_id": scene,
        "collection": "sentinel-2-l2a",
        "platform": "sentinel-2a" if "S2A" in scene else "sentinel-2b",
        "sensor": "optical",
        "seen_at": when,
        "port": "rajin",
        "geometry": AREA,
        "status": "observed",
        "covered_fraction": 1.0,
        "usable_fraction": 0.83,
        "zones": '{"pier 1": 0.5}',
        "detections": 1,
        "sun_azimuth_deg": 157.1,
        "sun_elevation_deg": 51.3,
        "gsd_m": 10.0,
        "run_digest": "0a" * 8,
        **more,
    }


def visit() -> dict[str, Any]:
    moments = {
        "arrived_before": 0, "departed_after": 3, "departed_before": 6,
        "arrived_p05": -2, "arrived_p50": -1, "arrived_p95": -0.1,
        "departed_p05": 3.1, "departed_p50": 4, "departed_p95": 5.5,
    }  # fmt: skip
    return {
        "visit_id": f"rajin-{IDS[0]}",
        "hidden_images": "[]",
        "port": "rajin",
        "geometry": Point(130.3, 42.2),
        "observations": 2,
        **{name: day(count) for name, count in moments.items()},
        **dict.fromkeys(("p_visit", "p_tanker", "p_laden_out", "p_loaded"), 0.9),
        **dict.fromkeys(("p_laden_in", "p_unloaded"), 0.05),
        "p_tanker_basis": "size alone",
        "image_p_laden_in": 0.18,
        "image_p_laden_out": 0.92,
        "others_p_laden_in": 0.04,
        "others_p_laden_out": 0.95,
        "contradicts_trade": False,
        "length_m": 95.0,
        "length_sigma_m": 6.0,
        "beam_m": 15.0,
        "beam_sigma_m": 1.0,
        "log_lr_laden_in": -1.5,
        "log_lr_laden_out": 2.5,
        "candidates": '{"Un Hung": 0.4, "unregistered": 0.6}',
        "deadweight_t": 3000.0,
        "deadweight_log_sigma": 0.2,
        "dark": True,
        "detections": json.dumps([IDS[0], IDS[2]]),
    }


def voyage(arrival: str | None) -> dict[str, Any]:
    return {
        "departure": f"rajin-{IDS[0]}",
        "arrival": arrival,
        "origin": "rajin",
        "destination": "chongjin" if arrival else None,
        "geometry": LineString([(130.3, 42.2), (130.0, 41.9), (129.8, 41.75)]) if arrival else None,
        "distance_nm": 41.0 if arrival else None,
        "probability": 0.7 if arrival else 0.3,
        "p_laden": 0.9,
    }


def season() -> dict[str, Any]:
    return {
        "port": "rajin", "start": day(-5), "end": day(30), "observations": 2,
        "usable_observations": 1.66,
        "visits_mean": 3.1, "visits_p05": 1.0, "visits_p50": 3.0, "visits_p95": 7.0,
        "seen_p50": 1.0, "p_seen": 0.4, "ideal_half_width": 2.6,
        "notes": "no p_tanker: size alone tells",
    }  # fmt: skip


def ledger() -> dict[str, Any]:
    values = dict.fromkeys(Ledger.to_schema().columns, 1.5)
    return values | {
        "year": 2024, "scenario": "inferred", "p_over_cap": 0.25, "cap_barrels": 500_000.0,
        "open_ports": "[]", "p_loading": 1.0, "p_over_cap_if_loading": 0.25,
        "start": day(-5), "end": day(30),
        "passed_p05": None, "passed_p50": None, "passed_p95": None,
    }  # fmt: skip


def cumulative(n: int) -> dict[str, Any]:
    values = dict.fromkeys(("barrels_p05", "barrels_p50", "barrels_p95"), 1.5)
    return values | {"year": 2024, "day": day(n), "p_over_cap": 0.25}


def further(passes: str, half_width: float, **more: Any) -> dict[str, Any]:
    return {
        "port": "rajin", "passes": passes, "sensor": "optical", "gsd_m": 3.0,
        "passes_a_month": 20.0, "free": False, "p_seen": 0.7, "visits_half_width_now": 2.6,
        "visits_half_width_then": half_width,
        **more,
    }  # fmt: skip


ROWS: dict[str, tuple[type[Table], list[dict[str, Any]]]] = {
    "detections": (
        Detections,
        [
            ship(IDS[0], day(0), 130.3, freeboard_m=4.2, freeboard_sigma_m=1.0, p_laden=0.4,
                 log_lr_laden=-0.4),
            ship(IDS[1], day(0), 130.35, zone="roads", quayside=False, load_state="laden",
                 load_reason=None),
            ship(IDS[2], day(3), 130.3, load_state=None, load_reason=None),
        ],
    ),
    "observations": (
        Observations,
        [
            observation("S2A_one", day(0), detections=2),
            observation("S2B_two", day(3)),
            observation("S2A_broken", day(5), status="failed",
                reason="red: <broken>", detections=None,
                 usable_fraction=None, covered_fraction=None),
            observation("S2B_empty", day(6), detections=0, port=None),
        ],
    ),
    "visits": (Visits, [visit()]),
    "seasons": (Seasons, [season()]),
    "voyages": (Voyages, [voyage("chongjin-x"), voyage(None)]),
    "ledger": (Ledger, [ledger()]),
    "cumulative": (Cumulative, [cumulative(n) for n in range(-4, 31)]),
    "further_passes": (
        FurtherPasses,
        [
            further("daily 3 m images", 1.4),
            further("a second Sentinel-1 satellite", 2.1, sensor="sar", gsd_m=10.0,
                    passes_a_month=5.0, free=True, p_seen=0.55),
        ],
    ),
}  # fmt: skip


def write_run(
    folder: Path,
    *,
    names: tuple[str, ...] = tuple(ROWS),
    catalog: str = "https://stac.example.org/v1",
    described: bool = True,
    study: dict[str, Any] | None = None,
    **changed: list[dict[str, Any]],
) -> Path:
    """Write the tables of these names; ``changed`` has other rows for some of them.

    run.json is written if ``described``, with the sections of ``study`` in place of the defaults.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        model, rows = ROWS[name]
        write_table(table(model, changed.get(name, rows)), folder / f"{name}.parquet")
    if described:
        sections = {"name": "spring", "description": "A <spring>", "catalog": {"url": catalog}}
        values = {
            "study": Study.model_validate(sections | (study or {})).model_dump(mode="json"),
            "made_at": "2024-12-01T10:00:00+00:00",
            "versions": {"gnomon": version("gnomon"), "torch": "2.13"},
            "weights": {"name": "s2-vessel", "version": "0.1.0", "sha256": "ab" * 32},
            "traffic": {"name": "small-tankers", "sha256": "cd" * 32},
            "items": ["S2A_one", "S2B_two"],
            "sources": {"S2A_one": "https://stac.example.org/v1/one?sig=secret"},
        }
        write_json(values, folder / "run.json")
    return folder


def write_review(folder: Path, **properties: Any) -> Path:
    """Decide about the first ship."""
    path = folder / "review.geojson"
    decision = {
        "detection_id": IDS[0], "decision": "accept", "decided_at": "2024-12-02T00:00:00Z",
        **properties,
    }  # fmt: skip
    feature = {"type": "Feature", "geometry": None, "properties": decision}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def write_effects(
    folder: Path, *, decision: str = "accepted", more: dict[str, str] | None = None
) -> Path:
    """Write what a decision about the first ship changed, and ``more`` of other ships."""
    path = folder / "decisions.parquet"
    single = {IDS[0]: decision} | (more or {})
    rows: list[dict[str, Any]] = [
        {"detection_id": name, "decision": words} for name, words in single.items()
    ]
    joint = {
        "decision": f"all {len(rows)} decisions together",
        "deliveries_p50_before": 22.0, "deliveries_p50_after": 21.0,
        "barrels_p50_before": 489_000.0, "barrels_p50_after": 452_000.0, "barrels_noise": 7_400.0,
    }  # fmt: skip
    write_table(table(DecisionEffects, [*rows, joint]), path)
    return path


OPEN = {
    "open_ports": '["rajin"]', "p_loading": 0.48, "p_over_cap": 0.47,
    "deliveries_p05": 0.0, "deliveries_p50": 0.0, "deliveries_p95": 61.0,
    "tonnes_p05": 0.0, "tonnes_p50": 0.0, "tonnes_p95": 154_515.0,
    "barrels_p05": 0.0, "barrels_p50": 0.0, "barrels_p95": 1_152_709.0,
    "deliveries_seen_if_loading_p50": 19.0, "deliveries_if_loading_p05": 41.0,
    "deliveries_if_loading_p50": 52.0, "deliveries_if_loading_p95": 66.0,
    "tonnes_if_loading_p05": 112_000.0, "tonnes_if_loading_p50": 143_000.0,
    "tonnes_if_loading_p95": 171_000.0, "barrels_if_loading_p05": 838_100.0,
    "barrels_if_loading_p50": 1_071_200.0, "barrels_if_loading_p95": 1_277_900.0,
    "barrels_otherwise_p05": 0.0, "barrels_otherwise_p50": 0.0, "barrels_otherwise_p95": 0.0,
    "p_over_cap_if_loading": 0.999,
}  # fmt: skip
"""A season of 1.07 million barrels of which no image shows the load, in a row of the ledger."""
