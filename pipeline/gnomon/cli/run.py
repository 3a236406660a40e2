"""Commands that look at images: run, detect, catalog."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Parameter

from gnomon.cli.options import FAILED, INTERRUPTED, listed, place_of
from gnomon.cli.output_json import AsJson, of_followed, of_run, write
from gnomon.cli.output_text import (
    console,
    err,
    progress,
    tell_failed,
    tell_ledger,
    tell_lost,
    tell_run,
)
from gnomon.datamodel.errors import CatalogError, StudyError

if TYPE_CHECKING:
    from gnomon.datamodel.study import Study


def run(
    study: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    pictures: bool = False,
    as_json: AsJson = False,
) -> int:
    """Run a study: search its catalogue, look at its ports, write what was found.

    Writes detections.parquet (one row per hull), observations.parquet (one row per scene and port,
    whatever was found) and run.json (what it rests on); then visits.parquet, seasons.parquet,
    voyages.parquet and ledger.parquet. Running again does nothing twice. An analyst's decisions in
    OUT/review.geojson are honoured, and the file is left as it is.

    Parameters
    ----------
    study
        A TOML file, such as configs/vostochny-2024.toml.
    out
        Folder for the results.
    catalog
        Use this STAC API or static catalogue instead of the study's.
    pictures
        Also draw every look that has ships, into OUT/pictures.
    as_json
        Write one JSON document to standard output, and nothing else there.

    """
    from gnomon.datamodel.study import read_study

    chosen = read_study(study)
    if catalog:
        place = place_of(catalog)
        source = chosen.catalog.model_copy(update={"url": place})
        chosen = chosen.model_copy(update={"catalog": source})
    return _run(chosen, out, pictures=pictures, as_json=as_json, onward=True)


def detect(
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
    """Find ships in a catalogue, without a study: whole scenes, or what lies in a box.

    Parameters
    ----------
    catalog
        A STAC API or a static catalogue: an http(s) address or the path of a catalog.json.
    out
        Folder for the results.
    bbox
        West,south,east,north in degrees; whole scenes if left out.
    start
        First day, UTC.
    end
        Last day, UTC.
    collections
        Names, separated by commas; every optical collection if left out.
    model
        Name or folder of weights.
    pictures
        Also draw every look that has ships, into OUT/pictures.
    as_json
        Write one JSON document to standard output, and nothing else there.

    """
    from pydantic import ValidationError

    from gnomon.datamodel.study import Study

    place = place_of(catalog)
    values = {
        "name": "detect",
        "catalog": {"url": place, "collections": listed(collections)},
        "period": {"start": start, "end": end},
        "ports": {"bbox": listed(bbox) or None},
        "detect": {"model": model},
    }
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise StudyError("; ".join(faults)) from error
    return _run(study, out, pictures=pictures, as_json=as_json)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Told:
    """What holds for all images that have nothing of their own.

    Parameters
    ----------
    seen_at
        Time of acquisition with its zone: 2024-11-05T02:10:00Z.
    sun_azimuth
        Towards the sun, degrees clockwise from north.
    sun_elevation
        Of the sun above the horizon, degrees.
    view_azimuth
        From the ship towards the satellite, degrees clockwise from north.
    view_zenith
        At the ship, between the vertical and the satellite, degrees.
    bands
        Names in the order of the file, separated by commas: blue, green, red, nir, pan; any other
        name for a band that is not read. Left out, the file's own names hold.
    platform
        The satellite. What one satellite saw of a place within 49 minutes is looked at once.
    scale
        Reflectance per count, 1e-4 for most products of surface reflectance.
    offset
        Added after scaling.

    """

    seen_at: str | None = None
    sun_azimuth: float | None = None
    sun_elevation: float | None = None
    view_azimuth: float | None = None
    view_zenith: float | None = None
    bands: str | None = None
    platform: str | None = None
    scale: float | None = None
    offset: float | None = None


def catalog(
    folder: Path,
    /,
    *,
    out: Path,
    table: Path | None = None,
    told: Told | None = None,
    collection: str = "own-imagery",
) -> int:
    """Make a catalogue of your own images: a folder of GeoTIFFs, north up and in metres (UTM).

    Time, angles and the rest come from Planet's metadata beside an image (ID_metadata.json), else
    from its row in the table, else from the options, which hold for all images. The sun is computed
    where only the time is told. Images are neither copied nor changed; one that cannot be used is
    named with its reason, and the others go in.

    For example, four-band images of one morning at 11:10 in Korea, and then their ships:

        gnomon catalog images --out images/catalog --seen-at 2024-11-05T11:10:00+09:00
            --bands blue,green,red,nir --scale 1e-4
        gnomon detect images/catalog/catalog.json --out runs/november

    Parameters
    ----------
    folder
        Holds the GeoTIFFs, also in folders of its own.
    out
        Folder of the catalogue; an earlier catalogue of own images there is replaced.
    table
        A CSV, one row per image: file and seen_at, and where known sun_azimuth_deg,
        sun_elevation_deg, view_azimuth_deg, view_zenith_deg or off_nadir_deg, bands, platform,
        cloud_percent, scale, offset.
    collection
        Name of the collection.

    """
    from gnomon.catalog.local.catalog import make_catalog
    from gnomon.catalog.local.metadata import image_metadata

    said = {f"{k}_deg" if k.startswith(("sun", "view")) else k: v
            for k, v in vars(told or Told()).items()}  # fmt: skip
    made = make_catalog(folder, out, told=image_metadata(said), table=table, collection=collection)
    for note in made.notes:
        err.print(f"note: {note}", soft_wrap=True, markup=False)
    for fault in made.faults:
        err.print(f"left out: {fault}", soft_wrap=True, markup=False)
    if made.path is None:
        raise CatalogError(f"{folder}: none of its images could be used; nothing was written")
    console.print(str(made.path), soft_wrap=True, markup=False)
    console.print(f"{len(made.items)} images, {len(made.faults)} left out")
    return FAILED if made.faults else 0


def _run(
    study: "Study", folder: Path, *, pictures: bool, as_json: bool, onward: bool = False
) -> int:
    from gnomon.datamodel.decisions import review_in
    from gnomon.report.figures.scene import draw
    from gnomon.workflow.infer import infer
    from gnomon.workflow.run import run_study

    decisions = review_in(folder) if onward else ()  # a faulty file before an hour of work
    with progress() as tell:
        try:
            outcome = run_study(study, folder, progress=tell)
        except KeyboardInterrupt:
            err.print(
                f"Interrupted. Finished looks are kept in {folder}; the same command goes on."
            )
            return INTERRUPTED
    files = [*outcome.files]
    if pictures:
        files.append(draw(outcome, folder / "pictures"))
    code = FAILED if len(outcome.failed) else 0
    document = of_run(outcome)
    tell_failed(outcome)
    if not as_json:
        tell_run(outcome, files)
    if onward and (outcome.observations.status == "observed").any():
        tables = outcome.detections, outcome.observations
        found = infer(study, *tables, folder, ports=study.places(), decisions=decisions)
        tell_lost(found.tracked.reviewed.lost)
        if not as_json:
            tell_ledger(found)
        document |= of_followed(found)
        files += found.files
    if as_json:
        write("run" if onward else "detect", document, files=files, exit_code=code)
    return code
