"""Commands that show a run to others: report, serve."""

from pathlib import Path

from gnomon.cli.output_json import AsJson, write
from gnomon.cli.output_text import console, err, progress


def report(
    run: Path,
    /,
    *,
    out: Path | None = None,
    pictures: bool = True,
    as_json: AsJson = False,
) -> int:
    """Write the evidence page of a run: one HTML file, with nothing to install for its reader.

    It holds the answer, a timeline of every look, maps, and for each visit the pictures and what
    they weigh; it opens from disk and asks no network. Decisions that are made on the page go to
    review.geojson.

    Parameters
    ----------
    run
        Folder of a run, or of tables with the names that a run gives them.
    out
        HTML to be written; report.html in the folder if left out.
    pictures
        Read the pixels again for pictures of the ships; without, the tables alone are shown.
    as_json
        Write one JSON document to standard output, and nothing else there.

    """
    from gnomon.report.page.page import write_report
    from gnomon.report.page.shell import MOST_BYTES

    with progress("scenes") as tell:
        path, notes = write_report(run, out=out, pictures=pictures, progress=tell)
    for note in notes:
        err.print(f"note: {note}", soft_wrap=True, markup=False)
    size = path.stat().st_size
    if size > MOST_BYTES:
        err.print(f"note: the page has {size / 1e6:.0f} MB; --no-pictures makes a small one")
    if as_json:
        write("report", {"bytes": size, "notes": list(notes)}, files=[path])
        return 0
    console.print(str(path), soft_wrap=True, markup=False)
    return 0


def serve(run: Path, /, *, port: int = 8710, pictures: bool = True) -> int:
    """Serve the evidence page of a run on 127.0.0.1, and save decisions in RUN/review.geojson.

    The page is written first where it is missing or older than the run's tables.

    Parameters
    ----------
    run
        Folder of a run.
    port
        On this machine; 0 takes any free one.
    pictures
        Read the pixels for pictures of the ships, if the page is written.

    """
    from gnomon.report.page.serve import Desk
    from gnomon.report.page.shell import FILE as PAGE
    from gnomon.report.page.shell import is_current

    if not is_current(run):
        report(run, pictures=pictures)
    with Desk(run / PAGE, run, port) as desk:
        console.print(f"{desk.address} (Ctrl-C ends it)", soft_wrap=True)
        try:
            desk.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
