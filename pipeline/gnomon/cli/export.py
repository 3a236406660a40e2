"""Commands that hand a run on: export."""

from pathlib import Path

from gnomon.cli import output_json as machine
from gnomon.cli.options import FAILED, listed
from gnomon.cli.output_json import AsJson
from gnomon.cli.output_text import console, err, progress, tell_lost


def export(
    run: Path,
    /,
    *,
    out: Path,
    formats: str = "geojson,kml,csv,stac",
    pictures: bool = True,
    review: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Write a run as GeoJSON, KMZ for Google Earth, CSV and STAC, with the text to cite it by.

    Writes OUT/geojson/, OUT/gnomon.kmz, OUT/csv/, OUT/stac/collection.json, OUT/CITATION.txt and
    OUT/export.json, all or nothing; an earlier export there is replaced, and a folder that holds
    anything else is refused. What the run does not have is named and left out.

    Example: gnomon export runs/vostochny-2024 --out exports/vostochny-2024

    Parameters
    ----------
    run
        Folder of a run.
    out
        Folder for the export.
    formats
        Some of geojson, kml, csv, stac, separated by commas.
    pictures
        Show in each balloon the pixels around the ship, read from the run's catalogue.
    review
        An analyst's decisions; review.geojson of the run if left out and it is there.
    as_json
        Write one JSON document to standard output, and nothing else there.

    """
    from gnomon.report.export.export import export as write

    wanted = listed(formats)
    with progress("scenes") as tell:
        made = write(run, out, formats=wanted, pictures=pictures, review=review, progress=tell)
    for note in made.notes:
        err.print(f"note: {note}", soft_wrap=True, markup=False)
    tell_lost(made.lost)
    code = FAILED if made.without_pictures else 0
    if as_json:
        document = {"rows": dict(made.rows), "notes": list(made.notes)}
        machine.write("export", document, files=made.files, exit_code=code)
        return code
    for name, count in made.rows.items():
        console.print(f"{name:<11} {count:d}")
    console.print(str(out), soft_wrap=True, markup=False)
    return code
