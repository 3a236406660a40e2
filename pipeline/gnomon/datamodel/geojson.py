"""GeoJSON that people edit (RFC 7946): read as a whole, or refused with every fault named.

Ports, decisions, labels, corrections and ship types are files of this kind. Each declares its
features as a `Row`, a pydantic model whose fields are the properties, and ``geometry`` if it has
one. A file is refused with one line for each fault: the number of the feature, counted from 1, what
it calls itself, the property, and what should stand there. No content of a file ends in another
exception than the caller's own.

Editors differ in how they write "nothing": a property that is missing, null, or text of blanks is
the same here.
"""

import json
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypedDict, TypeVar, get_args

import geopandas as gpd
import shapely
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.errors import GnomonError

DEGREES_CRS = ("CRS84", "EPSG::4326", "EPSG:4326")
"""Longitude and latitude, as the member "crs" of old writers names it."""
COLLECTION = "FeatureCollection"
SHOWN = 60
"""Characters of a wrong value that a message repeats."""


class Feature(TypedDict):
    """A feature as it stands in a file, with properties that gnomon does not know."""

    type: str
    properties: dict[str, Any]
    geometry: Any


class Row(BaseModel):
    """The parent of what a file's features must be; properties without a field are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        arbitrary_types_allowed=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
    )
    NAMED_BY: ClassVar[tuple[str, ...]] = ()
    """Properties that name a feature in messages."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        for name in cls.model_fields.keys() & values.keys():
            _check_text(name, values[name])
        return {name: value for name, value in values.items() if not is_blank(value)}


R = TypeVar("R", bound=Row)


def is_blank(value: object) -> bool:
    """Whether an editor meant "nothing"."""
    return value is None or (isinstance(value, str) and not value.strip())


def _check_text(name: str, value: object) -> None:
    try:
        str(value if isinstance(value, str) else "").encode()
    except UnicodeEncodeError:  # JSON can say half of a character
        _refuse(f"{name} is not text: half of a surrogate pair")


@dataclass(frozen=True)
class FeatureFault:
    """What is wrong with one feature."""

    number: int
    """Of the feature, from 1."""
    who: str
    """What the feature calls itself; may be empty."""
    why: str

    def __str__(self) -> str:
        name = f" ({self.who})" if self.who else ""
        return f"feature {self.number}{name}: {self.why}"


def read_geometry(*kinds: str, valid: bool = True) -> BeforeValidator:
    """Validator of a field that holds a geometry in longitude and latitude, made two-dimensional.

    Parameters
    ----------
    kinds
        Types that are allowed; all, if left out.
    valid
        Whether outlines that cross themselves are refused.

    """

    def read(value: Any) -> BaseGeometry:
        shape = value if isinstance(value, BaseGeometry) else _shape(value)
        if kinds and shape.geom_type not in kinds:
            _refuse(f"is a {shape.geom_type}, should be a {' or '.join(kinds)}")
        if shape.is_empty:
            _refuse("is empty; draw it anew")
        west, south, east, north = shape.bounds
        # Outlines across the antimeridian may go on beyond 180.
        if not max(abs(west), abs(east)) <= 360 or not max(abs(south), abs(north)) <= 90:
            _refuse("is not on the earth in degrees (EPSG:4326); is longitude taken for latitude?")
        if valid and not shape.is_valid:
            _refuse(f"is broken ({shapely.is_valid_reason(shape)}); draw it anew")
        return shape

    return BeforeValidator(read)


def _shape(value: Any) -> BaseGeometry:
    try:
        return parsed_geometry(value)
    except (shapely.GEOSException, TypeError, ValueError, RecursionError) as error:
        _refuse(f"cannot be read ({_short(error)}); draw it anew")


def parsed_geometry(value: Any) -> BaseGeometry:
    """Read the geometry of a feature, two-dimensional, as the checks of `read_geometry` do.

    Raises
    ------
    Exception
        ``GEOSException``, ``TypeError``, ``ValueError`` or ``RecursionError``: it is no geometry.

    """
    # GEOS reads text; text with NaN or Infinity is no JSON and is refused there.
    return shapely.force_2d(shapely.from_geojson(json.dumps(value)))


def _refuse(why: str) -> NoReturn:
    raise PydanticCustomError("gnomon", "{why}", {"why": why})


def read_rows(
    path: Path,
    model: type[R],
    *,
    error: type[GnomonError],
    check: Callable[[Mapping[int, R]], Iterable[FeatureFault]] = lambda _: (),
) -> list[R]:
    """Read every feature of a file.

    Parameters
    ----------
    path
        A GeoJSON FeatureCollection in longitude and latitude, UTF-8.
    model
        What each feature must be.
    error
        Raised if the file cannot be used.
    check
        Finds what is wrong between features, which it gets by number.

    Returns
    -------
    list
        In the order of the file.

    Raises
    ------
    GnomonError
        ``error``, with every fault on a line of its own.

    """
    features = read_collection(path, error=error)
    rows, faults = parse_rows(features, model)
    refuse_faults(path, [*faults, *check(rows)], error=error)
    return list(rows.values())


def rows_table(model: type[R], rows: Sequence[R]) -> gpd.GeoDataFrame:
    """Rows as a table in EPSG:4326: a column a field, in the order of the model."""
    columns = {name: [getattr(row, name) for row in rows] for name in model.model_fields}
    return gpd.GeoDataFrame(columns, geometry="geometry", crs="EPSG:4326")


