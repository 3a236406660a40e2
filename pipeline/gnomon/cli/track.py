"""Commands for seasons: track, simulate."""

from pathlib import Path

from gnomon.cli.output_json import AsJson, of_followed, write
from gnomon.cli.output_text import err, tell_ledger, tell_lost


def track(
    *,
    detections: Path,
    observations: Path,
    study: Path,
    out: Path,
    review: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Go on from tables: visits, voyages and barrels, also of your own detector's ships.

    Writes visits.parquet, seasons.parquet (how many visits, seen and unseen), voyages.parquet and
    ledger.parquet.

    Parameters
    ----------
    detections
        Ships: Parquet, CSV, GeoJSON or GeoPackage. Other names of columns are mapped in the
        study, for example [track.detection_columns] length_m = "LOA".
    looks
        What was looked at, whatever was found: every count rests on it.
    study
        A TOML file; its [track] and [ledger] say how.
    out
        Folder for the results.
    review
        GeoJSON of an analyst's decisions: reject, accept, type, load state, identity. Those in
        OUT/review.geojson if left out and there are any. Never written to.
    as_json
        Write one JSON document to standard output, and nothing else there.

    """
    from gnomon.datamodel.decisions import read_review, review_in
    from gnomon.datamodel.study import read_study
    from gnomon.track.tracking import read_rows
    from gnomon.workflow.infer import infer

    chosen = read_study(study)
    decisions = read_review(review) if review else review_in(out)
    tables = read_rows(detections), read_rows(observations)
    found = infer(chosen, *tables, out, ports=chosen.places(), decisions=decisions)
    tell_lost(found.tracked.reviewed.lost)
    if as_json:
        write("track", of_followed(found), files=found.files)
    else:
        tell_ledger(found)
    return 0


def simulate(out: Path, /) -> int:
    """Make the catalogue of the embedded study: simulated scenes with known ships.

    Parameters
    ----------
    out
        Folder of the catalogue; left alone if it is already there and current.

    """
    from gnomon.simulate.embedded import write_embedded

    path = write_embedded(out)
    err.print(f"Simulated scenes: {path}")
    return 0
