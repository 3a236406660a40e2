"""The command line: words in, words out, no logic.

Exit codes: 0 all is well; 1 it could not be done, one line says why; 2 the command was not
understood; 3 it was done in part: looks failed (their reasons are in observations.parquet), or
images were left out, or pictures of an export could not be had (their reasons are on standard
error); 130 interrupted.

With ``--json`` a command writes one JSON document to standard output and nothing else there
(`gnomon.cli.output_json`); a command that ends with 1, 2 or 130 writes none. Progress and faults go
to standard error, progress only where somebody watches.
"""

import sys
import warnings

from cyclopts import App

from gnomon.cli.demo import demo
from gnomon.cli.export import export
from gnomon.cli.labels import chips, labels
from gnomon.cli.load import load, show
from gnomon.cli.options import INTERRUPTED
from gnomon.cli.output_text import err
from gnomon.cli.report import report, serve
from gnomon.cli.run import catalog, detect, run
from gnomon.cli.track import simulate, track
from gnomon.cli.train import evaluate, train
from gnomon.datamodel.errors import GnomonError

app = App(
    name="gnomon",
    help="From satellite images of oil ports to ships, with an uncertainty that is true.",
    help_epilogue="Exit codes: 0 done, 1 could not be done, 2 not understood, 3 done in part "
    "(looks failed, or images or pictures were left out), 130 interrupted.",
)
for command in (
    demo,
    run,
    detect,
    catalog,
    load,
    show,
    track,
    simulate,
    report,
    serve,
    export,
    chips,
    labels,
    train,
    evaluate,
):
    app.command(command)


def main() -> None:
    """Run the command line."""
    # Our own files that lack a place are refused with a reason. What still comes is of images in
    # memory: rasterio silences it in a way that fails when two threads do it at once.
    warnings.filterwarnings("ignore", message="Dataset has no geotransform")
    try:
        sys.exit(app(sys.argv[1:]))
    except GnomonError as error:
        err.print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
