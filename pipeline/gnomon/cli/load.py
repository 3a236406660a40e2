"""The load of single ships: ``gnomon load`` and ``gnomon show``."""

from pathlib import Path

from gnomon.cli.options import AsJson, HostNames, absolute_location, split_list
from gnomon.cli.output_json import reasons_document, write_document
from gnomon.cli.output_text import console, print_notes, print_reasons
from gnomon.cli.progress import progress_bar
from gnomon.cli.reasons import load_reasons


def load_command(
    detections: Path,
    /,
    *,
    catalog: str,
    out: Path,
    hosts: HostNames = None,
    as_json: AsJson = False,
) -> int:
    """Estimate the load of ships from their shadows: your own detections, scenes of any catalogue.

    Every row comes back in its place with freeboard and its error, the log likelihood ratio of
    laden over ballast, p_laden and load_state, and with load_reason if the image cannot determine
    the load; the size and axis that were measured come with it, for `gnomon track`. The result
    holds if the ship is a tanker.

    Example:

        gnomon load clicks.csv --catalog images/catalog/catalog.json --out loads.parquet

    Parameters
    ----------
    detections
        CSV, GeoPackage, GeoJSON, Shapefile, FlatGeobuf or Parquet, in any CRS, with detection_id,
        scene_id and a point or outline (lon and lat, geometry or WKT); optionally length_m, beam_m,
        heading_deg and their errors (length_sigma_m, beam_sigma_m, heading_sigma_deg). What is left
        out is taken from the outline or measured from the pixels.
    catalog
        STAC API or path of a catalog.json that has the scenes.
    out
        GeoParquet file to write.

    """
    location = absolute_location(catalog)
    with progress_bar("reading scenes", first="searching the catalogue") as show:
        from gnomon.workflow.loads import read_loads
        from gnomon.workflow.user_tables.reading import read_detections

        table = read_detections(detections)
        loads = read_loads(table, location, out=out, hosts=split_list(hosts), on_progress=show)
    print_notes(table.notes)
    counts = {str(state): int(n) for state, n in loads.load_state.value_counts().items()}
    reasons = load_reasons(zip(loads.detection_id, loads.load_reason, strict=True))
    if as_json:
        document = {
            "detections": len(loads),
            "load_states": counts,
            "reasons": reasons_document(reasons),
        }
        write_document("load", document, files=[out])
        return 0
    for state, count in counts.items():
        console.print(f"{state:<14} {count:d}")
    print_reasons(reasons, "ship", what="of unknown load")
    console.print(str(out), soft_wrap=True)
    return 0


def show_command(
    detection: str,
    /,
    *,
    run: Path | None = None,
    detections: Path | None = None,
    catalog: str | None = None,
    hosts: HostNames = None,
    out: Path | None = None,
) -> int:
    """Draw the evidence for the load of one ship: pixels, fitted model, residual, posterior.

    Example: gnomon show S2B_..._e512340-n4712340 --run runs/vostochny-2024

    Parameters
    ----------
    detection
        Its detection_id.
    run
        Folder of a run.
    detections
        Instead of a run: a table as `gnomon load` reads or writes it, with --catalog.
    catalog
        STAC API or path of a catalog.json that has the scenes of --detections.
    out
        PNG file to write; DETECTION.png in the run's folder, or in this one, if left out.

    """
    from gnomon.report.figures.load import show_load

    location = absolute_location(catalog) if catalog else None
    path = show_load(
        detection,
        run=run,
        detections=detections,
        catalog=location,
        hosts=split_list(hosts),
        out=out,
    )
    console.print(str(path), soft_wrap=True)
    return 0
