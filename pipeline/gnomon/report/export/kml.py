"""A run as KMZ for Google Earth: visits, ships, images and voyages at their times.

A visit has the time between the median arrival and departure, and the colour of its load on
departure by its own images; where they do not determine it and the other visits at the port do, a
pale ring. Voyages are supposed, all of them. A ship and an image have the moment of the
observation. Images are included but hidden until they are ticked, for the area of an image hides
the ships in it. Balloons have sentences and pictures (`gnomon.report.export.balloons`). Document,
folders, balloons, pictures and the screen of a simulated run say SIMULATED.
"""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import fastkml
import matplotlib.image as mpl_image
import numpy as np
import pandas as pd
from fastkml import overlays, styles, times
from fastkml.enums import Units
from fastkml.links import Icon
from PIL import Image, ImageDraw, ImageFont
from pygeoif.factories import shape as plain_shape
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.ports import EVERYWHERE
from gnomon.report.credits import SIMULATED, marked
from gnomon.report.export.balloons import (
    escaped,
    image_balloon,
    parsed_list,
    plain,
    ship_balloon,
    visit_balloon,
    voyage_balloon,
    xml_text,
)
from gnomon.report.sentences import known_load, seen_text
from gnomon.report.text import day_text, percent, port_text

PICTURES, DOT, RING, BANNER = "pictures", "dot.png", "ring.png", "simulated.png"
COLOURS = {
    "laden": "b27200",
    "ballast": "009fe6",
    "indeterminate": "bbbbbb",
    "other": "ffe500",
    "supposed-laden": "dfc08a",
    "supposed-ballast": "8ad2f4",
    "supposed": "999999",
}
"""Blue and orange of Okabe and Ito, grey, and cyan for unknown loads, paler for what is supposed;
KML has blue first."""
BALLOON = "$[description]"
"""Show the description and nothing else."""
STATUS = {"observed": "image", "failed": "failed image", "skipped": "skipped image"}
LINE_PX, THIN_PX, ICON_SCALE = 2.0, 1.0, 0.6
BANNER_PX, LETTERS_PX = (300, 44), 34
_HIDDEN = ("geometry", "footprint")


