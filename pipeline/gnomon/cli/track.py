"""Seasons: ``gnomon track`` and ``gnomon simulate``."""

from pathlib import Path

from gnomon.cli.options import AsJson
from gnomon.cli.output_json import inference_document, write_document
from gnomon.cli.output_text import (
    SIMULATED,
    console,
    err,
    print_files,
    print_inference,
    print_notes,
    print_unmatched,
)
from gnomon.cli.progress import progress_bar


def track_command(
    *,
    detections: Path,
    observations: Path,
    out: Path,
    study: Path | None = None,
    review: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Infer visits, voyages and barrels from tables, also from those of your own detector.

    Writes visits.parquet, seasons.parquet (how many visits, seen and unseen), voyages.parquet,
    ledger.parquet, and further_passes.parquet (which more images would narrow the visits most).

    Example: gnomon track --detections ships.csv --observations images.csv --out runs/own

    Parameters
    ----------
    detections
        Ships: CSV, GeoPackage, GeoJSON, Shapefile, FlatGeobuf or Parquet, in any CRS. Other column
        names are mapped in the study, for example [track.detection_columns] length_m = "LOA".
        `gnomon check` says what would be understood.
    observations
        Every image of every port, also those without a ship: all counts rest on it.
    out
        Folder to write the results to; one that holds ships or images of something else is
        refused.
    study
        Study (TOML); its [track], [ledger], [period] and [ports] are used. It needs no catalogue.
        Defaults if left out.
    review
        An analyst's decisions (GeoJSON): reject, accept, type, load state, identity;
        OUT/review.geojson if left out and it exists. The file is never changed.

    """
    with progress_bar("inferring visits", first="reading the tables") as show:
        from gnomon.datamodel.decisions import read_review, review_in
        from gnomon.datamodel.study import TrackStudy, read_track_study
        from gnomon.workflow.executor import worker_processes
        from gnomon.workflow.infer import infer_files

        chosen = read_track_study(study) if study else TrackStudy()
        decisions = read_review(review) if review else review_in(out)
        with worker_processes() as workers:
            inference = infer_files(
                detections,
                observations,
                out,
                period=chosen.period,
                track=chosen.track,
                ledger=chosen.ledger,
                ports=chosen.places(),
                decisions=decisions,
                executor=workers,
                on_progress=show,
            )
    print_notes(inference.notes)
    print_unmatched(inference.tracked.reviewed.lost)
    if as_json:
        write_document("track", inference_document(inference), files=inference.files)
    else:
        if inference.simulated:
            console.print(SIMULATED)
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
