"""Files that come with gnomon: studies, ports and weights."""

from pathlib import Path


def shipped(folder: str) -> Path:
    """Folder ``configs`` or ``models`` that comes with gnomon, in the wheel or the repository."""
    package = Path(__file__).parents[1]
    return package / folder if (package / folder).is_dir() else package.parents[1] / folder