def read_collection(path: Path, *, error: type[GnomonError]) -> list[Any]:
    """Features of a file as they stand in it, not yet checked.

    Raises
    ------
    GnomonError
        ``error``: the file is missing, is no JSON, is no FeatureCollection, or is in another CRS.

    """
    try:
        body = path.read_bytes()
    except FileNotFoundError as missing:
        raise error(f"{path}: cannot be read as GeoJSON (there is no such file)") from missing
    except (OSError, ValueError) as fault:
        raise error(f"{path}: cannot be read as GeoJSON ({_short(fault)})") from fault
    return features_of_body(body, path, error=error)


def features_of_body(body: bytes, place: Path | str, *, error: type[GnomonError]) -> list[Any]:
    """Features of the bytes of a file, which lies at a path or an address, not yet checked.

    Raises
    ------
    GnomonError
        ``error``: it is no JSON in UTF-8, is no FeatureCollection, or is in another CRS.

    """
    try:
        found = strict_json(body.decode("utf-8-sig"))
    except ValueError as fault:
        raise error(f"{place}: cannot be read as GeoJSON ({_short(fault)})") from fault
    try:
        return features_in(found)
    except ValueError as fault:
        raise error(f"{place}: {fault}") from fault


def features_in(collection: Any) -> list[Any]:
    """Features of a collection as they stand in it, not yet checked.

    Raises
    ------
    ValueError
        It is no FeatureCollection, or in another CRS.

    """
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or collection.get("type", COLLECTION) != COLLECTION:
        raise ValueError(f"is not a GeoJSON {COLLECTION}")
    crs = collection.get("crs")
    if crs and not any(name in json.dumps(crs) for name in DEGREES_CRS):
        shown = _shown(crs)
        raise ValueError(
            f"is not in longitude and latitude (its crs is {shown}); save it as EPSG:4326"
        )
    return features


def strict_json(text: str | bytes) -> Any:
    """Parse JSON as its standard has it: without NaN and Infinity, also those that a number means.

    Raises
    ------
    ValueError
        It is no such JSON, or nested too deeply to be read.

    """
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:SHOWN]} is too large for a number")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def parse_rows(features: Sequence[Any], model: type[R]) -> tuple[dict[int, R], list[FeatureFault]]:
    """Features by number, from 1, as their model has them, and what is wrong with the others."""
    rows: dict[int, R] = {}
    faults: list[FeatureFault] = []
    for number, feature in enumerate(features, start=1):
        properties = (feature.get("properties") or {}) if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            faults.append(FeatureFault(number, "", "is not a GeoJSON feature with properties"))
            continue
        try:
            rows[number] = model.model_validate(
                properties | {"geometry": feature.get("geometry") or None}
            )
        except ValidationError as error:
            who = _who(properties, model.NAMED_BY)
            faults += [FeatureFault(number, who, _why(one, model)) for one in error.errors()]
    return rows, faults


def repeated(
    rows: Mapping[int, R], key: Callable[[R], Hashable | None], what: str
) -> Iterator[FeatureFault]:
    """Features that share what must be theirs alone; where ``key`` is None there is nothing.

    ``what`` names it in the message: "label_id".
    """
    numbers: dict[Hashable, list[int]] = {}
    for number, row in rows.items():
        if (value := key(row)) is not None:
            numbers.setdefault(value, []).append(number)
    for same in numbers.values():
        for number in same if len(same) > 1 else ():
            others = ", ".join(str(other) for other in same if other != number)
            why = f"{what} is also that of feature(s) {others}; delete one, or change its {what}"
            yield FeatureFault(number, _who(dict(rows[number]), rows[number].NAMED_BY), why)


def refuse_faults(
    path: Path | str, faults: Sequence[FeatureFault], *, error: type[GnomonError]
) -> None:
    """Raise if there are faults, all of them at once.

    Raises
    ------
    GnomonError
        ``error``, a line for each fault in the order of features.

    """
    if faults:
        ordered = sorted(faults, key=lambda fault: fault.number)
        lines = [f"{path}: {len(faults)} fault(s); nothing of it was used", *map(str, ordered)]
        raise error("\n  ".join(lines))


def _who(properties: Mapping[str, Any], names: Sequence[str]) -> str:
    given = [properties.get(name) for name in names]
    return ", ".join(_shown(value, quoted=False) for value in given if not is_blank(value))


def _why(error: ErrorDetails, model: type[Row]) -> str:
    """One fault that pydantic found, in our words."""
    name = str(error["loc"][0]) if error["loc"] else ""
    given = error["input"]
    match error["type"]:
        case "missing" if name == "geometry":
            return "has no geometry"
        case "missing":
            words = get_args(model.model_fields[name].annotation)
            remedy = f"; write one of {', '.join(map(str, words))}" if words else ""
            return f"lacks the property {name}{remedy}"
        case "literal_error":
            allowed = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
            return f"{name} is {_shown(given)}; write one of {allowed}"
        case "bool_type":
            return f"{name} is {_shown(given)}; write true or false"
        case "value_error" | "gnomon":
            return f"{name} {_message(error)}".strip()
        case _:
            return f"{name} is {_shown(given)}: {_message(error)}"


def _message(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return " ".join(message.split())


def _shown(value: object, *, quoted: bool = True) -> str:
    """Put a value of a file into a line that any terminal can print."""
    text = value if isinstance(value, str) and not quoted else _repr(value)
    text = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _repr(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits; deep nesting
        return f"a {type(value).__name__}"


def _short(error: BaseException) -> str:
    return _shown(str(error), quoted=False) or type(error).__name__
