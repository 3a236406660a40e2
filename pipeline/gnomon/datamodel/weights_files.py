"""What is checked of weights before a network is used, whatever kind of network it is.

The digest of the weights must be that of model.toml, and the network must give the stored output
for the stored input. Tensors come from the bytes whose digest was compared, and the file is not
read again.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.datamodel.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, MODEL, CHECK = "weights.safetensors", "model.toml", "check.safetensors"


def read_tensors(path: Path, digest: str | None = None) -> "dict[str, Tensor]":
    """Tensors of a file by name.

    Parameters
    ----------
    path
        Of weights or of a check, in safetensors.
    digest
        SHA-256 that the file must have, in hexadecimal digits; None compares nothing.

    Raises
    ------
    WeightsError
        The file is missing, damaged, or another one.

    """
    from safetensors import SafetensorError  # noqa: PLC0415  # it comes with torch
    from safetensors.torch import load  # noqa: PLC0415

    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    found = hashlib.sha256(data).hexdigest()
    if digest is not None and found != digest:
        raise WeightsError(f"{path}: damaged, its digest is {found[:12]} and not {digest[:12]}")
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(f"{path}: cannot be read as tensors ({_line(error)})") from error


@contextmanager
def one_network(path: Path) -> Iterator[None]:
    """Refuse weights and checks that do not fit the network that is made for them.

    Raises
    ------
    WeightsError
        A tensor is missing, has another shape, or makes no sense to the network.

    """
    try:
        yield
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        raise WeightsError(f"{path}: not the weights of this network ({_line(error)})") from error


def refuse_departure(folder: Path, departure: float, allowed: float) -> None:
    """Make sure that a network gives the output of its check.

    Raises
    ------
    WeightsError
        It is off by more than is allowed, or not a number.

    """
    if not departure <= allowed:
        why = f"off by {departure:.2g}, {allowed} allowed"
        raise WeightsError(
            f"{folder}: the network does not give the output of its check ({why}); it is not the "
            "one that was saved"
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
