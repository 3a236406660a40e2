"""What analysts decided, as a file: `review.geojson`, which no run writes.

A GeoJSON FeatureCollection in EPSG:4326, one feature for each ship in a look that was decided on:
``detection_id``, ``visit_id``, ``scene_id``, ``decision`` (``accept`` or ``reject``), ``type``,
``load_state``, ``identity``, ``note``, ``reviewer``, ``decided_at`` (ISO, UTC), and the ship's
outline. Of several decisions on one ship in one look the latest holds and the others stay as its
history; a decision on a ship that a run does not have is kept too.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gnomon.errors import StoreError
from gnomon.store import write_json

FILE = "review.geojson"
DECISIONS = ("accept", "reject")
Feature = dict[str, Any]


def read_decisions(path: Path) -> list[Feature]:
    """Read decisions; none where there is no file.

    Raises
    ------
    StoreError
        The file is there and is not what gnomon writes. It is left as it is.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        return checked(json.loads(text))
    except ValueError as error:
        raise StoreError(
            f"{path}: is not a file of decisions ({error}); mend or move it"
        ) from error


def checked(value: Any) -> list[Feature]:
    """Features of a collection of decisions.

    Raises
    ------
    ValueError
        It is something else.

    """
    if why := _fault(value):
        raise ValueError(why)
    features: list[Feature] = value["features"]
    return features


def _fault(value: Any) -> str | None:
    if not isinstance(value, dict) or value.get("type") != "FeatureCollection":
        return "no GeoJSON FeatureCollection"
    if not isinstance(value.get("features"), list):
        return "it has no features"
    for number, feature in enumerate(value["features"], start=1):
        told = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(told, dict) or not isinstance(told.get("detection_id"), str):
            return f"feature {number} has no detection_id"
        if told.get("decision") not in DECISIONS:
            return f"feature {number}: decision is not accept or reject"
        try:
            _when(feature)
        except ValueError as error:
            return f"feature {number}: {error}"
    return None


def merged(*parts: Iterable[Feature]) -> list[Feature]:
    """All decisions once each, by ship and then time: nothing that was decided is lost."""
    kept: dict[tuple[str, datetime], Feature] = {}
    for feature in (one for part in parts for one in part):
        kept.setdefault((feature["properties"]["detection_id"], _when(feature)), feature)
    return [kept[key] for key in sorted(kept)]


def write_decisions(features: Iterable[Feature], path: Path) -> None:
    """Write decisions, whole or not at all."""
    write_json({"type": "FeatureCollection", "features": [*features]}, path)


def _when(feature: Feature) -> datetime:
    """Time of a decision.

    Raises
    ------
    ValueError
        There is none, or it has no zone.

    """
    told = datetime.fromisoformat(str(feature["properties"].get("decided_at")))
    if told.tzinfo is None:
        raise ValueError("decided_at has no zone")
    return told.astimezone(UTC)
