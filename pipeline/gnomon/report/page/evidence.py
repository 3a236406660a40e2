"""What the pixels of a run show: a picture of each hull, its place before and after, its posterior.

Everything comes from the run's folder, where it was kept when the hulls were observed
(`gnomon.workflow.evidence`): no catalogue is searched, no scene is opened and nothing is fitted. A
folder of tables alone has no pictures, and a note says so.
"""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.files import read_places, read_plain_table
from gnomon.datamodel.ports import EVERYWHERE
from gnomon.datamodel.progress import Progress, silent
from gnomon.report.credits import UNCREDITED, WARNING, ImageCredit, image_credit
from gnomon.report.figures.chips import Outlines, encoded, picture_of
from gnomon.report.figures.marks import mark_pixels
from gnomon.report.load_tables import Run
from gnomon.report.page.curves import PosteriorCurve
from gnomon.report.page.encode import epoch_s, parsed, rings
from gnomon.report.page.posteriors import curve_of, curves_of_table
from gnomon.report.page.schema import PagePicture, PortPicture, Ring, Strongest
from gnomon.workflow.evidence import Cutout, cutouts
from gnomon.workflow.store import STORE, Store
from gnomon.workflow.surroundings import Square, square_around, square_of_visit

PICTURE_BYTES_MAX = 13_000_000
"""With the tables and the script a page stays under 20 MB."""


LARGE_PX = 20
"""Length of a hull, pixels, from which a reader without practice sees a ship."""
BORNE_OUT = 0.9
"""Probability of a load by all images of a visit from which they bear out one of them."""


@dataclass
class PageEvidence:
    """Pictures and posteriors by detection, and where they come from."""

    chips: dict[str, PagePicture] = field(default_factory=dict)
    posteriors: dict[str, PosteriorCurve] = field(default_factory=dict)
    coasts: dict[str, list[Ring]] = field(default_factory=dict)
    """Rings of the land of each port."""
    ports: dict[str, PortPicture] = field(default_factory=dict)
    """The clearest image of each port."""
    items: dict[str, str] = field(default_factory=dict)
    """Address of the STAC item of each scene."""
    notes: tuple[str, ...] = ()
    spent: int = 0
    """Bytes of pictures."""

    @property
    def full(self) -> bool:
        """Whether there is no room for another picture."""
        return self.spent > PICTURE_BYTES_MAX

    def add(self, key: str, picture: PagePicture | None) -> bool:
        """Keep a picture, if there is one and room for it; whether it was kept."""
        if picture is None or self.full:
            return False
        self.spent += len(picture["src"]) + 400
        self.chips[key] = picture
        return True


@dataclass(frozen=True)
class _Wanted:
    """The picture of a hull."""

    square: Square
    footprint: BaseGeometry | None


def page_evidence(
    run: Run, *, pictures: bool = True, on_progress: Progress | None = None
) -> PageEvidence:
    """Read what the pixels of a run show."""
    made = PageEvidence(
        posteriors=curves_of_table(run.detections),
        coasts=_coasts(run),
        items=dict(run.metadata.sources),
    )
    if not pictures:
        return made
    made.ports = _port_pictures(run)
    squares = _squares_of_visits(run)
    _add_surroundings(run, squares, made)
    _add_hulls(run, squares, made, on_progress or silent)
    made.notes = tuple(_missing(run, made))
    return made


def _coasts(run: Run) -> dict[str, list[Ring]]:
    path = run.folder / "coastlines.parquet"
    if not path.is_file():
        return {}
    rows = read_places(path)
    ports = rows.port.fillna(EVERYWHERE)
    return {str(port): rings(land) for port, land in zip(ports, rows.geometry, strict=True)}


def _port_pictures(run: Run) -> dict[str, PortPicture]:
    path = run.folder / "overviews.parquet"
    if not path.is_file():
        return {}
    rows = read_plain_table(path)
    return {str(row.port): _port_picture(row) for _, row in rows.iterrows()}


def _port_picture(row: pd.Series) -> PortPicture:
    credit = image_credit(str(row.collection), str(row.platform), row.seen_at)
    return {
        "src": _marked(row.picture, credit),
        "west": float(row.west),
        "south": float(row.south),
        "east": float(row.east),
        "north": float(row.north),
        "scene": str(row.scene_id),
        "collection": str(row.collection),
        "t": epoch_s(row.seen_at),
        "credit": credit.text,
    }


def _marked(picture: bytes, credit: ImageCredit) -> str:
    """A picture as a data URL; where it is of a simulated scene, marked in its pixels."""
    if not credit.simulated:
        return f"data:image/webp;base64,{base64.b64encode(picture).decode()}"
    image = np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))
    marked = mark_pixels(image[..., :3], credit)
    zoom = len(marked) // len(image)  # A small picture is enlarged before it is marked.
    alpha = image[..., 3].repeat(zoom, axis=0).repeat(zoom, axis=1)
    return encoded(np.dstack([marked, alpha]))


def _squares_of_visits(run: Run) -> dict[str, tuple[Square, list[str]]]:
    """Ground of each visit, and the detections that it shows, by visit."""
    place = {name: k for k, name in enumerate(run.detections.detection_id)}
    made = {}
    for _, visit in run.visits.iterrows():
        names = [name for name in parsed(visit.detections, list[str]()) if name in place]
        if names:
            hulls = run.detections.iloc[[place[name] for name in names]]
            made[str(visit.visit_id)] = square_of_visit(hulls), names
    return made


