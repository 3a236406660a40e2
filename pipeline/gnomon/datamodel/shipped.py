"""Files that come with gnomon: studies, ports and weights."""

from pathlib import Path

from gnomon.datamodel.errors import WeightsError


def shipped(folder: str) -> Path:
    """Folder ``configs`` or ``models`` that comes with gnomon, in the wheel or the repository."""
    package = Path(__file__).parents[1]
    return package / folder if (package / folder).is_dir() else package.parents[1] / folder


def refuse_weights(folder: Path) -> None:
    """Make sure, before the work and not after, that a folder of new weights is not there.

    Raises
    ------
    WeightsError
        It is.

    """
    if folder.exists():
        raise WeightsError(f"{folder}: exists; weights are never overwritten")


def new_weights_folder(folder: Path) -> None:
    """Make the folder of new weights.

    Raises
    ------
    WeightsError
        It exists already.

    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise WeightsError(f"{folder}: exists; weights are never overwritten") from error
