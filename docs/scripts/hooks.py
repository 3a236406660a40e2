"""Hook of mkdocs: pages and pictures that are made from the code each time the site is built.

Nothing of it is committed, so nothing of it can be out of date: commands come from the command
line, tables and options from the models that check them, the architecture from the imports. Pages
of notebooks show the outputs that are stored in them; a test compares the code that made those.
"""

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))  # hooks are loaded without their folder

import notebooks
import reference
import rooms

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"


def on_files(files: Files, /, *, config: MkDocsConfig) -> Files:
    """Add what is generated."""
    pages = {
        "commands.md": reference.commands(),
        "options.md": reference.options(),
        "tables.md": reference.tables(),
        "api.md": reference.api(),
        "card.md": _card("s2-vessel"),
        "freeboard-card.md": _card("freeboard"),
        "ship-type-card.md": _card("ship-type"),
        "radar-card.md": _card("s1-vessel"),
        "rooms.svg": rooms.picture(),
        "rooms.md": rooms.table(),
    }
    for notebook in notebooks.NAMES:
        pages[f"{notebook}.md"], pictures = notebooks.page(notebook)
        for name, picture in pictures.items():
            files.append(File.generated(config, name, content=picture))
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    figure = (MODELS / "s2-vessel" / "evaluation.png").read_bytes()
    files.append(File.generated(config, "evaluation.png", content=figure))
    return files


def on_page_markdown(markdown: str, /, **_: object) -> str:
    """Put the README's lines of Python where a page asks for them: they stand once."""
    return markdown.replace("<!-- six lines -->", reference.six_lines())


def _card(name: str) -> str:
    """The card of shipped weights; links out of its folder are for the repository only."""
    text = (MODELS / name / "card.md").read_text(encoding="utf-8")
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", text)