@dataclass(frozen=True)
class _Pictures:
    """Files of pictures within the KMZ, by detection, and when each was taken."""

    files: Mapping[str, str]
    days: Mapping[str, str]

    def of(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Paths and captions of those of some detections that have a picture."""
        return [(self.files[n], self.days.get(n, "")) for n in names if n in self.files]


def write_kmz(
    path: Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    name: str,
    about: str,
    pictures: Mapping[str, bytes],
    simulated: bool,
) -> Path:
    """Write a KMZ.

    Parameters
    ----------
    path
        File to write.
    tables
        Tables of a run by name; missing ones are left out.
    name, about
        Name and description of the run; plain text of a line or more.
    pictures
        PNG of each detection.
    simulated
        Whether the scenes are simulated.

    """
    files = {one: f"{PICTURES}/{n:05d}.png" for n, one in enumerate(sorted(pictures), start=1)}
    kept = [one for one in _folders(tables, files, simulated=simulated) if one.features]
    for folder in kept:
        (folder.name,) = marked([str(folder.name)], simulated=simulated)
    document = fastkml.Document(
        id="run",
        name=xml_text(*marked([name], simulated=simulated)),
        description=escaped(about),
        styles=[_style(state, colour) for state, colour in COLOURS.items()],
        features=[*([_banner_overlay()] if simulated else []), *kept],
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as kmz:
        kmz.writestr("doc.kml", fastkml.KML(features=[document]).to_string())
        kmz.writestr(DOT, _disc(0))
        kmz.writestr(RING, _disc(0.62))
        if simulated:
            kmz.writestr(BANNER, _banner())
        for one, file in files.items():
            kmz.writestr(file, pictures[one], compress_type=zipfile.ZIP_STORED)
    return path


def _folders(
    tables: Mapping[str, pd.DataFrame], files: Mapping[str, str], *, simulated: bool
) -> list[fastkml.Folder]:
    visits, ships, images, voyages = (
        tables.get(one, pd.DataFrame())
        for one in ("visits", "detections", "observations", "voyages")
    )
    days = {row.detection_id: day_text(row.seen_at) for row in ships.itertuples()}
    pictures = _Pictures(files, days)
    return [
        _folder("Visits", _visits(visits, ships, pictures, simulated=simulated)),
        _folder("Voyages, supposed", _voyages(voyages, visits, simulated=simulated)),
        *_by_port("Ships", _detections(ships, pictures, simulated=simulated)),
        *_by_port("Images", _observations(images, simulated=simulated), shown=False),
    ]


def _disc(hole: float) -> bytes:
    """White disc or ring that styles colour; Google's icons would be loaded from the network."""
    side = np.linspace(-1.1, 1.1, 32)
    radius = np.hypot(*np.meshgrid(side, side))
    shown = (radius < 1) & (radius >= hole)
    buffer = BytesIO()
    mpl_image.imsave(buffer, np.stack([*[np.ones(shown.shape)] * 3, shown], -1), format="png")
    return buffer.getvalue()


def _banner() -> bytes:
    """The word that stands on the screen while places of a simulated run are shown."""
    image = Image.new("RGBA", BANNER_PX, (176, 0, 32, 215))
    middle = (BANNER_PX[0] / 2, BANNER_PX[1] / 2)
    font = ImageFont.load_default(LETTERS_PX)
    ImageDraw.Draw(image).text(middle, SIMULATED, font=font, anchor="mm", fill="white")
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _banner_overlay() -> overlays.ScreenOverlay:
    """At the top of the screen, in the middle."""
    top: dict[str, Any] = {"x": 0.5, "y": 1, "x_units": Units.fraction, "y_units": Units.fraction}
    return overlays.ScreenOverlay(
        name=SIMULATED,
        icon=Icon(href=BANNER),
        overlay_xy=overlays.OverlayXY(**top),
        screen_xy=overlays.ScreenXY(**top),
    )


def _style(state: str, colour: str) -> styles.Style:
    supposed = state.startswith("supposed")
    return styles.Style(  # in the order that the schema requires
        id=state,
        styles=[
            styles.IconStyle(
                color=f"ff{colour}", scale=ICON_SCALE, icon_href=RING if supposed else DOT
            ),
            styles.LineStyle(color=f"ff{colour}", width=THIN_PX if supposed else LINE_PX),
            styles.PolyStyle(color=f"30{colour}", fill=True, outline=True),
            styles.BalloonStyle(text=BALLOON),
        ],
    )


def _folder(
    name: str, places: Iterable[fastkml.Placemark], *, shown: bool = True
) -> fastkml.Folder:
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
        ports.setdefault(EVERYWHERE if pd.isna(port) else str(port), []).append(place)
    return [_folder(f"{title}: {port}", rows, shown=shown) for port, rows in sorted(ports.items())]


def _visits(
    rows: pd.DataFrame, ships: pd.DataFrame, pictures: _Pictures, *, simulated: bool
) -> Iterator[fastkml.Placemark]:
    for row in rows.to_dict("records"):
        names = parsed_list(row["detections"])
        own = ships[ships.detection_id.isin(names)].sort_values("seen_at")
        shown = pictures.of(own.detection_id)
        yield _placemark(
            f"{port_text(str(row['port']))}, {seen_text(row)}",
            row,
            row["geometry"],
            when=_span(row["arrived_p50"], row["departed_p50"]),
            style=_visit_style(row),
            balloon=visit_balloon(row, own, shown, simulated=simulated),
        )


def _visit_style(row: Mapping[Any, Any]) -> str:
    """Load on departure by its own images, else as supposed."""
    if own := known_load(row.get("image_p_laden_out")):
        return own
    supposed = known_load(row.get("p_laden_out"))
    return f"supposed-{supposed}" if supposed else "indeterminate"


def _voyages(
    rows: pd.DataFrame, visits: pd.DataFrame, *, simulated: bool
) -> Iterator[fastkml.Placemark]:
    if not len(rows) or not len(visits):
        return
    ends = visits.set_index("visit_id")
    for row in rows.to_dict("records"):
        if not isinstance(row["geometry"], BaseGeometry):
            continue
        leave = ends.departed_p50.get(row["departure"])
        arrive = ends.arrived_p50.get(row["arrival"])
        origin, to = port_text(str(row["origin"])), port_text(str(row["destination"]))
        yield _placemark(
            f"{origin} to {to}, {percent(row['probability'])}",
            row,
            row["geometry"],
            when=_span(leave, arrive),
            style="supposed",
            balloon=voyage_balloon(row, simulated=simulated),
        )


def _detections(
    rows: pd.DataFrame, pictures: _Pictures, *, simulated: bool
) -> Iterator[tuple[Any, fastkml.Placemark]]:
    for row in rows.to_dict("records"):
        shown = pictures.of([row["detection_id"]])
        place = _placemark(
            f"{row['length_m']:.0f} m, {day_text(row['seen_at'])}",
            row,
            row["footprint"],
            when=_stamp(row["seen_at"]),
            style=row["load_state"] if row["load_state"] in COLOURS else "other",
            balloon=ship_balloon(row, shown, simulated=simulated),
        )
        yield row["port"], place


def _observations(
    rows: pd.DataFrame, *, simulated: bool
) -> Iterator[tuple[Any, fastkml.Placemark]]:
    for row in rows.to_dict("records"):
        if isinstance(row["geometry"], BaseGeometry):
            kind = STATUS.get(row["status"], row["status"])
            place = _placemark(
                f"{kind} of {day_text(row['seen_at'])}",
                row,
                row["geometry"],
                when=_stamp(row["seen_at"]),
                style="other",
                balloon=image_balloon(row, simulated=simulated),
            )
            yield row["port"], place


def _placemark(
    name: str,
    row: Mapping[Any, Any],
    shape: Any,
    *,
    when: times.TimeSpan | times.TimeStamp | None,
    style: str,
    balloon: str,
) -> fastkml.Placemark:
    known = {
        str(column): value
        for column, value in row.items()
        if column not in _HIDDEN and not pd.isna(value)
    }
    return fastkml.Placemark(
        name=xml_text(name),
        description=balloon,
        times=when,
        style_url=styles.StyleUrl(url=f"#{style}"),
        extended_data=fastkml.ExtendedData(
            elements=[
                fastkml.Data(name=key, value=xml_text(plain(value))) for key, value in known.items()
            ]
        ),
        geometry=plain_shape(shape) if isinstance(shape, BaseGeometry) else None,
    )


def _stamp(time: Any) -> times.TimeStamp | None:
    return None if pd.isna(time) else times.TimeStamp(timestamp=_moment(time))


def _span(begin: Any, end: Any) -> times.TimeSpan | None:
    first, last = (None if pd.isna(time) else _moment(time) for time in (begin, end))
    return times.TimeSpan(begin=first, end=last) if first or last else None


def _moment(time: pd.Timestamp) -> times.KmlDateTime:
    return times.KmlDateTime(time.floor("s").to_pydatetime())
