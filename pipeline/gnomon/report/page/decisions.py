"""Adding to an analyst's file of decisions: nothing in it is ever lost.

`gnomon.datamodel.decisions` defines a decision and its weight. The served page sends decisions
here; they are added to those in the file, and the latest decision on a detection holds. A decision
on a detection that a run does not have is kept too.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gnomon.datamodel.decisions import Decision, decisions_at_odds, read_review
from gnomon.datamodel.errors import ReviewError, printable
from gnomon.datamodel.files import write_json
from gnomon.datamodel.geojson import features_in, parse_rows, read_collection

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


def decision_features(value: Any, present: Sequence[Feature] = ()) -> list[Feature]:
    """Features of a GeoJSON collection of decisions, checked as those of a file are.

    Parameters
    ----------
    value
        The collection.
    present
        Decisions that are there already; none of the collection may contradict them.

    Returns
    -------
    list
        Whole features: with their type, and a geometry that may be null.

    Raises
    ------
    ValueError
        It is not a collection of decisions; the message has every fault.

    """
    features = features_in(value)
    rows, faults = parse_rows([*features, *present], Decision)
    if faults := [*faults, *decisions_at_odds(rows)]:
        raise ValueError(printable("; ".join(map(str, faults))))
    return [{**one, "type": "Feature", "geometry": one.get("geometry") or None} for one in features]


def merge_decisions(*parts: Iterable[Feature]) -> list[Feature]:
    """All decisions, each once, by detection and then time; one moment is that of all zones."""
    merged: dict[tuple[str, Any], Feature] = {}
    for feature in (one for part in parts for one in part):
        one = Decision.model_validate(feature["properties"])
        merged.setdefault((one.detection_id, one.decided_at), feature)
    return [merged[key] for key in sorted(merged)]


def write_decisions(features: Iterable[Feature], path: Path) -> None:
    """Write decisions, whole or not at all."""
    write_json({"type": "FeatureCollection", "features": [*features]}, path, synced=True)
