"""The XML files beside the rasters of a Sentinel-1 product, read strictly.

Each polarisation has three: annotation (root ``product``), calibration and noise. Which of them a
file is stands in its root and never in its name: a real catalogue lists the file of radio
interference (root ``rfi``) where it promises the annotation. Satellites and swaths are whatever the
header says.

Source: Sentinel-1 Product Specification, S1-RS-MDA-52-7441, issue 3.9.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, ParseError, fromstring

import numpy as np

from gnomon.datamodel.arrays import Float64s
from gnomon.datamodel.errors import printable

Kind = Literal["product", "calibration", "noise"]
FILES = {"product": "annotation", "calibration": "calibration", "noise": "noise"}
"""What people call the files, by root."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z?$", re.ASCII)
PRODUCT_TYPES = {"SLC": "single-look complex in bursts", "OCN": "ocean winds and waves"}
MOST = 1e15
"""What no number of these files reaches: products of a few of them stay finite."""
LONGEST_SIDE = 100_000
"""Lines or samples. A slice has 26,000 at most; strips of several slices are put together by
users."""


class ProductFileError(ValueError):
    """A file of a Sentinel-1 product cannot be used: why, and what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(printable(why))


@dataclass(frozen=True, kw_only=True)
class ProductHeader:
    """What each file says of the product that it belongs to."""

    mission: str
    """``S1A`` and so on."""
    product_type: str
    mode: str
    """IW, EW, or a swath of stripmap: S1 to S6."""
    polarisation: str
    """VV, VH, HH or HV."""
    absolute_orbit: int
    data_take: int
    """Identifier of the recording, of which a product is a slice."""
    started_at: np.datetime64
    """Time of the slice's first line, UTC."""


def product_root(xml: bytes, kind: Kind) -> tuple[Element, ProductHeader]:
    """Root and header of one of a product's files.

    Parameters
    ----------
    xml
        The file, of a size that the caller has limited.
    kind
        Name that the root must have.

    Raises
    ------
    ProductFileError
        It is not XML, another file, or of a product that is no GRD.

    """
    try:
        root = fromstring(xml)  # noqa: S314  # expat bounds entity expansion and opens no file
    except ParseError as error:
        raise ProductFileError(f"is not XML ({error}); fetch it again") from error
    if root.tag != kind:
        found = f"has the root {root.tag[:40]!r}, not {kind!r}"
        raise ProductFileError(f"{found}: it is not the {FILES[kind]} file; mend the item")
    header = ProductHeader(
        mission=xml_string(root, "adsHeader/missionId"),
        product_type=xml_string(root, "adsHeader/productType"),
        mode=xml_string(root, "adsHeader/mode"),
        polarisation=xml_string(root, "adsHeader/polarisation"),
        absolute_orbit=xml_integer(root, "adsHeader/absoluteOrbitNumber"),
        data_take=xml_integer(root, "adsHeader/missionDataTakeId"),
        started_at=xml_time(root, "adsHeader/startTime"),
    )
    if header.product_type != "GRD":
        meaning = PRODUCT_TYPES.get(header.product_type)
        named = f"{header.product_type} ({meaning})" if meaning else header.product_type
        raise ProductFileError(f"is of a product of type {named}; only GRD is read")
    return root, header


def xml_string(element: Element, path: str) -> str:
    """Text at a path.

    Raises
    ------
    ProductFileError
        There is none.

    """
    text = element.findtext(path)
    if not text or not text.strip():
        raise ProductFileError(f"has no {path}; fetch it again")
    return text.strip()


def xml_number(element: Element, path: str) -> float:
    """Finite number at a path; errors as of `xml_string`."""
    text = xml_string(element, path)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) < MOST:
        raise ProductFileError(f"has {text[:40]!r} as {path}, not a number; fetch it again")
    return number


def xml_integer(element: Element, path: str) -> int:
    """Whole number at a path; errors as of `xml_string`."""
    return round(xml_number(element, path))


def xml_side(element: Element, path: str) -> int:
    """Lines or samples of an image; errors as of `xml_string`."""
    side = xml_integer(element, path)
    if not 2 <= side <= LONGEST_SIDE:
        raise ProductFileError(f"has {side:,} as {path}, which no image has; fetch it again")
    return side


def xml_numbers(element: Element, path: str) -> Float64s:
    """Finite numbers of a list, as many as its ``count`` says; errors as of `xml_string`."""
    words = xml_string(element, path).split()
    try:
        numbers = np.array(words, float)
    except ValueError:
        numbers = np.array([math.nan])
    if not (np.abs(numbers) < MOST).all():
        raise ProductFileError(f"has {path} that is not all numbers; fetch it again")
    found = element.find(path)
    count = None if found is None else found.get("count")
    if count is not None and count != str(len(numbers)):
        why = f"has {len(numbers):,} numbers in {path} and announces {count[:20]}"
        raise ProductFileError(f"{why}; fetch it again")
    return numbers


def xml_time(element: Element, path: str) -> np.datetime64:
    """Time at a path, UTC, to the nanosecond; errors as of `xml_string`."""
    text = xml_string(element, path)
    try:
        time = np.datetime64(text.removesuffix("Z"), "ns") if TIME.match(text) else None
    except ValueError:
        time = None
    if time is None:
        raise ProductFileError(f"has {text[:40]!r} as {path}, not a time; fetch it again")
    return time


def xml_elements(root: Element, path: str) -> Iterator[Element]:
    """Elements at a path, of which there must be one.

    Raises
    ------
    ProductFileError
        There is none.

    """
    found = root.findall(path)
    if not found:
        raise ProductFileError(f"has no {path}; fetch it again")
    return iter(found)
