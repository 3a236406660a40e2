"""Commands for single ships: load, show."""

from pathlib import Path

from gnomon.cli.options import place_of
from gnomon.cli.output_json import AsJson, write
from gnomon.cli.output_text import console, progress


def load(
    detections: Path,
    /,
    *,
    catalog: str,
    out: Path,
    as_json: AsJson = False,
) -> int:
    """Read the load of ships from their shadows: your own detections on any catalogue's scenes.

    Every row comes back in its order with its freeboard, how sure it is, the log likelihood ratio
    of laden over ballast, p_laden, load_state, and load_reason where it cannot be told. The answer
    holds if the ship is a tanker.

    Example: gnomon load clicks.csv --catalog my-images/catalog.json --out loads.parquet

    Parameters
    ----------
    detections
        GeoParquet, GeoJSON or CSV (lon, lat) with detection_id, scene_id and a point or outline;
        optionally length_m, beam_m, heading_deg and their errors (length_sigma_m, beam_sigma_m,
        heading_sigma_deg). What is left out is taken from the outline, or from the pixels.
    catalog
        A STAC API or the path of a catalog.json that has the scenes.
    out
        GeoParquet to be written.
    as_json
        Write one JSON document to standard output, and nothing else there.

    """
    from gnomon.workflow.loads import read_loads

    place = place_of(catalog)
    with progress("scenes") as tell:
        told = read_loads(detections, place, out=out, progress=tell)
    states = {str(state): int(n) for state, n in told.load_state.value_counts().items()}
    if as_json:
        document = {"detections": len(told), "load_states": states}
        write("load", document, files=[out])
        return 0
    for state, count in states.items():
        console.print(f"{state:<14} {count:d}")
    console.print(str(out), soft_wrap=True)
    return 0


def show(
    detection: str,
    /,
    *,
    run: Path | None = None,
    detections: Path | None = None,
    catalog: str | None = None,
    out: Path | None = None,
) -> int:
    """Draw what the load of one ship rests on: pixels, fit, what is left, posterior.

    Example: gnomon show S2B_..._e512340-n4712340 --run runs/vostochny-2024

    Parameters
    ----------
    detection
        Its detection_id.
    run
        Folder of a run.
    detections
        Instead of a run: a table as `gnomon load` takes or writes it, together with its catalogue.
    catalog
        A STAC API or the path of a catalog.json.
    out
        PNG to be written; DETECTION.png in the run's folder, or here, if left out.

    """
    from gnomon.report.figures.load import show_load

    place = place_of(catalog) if catalog else None
    path = show_load(detection, run=run, detections=detections, catalog=place, out=out)
    console.print(str(path), soft_wrap=True)
    return 0
