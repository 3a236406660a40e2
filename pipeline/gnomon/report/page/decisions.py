"""Adding to an analyst's file of decisions: nothing in it is ever lost.

`gnomon.datamodel.decisions` defines a decision and its weight. The served page sends decisions
here; they are added to those in the file, and the latest decision on a detection holds. A decision
on a detection that a run does not have is kept too.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from gnomon.datamodel.decisions import Decision, read_review
from gnomon.datamodel.errors import ReviewError
from gnomon.datamodel.files import write_json
from gnomon.datamodel.geojson import COLLECTION, parse_rows, read_collection

Feature = dict[str, Any]
"""GeoJSON feature whose properties are a `Decision`; other properties are kept as they are."""


def read_decisions(path: Path) -> list[Feature]:
    """Read decisions; none if there is no file.

    Raises
    ------
    ReviewError
        The file exists and is not a file of decisions: a line for every fault. It is left as it is.

    """
    if not path.exists():
        return []
    try:
        read_review(path)
    except ReviewError as error:
        raise ReviewError(f"{error}\n  correct or move the file") from error
    return read_collection(path, error=ReviewError)


def decision_features(value: Any) -> list[Feature]:
    """Features of a GeoJSON collection of decisions, checked.

    Raises
    ------
    ValueError
        It is not a collection of decisions; the message has every fault.

    """
    if not isinstance(value, dict) or value.get("type") != COLLECTION:
        raise ValueError(f"no GeoJSON {COLLECTION}")
    features = value.get("features")
    if not isinstance(features, list):
        raise ValueError("it has no features")  # noqa: TRY004
    if faults := parse_rows(features, Decision)[1]:
        raise ValueError("; ".join(map(str, faults)))
    return features


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
