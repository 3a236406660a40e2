"""Notebooks: executed with their outputs stored, and as pages of the site.

``python docs/scripts/notebooks.py FILE...`` executes notebooks in place. Each picture gets the
description that its cell's metadata have (``alt``, one text a picture), and a digest of the code is
stored, so that a test notices outputs that are older than the code. The site shows what is stored.
"""

import base64
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NAMES = ("one_scene", "one_ship", "one_season", "own_labels")
"""In the order of the site."""
PNG, JPEG = "image/png", "image/jpeg"
LONG = 12
"""Lines of code from which the site folds a cell."""
LARGE_BYTES, QUALITY = 60_000, 88
"""Larger pictures are photographs and are stored as JPEG, a quarter of the size."""


def read(name: str) -> Notebook:
    """Notebook by name."""
    notebook: Notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return notebook


def text_of(value: str | list[str]) -> str:
    """Text that a notebook keeps whole or line by line."""
    return value if isinstance(value, str) else "".join(value)


def code_cells(notebook: Notebook) -> list[Cell]:
    """Cells of code, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def code_digest(notebook: Notebook) -> str:
    """Digest of all code of a notebook."""
    code = "\n".join(text_of(cell["source"]) for cell in code_cells(notebook))
    return hashlib.sha256(code.encode()).hexdigest()


def pictures(cell: Cell) -> list[tuple[str, dict[str, Any]]]:
    """Outputs of a cell that are pictures: media type and output."""
    found = []
    for output in cell.get("outputs", ()):
        kinds = [kind for kind in (PNG, JPEG) if kind in output.get("data", {})]
        found += [(kind, output) for kind in kinds]
    return found


def page(name: str) -> tuple[str, dict[str, bytes]]:
    """Markdown of a notebook with its stored outputs, and its pictures by file name.

    Raises
    ------
    ValueError
        A picture has no description.

    """
    notebook = read(name)
    files: dict[str, bytes] = {}
    # Without the contents on the right there is more width for pictures and tables.
    parts = ["---\nhide: [toc]\n---"]
    for cell in notebook["cells"]:
        source = text_of(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(_links(source))
        else:
            parts.append(_code(source))
            parts += _shown(cell, name, files)
    parts.append(f"*This page is `notebooks/{name}.ipynb` as it was last executed.*")
    return "\n\n".join(parts) + "\n", files


def _code(source: str) -> str:
    block, lines = f"```python\n{source}\n```", source.count("\n") + 1
    if lines <= LONG:
        return block
    summary = f"<summary>Code, {lines} lines</summary>"
    return f"<details markdown>{summary}\n\n{block}\n\n</details>"


def _links(markdown: str) -> str:
    """Links between notebooks and to documents, as the site has them."""
    markdown = re.sub(r"\]\(\.\./docs/", "](", markdown)
    return re.sub(r"\]\((\w+)\.ipynb\)", r"](\1.md)", markdown)


def _shown(cell: Cell, name: str, files: dict[str, bytes]) -> Iterator[str]:
    for output in cell.get("outputs", ()):
        data, alt = output.get("data", {}), output.get("metadata", {})
        kind = next((kind for kind in (PNG, JPEG) if kind in data), None)
        if kind:
            text = alt.get(kind, {}).get("alt")
            if not text:
                raise ValueError(f"{name}.ipynb: a picture has no description (alt)")
            file = f"{name}-{len(files) + 1}.{kind.removeprefix('image/')}"
            files[file] = base64.b64decode(text_of(data[kind]))
            yield f"![{text}]({file})"
        elif "text/markdown" in data:
            yield text_of(data["text/markdown"])
        elif "<table" in text_of(data.get("text/html", "")):
            yield _table(text_of(data["text/html"]))
        else:
            text = text_of(output.get("text") or data.get("text/plain", "")).strip("\n")
            yield f"```text\n{text}\n```"


def _table(html: str) -> str:
    """A table of pandas without its own style, so that it gets the site's."""
    html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    html = re.sub(r' (?:border|class|style)="[^"]*"', "", html)
    return "\n".join(line.strip() for line in html.splitlines() if line.strip())


def store(path: Path) -> None:
    """Execute a notebook in place."""
    import nbformat  # noqa: PLC0415 - the site is built without
    from nbclient import NotebookClient  # noqa: PLC0415

    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=600, resources=folder, record_timing=False)
    client.execute()
    for cell in code_cells(notebook):
        _describe(cell)
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["gnomon"] = {"code_sha256": code_digest(notebook)}
    text = nbformat.writes(notebook)
    if str(ROOT) in text:
        raise ValueError(f"{path.name}: an output names a folder of this machine")
    path.write_text(text + "\n", encoding="utf-8")


def _describe(cell: Cell) -> None:
    """Give pictures their descriptions, and photographs a smaller form."""
    found, texts = pictures(cell), cell["metadata"].get("alt", [])
    if len(found) != len(texts):
        raise ValueError(f"{len(found)} pictures, and {len(texts)} descriptions: {cell['source']}")
    for (kind, output), text in zip(found, texts, strict=True):
        image = base64.b64decode(output["data"].pop(kind))
        large = kind == PNG and len(image) > LARGE_BYTES
        stored = JPEG if large else kind
        output["data"][stored] = base64.b64encode(_jpeg(image) if large else image).decode()
        output["metadata"] = {stored: {"alt": text}}


def _jpeg(png: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415

    file = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        store(Path(argument).resolve())
