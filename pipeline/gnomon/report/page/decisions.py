"""Adding to what analysts decided: nothing that is in their file is ever lost.

`gnomon.datamodel.decisions` says what a decision is, and what it is worth. The page that is served
sends decisions here; they are added to those that the file has, and the latest on a ship in a look
holds. A decision on a ship that a run does not have is kept too.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gnomon.datamodel.decisions import REVIEW as FILE
from gnomon.datamodel.decisions import Decision
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import write_json

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
        try:
            Decision.model_validate(told)
        except ValidationError as error:
            fault = error.errors()[0]
            return f"feature {number}: {'.'.join(map(str, fault['loc']))} {fault['msg']}"
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
    """Time of a decision, in its own zone; two times that are the same moment are equal."""
    return Decision.model_validate(feature["properties"]).decided_at


__all__ = ["FILE", "Feature", "checked", "merged", "read_decisions", "write_decisions"]
