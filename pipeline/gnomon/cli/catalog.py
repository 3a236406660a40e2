"""Making a catalogue of one's own images: ``gnomon catalog``."""

from dataclasses import dataclass
from pathlib import Path

from cyclopts import Parameter

from gnomon.cli.options import IN_PART
from gnomon.cli.output_text import console, err, print_notes
from gnomon.datamodel.errors import CatalogError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ImageDefaults:
    """Metadata of every image that has none of its own.

    Parameters
    ----------
    seen_at
        Time of acquisition with its zone, such as 2024-11-05T02:10:00Z.
    sun_azimuth
        Direction of the sun, degrees clockwise from north.
    sun_elevation
        Height of the sun above the horizon, degrees.
    view_azimuth
        Direction from the ship to the satellite, degrees clockwise from north.
    view_zenith
        Angle at the ship between the vertical and the satellite, degrees.
    bands
        Names of the bands in the order of the file, separated by commas: blue, green, red, nir,
        pan, or any other name for a band that is not used. The file's own names, if left out.
    platform
        Name of the satellite. Images that one satellite took of a place within 49 minutes count as
        one observation.
    scale
        Reflectance per digital number, 1e-4 for most surface reflectance products.
    offset
        Reflectance to add after scaling.

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

    def metadata(self) -> dict[str, str | float | None]:
        """Values under the names that a row of the table of images has."""
        return {
            f"{name}_deg" if name.startswith(("sun", "view")) else name: value
            for name, value in vars(self).items()
        }

    def option(self, name: str) -> str:
        """The option of a value, and what was given."""
        value = getattr(self, name)
        number = f"{value:g}" if isinstance(value, float) else value
        return f"--{name.replace('_', '-')} {number}"


def catalog_command(
    folder: Path,
    /,
    *,
    out: Path,
    table: Path | None = None,
    defaults: ImageDefaults | None = None,
    collection: str = "own-imagery",
) -> int:
    r"""Make a STAC catalogue of your own images: GeoTIFFs, north up, in metres (UTM).

    Metadata of an image come from Planet's file beside it (ID_metadata.json), else from its row in
    the table, else from the options. The position of the sun is computed if only the time is
    known. Images are neither copied nor changed.

    An image that cannot be used is left out and named, with the reason and what to do: without a
    time or a CRS, in degrees, rotated, with a colour table, cut short, empty, with bands that have
    no names, with a sun that contradicts the time. The others are catalogued. Notes say what
    cannot be found or determined in those, as many loads without view angles, and what is found
    less well, as ships without near infrared.

    Example, four-band images taken in Korea at 11:10, then the ships in them:

        gnomon catalog images --out images/catalog --seen-at 2024-11-05T11:10:00+09:00 \
            --view-azimuth 284 --view-zenith 4 --bands blue,green,red,nir --scale 1e-4
        gnomon detect images/catalog/catalog.json --out runs/november

    Parameters
    ----------
    folder
        Folder of GeoTIFFs, with all its subfolders.
    out
        Folder to write the catalogue to; an earlier catalogue of own images there is replaced.
    table
        CSV with one row per image: file, seen_at, and if known sun_azimuth_deg, sun_elevation_deg,
        view_azimuth_deg, view_zenith_deg or off_nadir_deg, bands, platform, cloud_percent, scale,
        offset.
    collection
        Name of the STAC collection.

    """
    from gnomon.catalog.local.catalog import make_catalog
    from gnomon.catalog.local.metadata import image_metadata

    given = defaults or ImageDefaults()
    values = given.metadata()
    names = {key: given.option(name) for key, name in zip(values, vars(given), strict=True)}
    metadata = image_metadata(values, names=names)
    made = make_catalog(folder, out, defaults=metadata, table=table, collection=collection)
    print_notes(made.notes)
    for fault in made.faults:
        err.print(f"left out: {fault}", soft_wrap=True)
    if made.path is None:
        raise CatalogError(f"{folder}: none of its images can be used; nothing was written")
    console.print(str(made.path), soft_wrap=True)
    images = "image" if len(made.items) == 1 else "images"
    console.print(f"{len(made.items)} {images}, {len(made.faults)} left out")
    return IN_PART if made.faults else 0
