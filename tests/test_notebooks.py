"""Notebooks run from top to bottom on the embedded study."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from gnomon.simulate.embedded import write_embedded

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def embedded() -> Path:
    """The catalogue that `make detect` makes, in its own place."""
    return write_embedded(ROOT / "build" / "embedded")


@pytest.mark.slow
@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
@pytest.mark.filterwarnings("ignore")  # of the notebook machinery, not of ours
def test_a_notebook_runs_and_shows_ships(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, resources=folder).execute()
    shown = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type in ("execute_result", "display_data")
    ]
    assert any("length_m" in output.data.get("text/plain", "") for output in shown)
    assert any("image/png" in output.data for output in shown)
