"""How many rows the files of labelling have, if they can be used."""

from collections.abc import Callable, Mapping
from pathlib import Path

from gnomon.learn.chips import read_chips
from gnomon.learn.corrections import read_corrections
from gnomon.learn.labels import read_features, to_labels
from gnomon.learn.type_labels import read_types


def count_labels(path: Path) -> int:
    """Number of labels of a file that lies beside its chips.

    Raises
    ------
    LabelError
        The labels cannot be used; every fault has its line.

    """
    return len(to_labels(read_features(path), read_chips(path.parent), path))


COUNTERS: Mapping[str, Callable[[Path], int]] = {
    "labels": count_labels,
    "corrections": lambda path: len(read_corrections(path)),
    "ship types": lambda path: len(read_types(path)),
}
"""By kind of file."""
