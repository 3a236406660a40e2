"""From a catalogue to ships: ``gnomon run`` and ``gnomon detect``."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.cli.options import (
    IN_PART,
    INTERRUPTED,
    AsJson,
    Bbox,
    BoxText,
    DryRun,
    HostNames,
    Remote,
    Scheduler,
    Workers,
    absolute_location,
    named,
    parse_bbox,
    split_list,
)
from gnomon.cli.output_forecast import forecast_document, print_forecast
from gnomon.cli.output_json import inference_document, results_document, write_document
from gnomon.cli.output_text import (
    err,
    print_damaged,
    print_files,
    print_inference,
    print_notes,
    print_reasons,
    print_results,
    print_unmatched,
)
from gnomon.cli.progress import stages
from gnomon.cli.reasons import results_reasons
from gnomon.datamodel.errors import StudyError

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from gnomon.datamodel.study import CatalogOptions, Study
    from gnomon.workflow.run import Results


def run_command(
    study: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    pictures: bool = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    remote: Remote = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Run a study, from the search of its catalogue to visits and barrels.

    A study is a TOML file that names a catalogue of images, a period and ports; those in configs
    can be copied. Writes detections.parquet (one row per hull), observations.parquet (one row per
    scene and port, also if no ship was found) and run.json (options, versions, weights); then
    visits.parquet, seasons.parquet, voyages.parquet and ledger.parquet. A second call computes only
    what is new. An analyst's decisions in OUT/review.geojson are used, and the file is never
    changed. Then: gnomon report OUT writes the page that shows the answer and its pictures.

    Example, first what it will take, then the run:

        gnomon run configs/vostochny-2024.toml --out runs/vostochny-2024 --dry-run
        gnomon run configs/vostochny-2024.toml --out runs/vostochny-2024

    Parameters
    ----------
    study
        Study (TOML), such as configs/vostochny-2024.toml.
    out
        Folder to write the results to.
    catalog
        STAC API or static catalogue to use instead of the study's.
    pictures
        Also draw every observation that has ships, into OUT/pictures.

    """
    from gnomon.datamodel.study import read_study

    chosen = read_study(study)
    if catalog:
        location = absolute_location(catalog)
        source = chosen.catalog.model_copy(update={"url": location})
        chosen = chosen.model_copy(update={"catalog": source})
    if dry_run:
        return _forecast(lambda: chosen, out, command="run", as_json=as_json)
    crew = partial(_executor, workers, scheduler)
    return _run(
        lambda: chosen, out, crew, pictures=pictures, as_json=as_json, onward=True, remote=remote
    )


