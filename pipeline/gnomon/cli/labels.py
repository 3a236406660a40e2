"""Labels of one's own: ``gnomon chips`` and ``gnomon labels``."""

from pathlib import Path
from typing import Literal

from gnomon.cli.options import (
    IN_PART,
    AsJson,
    HostNames,
    Natural,
    Positive,
    absolute_location,
    split_list,
)
from gnomon.cli.output_json import write_document
from gnomon.cli.output_text import console, err
from gnomon.cli.progress import progress_bar

Format = Literal["geojson", "coco", "yolo-obb"]


def chips_command(
    ships: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    hosts: HostNames = None,
    review: Path | None = None,
    empty: Natural = 0,
    side: Positive | None = None,
    format: Format = "geojson",  # noqa: A002 - the word that people expect
    seed: Natural = 0,
    as_json: AsJson = False,
) -> int:
    """Cut chips around detections, and write one file of labels to decide in.

    Writes OUT/chips/*.tif (every band of the scene, on its own grid) and OUT/labels.geojson: an
    outline per detection, to edit in QGIS or any editor. Set status to ship or not_ship, correct
    outlines, and draw ships that were missed. A second call adds what is new and changes no row.

    Example: gnomon chips runs/april --out labels/april --empty 20

    Parameters
    ----------
    ships
        Folder of a run, or a table of ships as `gnomon load` reads it.
    out
        Folder to write chips and labels to.
    catalog
        Catalogue that has the scenes; the run's own if left out, required for a table.
    review
        Decisions from the evidence page (review.geojson), for rows without a status.
    empty
        Number of chips without detections, to find what was missed. The frame of each is a row;
        not_ship means that no ship is in it besides those outlined.
    side
        Smallest side of a chip in pixels, 128 if left out.
    format
        Write the labels also as COCO (OUT/coco.json) or YOLO-OBB (OUT/yolo).
    seed
        Seed of the choice of chips without detections.

    """
    place = out / {"geojson": "", "coco": "coco.json", "yolo-obb": "yolo"}[format]
    with progress_bar("cutting chips", first="searching the catalogue") as show:
        from gnomon.learn.export import export_chips
        from gnomon.learn.formats import check_new, read_any, write_any
        from gnomon.learn.sources import source_of

        if format != "geojson":  # before the work, not after
            check_new(place)
        source = source_of(
            ships, absolute_location(catalog) if catalog else None, hosts=split_list(hosts)
        )
        made = export_chips(
            source, out, review=review, empty=empty, side_px=side, seed=seed, on_progress=show
        )
    for fault in made.faults:
        err.print(f"left out: {fault}", soft_wrap=True)
    files = [made.path]
    if format != "geojson":
        write_any(read_any(made.path)[0], out, format, place)
        files.append(place)
    code = IN_PART if made.faults else 0
    if as_json:
        counts = {"labels": made.labels, "new": made.new, "chips": made.chips}
        document = {**counts, "left_out": [str(fault) for fault in made.faults]}
        write_document("chips", document, files=files, exit_code=code)
        return code
    console.print(f"{made.labels} labels, {made.new} of them new, in {made.chips} chips")
    for path in files:
        console.print(str(path), soft_wrap=True)
    return code


def labels_command(
    source: Path,
    /,
    *,
    to: Format | None = None,
    out: Path | None = None,
    chips: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Check labels, or convert them between GeoJSON, COCO and YOLO-OBB.

    A class stands for a decision: a type of ship such as tanker or bulk, ship (of unknown type),
    not_ship or unreviewed. An outline that comes back from COCO or YOLO keeps the name, length and
    note of the row of labels.geojson that it covers.

    Example: gnomon labels labels/april/labels.geojson --to yolo-obb --out yolo

    Parameters
    ----------
    source
        labels.geojson, a COCO file, or the folder of a YOLO-OBB data set.
    to
        Format to convert to; if left out, labels are only checked and counted.
    out
        File (GeoJSON, COCO) or folder (YOLO-OBB) to write.
    chips
        Folder of the chips; the folder of the source or the one above it, if left out.

    """
    from gnomon.datamodel.errors import LabelError
    from gnomon.learn.formats import read_any, write_any

    table, folder = read_any(source, chips)
    if to is not None:
        if out is None:
            raise LabelError(f"{source}: add --out, the file or folder to write")
        write_any(table, folder, to, out)
    counts = {str(status): int(count) for status, count in table.status.value_counts().items()}
    if as_json:
        write_document("labels", {"labels": counts}, files=[out] if out and to else [])
        return 0
    if to is not None:
        console.print(str(out), soft_wrap=True)
    for status, count in counts.items():
        console.print(f"{status:<14} {count:d}")
    return 0
