"""What every test may use. Sockets are closed except to this machine (pyproject.toml)."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pixels and metadata, which do not travel with the repository."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("GNOMON_DATA", default))
    if not (folder / "s2-ports").is_dir():
        pytest.skip(f"real data absent at {folder}: set GNOMON_DATA")
    return folder
