"""Balloons of Google Earth: a row of a table as HTML for readers without its documentation.

Text from a table is escaped, and the balloon shows the description alone, so that a name with
markup in it is never read as markup (OGC KML 2.3, 9.1.3.1 and 12.5).
"""

import html
import json
import re
from collections.abc import Mapping

import pandas as pd

from gnomon.report.export.vectors import utc
from gnomon.report.text import LOADS, REASONS, ZONES

PICTURE_PX = 320
LISTED_MAX = 8
"""Names with probabilities in a balloon; tables have them all, the likeliest first."""
LABELS = {
    "detection_id": "Detection",
    "visit_id": "Visit",
    "scene_id": "Image",
    "collection": "Collection",
    "platform": "Satellite",
    "sensor": "Sensor",
    "seen_at": "Time",
    "port": "Port",
    "zone": "Zone",
    "score": "Chance that it is a ship",
    "p_tanker": "Chance that it is a small tanker",
    "length_m": "Length, m",
    "length_sigma_m": "Length, standard error, m",
    "beam_m": "Beam, m",
    "beam_sigma_m": "Beam, standard error, m",
    "heading_deg": "Heading, degrees",
    "heading_sigma_deg": "Heading, standard error, degrees",
    "freeboard_m": "Freeboard (deck above water), m",
    "freeboard_sigma_m": "Freeboard, standard error, m",
    "freeboard_p05_m": "Freeboard, 5 % quantile, m",
    "freeboard_p95_m": "Freeboard, 95 % quantile, m",
    "log_lr_laden": "Evidence of cargo, log likelihood ratio",
    "p_laden": "Chance laden, if it is a tanker",
    "load_state": "Load",
    "load_reason": "Why the load is uncertain",
    "sun_azimuth_deg": "Direction of the sun, degrees",
    "sun_elevation_deg": "Height of the sun, degrees",
    "view_azimuth_deg": "Direction of the satellite, degrees",
    "view_zenith_deg": "Satellite off the vertical, degrees",
    "gsd_m": "Pixel size, m",
    "quayside": "At a quay",
    "model": "Weights",
    "run_digest": "Result",
    "status": "Status",
    "reason": "Reason",
    "covered_fraction": "Part of the port in the image",
    "usable_fraction": "Part of the water visible",
    "usable_water_km2": "Visible water, square kilometres",
    "zones": "Visible water by zone",
    "visibility": "What was visible, cell by cell",
    "detections": "Ships",
    "observations": "Images of the visit",
    "arrived_after": "Arrived after",
    "arrived_before": "Arrived before",
    "departed_after": "Departed after",
    "departed_before": "Departed before",
    "arrived_p05": "Arrival, 5 % quantile",
    "arrived_p50": "Arrival, median",
    "arrived_p95": "Arrival, 95 % quantile",
    "departed_p05": "Departure, 5 % quantile",
    "departed_p50": "Departure, median",
    "departed_p95": "Departure, 95 % quantile",
    "p_visit": "Chance that these images show one visit of one ship",
    "hidden_images": "Images that hid its place",
    "p_tanker_basis": "What that chance rests on",
    "image_p_laden_in": "Chance laden on arrival, by its own images",
    "image_p_laden_out": "Chance laden on departure, by its own images",
    "log_lr_laden_in": "Evidence of cargo on arrival, log likelihood ratio",
    "log_lr_laden_out": "Evidence of cargo on departure, log likelihood ratio",
    "p_laden_in": "Chance laden on arrival",
    "p_laden_out": "Chance laden on departure",
    "p_loaded": "Chance that it loaded",
    "p_unloaded": "Chance that it unloaded",
    "candidates": "Which ship it may be",
    "deadweight_t": "Deadweight, tonnes",
    "deadweight_log_sigma": "Deadweight, standard error of its logarithm",
    "mmsi": "MMSI (AIS)",
    "dark": "Without AIS while other ships were received",
    "departure": "Visit of departure",
    "arrival": "Visit of arrival",
    "origin": "From",
    "destination": "To",
    "distance_nm": "Distance, nautical miles",
    "speed_kn": "Speed, knots",
    "probability": "Chance of this voyage",
    "review_decision": "Analyst's decision",
    "review_type": "Analyst: type",
    "review_load_state": "Analyst: load",
    "review_identity": "Analyst: ship",
    "review_note": "Analyst: note",
    "review_reviewer": "Analyst",
    "review_decided_at": "Analyst: time",
}
"""Label of each column; others have their own name without underscores."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "load_state": LOADS,
    "review_load_state": LOADS,
    "load_reason": REASONS,
    "zone": ZONES,
}
"""Columns whose values are replaced by plain words."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def balloon(name: str, row: Mapping[str, object], picture: str | None) -> str:
    """HTML of a balloon.

    Parameters
    ----------
    name
        Its title.
    row
        Known values of a table's row by column.
    picture
        Path of a picture within the KMZ.

    """
    cells = "".join(
        f"<tr><td>{escaped(label(column))}</td><td>{escaped(readable(column, value))}</td></tr>"
        for column, value in row.items()
    )
    image = f'<p><img src="{picture}" width="{PICTURE_PX}"></p>' if picture else ""
    return f"<h3>{escaped(name)}</h3>{image}<table>{cells}</table>"


def label(column: str) -> str:
    """Label of a column for readers."""
    return LABELS.get(column, column.replace("_", " "))


def readable(column: str, value: object) -> str:
    """Value for readers: four significant digits, plain words, lists without brackets."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    if isinstance(value, str) and value[:1] in ("{", "["):
        return _listed(value)
    text = plain(value)
    return WORDS.get(column, {}).get(text, text)


def _listed(text: str) -> str:
    """Probabilities or names in JSON, separated by commas; other text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, dict) and all(isinstance(one, float | int) for one in value.values()):
        listed = [f"{ZONES.get(name, name)} {one:.0%}" for name, one in value.items()]
        more = [f"and {len(listed) - LISTED_MAX} others"] if len(listed) > LISTED_MAX else []
        return ", ".join(listed[:LISTED_MAX] + more)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return text


def plain(value: object) -> str:
    """Value of a table as text; times in UTC with a Z."""
    return utc(value) if isinstance(value, pd.Timestamp) else str(value)


def xml_text(value: object) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("\ufffd", str(value))


def escaped(value: object) -> str:
    """Text that HTML shows as it is; ``$`` starts an entity of a balloon."""
    return html.escape(xml_text(value)).replace("$", "&#36;").replace("\n", "<br>")
