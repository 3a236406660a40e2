"""A run as KMZ for Google Earth: visits, ships, images and voyages at their times.

A visit spans the median arrival and departure; its balloon has the bounds, and its colour is that
of its load on departure. A ship and an image have the moment of the observation, a voyage spans
departure and arrival. Images are included but hidden until they are ticked, for the area of an
image hides the ships in it. Balloons have pictures (`gnomon.report.export.balloons`).
"""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import fastkml
import matplotlib.image as mpl_image
import numpy as np
import pandas as pd
from fastkml import styles, times
from pygeoif.factories import shape as plain_shape
from shapely.geometry.base import BaseGeometry

from gnomon.report.export.balloons import balloon, escaped, plain, xml_text

PICTURES, DOT = "pictures", "dot.png"
COLOURS = {"laden": "b27200", "ballast": "009fe6", "indeterminate": "bbbbbb", "other": "ffe500"}
"""Blue and orange of Okabe and Ito, grey, and cyan for unknown loads; KML has blue first."""
LIKELY = 0.75
"""Probability from which a visit or voyage has the colour of laden or ballast, else grey."""
BALLOON = "$[description]"
"""Show the description and nothing else."""
STATUS = {"observed": "image", "failed": "failed image", "skipped": "skipped image"}
LINE_PX, ICON_SCALE = 2.0, 0.6
_HIDDEN = ("geometry", "footprint")


