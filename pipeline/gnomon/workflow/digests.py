"""Names of results: digests of all that they rest on, the code that made them included.

A stored result is found by its name. When an option, an input, the weights, a library or a line of
a room that the result passed through changes, the name changes, and the result is made again.
"""

import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
LIBRARIES = (
    "numpy",
    "odc-geo",
    "pyproj",
    "rasterio",
    "scikit-image",
    "scipy",
    "shapely",
    "torch",
)
"""Whose versions count: what they compute is in the results."""
OBSERVED_BY = (
    "datamodel",
    "geo",
    "geo/geoid.npz",
    "physics",
    "catalog",
    "imagery",
    "detect",
    "freeboard",
    "workflow/observe.py",
    "workflow/observe_radar.py",
    "workflow/observation_rows.py",
    "workflow/loads.py",
    "workflow/rows.py",
    "workflow/evidence.py",
)
"""Source that the result of an observation rests on."""


def digest(rests_on: Any) -> str:
    """Name of all that a result rests on, 16 hexadecimal digits.

    Parameters
    ----------
    rests_on
        Anything that JSON can say; the order of keys does not matter.

    """
    text = json.dumps(rests_on, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def code_digest(*parts: str) -> str:
    """Digest of the source of rooms and modules of gnomon, and of the libraries under them.

    Parameters
    ----------
    parts
        Paths in the package: a room (``"imagery"``) or a module (``"workflow/observe.py"``).

    """
    return digest(
        {
            "source": source_digest(PACKAGE / part for part in parts),
            "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
        }
    )


def source_digest(places: Iterable[Path]) -> str:
    """Digest of the names and contents of Python files, in folders also those further down."""
    total = hashlib.sha256()
    for place in places:
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        for file in files:
            data = file.read_bytes()
            name = file.relative_to(place.parent).as_posix()
            total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()[:16]
