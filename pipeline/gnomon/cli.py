"""The command line: words in, words out, no logic.

Exit codes: 0 all is well; 1 it could not be done, one line says why; 2 the command was not
understood; 3 it was done in part: looks failed (their reasons are in looks.parquet), or images were
left out (their reasons are on standard error); 130 interrupted.
"""

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App, Parameter

from gnomon.errors import CatalogError, GnomonError, StudyError
from gnomon.terminal import console, err, progress, tell_ledger, tell_run

if TYPE_CHECKING:
    from gnomon.study import Study

app = App(
    name="gnomon",
    help="From satellite images of oil ports to ships, with an uncertainty that is true.",
    help_epilogue="Exit codes: 0 done, 1 could not be done, 2 not understood, 3 done in part "
    "(looks failed, or images were left out), 130 interrupted.",
)
FAILED, INTERRUPTED = 3, 130


@app.command
def run(
    study: Path,
    /,
    *,
    out: Path,
    catalog: str | None = None,
    pictures: bool = False,
) -> int:
    """Run a study: search its catalogue, look at its ports, write what was found.

    Writes detections.parquet (one row per hull), looks.parquet (one row per scene and port,
    whatever was found) and run.json (what it rests on); then visits.parquet, seasons.parquet,
    voyages.parquet and ledger.parquet. Running again does nothing twice.

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

    """
    from gnomon.study import read_study

    chosen = read_study(study)
    if catalog:
        place = catalog if "://" in catalog else str(Path(catalog).resolve())
        source = chosen.catalog.model_copy(update={"url": place})
        chosen = chosen.model_copy(update={"catalog": source})
    return _run(chosen, out, pictures=pictures, onward=True)


@app.command
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

    """
    from pydantic import ValidationError

    from gnomon.study import Study

    place = catalog if "://" in catalog else str(Path(catalog).resolve())
    values = {
        "name": "detect",
        "catalog": {"url": place, "collections": _listed(collections)},
        "period": {"start": start, "end": end},
        "ports": {"bbox": _listed(bbox) or None},
        "detect": {"model": model},
    }
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise StudyError("; ".join(faults)) from error
    return _run(study, out, pictures=pictures)


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


@app.command
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
    from gnomon.fetch.own import make_catalog
    from gnomon.fetch.particulars import particulars

    said = {f"{k}_deg" if k.startswith(("sun", "view")) else k: v
            for k, v in vars(told or Told()).items()}  # fmt: skip
    made = make_catalog(folder, out, told=particulars(said), table=table, collection=collection)
    for note in made.notes:
        err.print(f"note: {note}", soft_wrap=True, markup=False)
    for fault in made.faults:
        err.print(f"left out: {fault}", soft_wrap=True, markup=False)
    if made.path is None:
        raise CatalogError(f"{folder}: none of its images could be used; nothing was written")
    console.print(str(made.path), soft_wrap=True, markup=False)
    console.print(f"{len(made.items)} images, {len(made.faults)} left out")
    return FAILED if made.faults else 0


@app.command
def load(
    detections: Path,
    /,
    *,
    catalog: str,
    out: Path,
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

    """
    from gnomon.loading import read_loads

    place = catalog if "://" in catalog else str(Path(catalog).resolve())
    with progress("scenes") as tell:
        told = read_loads(detections, place, out=out, progress=tell)
    for state, count in told.load_state.value_counts().items():
        console.print(f"{state:<14} {count:d}")
    console.print(str(out), soft_wrap=True)
    return 0


@app.command
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
    from gnomon.showing import show_load

    place = str(Path(catalog).resolve()) if catalog and "://" not in catalog else catalog
    path = show_load(detection, run=run, detections=detections, catalog=place, out=out)
    console.print(str(path), soft_wrap=True)
    return 0


@app.command
def track(*, detections: Path, looks: Path, study: Path, out: Path) -> int:
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

    """
    from gnomon.follow import follow
    from gnomon.study import read_study
    from gnomon.track.tracking import read_rows

    chosen = read_study(study)
    tables = read_rows(detections), read_rows(looks)
    tell_ledger(follow(chosen, *tables, out, ports=chosen.places()))
    return 0


@app.command
def simulate(out: Path, /) -> int:
    """Make the catalogue of the embedded study: simulated scenes with known ships.

    Parameters
    ----------
    out
        Folder of the catalogue; left alone if it is already there and current.

    """
    from gnomon.synth.embedded import write_embedded

    path = write_embedded(out)
    err.print(f"Simulated scenes: {path}")
    return 0


@app.command
def train(
    catalog: str,
    /,
    *,
    out: Path,
    hold: str,
    version: str = "0.1.0",
    steps: int = 4500,
    seed: int = 0,
) -> int:
    """Train new weights on labelled scenes; about half an hour on two cores.

    Parameters
    ----------
    catalog
        A catalogue whose items have outlines of their ships (an asset with the role "labels",
        GeoJSON).
    out
        Folder to be made, such as models/my-vessel; an existing one is refused.
    hold
        Parts of item ids, separated by commas: scenes that calibrate the scores and errors.
    version
        Of the weights, for model.toml.
    steps
        Of each of the two trainings: without the scenes held back, and with all.
    seed
        Of all that is random.

    """
    from gnomon.detect.train import TrainOptions
    from gnomon.training import teach

    with progress("steps") as tell:
        model = teach(
            catalog,
            out,
            version=version,
            held=_listed(hold),
            options=TrainOptions(steps=steps, seed=seed),
            progress=lambda step, loss: tell(step + 1, steps, f"loss {loss:.2f}"),
        )
    console.print(f"{out}: {model.label}, threshold {model.threshold:.2f}", soft_wrap=True)
    return 0


@app.command
def judge(catalog: str, /, *, model: str = "s2-vessel") -> int:
    """Print the scores of weights on labelled scenes, as Markdown for the card.

    Parameters
    ----------
    catalog
        A catalogue with outlines that the weights were not trained on.
    model
        Name or folder of weights.

    """
    from gnomon.training import judge as judged

    console.print(judged(model, catalog), soft_wrap=True, markup=False)
    return 0


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def _run(study: "Study", folder: Path, *, pictures: bool, onward: bool = False) -> int:
    from gnomon.run import draw, run_study

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
    tell_run(outcome, files)
    if onward and (outcome.looks.status == "looked").any():
        from gnomon.follow import follow

        ports = study.places()
        tell_ledger(follow(study, outcome.detections, outcome.looks, folder, ports=ports))
    return FAILED if len(outcome.failed) else 0


def main() -> None:
    """Run the command line."""
    try:
        sys.exit(app(sys.argv[1:]))
    except GnomonError as error:
        err.print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
