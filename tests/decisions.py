"""Decisions of an analyst as GeoJSON."""

from typing import Any


def decision(
    ship: str, when: str | None = "2024-12-01T00:00:00Z", **properties: Any
) -> dict[str, Any]:
    """Feature that accepts a detection, with other properties in place of the defaults."""
    values = {"detection_id": ship, "decision": "accept", "decided_at": when, **properties}
    return {"type": "Feature", "geometry": None, "properties": values}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
