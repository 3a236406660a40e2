"""Commands for labels of one's own: chips, labels; and training on them, for train."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from gnomon.cli.options import FAILED, listed, place_of
from gnomon.cli.output_json import AsJson, write
from gnomon.cli.output_text import console, err, progress

Format = Literal["geojson", "coco", "yolo-obb"]


def chips(
    ships: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    review: Path | None = None,
    empty: int = 0,
    side: int | None = None,
    format: Format = "geojson",  # noqa: A002 - the word that people expect
    seed: int = 0,
    as_json: AsJson = False,
) -> int:
    """Cut chips around detections, with one file of labels to decide in.

    Writes OUT/chips/*.tif (every band of the scene, on its grid) and OUT/labels.geojson: an outline
    for each detection, to be edited in QGIS or any editor. Write ship or not_ship into status;
    correct outlines; draw what was missed. Running again adds what is new and changes no row.

    Example: gnomon chips runs/april --out labels/april --empty 20

    Parameters
    ----------
    ships
        Folder of a run, or a table of ships as `gnomon load` takes it.
    out
        Folder of chips and labels.
    catalog
        Has the scenes; the run's own if left out, needed for a table.
    review
        Decisions of the review page (review.geojson): rows that nobody has decided on get them.
    empty
        So many chips without detections, because what was missed matters too. Each comes with its
        frame as a row: not_ship says that there is no ship in it beside those outlined.
    side
        Least side of a chip in pixels, 128 if left out.
    format
        Write the labels also as COCO (OUT/coco.json) or YOLO-OBB (OUT/yolo).
    seed
        Of the chips without detections.
    as_json
        One JSON document in place of text.

    """
    from gnomon.learn.export import export_chips, source_of
    from gnomon.learn.formats import check_new, read_any, write_any

    place = out / {"geojson": "", "coco": "coco.json", "yolo-obb": "yolo"}[format]
    if format != "geojson":  # before the work, not after
        check_new(place)
    source = source_of(ships, place_of(catalog) if catalog else None)
    with progress("scenes") as tell:
        made = export_chips(
            source, out, review=review, empty=empty, side_px=side, seed=seed, progress=tell
        )
    for fault in made.faults:
        err.print(f"left out: {fault}", soft_wrap=True, markup=False)
    files = [made.path]
    if format != "geojson":
        write_any(read_any(made.path)[0], out, format, place)
        files.append(place)
    code = FAILED if made.faults else 0
    if as_json:
        counts = {"labels": made.labels, "new": made.new, "chips": made.chips}
        told = counts | {"left_out": [str(fault) for fault in made.faults]}
        write("chips", told, files=files, exit_code=code)
        return code
    console.print(f"{made.labels} labels, {made.new} of them new, in {made.chips} chips")
    for path in files:
        console.print(str(path), soft_wrap=True, markup=False)
    return code


def labels(
    source: Path,
    /,
    *,
    to: Format | None = None,
    out: Path | None = None,
    chips: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Check labels, and write them as GeoJSON, COCO or YOLO-OBB.

    A class is a decision: tanker, bulk, container, general, fishing, tug, other or ship (of unknown
    type), not_ship, unreviewed. An outline that comes back from COCO or YOLO keeps the name, length
    and note of the row of labels.geojson that it lies on.

    Example: gnomon labels labels/april/labels.geojson --to yolo-obb --out yolo

    Parameters
    ----------
    source
        labels.geojson, a COCO file, or the folder of a YOLO-OBB data set.
    to
        The other format; without it labels are checked and counted.
    out
        File (GeoJSON, COCO) or folder (YOLO-OBB) to be written.
    chips
        Folder of the chips; where the source lies, or the folder above it, if left out.
    as_json
        One JSON document in place of text.

    """
    from gnomon.datamodel.errors import LabelError
    from gnomon.learn.formats import read_any, write_any

    found, folder = read_any(source, chips)
    if to is not None:
        if out is None:
            raise LabelError(f"{source}: say where to write, --out")
        write_any(found, folder, to, out)
    counts = {str(status): int(count) for status, count in found.status.value_counts().items()}
    if as_json:
        write("labels", {"labels": counts}, files=[out] if out and to else [])
        return 0
    if to is not None:
        console.print(str(out), soft_wrap=True, markup=False)
    for status, count in counts.items():
        console.print(f"{status:<14} {count:d}")
    return 0


def finetune(
    folder: Path,
    out: Path,
    *,
    base: str,
    version: str,
    catalogs: Sequence[str],
    hold: str | None,
    steps: int | None,
    seed: int,
) -> int:
    """Train on chips for `gnomon train`."""
    from gnomon.learn.finetune import FinetuneOptions
    from gnomon.learn.finetune import finetune as retrained

    options = FinetuneOptions(steps=steps or FinetuneOptions.steps, seed=seed, hold=listed(hold))
    with progress("steps") as tell:
        model = retrained(
            folder,
            out,
            base=base,
            version=version,
            catalogs=[place_of(catalog) for catalog in catalogs],
            options=options,
            progress=tell,
        )
    console.print(f"{out}: {model.label}, threshold {model.threshold:.2f}", soft_wrap=True)
    console.print((out / "card.md").read_text(encoding="utf-8"), soft_wrap=True, markup=False)
    return 0