def write_kmz(
    path: Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    name: str,
    about: str,
    pictures: Mapping[str, bytes],
) -> Path:
    """Write a KMZ.

    Parameters
    ----------
    path
        File to write.
    tables
        Tables of a run by name; missing ones are left out.
    name, about
        Name and description of the run; plain text of a line or two.
    pictures
        PNG of each detection.

    """
    files = {one: f"{PICTURES}/{n:05d}.png" for n, one in enumerate(sorted(pictures), start=1)}
    visits = tables.get("visits", pd.DataFrame())
    folders = [
        _folder("Visits", _visits(visits)),
        _folder("Voyages", _voyages(tables.get("voyages", pd.DataFrame()), visits)),
        *_by_port("Ships", _detections(tables.get("detections", pd.DataFrame()), files)),
        *_by_port("Images", _observations(tables.get("observations", pd.DataFrame())), shown=False),
    ]
    document = fastkml.Document(
        id="run",
        name=xml_text(name),
        description=escaped(about),
        styles=[_style(state, colour) for state, colour in COLOURS.items()],
        features=[folder for folder in folders if folder.features],
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as kmz:
        kmz.writestr("doc.kml", fastkml.KML(features=[document]).to_string())
        kmz.writestr(DOT, _dot())
        for one, file in files.items():
            kmz.writestr(file, pictures[one], compress_type=zipfile.ZIP_STORED)
    return path


def _dot() -> bytes:
    """A white disc that styles colour; Google's own icons would be loaded from the network."""
    side = np.linspace(-1.1, 1.1, 32)
    disc = np.hypot(*np.meshgrid(side, side)) < 1
    buffer = BytesIO()
    mpl_image.imsave(buffer, np.stack([*[np.ones(disc.shape)] * 3, disc], -1), format="png")
    return buffer.getvalue()


def _style(state: str, colour: str) -> styles.Style:
    return styles.Style(  # in the order that the schema requires
        id=state,
        styles=[
            styles.IconStyle(color=f"ff{colour}", scale=ICON_SCALE, icon_href=DOT),
            styles.LineStyle(color=f"ff{colour}", width=LINE_PX),
            styles.PolyStyle(color=f"30{colour}", fill=True, outline=True),
            styles.BalloonStyle(text=BALLOON),
        ],
    )


def _folder(name: str, places: Iterable[fastkml.Placemark], *, shown: bool = True) -> Any:
    folder = fastkml.Folder(name=xml_text(name), visibility=None if shown else False)
    for place in places:
        if not shown:
            place.visibility = False
        folder.append(place)
    return folder


def _by_port(
    title: str, places: Iterable[tuple[Any, fastkml.Placemark]], *, shown: bool = True
) -> list[fastkml.Folder]:
    ports: dict[str, list[fastkml.Placemark]] = {}
    for port, place in places:
        ports.setdefault("everywhere" if pd.isna(port) else str(port), []).append(place)
    return [
        cast("fastkml.Folder", _folder(f"{title}: {port}", rows, shown=shown))
        for port, rows in sorted(ports.items())
    ]


def _visits(rows: pd.DataFrame) -> Iterator[fastkml.Placemark]:
    for row in rows.to_dict("records"):
        yield _placemark(
            f"{row['port']} {_day(row['arrived_p50'])}",
            row,
            row["geometry"],
            when=_span(row["arrived_p50"], row["departed_p50"]),
            style=_likely(row["p_laden_out"]),
        )


def _likely(p_laden: float) -> str:
    if p_laden >= LIKELY:
        return "laden"
    return "ballast" if p_laden <= 1 - LIKELY else "indeterminate"


def _voyages(rows: pd.DataFrame, visits: pd.DataFrame) -> Iterator[fastkml.Placemark]:
    if not len(rows) or not len(visits):
        return
    ends = visits.set_index("visit_id")
    for row in rows.to_dict("records"):
        if not isinstance(row["geometry"], BaseGeometry):
            continue
        leave = ends.departed_p50.get(row["departure"])
        arrive = ends.arrived_p50.get(row["arrival"])
        yield _placemark(
            f"{row['origin']} to {row['destination']}, {row['probability']:.0%}",
            row,
            row["geometry"],
            when=_span(leave, arrive),
            style=_likely(row["p_laden"]),
        )


def _detections(
    rows: pd.DataFrame, files: Mapping[str, str]
) -> Iterator[tuple[Any, fastkml.Placemark]]:
    for row in rows.to_dict("records"):
        place = _placemark(
            f"{row['length_m']:.0f} m, {_day(row['seen_at'])}",
            row,
            row["footprint"],
            when=_stamp(row["seen_at"]),
            style=row["load_state"] if row["load_state"] in COLOURS else "other",
            picture=files.get(row["detection_id"]),
        )
        yield row["port"], place


def _observations(rows: pd.DataFrame) -> Iterator[tuple[Any, fastkml.Placemark]]:
    for row in rows.to_dict("records"):
        if isinstance(row["geometry"], BaseGeometry):
            name = f"{STATUS.get(row['status'], row['status'])} {_day(row['seen_at'])}"
            when = _stamp(row["seen_at"])
            yield row["port"], _placemark(name, row, row["geometry"], when=when, style="other")


def _placemark(
    name: str,
    row: Mapping[Any, Any],
    shape: Any,
    *,
    when: times.TimeSpan | times.TimeStamp | None,
    style: str,
    picture: str | None = None,
) -> fastkml.Placemark:
    known = {
        str(column): value
        for column, value in row.items()
        if column not in _HIDDEN and not pd.isna(value)
    }
    return fastkml.Placemark(
        name=xml_text(name),
        description=balloon(name, known, picture),
        times=when,
        style_url=styles.StyleUrl(url=f"#{style}"),
        extended_data=fastkml.ExtendedData(
            elements=[
                fastkml.Data(name=key, value=xml_text(plain(value))) for key, value in known.items()
            ]
        ),
        geometry=plain_shape(shape) if isinstance(shape, BaseGeometry) else None,
    )


def _day(time: Any) -> str:
    return "at an unknown time" if pd.isna(time) else f"{time:%Y-%m-%d}"


def _stamp(time: Any) -> times.TimeStamp | None:
    return None if pd.isna(time) else times.TimeStamp(timestamp=_moment(time))


def _span(begin: Any, end: Any) -> times.TimeSpan | None:
    first, last = (None if pd.isna(time) else _moment(time) for time in (begin, end))
    return times.TimeSpan(begin=first, end=last) if first or last else None


def _moment(time: pd.Timestamp) -> times.KmlDateTime:
    return times.KmlDateTime(time.floor("s").to_pydatetime())
