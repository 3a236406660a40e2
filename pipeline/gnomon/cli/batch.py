"""A run in parts, for any batch system: ``gnomon plan``, ``observe`` and ``gather``."""

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gnomon.cli.options import IN_PART, INTERRUPTED, AsJson, Remote, Scheduler, Workers
from gnomon.cli.output_forecast import forecast_document, print_forecast
from gnomon.cli.output_json import write_document
from gnomon.cli.output_text import console, err
from gnomon.cli.progress import stages
from gnomon.cli.run import report_results
from gnomon.datamodel.errors import StudyError

STDOUT = "-"
NEXT = "gnomon run begins the run; --tasks FILE writes its tasks for a batch system."
LISTED = "gnomon observe does the tasks, gnomon gather writes the tables of the run."


def plan_command(
    study: Path,
    /,
    *,
    out: Path | None = None,
    tasks: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    remote: Remote = None,
    as_json: AsJson = False,
) -> int:
    """Say what a run would take, and write its tasks for a batch system.

    Searches the catalogue and tries one image of each port: images, bytes, minutes and memory, and
    what is missing, such as keys. With --tasks each observation becomes a line of JSON: the command
    that does it, its inputs, its output, their digest, and estimated bytes, seconds and memory.
    What has a result in OUT is no task. Tasks can be done in any order, beside each other, and
    again; then gnomon gather writes the tables that gnomon run would.

    Example, eight tasks at once on one machine (docs/cluster.md has Slurm and Kubernetes):

        gnomon plan study.toml --out runs/study --tasks tasks.jsonl
        seq $(wc -l < tasks.jsonl) |
          xargs -P 8 -I N gnomon observe study.toml --out runs/study --task tasks.jsonl:N
        gnomon gather study.toml --out runs/study

    Parameters
    ----------
    study
        Study (TOML), as of gnomon run.
    out
        Folder that the run will write to; with --tasks it is needed.
    tasks
        File to write the tasks to, or - for standard output, where nothing else goes then.

    """
    from gnomon.datamodel.study import read_study

    if tasks and out is None:
        raise StudyError("--tasks: needs --out, the folder that the tasks write to")
    if tasks == STDOUT and as_json:
        raise StudyError("--json: goes to standard output, as --tasks - does; name a file")
    with stages() as begin:
        begin("starting")
        from gnomon.workflow.batch import TaskList
        from gnomon.workflow.forecast import forecast
        from gnomon.workflow.object_store import ObjectStore
        from gnomon.workflow.tasks import write_tasks

        folder, chosen = out or Path(), read_study(study)
        place = ObjectStore(remote) if remote else None
        with TaskList(folder, place) as listed:
            on_port = listed.add if tasks else None
            made = forecast(chosen, folder, on_stage=begin, on_port=on_port)
            lines = listed.texts(made.trials, partial(_command, study, folder, tasks, remote))
            if tasks == STDOUT:
                sys.stdout.writelines(lines)
            elif tasks:
                count = write_tasks(lines, Path(tasks))
    code = IN_PART if made.missing or made.failed else 0
    files = [Path(tasks)] if tasks and tasks != STDOUT else []
    if as_json:
        write_document("plan", forecast_document(made), files=files, exit_code=code)
    elif tasks != STDOUT:
        print_forecast(made, out, then=LISTED if tasks else NEXT)
    for path in files:
        there = f"; {listed.kept} results are there" if listed.kept else ""
        err.print(f"{count} tasks: {path}{there}", soft_wrap=True)
    return code


def _command(study: Path, out: Path, tasks: str | None, remote: str | None, number: int) -> str:
    file = "tasks.jsonl" if tasks == STDOUT else tasks
    words = ["gnomon", "observe", str(study), "--out", str(out), "--task", f"{file}:{number}"]
    return shlex.join([*words, *(["--remote", remote] if remote else [])])


def observe_command(
    study: Path,
    /,
    *,
    out: Path,
    task: Annotated[str, Parameter(allow_leading_hyphen=True)],
    remote: Remote = None,
) -> int:
    """Do one task of gnomon plan, or some, into the folder of the run.

    A result that is there is not made again, so that a task can be repeated after any fault.
    The line is read strictly, and says neither what may be opened nor where is written: study and
    folder do. A line of another study, other weights or another gnomon is refused.

    Example: gnomon observe study.toml --out runs/study --task tasks.jsonl:12

    Parameters
    ----------
    study
        Study (TOML) that was planned.
    out
        Folder of the run, which all tasks see; with --remote one of this machine.
    task
        FILE:N for line N, FILE:N-M for several, which saves the start of a process for each, or the
        line itself.

    """
    from gnomon.datamodel.study import read_study

    failed = 0
    try:
        with stages() as begin:
            report = begin("starting")
            from gnomon.workflow.batch import Batch
            from gnomon.workflow.object_store import ObjectStore
            from gnomon.workflow.tasks import task_lines

            lines = task_lines(task)
            place = ObjectStore(remote) if remote else None
            batch = Batch(read_study(study), out, begin, remote=place)
            report = begin("doing tasks")
            for count, line in enumerate(lines, start=1):
                outcome = batch.do(line)
                failed += outcome.failed
                console.print(
                    f"{outcome.place}: {'failed: ' if outcome.failed else ''}{outcome.what}",
                    soft_wrap=True,
                )
                report(count, len(lines), outcome.place)
    except KeyboardInterrupt:
        err.print("Interrupted. The same command goes on.", soft_wrap=True)
        return INTERRUPTED
    return IN_PART if failed else 0


def gather_command(
    study: Path,
    /,
    *,
    out: Path,
    workers: Workers = None,
    scheduler: Scheduler = None,
    remote: Remote = None,
    as_json: AsJson = False,
) -> int:
    """Infer visits and barrels from the results of tasks, and write the tables of the run.

    Where every task of gnomon plan was done, the tables are those of gnomon run, to the bit. A task
    that was not done or failed is a row of the observations that says so (exit code 3).

    Example: gnomon gather study.toml --out runs/study

    Parameters
    ----------
    study
        Study (TOML) that was planned.
    out
        Folder of the run.

    """
    from gnomon.datamodel.study import read_study

    with stages() as begin:
        begin("starting")
        from gnomon.workflow.executor import executor_of
        from gnomon.workflow.object_store import ObjectStore
        from gnomon.workflow.run import gather

        chosen, place = read_study(study), ObjectStore(remote) if remote else None
        with executor_of(workers=workers, scheduler=scheduler) as executor:
            results = gather(chosen, out, executor, begin, remote=place)
    return report_results(results, results.files, command="gather", as_json=as_json)
