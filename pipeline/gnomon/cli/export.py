"""Writing a run for other programs: ``gnomon export``."""

from pathlib import Path

from gnomon.cli.options import IN_PART, AsJson, split_list
from gnomon.cli.output_json import write_document
from gnomon.cli.output_text import console, print_notes, print_unmatched
from gnomon.cli.progress import progress_bar


def export_command(
    run: Path,
    /,
    *,
    out: Path,
    formats: str = "gpkg,geojson,kml,csv,stac",
    pictures: bool = True,
    review: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Write a run for other programs, with a text to cite it by.

    Writes OUT/gnomon.gpkg with the QGIS project OUT/gnomon.qgs, OUT/geojson/, OUT/gnomon.kmz for
    Google Earth, OUT/csv/, OUT/stac/collection.json, OUT/CITATION.txt and OUT/export.json, all or
    nothing. An earlier export in OUT is replaced; a folder that holds
    anything else is refused. A note says what the run lacks.

    Example: gnomon export runs/vostochny-2024 --out exports/vostochny-2024

    Parameters
    ----------
    run
        Folder of a run.
    out
        Folder to write the export to.
    formats
        One or more of gpkg, geojson, kml, csv and stac, separated by commas.
    pictures
        Show the pixels around each ship in its balloon in Google Earth.
    review
        An analyst's decisions; review.geojson in the run's folder if left out and it exists.

    """
    with progress_bar("drawing pictures", first="reading the run") as show:
        from gnomon.report.export.export import export_run

        made = export_run(
            run,
            out,
            formats=split_list(formats),
            pictures=pictures,
            review=review,
            on_progress=show,
        )
    print_notes(made.notes)
    print_unmatched(made.unmatched)
    code = IN_PART if made.without_pictures else 0
    if as_json:
        document = {"rows": dict(made.rows), "notes": list(made.notes)}
        write_document("export", document, files=made.files, exit_code=code)
        return code
    for name, count in made.rows.items():
        console.print(f"{name:<13} {count:d}")
    console.print(str(out), soft_wrap=True, markup=False)
    return code
