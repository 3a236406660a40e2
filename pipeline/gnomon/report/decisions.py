"""What analysts decided, as a file: `review.geojson`, which no run writes.

A GeoJSON FeatureCollection in EPSG:4326, one feature for each ship in a look that was decided on:
``detection_id``, ``visit_id``, ``scene_id``, ``decision`` (``accept`` or ``reject``), ``type``,
``load_state``, ``identity``, ``note``, ``reviewer``, ``decided_at`` (ISO, UTC), and the ship's
outline. Of two decisions on one ship in one look the later holds; a decision on a ship that a run
does not have is kept.
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
    return None


def merged(*parts: Iterable[Feature]) -> list[Feature]:
    """Later decisions over earlier ones, in the order of their ids."""
    held: dict[str, Feature] = {}
    for feature in (one for part in parts for one in part):
        name = feature["properties"]["detection_id"]
        if name not in held or _when(feature) >= _when(held[name]):
            held[name] = feature
    return [held[name] for name in sorted(held)]


def write_decisions(features: Iterable[Feature], path: Path) -> None:
    """Write decisions, whole or not at all."""
    write_json({"type": "FeatureCollection", "features": [*features]}, path)


def _when(feature: Feature) -> datetime:
    """Time of a decision; one that does not tell it comes before all."""
    text = feature["properties"].get("decided_at")
    try:
        told = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)
