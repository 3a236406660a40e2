"""What the files of a scene ask of this machine: a signing library, keys, files that are there.

gnomon reads no key itself. GDAL finds those of S3 in the environment or in ``~/.aws``, and
Planetary Computer's own library asks for its signatures (`gnomon.catalog.signing`).
"""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gnomon.catalog.buckets import EXTRA, KEYS, NO, has_key
from gnomon.catalog.vetting import is_object
from gnomon.datamodel.scene import Scene

CDSE_BUCKET, CDSE_ENDPOINT = "s3://eodata/", "eodata.dataspace.copernicus.eu"
"""Of the Copernicus Data Space Ecosystem, whose S3 is not that of AWS."""


def missing_access(
    scene: Scene, environment: Mapping[str, str] = os.environ, *, home: Path | None = None
) -> tuple[str, ...]:
    """Name what is missing before a scene's files can be opened, each with what to do.

    Parameters
    ----------
    scene
        Of any provider.
    environment
        Variables that GDAL would find.
    home
        Folder that holds ``.aws``; that of the user if left out.

    """
    addresses = [asset.href for asset in scene.assets.values()]
    return tuple(dict.fromkeys(_missing(scene, addresses, environment, home or Path.home())))


def _missing(
    scene: Scene, addresses: list[str], environment: Mapping[str, str], home: Path
) -> Iterator[str]:
    if scene.signing and importlib.util.find_spec("planetary_computer") is None:
        yield "the signing library of Planetary Computer; pip install 'gnomon[planetary]'"
    xml = [file for beside in scene.radar.values() for file in vars(beside).values()]
    if any(is_object(file.href) for file in xml) and importlib.util.find_spec("s3fs") is None:
        yield f"the library that reads XML behind s3://; {EXTRA}"
    for address in addresses:
        if is_object(address):
            yield from _missing_keys(address, environment, home)
        elif "://" not in address and not address.startswith("/vsi") and not Path(address).exists():
            yield f"files of scenes, such as {address}; fetch them, or mend the catalogue"
            return


def _missing_keys(address: str, environment: Mapping[str, str], home: Path) -> Iterator[str]:
    if not has_key(environment, home):
        yield f"a key for s3:// files; {KEYS}"
    if address.startswith(CDSE_BUCKET):
        if environment.get("AWS_S3_ENDPOINT") != CDSE_ENDPOINT:
            yield f"the server of the Copernicus Data Space; set AWS_S3_ENDPOINT={CDSE_ENDPOINT}"
        if environment.get("AWS_VIRTUAL_HOSTING", "").upper() not in NO:
            yield "the form of its addresses; set AWS_VIRTUAL_HOSTING=FALSE"
