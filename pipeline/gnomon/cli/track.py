"""Seasons: ``gnomon track`` and ``gnomon simulate``."""

from pathlib import Path

from gnomon.cli.options import AsJson
from gnomon.cli.output_json import inference_document, write_document
from gnomon.cli.output_text import err, print_files, print_inference, print_unmatched
from gnomon.cli.progress import progress_bar


def track_command(
    *,
    detections: Path,
    observations: Path,
    study: Path,
    out: Path,
    review: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Infer visits, voyages and barrels from tables, also from those of your own detector.

    Writes visits.parquet, seasons.parquet (how many visits, seen and unseen), voyages.parquet and
    ledger.parquet.

    Example: gnomon track --detections ships.csv --observations passes.csv
        --study study.toml --out runs/own

    Parameters
    ----------
    detections
        Ships: Parquet, CSV, GeoJSON or GeoPackage. Other column names are mapped in the study, for
        example [track.detection_columns] length_m = "LOA".
    observations
        Every image of every port, also those without a ship: all counts rest on it.
    study
        Study (TOML); its [track] and [ledger] are used.
    out
        Folder to write the results to.
    review
        An analyst's decisions (GeoJSON): reject, accept, type, load state, identity;
        OUT/review.geojson if left out and it exists. The file is never changed.

    """
    from gnomon.datamodel.decisions import read_review, review_in
    from gnomon.datamodel.study import read_study
    from gnomon.workflow.infer import infer_tables, read_input_table

    chosen = read_study(study)
    decisions = read_review(review) if review else review_in(out)
    tables = read_input_table(detections), read_input_table(observations)
    inference = infer_tables(
        *tables,
        out,
        period=chosen.period,
        track=chosen.track,
        ledger=chosen.ledger,
        ports=chosen.places(),
        decisions=decisions,
    )
    print_unmatched(inference.tracked.reviewed.lost)
    if as_json:
        write_document("track", inference_document(inference), files=inference.files)
    else:
        print_inference(inference)
        print_files(inference.files)
    return 0


def simulate_command(out: Path, /) -> int:
    """Write the simulated scenes of the embedded study, with known ships, as a catalogue.

    Example: gnomon simulate build/embedded

    Parameters
    ----------
    out
        Folder to write the catalogue to; left alone if it is there and current.

    """
    with progress_bar("simulating scenes", first="drawing the coasts") as show:
        from gnomon.simulate.embedded import write_embedded
        from gnomon.workflow.executor import worker_processes

        with worker_processes() as pool:
            path = write_embedded(out, executor=pool, on_progress=show)
    err.print(f"Simulated scenes: {path}", soft_wrap=True)
    return 0
