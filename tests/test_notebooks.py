"""Notebooks run from top to bottom, show what they claim, and their stored outputs are current."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from gnomon.simulate.embedded import write_embedded

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "scripts"))

import notebooks  # noqa: E402

DIALECT = r"\b(told|tells|looks?|looked|taught|nobody|whoever|whatever|she|her|roads)\b"
STORED_BYTES = 900_000
"""At most, of one notebook with its pictures."""


@pytest.fixture(scope="module")
def embedded() -> Path:
    """The catalogue that `make detect` makes, in its own place."""
    return write_embedded(ROOT / "build" / "embedded")


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether real data are here; notebooks find them by GNOMON_DATA."""
    folder = Path(os.environ.get("GNOMON_DATA", ROOT.parent / "shared" / "data"))
    if folder.is_dir():
        monkeypatch.setenv("GNOMON_DATA", str(folder))
    return (folder / "s2-anchorage").is_dir()


def printed(cell: notebooks.Cell) -> str:
    """All text that a cell shows."""
    texts = (
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.get("outputs", ())
    )
    return "\n".join(notebooks.text_of(text) for text in texts)


def row_of(text: str, name: str) -> str:
    """The line of a printed table that begins with a name."""
    (line,) = (line for line in text.splitlines() if line.startswith(name))
    return line


def one_scene_claims(text: str) -> None:
    # The numbers of `gnomon demo`, at the corrected labels.
    assert "14 labels: 8 found, 6 missed; 9 hulls: 0 false" in text
    assert "sun_along_hull" in text
    assert "view angles unknown" in text
    assert re.search(r"2019-04-09 +62", text) or "Skipped here" in text


def one_season_claims(text: str) -> None:
    # The visit that came out wrong is no tanker, and its own images disagree with the inference.
    assert re.search(r"^type +general$", text, flags=re.MULTILINE)
    own, inferred = (
        re.search(rf"^{name} +(over|under)? *(\d+) %", text, flags=re.MULTILINE)
        for name in ("image_p_laden_out", "p_laden_out")
    )
    assert own
    assert inferred
    assert int(own[2]) < 50 < int(inferred[2])
    # An open direction with Sentinel-2 alone, a sure one with daily images.
    table = text[text.index("they load") :]
    open_, sure = row_of(table, "Sentinel-2"), row_of(table, "and daily 3 m")
    (share,) = re.findall(r" (\d+) %", open_)[:1]
    assert 25 <= int(share) <= 75
    assert re.search(r" 0 to [\d,]+", open_)
    assert "over 99 %" in sure
    # Chances are never printed as 0 or 100 %.
    assert not re.search(r"(?<![\d.])(0|100) ?%", text)


def own_labels_claims(text: str) -> None:
    before, after = (row_of(text, name).split() for name in ("before", "after"))
    assert before[2:] != after[2:]  # training changed something
    for _, _, visible, found, missed, _ in (before, after):
        assert int(visible) == int(found) + int(missed)


def one_ship_claims(text: str) -> None:
    # Determined at 0.5 and at 3 m; at 10 m under a high sun the pixels add next to nothing.
    assert re.search(r"^load_state +ballast +ballast +indeterminate$", text, re.MULTILINE)
    ratios = re.search(r"^log_lr_laden +(-\S+) +(-\S+) +(\S+)$", text, re.MULTILINE)
    assert ratios
    assert max(float(ratios[1]), float(ratios[2])) < -2
    assert abs(float(ratios[3])) < 1


CLAIMS: dict[str, Callable[[str], None]] = {
    "one_scene": one_scene_claims,
    "one_season": one_season_claims,
    "one_ship": one_ship_claims,
    "own_labels": own_labels_claims,
}


