"""Metadata of a local image: when it was acquired, from where, and what its numbers mean.

Sources are Planet's metadata file beside the image, a row of a table, and options for all images,
in this order: the first that has a value wins. What belongs together comes from one source: the
sun's two angles, the view's two angles, scale and offset.

A time without a zone is refused: nine hours are 135 degrees of the sun's path.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from gnomon.datamodel.errors import AssetError, CatalogError, StudyError
from gnomon.datamodel.study import Options

COLUMNS = (
    "file",
    "seen_at",
    "sun_azimuth_deg",
    "sun_elevation_deg",
    "view_azimuth_deg",
    "view_zenith_deg",
    "off_nadir_deg",
    "bands",
    "platform",
    "cloud_percent",
    "scale",
    "offset",
)
"""Of a table; only ``file`` must be there."""
VIEW = ("view_azimuth_deg", "view_zenith_deg")
TOGETHER = (("sun_azimuth_deg", "sun_elevation_deg"), VIEW, ("scale", "offset"))
FIRST_IMAGES = datetime(1972, 7, 23, tzinfo=UTC)
"""Launch of Landsat 1."""
FREE_ALTITUDE_KM = 600.0
"""Imaging satellites of 0.3-3 m fly at 450-770 km: within a degree of zenith at 25 off nadir."""


def parse_time(text: object) -> datetime:
    """Parse a time with its zone, as UTC.

    Raises
    ------
    ValueError
        It has no zone, or is not a time; the message has the right form.

    """
    if isinstance(text, datetime):
        when = text
    else:
        try:
            when = datetime.fromisoformat(str(text).strip())
        except ValueError:
            raise ValueError(f"{text!r} is not a time; write it 2024-11-05T02:10:00Z") from None
        if _is_day(str(text).strip()):
            raise ValueError(f"{text} is a day, not a time; write it {text}T02:10:00Z")
    if when.tzinfo is None:
        local = when.isoformat()
        raise ValueError(f"{text} has no zone; write {local}Z if it is UTC, else {local}+09:00")
    if not FIRST_IMAGES <= when <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError(f"{text} is before 1972 or to come; check the year")
    return when.astimezone(UTC)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _words(value: object) -> object:
    """Split band names that stand in one text: commas, or what a table allows instead."""
    if not isinstance(value, str):
        return value
    for mark in ";+|/":
        value = value.replace(mark, ",")
    parts = value.split(",") if "," in value else value.split()
    return tuple(part.strip().lower() for part in parts)


def _once(bands: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({band for band in bands if bands.count(band) > 1}):
        raise ValueError(f"{', '.join(twice)} is there twice; name each band of the file once")
    return bands


Azimuth = Annotated[float, Field(ge=-180, le=360)]


class ImageMetadata(Options):
    """What one source has of an image; None is unknown."""

    seen_at: Annotated[datetime, BeforeValidator(parse_time)] | None = None
    sun_azimuth_deg: Azimuth | None = None
    """Towards the sun, clockwise from north."""
    sun_elevation_deg: float | None = Field(default=None, gt=0, le=90)
    view_azimuth_deg: Azimuth | None = None
    """From the target towards the satellite, clockwise from north."""
    view_zenith_deg: float | None = Field(default=None, ge=0, lt=90)
    """At the target, from the vertical to the satellite."""
    off_nadir_deg: float | None = Field(default=None, ge=0, le=60)
    """At the satellite, from straight down to the target; view_zenith_deg counts where both are."""
    altitude_km: float = FREE_ALTITUDE_KM
    bands: Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_once)] | None = None
    """Names in the order of the file."""
    platform: str | None = None
    constellation: str | None = None
    cloud_percent: float | None = Field(default=None, ge=0, le=100)
    scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Reflectance per count."""
    offset: float | None = Field(default=None, allow_inf_nan=False)
    """Added after scaling; not without a scale."""
    published_at: Annotated[datetime, BeforeValidator(parse_time)] | None = None

    @model_validator(mode="after")
    def _offset_of_a_scale(self) -> Self:
        if self.offset is not None and self.scale is None:
            raise ValueError("offset is given without scale; give both (scale 1 changes nothing)")
        return self

    @model_validator(mode="after")
    def _both_of_the_sun(self) -> Self:
        if (self.sun_azimuth_deg is None) != (self.sun_elevation_deg is None):
            raise ValueError(
                "the sun has only one of azimuth and elevation; give both, or neither "
                "to have them computed from time and place"
            )
        return self


