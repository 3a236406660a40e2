"""The command line: arguments in, text or JSON out, no logic of its own.

One module holds one group of commands; `gnomon.cli.output_text` and `gnomon.cli.output_json` say
what a terminal and a program get.

Exit codes: 0 done; 1 failed, and one line says why; 2 the command line was not understood; 3 done
in part: observations failed (their reasons are in observations.parquet), or images or the pictures
of an export were left out (their reasons are on standard error); 130 interrupted, by
Ctrl-C or by SIGTERM.

With ``--json`` a command writes one JSON document to standard output and nothing else there; a
command that ends with 1, 2 or 130 writes none, but for the faults of files, which are the result of
`gnomon check`. Progress and errors go to standard error, as a
bar on a terminal and as lines now and then in a pipe (`gnomon.cli.progress`).
"""

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool

from cyclopts import App, Group

from gnomon.cli.batch import gather_command, observe_command, plan_command
from gnomon.cli.catalog import catalog_command
from gnomon.cli.check import check_command
from gnomon.cli.demo import demo_command
from gnomon.cli.export import export_command
from gnomon.cli.labels import chips_command, labels_command
from gnomon.cli.load import load_command, show_command
from gnomon.cli.options import INTERRUPTED
from gnomon.cli.output_text import err
from gnomon.cli.report import report_command, serve_command
from gnomon.cli.run import detect_command, run_command
from gnomon.cli.track import simulate_command, track_command
from gnomon.cli.train import evaluate_command, train_command
from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import DEBUG, GnomonError

COMMANDS: dict[str, dict[str, Callable[..., int]]] = {
    "From images to results": {
        "demo": demo_command,
        "run": run_command,
        "detect": detect_command,
        "track": track_command,
    },
    "A run in parts, on a cluster": {
        "plan": plan_command,
        "observe": observe_command,
        "gather": gather_command,
    },
    "Results": {
        "report": report_command,
        "serve": serve_command,
        "show": show_command,
        "export": export_command,
    },
    "Your own images, ships and labels": {
        "check": check_command,
        "catalog": catalog_command,
        "load": load_command,
        "chips": chips_command,
        "labels": labels_command,
    },
    "Weights and simulation": {
        "train": train_command,
        "evaluate": evaluate_command,
        "simulate": simulate_command,
    },
}
DEBUG_OPTION = "--debug"
"""Of every command: an error that gnomon did not expect shows its traceback."""
app = App(
    name="gnomon",
    help="Find ships in satellite images of oil ports, and estimate their load, visits and barrels "
    "with honest uncertainty.\n\nTo begin: gnomon demo finds ships in a real scene that is here. "
    "For images of your own make a catalogue (gnomon catalog), then gnomon detect; for ports over "
    "months write a study, then gnomon run STUDY --out FOLDER --dry-run, which says what it will "
    "take. gnomon report FOLDER shows what was found.",
    help_epilogue="Exit codes: 0 done, 1 failed, 2 command line not understood, 3 done in part "
    "(observations failed, or images or pictures were left out), 130 interrupted. An error is one "
    "line; with --debug one that gnomon did not expect shows where it happened.",
)
for title, commands in COMMANDS.items():
    group = Group.create_ordered(title)
    for name, command in commands.items():
        app.command(command, name=name, group=group)


def main() -> None:
    """Run the command line, and exit."""
    # Our own files without a geotransform are refused with a reason. What is left are images in
    # memory; rasterio's own way of silencing it fails when two threads use it at once.
    warnings.filterwarnings("ignore", message="Dataset has no geotransform")
    if DEBUG_OPTION in sys.argv[1:]:
        os.environ[DEBUG] = "1"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it ends as Ctrl-C does
    words = [word for word in sys.argv[1:] if word != DEBUG_OPTION]
    try:
        sys.exit(app(words))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read the output has gone, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # printed, without what is secret in it
        if DEBUG_OPTION in sys.argv[1:]:
            err.print(without_secrets(traceback.format_exc()), soft_wrap=True, markup=False)
        else:
            err.print(f"gnomon: {explained(error)}", soft_wrap=True)
        sys.exit(1)


def explained(error: Exception) -> str:
    """One line for an error: what is wrong, and what to do."""
    text = without_secrets(" ".join(str(error).split())) or "without a message"
    if isinstance(error, GnomonError):
        return str(error)
    if isinstance(error, BrokenProcessPool):
        return "a process ended before its work did, likely for want of memory; run it again"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    return (
        f"{type(error).__name__}: {text}; gnomon did not expect this: please report it, with the "
        f"command, as an issue of its repository ({DEBUG_OPTION} shows where it happened)"
    )