@pytest.mark.slow
@pytest.mark.usefixtures("embedded", "data")
@pytest.mark.parametrize("name", notebooks.NAMES)
@pytest.mark.filterwarnings("ignore")  # of the notebook machinery, not of ours
def test_a_notebook_runs_and_shows_what_it_claims(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebooks.FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    # Two threads beside a busy neighbour take five times as long.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    NotebookClient(notebook, timeout=900, resources=folder).execute()
    cells = notebooks.code_cells(notebook)
    assert any(notebooks.pictures(cell) for cell in cells)
    CLAIMS[name]("\n".join(map(printed, cells)))


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_stored_outputs_are_those_of_the_code(name: str) -> None:
    notebook = notebooks.read(name)
    cells = notebooks.code_cells(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert notebook["metadata"]["gnomon"]["code_sha256"] == notebooks.code_digest(notebook), (
        "the code was changed after it was executed: make notebooks"
    )
    CLAIMS[name]("\n".join(map(printed, cells)))


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_what_is_stored_is_small_and_names_no_machine(name: str) -> None:
    text = (notebooks.FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert len(text) < STORED_BYTES
    assert not re.search(r"/(?:home|root|work|tmp|Users)/", text)


def test_every_notebook_is_a_page() -> None:
    assert sorted(path.stem for path in notebooks.FOLDER.glob("*.ipynb")) == sorted(notebooks.NAMES)
    site = (ROOT / "configs" / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(f"- {name}.md" in site for name in notebooks.NAMES)


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_a_page_has_every_picture_with_a_description_and_no_link_to_a_notebook(name: str) -> None:
    markdown, files = notebooks.page(name)
    shown = re.findall(r"^!\[(.+)\]\((.+)\)$", markdown, flags=re.MULTILINE)
    stored = sum(len(notebooks.pictures(c)) for c in notebooks.code_cells(notebooks.read(name)))
    assert len(shown) == len(files) == stored > 0
    assert [file for _, file in shown] == list(files)
    assert min(len(alt) for alt, _ in shown) > 40
    assert len({alt for alt, _ in shown}) == len(shown)
    prose = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", prose)
    assert links or name in ("one_ship", "own_labels")
    assert not [link for link in links if ".ipynb" in link or link.startswith("..")]
    assert all(link.startswith("http") or link.endswith(".md") for link in links)
    assert "<style" not in markdown


def test_a_picture_without_a_description_stops_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = notebooks.read("one_ship")
    for cell in notebooks.code_cells(notebook):
        for _, output in notebooks.pictures(cell):
            output["metadata"] = {}
    monkeypatch.setattr(notebooks, "read", lambda _: notebook)
    with pytest.raises(ValueError, match="no description"):
        notebooks.page("one_ship")


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_notebooks_keep_to_the_words_of_the_field(name: str) -> None:
    prose = " ".join(
        notebooks.text_of(cell["source"])
        for cell in notebooks.read(name)["cells"]
        if cell["cell_type"] == "markdown"
    )
    assert not re.findall(DIALECT, prose, flags=re.IGNORECASE)


@pytest.mark.parametrize("name", ["one_season", "one_ship", "own_labels"])
def test_simulated_notebooks_begin_with_it(name: str) -> None:
    first = notebooks.text_of(notebooks.read(name)["cells"][0]["source"])
    assert "**SIMULATED**" in first


def test_without_the_data_the_ten_dates_are_skipped_visibly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cell itself, in a folder without the data, and the one that would draw them."""
    monkeypatch.setenv("GNOMON_DATA", str(tmp_path))
    cells = [
        notebooks.text_of(cell["source"])
        for cell in notebooks.code_cells(notebooks.read("one_scene"))
    ]
    first = cells[0].partition("study = ")[0]
    begin = next(n for n, source in enumerate(cells) if "GNOMON_DATA" in source)
    shown: list[object] = []
    names: dict[str, object] = {"panels": None}
    exec(first, names)
    names["display"] = shown.append
    with contextlib.redirect_stdout(io.StringIO()):
        for source in cells[begin:]:
            exec(source, names)
    (only,) = shown
    assert "Skipped here" in only.data  # type: ignore[attr-defined]