def detect_command(
    catalog: str,
    /,
    *,
    out: Path,
    bbox: BoxText | None = None,
    start: date | None = None,
    end: date | None = None,
    collections: str | None = None,
    hosts: HostNames = None,
    model: str = "s2-vessel",
    pictures: bool = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    r"""Find ships in a catalogue without a study: in whole scenes, or in a box.

    Writes detections.parquet (one row per hull), observations.parquet (one row per scene, also if
    no ship was found) and run.json. Then: gnomon report OUT, or gnomon export OUT --out FOLDER.

    Example, a box of Sentinel-2 images for a month, without an account (docs/providers.md):

        gnomon detect https://earth-search.aws.element84.com/v1 \
            --collections sentinel-2-c1-l2a,sentinel-2-l2a \
            --bbox 132.9,42.7,133.2,42.9 --start 2024-05-01 --end 2024-05-31 \
            --out runs/may --dry-run

    Parameters
    ----------
    catalog
        STAC API or static catalogue: a URL or the path of a catalog.json.
    out
        Folder to write the results to.
    bbox
        West,south,east,north in degrees, as 132.9,42.7,133.2,42.9; whole scenes if left out.
    start
        First day, UTC, as 2024-05-01; from the first image of the catalogue if left out.
    end
        Last day, UTC, that day included; to the last image if left out.
    collections
        Names of collections, separated by commas; every optical collection that gnomon knows if
        left out.
    model
        Name or folder of weights.
    pictures
        Also draw every observation that has ships, into OUT/pictures.

    """
    box = parse_bbox(bbox)
    _check_period(start, end)
    source = partial(_source, catalog, collections, hosts)
    study = partial(_study_of, source, box, start, end, model)
    if dry_run:
        return _forecast(study, out, command="detect", as_json=as_json)
    crew = partial(_executor, workers, scheduler)
    return _run(study, out, crew, pictures=pictures, as_json=as_json)


def _check_period(start: date | None, end: date | None) -> None:
    if start and end and end < start:
        raise StudyError(f"--end {end} lies before --start {start}; swap them")


def _source(catalog: str, collections: str | None, hosts: str | None) -> "CatalogOptions":
    from gnomon.datamodel.study import CatalogOptions

    return CatalogOptions(
        url=absolute_location(catalog),
        collections=split_list(collections),
        hosts=split_list(hosts),
    )


def _study_of(
    source: Callable[[], "CatalogOptions"],
    bbox: Bbox | None,
    start: date | None,
    end: date | None,
    model: str,
) -> "Study":
    """Study of a catalogue as a whole."""
    from gnomon.datamodel.study import Study
    from gnomon.detect.weights import read_model

    with named("--model"):
        sensor = read_model(model).sensor
    return Study(
        name="detect",
        catalog=source(),
        period={"start": start, "end": end},
        ports={"bbox": bbox},
        detect={"models": {sensor: model}},
    )


def _executor(workers: int | None, scheduler: str | None) -> "AbstractContextManager[Executor]":
    from gnomon.workflow.executor import executor_of

    return executor_of(workers=workers, scheduler=scheduler)


def _run(
    study_of: Callable[[], "Study"],
    folder: Path,
    crew: Callable[[], "AbstractContextManager[Executor]"],
    *,
    pictures: bool,
    as_json: bool,
    onward: bool = False,
    remote: str | None = None,
) -> int:
    try:
        with stages() as begin:
            begin("starting")
            from gnomon.report.figures.scene import draw
            from gnomon.workflow.object_store import ObjectStore
            from gnomon.workflow.run import run

            study, place = study_of(), ObjectStore(remote) if remote else None
            with crew() as executor:
                results = run(study, folder, executor, begin, infer=onward, remote=place)
            files = [*results.files]
            if pictures:
                files.append(draw(results, folder / "pictures", begin("drawing pictures")))
    except KeyboardInterrupt:
        err.print(
            f"Interrupted. Finished images are kept in {folder}; the same command goes on.",
            soft_wrap=True,
        )
        return INTERRUPTED
    return report_results(results, files, command="run" if onward else "detect", as_json=as_json)


def _forecast(study_of: Callable[[], "Study"], folder: Path, *, command: str, as_json: bool) -> int:
    """Print what a run would take, or write it as JSON; returns the exit code."""
    with stages() as begin:
        begin("starting")
        from gnomon.workflow.forecast import forecast

        made = forecast(study_of(), folder, on_stage=begin)
    code = IN_PART if made.missing or made.failed else 0
    if as_json:
        write_document(command, forecast_document(made), files=[], exit_code=code)
    else:
        print_forecast(made, folder)
    return code


def report_results(
    results: "Results", files: Sequence[Path], *, command: str, as_json: bool
) -> int:
    """Print what a run found, or write it as JSON; returns the exit code."""
    code = IN_PART if len(results.failed) else 0
    reasons = results_reasons(results)
    print_damaged(results.damaged)
    print_notes(results.catalog_notes)
    inference = results.inference
    print_reasons(reasons["failed"], "image", what="failed", named=True)
    if inference is not None:
        print_unmatched(inference.tracked.reviewed.lost)
    if as_json:
        document = results_document(results)
        if inference is not None:
            document |= inference_document(inference)
        write_document(command, document, files=files, exit_code=code)
        return code
    print_reasons(reasons["skipped"], "image", what="left out")
    print_reasons(reasons["observed"], "image")
    print_reasons(reasons["loads"], "ship", what="of unknown load")
    print_results(results)
    if inference is not None:
        print_inference(inference)
    print_files(files)
    return code
