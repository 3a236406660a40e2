"""Which content a file has: what its catalogue says, what its server says, and whether it is true.

An item can name the size and checksum of each file (STAC file extension 2.1: ``file:size``, and
``file:checksum``, a multihash in hexadecimal digits). Where it has no checksum, the server is asked
for the file's first byte, whose answer carries an ETag; a file on a disk has a size and a time of
last change. All of that enters the digest of an observation (`gnomon.datamodel.scene.FileVersion`).

When a file is opened it must have the size that its item names, and the tag that it had as the
catalogue was searched. A checksum needs the whole file: it is compared where that is read anyway or
lies on the own disk, and not where windows of a file come over the network.

Asking costs a request a file, eight at a time, so that a season of four ports (1,700 files) waits
for seconds; a million images would wait for a night: ``[catalog] ask_files = false``.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

from gnomon.catalog.http import RETRIED, HttpReader, RefusedError, SilentServerError
from gnomon.catalog.signing import signed
from gnomon.catalog.stac_item import StacAsset
from gnomon.catalog.vetting import is_object, is_remote, trust_of, vetted
from gnomon.datamodel.scene import FileVersion, Scene
from gnomon.datamodel.study import CatalogOptions

AT_ONCE = 8
"""Requests: few enough for any public server."""
RETRIES = 1
"""A run does without what is asked here, and need not wait for it long."""
MULTIHASHES = {
    "1114": "sha1",
    "1220": "sha256",
    "1340": "sha512",
    "1620": "sha3_256",
    "d50110": "md5",
}
"""What a multihash begins with: code of the function and length in bytes (multiformats.io)."""


class WrongFileError(ValueError):
    """A file is not the one that its catalogue means: why, and what to do."""


def listed_version(asset: StacAsset) -> FileVersion:
    """Size and checksum that an item gives; a value that is none of either says nothing."""
    size, checksum = (asset.fields.get(f"file:{name}") for name in ("size", "checksum"))
    is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return FileVersion(
        size=size if is_size else None,
        checksum=checksum.lower() if isinstance(checksum, str) and checksum else None,
    )


def check_size(size: int | None, version: FileVersion) -> None:
    """Make sure that a file has the size that its catalogue names.

    Raises
    ------
    WrongFileError
        It has another one.

    """
    if None not in (size, version.size) and size != version.size:
        raise WrongFileError(
            f"has {size:,} bytes and not the {version.size:,} that its catalogue lists: it is "
            "another file, or not all of it; fetch it again, or mend the item"
        )


def check_tag(tag: str | None, version: FileVersion) -> None:
    """Make sure that a file has not changed since the catalogue was searched.

    Raises
    ------
    WrongFileError
        It has.

    """
    if None not in (tag, version.tag) and tag != version.tag:
        raise WrongFileError(
            "has changed since the catalogue was searched; run again (if its server always says "
            "so, set [catalog] ask_files = false)"
        )


def check_content(data: bytes, version: FileVersion) -> None:
    """Make sure that a whole file is the one that its catalogue means.

    Raises
    ------
    WrongFileError
        Its size or checksum is another.

    """
    check_size(len(data), version)
    if name := _function(version.checksum):
        _compare(hashlib.new(name, data, usedforsecurity=False).hexdigest(), version)


def check_own_file(path: Path, version: FileVersion) -> None:
    """Make sure that a file on the own disk is the one that its catalogue means, and unchanged.

    Raises
    ------
    OSError
        It is not there.
    WrongFileError
        Its size, checksum or time of last change is another.

    """
    check_size(path.stat().st_size, version)
    check_tag(tag_of_file(path), version)
    if name := _function(version.checksum):
        _compare(_hashed(path, tag_of_file(path), name), version)


def tag_of_file(path: Path) -> str:
    """Size of a file on the own disk, and the time of its last change."""
    found = path.stat()
    return f"{found.st_size} bytes, {found.st_mtime_ns} ns"


def _function(checksum: str | None) -> str | None:
    """Name of a checksum's function; None where it is none that is known here."""
    for start, name in MULTIHASHES.items():
        digits = len(start) + 2 * hashlib.new(name, usedforsecurity=False).digest_size
        if checksum and checksum.startswith(start) and len(checksum) == digits:
            return name
    return None