def _add_surroundings(
    run: Run, squares: dict[str, tuple[Square, list[str]]], made: PageEvidence
) -> None:
    path = run.folder / "surroundings.parquet"
    if not path.is_file():
        return
    for cutout in cutouts(read_plain_table(path)):
        visit = cutout.evidence_id.partition(":")[2]
        if visit in squares:
            square, credit = squares[visit][0], _credit(run)
            picture = picture_of(cutout.pixels, square, cutout.scene_id, credit=credit)
            made.add(cutout.evidence_id, picture)


def _add_hulls(
    run: Run,
    squares: dict[str, tuple[Square, list[str]]],
    made: PageEvidence,
    on_progress: Progress,
) -> None:
    """Pictures and posteriors of hulls, those of visits first, then by score."""
    wanted = _wanted(run, squares)
    digests = run.detections.set_index("detection_id").run_digest
    order = dict.fromkeys(digests[name] for name in wanted)
    store = Store(run.folder / STORE)
    for count, name in enumerate(order, start=1):
        rows = store.evidence(str(name))
        for cutout in cutouts(rows[rows.evidence_id.isin(wanted)]):
            _add_hull(cutout, wanted[cutout.evidence_id], made, _credit(run))
        on_progress(count, len(order), str(name))


def _credit(run: Run) -> ImageCredit:
    """Mark of simulated scenes; the page names the sources of others beside their pictures."""
    return ImageCredit(WARNING, simulated=True) if run.simulated else UNCREDITED


def _add_hull(cutout: Cutout, wanted: _Wanted, made: PageEvidence, credit: ImageCredit) -> None:
    if cutout.posterior is not None:
        made.posteriors[cutout.evidence_id] = curve_of(cutout.posterior)
    if not made.full:
        outlines = Outlines(wanted.footprint, cutout)
        picture = picture_of(
            cutout.pixels, wanted.square, cutout.scene_id, outlines=outlines, credit=credit
        )
        made.add(cutout.evidence_id, picture)


def _wanted(run: Run, squares: dict[str, tuple[Square, list[str]]]) -> dict[str, _Wanted]:
    """Ground of each hull's picture, by detection, in the order of their worth."""
    table = run.detections
    ground = {name: square for square, names in squares.values() for name in names}
    visited = table.detection_id.isin(ground).to_numpy()
    order = np.lexsort((-table.score.fillna(0).to_numpy(float), ~visited))
    made = {}
    for row in (table.iloc[k] for k in order):
        if row.geometry is None or pd.isna(row.run_digest):
            continue
        square = ground.get(row.detection_id) or square_around(row.geometry, row.length_m)
        made[str(row.detection_id)] = _Wanted(square, row.footprint)
    return made


def strongest(run: Run, seen: PageEvidence) -> Strongest | None:
    """The picture of a visit's hull whose own pixels say most of its load.

    It shows the hull as fitted. Hulls of fewer than `LARGE_PX` pixels count only if none has more,
    and those whose visit as a whole says otherwise, or nothing, only if none else is left. In a run
    without visits and loads it is the hull that is most surely a ship, a large one first.
    """
    shown = run.detections[run.detections.detection_id.isin(seen.chips)]
    if not len(run.visits) and not shown.log_lr_laden.notna().any():
        return _surest(shown, seen)
    visited = {name for text in run.visits.detections for name in parsed(text, list[str]())}
    rows = shown[shown.detection_id.isin(visited) & shown.log_lr_laden.notna()]
    if not len(rows):
        return None
    drawn = rows.detection_id.map(lambda name: seen.chips[name]["hull"] is not None)
    large = rows.length_m / rows.gsd_m >= LARGE_PX
    order = np.lexsort(
        (
            rows.detection_id,
            -rows.log_lr_laden.abs(),
            ~_borne_out(rows, run.visits),
            ~large.to_numpy(),
            ~drawn.to_numpy(bool),
        )
    )
    return _picture_of_row(rows.iloc[order[0]], seen)


def _surest(rows: pd.DataFrame, seen: PageEvidence) -> Strongest | None:
    """The hull with the highest score, of those of `LARGE_PX` pixels and more if there are any."""
    if not len(rows):
        return None
    large = rows.length_m / rows.gsd_m >= LARGE_PX
    order = np.lexsort((rows.detection_id, -rows.score.fillna(0), ~large.to_numpy()))
    return _picture_of_row(rows.iloc[order[0]], seen)


def _picture_of_row(row: pd.Series, seen: PageEvidence) -> Strongest:
    credit = image_credit(str(row.collection), str(row.platform), row.seen_at)
    return {
        "ship": str(row.detection_id),
        "chip": seen.chips[row.detection_id],
        "credit": credit.text,
    }


def _borne_out(rows: pd.DataFrame, visits: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether all images of a hull's visit together say what its own one says."""
    ends = {
        name: (visit.image_p_laden_in, visit.image_p_laden_out)
        for visit in visits.itertuples()
        for name in parsed(visit.detections, list[str]())
    }
    made = []
    for name, ratio in zip(rows.detection_id, rows.log_lr_laden, strict=True):
        known = [p for p in ends.get(name, ()) if pd.notna(p)]
        sides = [p if ratio > 0 else 1 - p for p in known]
        made.append(max(sides, default=0.0) > BORNE_OUT)
    return np.array(made, bool)


def _missing(run: Run, made: PageEvidence) -> Iterator[str]:
    """Which pictures there are not, and why."""
    seen = run.detections[run.detections.sensor != "sar"]
    left = sum(1 for name in seen.detection_id if name not in made.chips)
    if not left:
        return
    if left == len(seen):
        yield "no pictures: the folder has tables alone, without the store of the run"
    else:
        why = "the page is full" if made.full else "their evidence is not in the run's store"
        yield f"{left} of {len(seen)} ships in optical images have no picture: {why}"
