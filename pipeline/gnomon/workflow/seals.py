"""Seals: by which a folder of the store shows that it is whole, and whose result it holds.

A disk loses the end of a file in a power cut, flips a bit in years, and a hand copies one folder
over another. None of that can be seen from a file that is there. So each folder has a seal, written
last: its name, and the SHA-256 of each of its files.
"""

import hashlib
import json
from pathlib import Path

from gnomon.datamodel.files import write_json

SEAL = "seal.json"


def seal(folder: Path, name: str) -> None:
    """Seal a folder whose files are complete.

    Parameters
    ----------
    folder
        With the files.
    name
        That the folder will have.

    """
    files = sorted(path for path in folder.iterdir() if path.name != SEAL)
    sums = {path.name: _sha256(path) for path in files}
    write_json({"name": name, "sha256": sums}, folder / SEAL)


def damage(folder: Path) -> str:
    """Say what is wrong with a sealed folder, without a full stop; nothing if it is whole.

    A folder without a seal, such as an older gnomon wrote, is not known to be whole.
    """
    try:
        text = (folder / SEAL).read_text(encoding="utf-8")
        sealed = json.loads(text)
        name, sums = str(sealed["name"]), {str(k): str(v) for k, v in sealed["sha256"].items()}
    except FileNotFoundError:
        return "has no seal"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "its seal cannot be read"
    if name != folder.name:
        return f"holds the result {name}"
    faults = (_damage_of_file(folder / file, expected) for file, expected in sums.items())
    return next(filter(None, faults), "")


def _damage_of_file(path: Path, expected: str) -> str:
    try:
        return "" if _sha256(path) == expected else f"{path.name} does not match its checksum"
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
