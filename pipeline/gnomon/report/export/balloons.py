"""Balloons of Google Earth: a row of a table as sentences for readers without statistics.

What a ship's own images show comes first. What is supposed from other visits follows in a paragraph
of its own, with that word and in another style. Values and columns are in the data of each place.

Text from a table is escaped, and the balloon shows the description alone, so that a name with
markup in it is never read as markup (OGC KML 2.3, 9.1.3.1 and 12.5).
"""

import html
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from gnomon.report.credits import WARNING
from gnomon.report.export.vectors import utc
from gnomon.report.sentences import (
    disagreement,
    own_text,
    seen_text,
    supposed_text,
    together_text,
)
from gnomon.report.text import (
    chance_text,
    day_text,
    moment_text,
    percent,
    port_text,
    rough,
    tanker_text,
    zone_text,
)
from gnomon.report.words import words

PICTURE_PX, PICTURES_MAX = 260, 3
LISTED_MAX, LISTED_MIN = 5, 0.01
"""Ships named in a balloon, the likeliest first, and their least chance; tables have them all."""
NAMELESS = "unregistered"
SIMULATED_STYLE = "color:#b00020;font-weight:bold"
SUPPOSED_STYLE = "color:#666;font-style:italic;border-left:3px dashed #999;padding-left:8px"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""

Row = Mapping[Any, Any]


def visit_balloon(
    row: Row, ships: pd.DataFrame, pictures: Sequence[tuple[str, str]], *, simulated: bool
) -> str:
    """HTML of a visit.

    Parameters
    ----------
    row
        Of the table of visits.
    ships
        Its detections, in the order of time.
    pictures
        Paths within the KMZ, and captions.
    simulated
        Whether the scenes are simulated.

    """
    together = together_text(row)
    supposed = f"{words()['supposed']}: {supposed_text(row)}."
    paragraphs = [
        _paragraph(f"What its own images show: {own_text(ships)}.", bold=True),
        _paragraph(f"Together they say: {together}." if together else ""),
        _paragraph(" ".join([supposed, disagreement(row, ships) or ""]), style=SUPPOSED_STYLE),
        _paragraph(" ".join(_stay(row))),
        _paragraph(
            f"Chance that it is a small tanker: "
            f"{tanker_text(row['p_tanker'], row.get('p_tanker_basis'))}."
        ),
        _paragraph(_size(row)),
        _paragraph(_names(row.get("candidates"))),
        _paragraph(_radio(row)),
    ]
    title = f"Visit at {port_text(str(row['port']))}, {seen_text(row)}"
    return _page(title, paragraphs, pictures, simulated=simulated)


def ship_balloon(row: Row, pictures: Sequence[tuple[str, str]], *, simulated: bool) -> str:
    """HTML of a detection; parameters as of `visit_balloon`."""
    place = f", {zone_text(str(row['zone']))}" if _is_known(row, "zone") else ""
    port = port_text(str(row["port"])) if _is_known(row, "port") else "a port that is not named"
    load = words()["loads"][str(row["load_state"]) if _is_known(row, "load_state") else "unread"]
    why = f": {words()['reasons'].get(str(row['load_reason']), '')}" if _reason(row) else ""
    paragraphs = [
        _paragraph(f"This image shows: {load}{why}.", bold=True),
        _paragraph(_freeboard(row)),
        _paragraph(_size(row)),
        _paragraph(f"Chance that it is a ship: {percent(row.get('score'))}. {_type(row)}"),
        _paragraph(
            f"Seen on {moment_text(row['seen_at'])}, at {port}{place}, by {row['platform']} with "
            f"pixels of {_short(row['gsd_m'])} m."
        ),
        _paragraph(_decision(row)),
        _paragraph(
            f"Image {row['scene_id']}, detection {row['detection_id']}.", style="color:#888"
        ),
    ]
    return _page(f"Ship at {port}{place}", paragraphs, pictures, simulated=simulated)


