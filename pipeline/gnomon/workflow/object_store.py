"""Results and tables in an object store that all machines see, where they share no disk.

Any place that fsspec knows will do, such as ``s3://bucket/run``. An object appears whole or not at
all, but nothing can be renamed. So what belongs together counts when its last object is there:

- A result's last object is its seal (`gnomon.workflow.seals`), which has the checksum of each of
  its files. Whoever fetches it checks them.
- A run's tables lie in a folder of their own, ``tables/NAME``. Which folder counts is said by
  ``tables.json``, which is put last. Of the sets before it the last one stays, for whoever is
  reading it.

Keys are found as the library of the place finds them, for S3 in the environment or in ``~/.aws``;
gnomon asks for none and writes none.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.errors import StoreError, StudyError
from gnomon.workflow.seals import SEAL

RESULTS, TABLES, MANIFEST = "store", "tables", "tables.json"
LONGEST_WHY = 200


class ObjectStore:
    """A place for results and tables, by its address.

    Parameters
    ----------
    url
        Such as ``s3://bucket/run``.

    Raises
    ------
    StudyError
        It is no address of a place that can be opened here, or has keys in it.

    """

    def __init__(self, url: str) -> None:
        if without_secrets(url) != url:
            raise StudyError(f"--remote {url}: has keys in it; give them by the environment")
        try:
            # Listings change while others write.
            self._files, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
        except ImportError as error:
            raise StudyError(f"--remote {url}: {error}; pip install 'gnomon[s3]'") from error
        except ValueError as error:
            raise StudyError(f"--remote {url}: {error}; name one as s3://bucket/run") from error
        if isinstance(self._files, LocalFileSystem):
            self._files.auto_mkdir = True
        self.url, self._root = url, root.rstrip("/")

    def names(self) -> set[str]:
        """Names of all results that are there."""
        with self._errors("read"):
            found = self._files.find(f"{self._root}/{RESULTS}")
        places = (Path(path) for path in found)
        return {place.parent.name for place in places if place.name == SEAL}

    def has(self, name: str) -> bool:
        """Whether a result is there."""
        with self._errors("read"):
            return bool(self._files.exists(f"{self._result(name)}/{SEAL}"))

    def fetch(self, name: str, folder: Path) -> None:
        """Fetch the files of a result into a folder.

        Raises
        ------
        StoreError
            It is not there, or not to be reached.

        """
        with self._errors("read"):
            for path in self._files.ls(self._result(name), detail=False):
                self._files.get_file(path, str(folder / Path(path).name))

    def put(self, folder: Path, name: str) -> None:
        """Put the files of a result, its seal last; one that is there is none meanwhile."""
        self.remove(name)
        with self._errors("written"):
            for path in sorted(folder.iterdir(), key=lambda path: path.name == SEAL):
                self._files.put_file(str(path), f"{self._result(name)}/{path.name}")

    def remove(self, name: str) -> None:
        """Remove a result if it is there, its seal first."""
        place = self._result(name)
        with self._errors("written"):
            if self._files.exists(f"{place}/{SEAL}"):
                self._files.rm_file(f"{place}/{SEAL}")
                for path in self._files.ls(place, detail=False):
                    self._files.rm_file(path)

    def put_tables(self, files: Iterable[Path]) -> str:
        """Put the files of a run, which count together from one moment on.

        Returns
        -------
        str
            Address of what says where they are.

        """
        files, manifest = list(files), f"{self._root}/{MANIFEST}"
        sums = {path.name: _sha256(path) for path in files}
        own = hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()[:16]
        with self._errors("written"):
            before = self._folder_of_tables(manifest)
            if before != own:
                for path in files:
                    self._files.put_file(str(path), f"{self._root}/{TABLES}/{own}/{path.name}")
                text = json.dumps({"folder": f"{TABLES}/{own}", "sha256": sums}, indent=1)
                self._files.pipe_file(manifest, text.encode())
                self._remove_tables(but={own, before})
        return f"{self.url.rstrip('/')}/{MANIFEST}"

    def _folder_of_tables(self, manifest: str) -> str:
        """Name of the folder that counts; nothing if there is none."""
        if not self._files.exists(manifest):
            return ""
        try:
            return Path(json.loads(self._files.cat_file(manifest))["folder"]).name
        except (ValueError, LookupError, TypeError):
            return ""

    def _remove_tables(self, *, but: set[str]) -> None:
        for path in self._files.find(f"{self._root}/{TABLES}"):
            if Path(path).parent.name not in but:
                self._files.rm_file(path)

    def _result(self, name: str) -> str:
        return f"{self._root}/{RESULTS}/{name}"

    @contextmanager
    def _errors(self, done: str) -> Iterator[None]:
        """Turn what libraries raise into errors that name the place."""
        try:
            yield
        except Exception as error:  # of several unrelated types, by library
            why = " ".join(str(error).split())[:LONGEST_WHY] or type(error).__name__
            raise StoreError(f"{self.url}: cannot be {done} ({why})") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
