"""Files that come with gnomon: studies, ports and weights."""

from pathlib import Path

from gnomon.datamodel.errors import WeightsError


def shipped(folder: str) -> Path:
    """Folder ``configs`` or ``models`` that comes with gnomon, in the wheel or the repository."""
    package = Path(__file__).parents[1]
    return package / folder if (package / folder).is_dir() else package.parents[1] / folder


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