def image_balloon(row: Row, *, simulated: bool) -> str:
    """HTML of an observation, with or without ships."""
    port = port_text(str(row["port"]))
    if row["status"] != "observed":
        verb = "could not be read" if row["status"] == "failed" else "was left out"
        why = f": {row['reason']}" if _is_known(row, "reason") else ""
        seen = f"This image {verb}{why}. It says nothing about ships."
    else:
        count = int(row["detections"]) if _is_known(row, "detections") else 0
        ships = f"{count} ship{'s' if count > 1 else ''}" if count else "no ship"
        seen = f"This image shows {ships}."
        if _is_known(row, "usable_fraction"):
            part = math.floor(100 * float(row["usable_fraction"]) + 0.5)
            seen = f"{seen} {part} % of the water is visible."
    when = moment_text(row["seen_at"]) if _is_known(row, "seen_at") else "an unknown time"
    paragraphs = [
        _paragraph(seen, bold=True),
        _paragraph(f"Taken on {when} by {row['platform']}.", style=""),
        _paragraph(f"Image {row['scene_id']}.", style="color:#888"),
    ]
    return _page(f"Image of {port}", paragraphs, (), simulated=simulated)


def voyage_balloon(row: Row, *, simulated: bool) -> str:
    """HTML of a pair of a departure and an arrival that may be one voyage."""
    origin, to = port_text(str(row["origin"])), row.get("destination")
    aim = port_text(str(to)) if isinstance(to, str) else "no observed port"
    length = row.get("distance_nm")
    route = "" if pd.isna(length) else f" The sea route is {rough(length)} nautical miles long."
    paragraphs = [
        _paragraph(
            "Supposed, and not seen: that these two visits are one voyage of one ship. Chance "
            f"among all voyages from this departure: {percent(row['probability'])}.{route}",
            style=SUPPOSED_STYLE,
        ),
        _paragraph(
            f"Chance that it was laden, supposed: {chance_text(row['p_laden'])}.",
            style=SUPPOSED_STYLE,
        ),
    ]
    return _page(f"From {origin} to {aim}", paragraphs, (), simulated=simulated)


def _page(
    title: str,
    paragraphs: Sequence[str],
    pictures: Sequence[tuple[str, str]],
    *,
    simulated: bool,
) -> str:
    shown = [
        f'<p><img src="{path}" width="{PICTURE_PX}"><br>{escaped(caption)}</p>'
        for path, caption in pictures[:PICTURES_MAX]
    ]
    warning = _paragraph(WARNING, style=SIMULATED_STYLE) if simulated else ""
    return "".join(
        [f"<h3>{escaped(title)}</h3>", warning, *paragraphs[:1], *shown, *paragraphs[1:]]
    )


def _paragraph(text: str, *, style: str = "", bold: bool = False) -> str:
    """Paragraph; nothing for no text."""
    if not text.strip():
        return ""
    attribute = f' style="{style}"' if style else ""
    inside = f"<b>{escaped(text.strip())}</b>" if bold else escaped(text.strip())
    return f"<p{attribute}>{inside}</p>"


def _is_known(row: Row, column: str) -> bool:
    return pd.notna(row.get(column))


def _reason(row: Row) -> bool:
    return row.get("load_state") == "indeterminate" and _is_known(row, "load_reason")


def _stay(row: Row) -> Iterator[str]:
    """When it came and left, as far as images bound it."""
    for verb, one, before, after in (
        ("Arrived", "arrived", "arrived_after", "arrived_before"),
        ("Left", "departed", "departed_after", "departed_before"),
    ):
        if _is_known(row, before) and _is_known(row, after):
            bounds = f"between the images of {day_text(row[before])} and {day_text(row[after])}"
        elif _is_known(row, after):
            bounds = f"before {day_text(row[after])}; no earlier image shows its place clearly"
        else:
            bounds = f"after {day_text(row[before])}; no later image shows its place clearly"
        low, high = (day_text(row[f"{one}_{q}"]) for q in ("p05", "p95"))
        yield f"{verb} {bounds} (estimated: {low} to {high}, 90 % interval)."
    if hidden := _parsed(row.get("hidden_images"), list):
        count = len(hidden)
        yield (
            f"In {count} image{'s' if count > 1 else ''} in between, cloud or the edge of the data "
            f"hid its place."
        )


