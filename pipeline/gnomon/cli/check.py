"""What gnomon would understand of your files: ``gnomon check``."""

from pathlib import Path

from gnomon.cli.options import AsJson
from gnomon.cli.output_json import check_document, write_document
from gnomon.cli.output_text import print_check, print_faults


def check_command(
    *files: Path,
    study: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Say what gnomon would understand of your files, and what is wrong with them.

    Of tables of ships and images: rows, columns and their names, CRS, time span, ports, places
    inside and outside their areas, what is missing and what follows from that. Of studies, ports,
    reviews, labels and corrections: whether they can be used. Nothing is computed or written. Exit
    code 1 if there are faults, one line each, ten of a file at most; with --json all of them are in
    the document.

    Example: gnomon check ships.csv images.csv --study study.toml

    Parameters
    ----------
    files
        Any of these, known by what stands in them; ships and images are also compared.
    study
        Study (TOML) whose ports and names of columns hold for the tables.

    """
    from gnomon.learn.checking import COUNTERS
    from gnomon.workflow.checking import check_files

    checks = check_files(files, study=study, readers=COUNTERS)
    code = 1 if any(check.faults for check in checks) else 0
    if as_json:
        write_document("check", check_document(checks), files=[], exit_code=code)
        return code
    for check in checks:
        print_check(check)
    for check in checks:
        print_faults(check)
    return code
