"""From a catalogue to ships: ``gnomon run`` and ``gnomon detect``."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.cli.options import IN_PART, INTERRUPTED, AsJson, absolute_location, split_list
from gnomon.cli.output_json import inference_document, results_document, write_document
from gnomon.cli.output_text import (
    err,
    print_failed,
    print_files,
    print_inference,
    print_results,
    print_unmatched,
    progress_bar,
)
from gnomon.datamodel.errors import StudyError

if TYPE_CHECKING:
    from gnomon.datamodel.study import Study


def run_command(
    study: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    pictures: bool = False,
    as_json: AsJson = False,
) -> int:
    """Run a study, from the search of its catalogue to visits and barrels.

    Writes detections.parquet (one row per hull), observations.parquet (one row per scene and port,
    also if no ship was found) and run.json (options, versions, weights); then visits.parquet,
    seasons.parquet, voyages.parquet and ledger.parquet. A second call computes only what is new.
    An analyst's decisions in OUT/review.geojson are used, and the file is never changed.

    Example: gnomon run configs/vostochny-2024.toml --out runs/vostochny-2024

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
    return _run(chosen, out, pictures=pictures, as_json=as_json, onward=True)


def detect_command(
    catalog: str,
    /,
    *,
    out: Path,
    bbox: str | None = None,
    start: date | None = None,
    end: date | None = None,
    collections: str | None = None,
    model: str = "s2-vessel",
    pictures: bool = False,
    as_json: AsJson = False,
) -> int:
    """Find ships in a catalogue without a study: in whole scenes, or in a box.

    Example: gnomon detect https://earth-search.aws.element84.com/v1 --collections sentinel-2-l2a
        --bbox 132.9,42.7,133.2,42.9 --start 2024-05-01 --end 2024-05-31 --out runs/may

    Parameters
    ----------
    catalog
        STAC API or static catalogue: a URL or the path of a catalog.json.
    out
        Folder to write the results to.
    bbox
        West,south,east,north in degrees; whole scenes if left out.
    start
        First day, UTC.
    end
        Last day, UTC.
    collections
        Names of collections, separated by commas; every optical collection if left out.
    model
        Name or folder of weights.
    pictures
        Also draw every observation that has ships, into OUT/pictures.

    """
    from pydantic import ValidationError

    from gnomon.datamodel.study import Study
    from gnomon.detect.weights import read_model

    values = {
        "name": "detect",
        "catalog": {
            "url": absolute_location(catalog),
            "collections": split_list(collections),
        },
        "period": {"start": start, "end": end},
        "ports": {"bbox": split_list(bbox) or None},
        "detect": {"models": {read_model(model).sensor: model}},
    }
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise StudyError("; ".join(faults)) from error
    return _run(study, out, pictures=pictures, as_json=as_json)


def _run(
    study: "Study", folder: Path, *, pictures: bool, as_json: bool, onward: bool = False
) -> int:
    from gnomon.report.figures.scene import draw
    from gnomon.workflow.executor import worker_processes
    from gnomon.workflow.run import run

    with progress_bar("observations") as show, worker_processes() as workers:
        try:
            results = run(study, folder, workers, show, infer=onward)
        except KeyboardInterrupt:
            err.print(
                f"Interrupted. Finished observations are kept in {folder}; "
                "the same command continues."
            )
            return INTERRUPTED
    files = [*results.files]
    if pictures:
        files.append(draw(results, folder / "pictures"))
    code = IN_PART if len(results.failed) else 0
    document = results_document(results)
    print_failed(results)
    if not as_json:
        print_results(results)
    inference = results.inference
    if inference is not None:
        print_unmatched(inference.tracked.reviewed.lost)
        if not as_json:
            print_inference(inference)
        document |= inference_document(inference)
    if not as_json:
        print_files(files)
    else:
        write_document("run" if onward else "detect", document, files=files, exit_code=code)
    return code