def _size(row: Row) -> str:
    """Length and beam with their errors, and the deadweight where it is estimated."""
    sides = [
        f"{rough(row[f'{side}_m'])} m {word} (± {rough(row[f'{side}_sigma_m'])} m)"
        for side, word in (("length", "long"), ("beam", "wide"))
        if _is_known(row, f"{side}_m") and _is_known(row, f"{side}_sigma_m")
    ]
    carries = row.get("deadweight_t")
    more = f"; deadweight about {rough(carries)} t" if carries and pd.notna(carries) else ""
    return f"Measured: {', '.join(sides)}{more}." if sides else ""


def _freeboard(row: Row) -> str:
    if not _is_known(row, "freeboard_m"):
        return ""
    names = ("freeboard_m", "freeboard_p05_m", "freeboard_p95_m")
    middle, low, high = (f"{row[name]:.1f}" if _is_known(row, name) else "" for name in names)
    interval = f" (90 % interval {low} to {high} m)" if low and high else ""
    chance = chance_text(row.get("p_laden"))
    return (
        f"Deck above the water (freeboard): {middle} m{interval}. Chance that it is laden, if it "
        f"is a tanker: {chance}."
    )


def _type(row: Row) -> str:
    if not _is_known(row, "p_tanker"):
        return f"{words()['type_undetermined'].capitalize()}."
    return f"Chance that it is a tanker, by this image: {chance_text(row['p_tanker'])}."


def _names(text: object) -> str:
    """Ships that it may be, the likeliest first."""
    chances = _parsed(text, dict)
    ordered = sorted(chances.items(), key=lambda pair: -pair[1])
    listed = [
        f"{'a ship that is not in the register' if name == NAMELESS else name} {percent(chance)}"
        for name, chance in ordered
        if chance >= LISTED_MIN
    ][:LISTED_MAX]
    left = len(ordered) - len(listed)
    more = f", and {left} others" if left > 1 else ""
    return f"Which ship it may be: {', '.join(listed)}{more}." if listed else ""


def _radio(row: Row) -> str:
    if _is_known(row, "mmsi"):
        return f"Its AIS signal has the MMSI {row['mmsi']}."
    if _is_known(row, "dark") and bool(row["dark"]):
        return "It sent no AIS signal while those of other ships were received there."
    return ""


def _decision(row: Row) -> str:
    """What an analyst decided about it."""
    if not _is_known(row, "review_decision"):
        return ""
    who = f"Analyst {row['review_reviewer']}" if _is_known(row, "review_reviewer") else "An analyst"
    said = [f"{who} decided on {day_text(row.get('review_decided_at'))}: {row['review_decision']}"]
    for column, names in (("type", words()["types"]), ("load_state", words()["loads"])):
        if _is_known(row, f"review_{column}"):
            said.append(names.get(str(row[f"review_{column}"]), ""))
    said += [
        f'{column} "{row[f"review_{column}"]}"'
        for column in ("identity", "note")
        if _is_known(row, f"review_{column}")
    ]
    return f"{'; '.join(said)}."


def parsed_list(text: object) -> list[str]:
    """Names in JSON; none if the text is none."""
    return [str(one) for one in _parsed(text, list)]


def _parsed(text: object, kind: type) -> Any:
    """List or object in JSON; an empty one if the text is none."""
    try:
        value = json.loads(str(text))
    except ValueError:
        return kind()
    return value if isinstance(value, kind) else kind()


def _short(value: float) -> str:
    return f"{value:.4g}"


def plain(value: object) -> str:
    """Value of a table as text; times in UTC with a Z."""
    return utc(value) if isinstance(value, pd.Timestamp) else str(value)


def xml_text(value: object) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("\ufffd", str(value))


def escaped(value: object) -> str:
    """Text that HTML shows as it is; ``$`` starts an entity of a balloon."""
    return html.escape(xml_text(value)).replace("$", "&#36;").replace("\n", "<br>")