def _compare(found: str, version: FileVersion) -> None:
    listed = str(version.checksum)[-len(found) :]
    if listed != found:
        raise WrongFileError(
            f"has the checksum {found[:12]}... and not {listed[:12]}..., as its catalogue lists: "
            "it is another file, or damaged; fetch it again, or mend the item"
        )


@lru_cache(maxsize=4096)
def _hashed(path: Path, _tag: str, name: str) -> str:
    """Checksum of a file, once in each process."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


class VersionReader:
    """Asks for the versions of files, of each once.

    Parameters
    ----------
    options
        Of the catalogue; with ``ask_files`` off, only files on the own disk are looked at.

    """

    def __init__(self, options: CatalogOptions) -> None:
        self._options = options
        self._tags: dict[str, str | None] = {}
        self._silent: set[str] = set()
        """Hosts that did not answer: they are not asked again."""
        self._unknown = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user must know of it, one line each."""
        if not self._unknown:
            return ()
        files = "1 file" if self._unknown == 1 else f"{self._unknown:,} files"
        return (f"the version of {files} is unknown (no answer): a new one is not noticed",)

    def with_versions(self, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
        """Scenes with the tags of their files.

        A file that cannot be asked for keeps what its catalogue says of it; what is wrong with it
        is said when it is read.
        """
        scenes = tuple(scenes)
        wanted = {
            href: scene
            for scene in scenes
            for href, version in _files(scene)
            if href not in self._tags and not (is_remote(href) and version.checksum)
        }
        remote = {href: scene for href, scene in wanted.items() if is_remote(href)}
        self._tags |= {
            href: _tag_on_disk(href, scene)
            for href, scene in wanted.items()
            if not is_remote(href) and not is_object(href)
        }
        if remote and self._options.ask_files:
            self._ask(remote)
        return tuple(self._completed(scene) for scene in scenes)

    def _ask(self, remote: Mapping[str, Scene]) -> None:
        count, options = min(AT_ONCE, len(remote)), self._options
        readers: SimpleQueue[HttpReader] = SimpleQueue()
        for _ in range(count):
            reader = HttpReader(
                trust_of(options),
                timeout_s=options.timeout_s,
                total_timeout_s=options.total_timeout_s,
                retries=min(RETRIES, options.retries),
            )
            readers.put(reader)
        with ThreadPoolExecutor(count) as pool:
            tags = pool.map(lambda one: self._asked(readers, *one), remote.items())
            found = dict(zip(remote, tags, strict=True))
        self._tags |= found
        self._unknown += sum(tag is None for tag in found.values())

    def _asked(self, readers: "SimpleQueue[HttpReader]", href: str, scene: Scene) -> str | None:
        reader, host = readers.get(), urlsplit(href).netloc
        try:
            return None if host in self._silent else reader.located(signed(href, scene.signing)).tag
        except Exception as error:  # noqa: BLE001 - reading the file will say the same
            busy = isinstance(error, RefusedError) and error.status in RETRIED
            if busy or isinstance(error, SilentServerError):
                self._silent.add(host)
        finally:
            readers.put(reader)
        return None

    def _completed(self, scene: Scene) -> Scene:
        assets = {
            name: replace(asset, version=self._tagged(asset.href, asset.version))
            for name, asset in scene.assets.items()
        }
        metadata = scene.granule_metadata_version
        if scene.granule_metadata_href:
            metadata = self._tagged(scene.granule_metadata_href, metadata)
        return replace(scene, assets=assets, granule_metadata_version=metadata)

    def _tagged(self, href: str, version: FileVersion) -> FileVersion:
        return replace(version, tag=self._tags.get(href))


def _files(scene: Scene) -> Iterator[tuple[str, FileVersion]]:
    """Address and version of each file of a scene that is read."""
    for asset in scene.assets.values():
        yield asset.href, asset.version
    # The metadata are fetched for angles that the item lacks (`gnomon.catalog.angles`).
    if scene.granule_metadata_href and scene.lacks_angles:
        yield scene.granule_metadata_href, scene.granule_metadata_version


def _tag_on_disk(href: str, scene: Scene) -> str | None:
    with suppress(OSError, ValueError):  # reading it will say the same
        return tag_of_file(Path(vetted(href, scene.trust)))
    return None