def image_metadata(
    values: Mapping[str, Any], *, names: Mapping[str, str] | None = None
) -> ImageMetadata:
    """Check the values of one source.

    Parameters
    ----------
    values
        By the names of `ImageMetadata`; None and empty texts are unknown.
    names
        What users call the values, where that differs.

    Raises
    ------
    StudyError
        Something is not what it should be; one line names all faults.

    """
    known = {name: value for name, value in values.items() if value not in (None, "")}
    try:
        return ImageMetadata.model_validate(known)
    except ValidationError as error:
        faults = (
            ": ".join([*_named(f["loc"], names or {}), f["msg"].removeprefix("Value error, ")])
            for f in error.errors()
        )
        raise StudyError("; ".join(faults)) from error


def _named(place: tuple[int | str, ...], names: Mapping[str, str]) -> list[str]:
    return [names.get(str(one), str(one)) for one in place[:1]]


def combined(sources: Iterable[ImageMetadata]) -> ImageMetadata:
    """Take each value from the first source that has it, a pair from the first that has both."""
    sources = list(sources)
    merged: dict[str, Any] = {}
    for source in reversed(sources):
        merged |= {k: v for k, v in source.model_dump().items() if v is not None}
    for pair in TOGETHER:
        best = max(sources, key=lambda one: _count_of(one, pair))
        merged |= {name: getattr(best, name) for name in pair}
        if pair == VIEW:
            merged |= {"off_nadir_deg": best.off_nadir_deg, "altitude_km": best.altitude_km}
    return ImageMetadata.model_construct(**merged)


def _count_of(source: ImageMetadata, pair: tuple[str, str]) -> int:
    """How much of a pair a source has: of the view perhaps a half, of others all or nothing."""
    if pair != VIEW:
        return int(getattr(source, pair[0]) is not None)  # an offset is optional beside its scale
    return (source.view_azimuth_deg is not None) + (
        source.view_zenith_deg is not None or source.off_nadir_deg is not None
    )


def read_image_table(path: Path) -> dict[str, ImageMetadata | AssetError]:
    """Read metadata from a CSV, by the file of each row; a faulty row is an error of its file.

    Raises
    ------
    CatalogError
        The table cannot be read, or its columns are not those of `COLUMNS`.

    """
    rows: dict[str, ImageMetadata | AssetError] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="more", restval="")
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            _check_columns(path, reader.fieldnames)
            for row in reader:
                name = (row.pop("file") or "").strip()
                place = f"{path.name} line {reader.line_num}"
                rows[name] = _row(name, row, place, seen=name in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        why = f"cannot be read ({reason}); name a CSV in UTF-8 with a column file"
        raise CatalogError(f"{path}: {why}") from error
    return rows


def _check_columns(path: Path, names: Iterable[str]) -> None:
    names = list(names)
    if "file" not in names:
        why = "has no column file; its first line names the columns, with commas between them"
        raise CatalogError(f"{path}: {why}")
    if strange := [name for name in names if name not in COLUMNS]:
        why = f"has unknown columns: {', '.join(strange)}; known are"
        raise CatalogError(f"{path}: {why} {', '.join(COLUMNS)}")


def _row(name: str, row: dict[str, Any], place: str, *, seen: bool) -> ImageMetadata | AssetError:
    if seen:
        return AssetError(name, place, "the file is there twice; leave one row")
    if "more" in row:
        return AssetError(name, place, 'has too many cells; put bands in quotes: "red,green,blue"')
    try:
        return image_metadata({key.strip(): value.strip() for key, value in row.items()})
    except StudyError as error:
        return AssetError(name, place, str(error))
