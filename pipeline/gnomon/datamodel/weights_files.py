"""What is checked of weights before a network is used, whatever kind of network it is.

The digest of the weights must be that of model.toml, and the network must give the stored output
for the stored input. Tensors come from the bytes whose digest was compared, and the file is not
read again.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gnomon.datamodel.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS, MODEL, CHECK = "weights.safetensors", "model.toml", "check.safetensors"
N = TypeVar("N", bound="nn.Module")


def write_tensors(path: Path, tensors: "Mapping[str, Tensor]") -> str:
    """Write tensors by name as safetensors; the file's SHA-256 in hexadecimal digits."""
    from safetensors.torch import save_file  # noqa: PLC0415  # it comes with torch

    save_file({name: values.contiguous() for name, values in tensors.items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


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


def load_checked(
    folder: Path,
    digest: str,
    make: Callable[[], N],
    output: "Callable[[N, Mapping[str, Tensor]], Tensor]",
    allowed: float,
) -> N:
    """Load the network of a folder, and try it on its check.

    Parameters
    ----------
    folder
        Of weights.
    digest
        SHA-256 that the weights must have.
    make
        Makes an untrained network.
    output
        What a network gives for the tensors of the check, among which is what is ``expected``.
    allowed
        Largest error.

    Raises
    ------
    WeightsError
        A file is missing or damaged, or the network does not give the output of its check.

    """
    tensors, check = read_tensors(folder / WEIGHTS, digest), read_tensors(folder / CHECK)
    with one_network(folder):
        network = make().eval()
        network.load_state_dict(tensors)
        departure = float((output(network, check) - check["expected"]).abs().max())
    refuse_departure(folder, departure, allowed)
    return network


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
