"""Adding to an analyst's file of decisions: nothing in it is ever lost.

`gnomon.datamodel.decisions` defines a decision and its weight. The served page sends decisions
here; they are added to those in the file, and the latest decision on a detection holds. A decision
on a detection that a run does not have is kept too.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import write_json

Feature = dict[str, Any]
"""GeoJSON feature whose properties are a `Decision`; other properties are kept as they are."""


def read_decisions(path: Path) -> list[Feature]:
    """Read decisions; none if there is no file.

    Raises
    ------
    StoreError
        The file exists and is not a file of decisions. It is left as it is.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        return decision_features(json.loads(text))
    except ValueError as error:
        raise StoreError(
            f"{path}: is not a file of decisions ({error}); correct or move it"
        ) from error


def decision_features(value: Any) -> list[Feature]:
    """Features of a GeoJSON collection of decisions, checked.

    Raises
    ------
    ValueError
        It is not a collection of decisions.

    """
    if fault := _fault(value):
        raise ValueError(fault)
    features: list[Feature] = value["features"]
    return features


def _fault(value: Any) -> str | None:
    if not isinstance(value, dict) or value.get("type") != "FeatureCollection":
        return "no GeoJSON FeatureCollection"
    if not isinstance(value.get("features"), list):
        return "it has no features"
    for number, feature in enumerate(value["features"], start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        try:
            Decision.model_validate(properties)
        except ValidationError as error:
            first = error.errors()[0]
            return f"feature {number}: {'.'.join(map(str, first['loc']))} {first['msg']}"
    return None


def merge_decisions(*parts: Iterable[Feature]) -> list[Feature]:
    """All decisions, each once, by detection and then time."""
    merged: dict[tuple[str, datetime], Feature] = {}
    for feature in (one for part in parts for one in part):
        merged.setdefault((feature["properties"]["detection_id"], _decided_at(feature)), feature)
    return [merged[key] for key in sorted(merged)]


def write_decisions(features: Iterable[Feature], path: Path) -> None:
    """Write decisions, whole or not at all."""
    write_json({"type": "FeatureCollection", "features": [*features]}, path)


def _decided_at(feature: Feature) -> datetime:
    """Time of a decision; the same moment in two time zones is equal."""
    return Decision.model_validate(feature["properties"]).decided_at
