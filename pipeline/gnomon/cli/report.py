"""Showing a run to others: ``gnomon report`` and ``gnomon serve``."""

from pathlib import Path

from gnomon.cli.options import AsJson, PortNumber
from gnomon.cli.output_json import write_document
from gnomon.cli.output_text import console, err, print_notes
from gnomon.cli.progress import progress_bar


def report_command(
    run: Path,
    /,
    *,
    out: Path | None = None,
    pictures: bool = True,
    as_json: AsJson = False,
) -> int:
    """Write the evidence page of a run: one HTML file that opens in any browser, offline.

    The page has the answer, a timeline of every image, maps, and for each visit the pictures and
    what they are worth as evidence. Decisions made on the page go to review.geojson.

    Example: gnomon report runs/vostochny-2024

    Parameters
    ----------
    run
        Folder of a run.
    out
        HTML file to write; report.html in the run's folder if left out.
    pictures
        Show pictures of the ships; --no-pictures makes a small page of the tables alone.

    """
    with progress_bar("drawing pictures", first="reading the run") as show:
        from gnomon.report.page.page import write_report
        from gnomon.report.page.shell import MAX_BYTES

        path, notes = write_report(run, out=out, pictures=pictures, on_progress=show)
    print_notes(notes)
    size = path.stat().st_size
    if size > MAX_BYTES:
        err.print(f"note: the page has {size / 1e6:.0f} MB; --no-pictures makes a small one")
    if as_json:
        write_document("report", {"bytes": size, "notes": list(notes)}, files=[path])
        return 0
    console.print(str(path), soft_wrap=True)
    return 0


def serve_command(run: Path, /, *, port: PortNumber = 8710, pictures: bool = True) -> int:
    """Serve the evidence page of a run on 127.0.0.1, and save decisions in RUN/review.geojson.

    The page is written first if it is missing or older than the run's tables.

    Example: gnomon serve runs/vostochny-2024

    Parameters
    ----------
    run
        Folder of a run.
    port
        Port on this machine; 0 takes any free one.
    pictures
        Show pictures of the ships, if the page is written.

    """
    from gnomon.report.page.serve import ReviewServer
    from gnomon.report.page.shell import PAGE, is_current

    if not is_current(run):
        report_command(run, pictures=pictures)
    with ReviewServer(run / PAGE, run, port) as server:
        console.print(f"{server.url} (Ctrl-C stops it)", soft_wrap=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
