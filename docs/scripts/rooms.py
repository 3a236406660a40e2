"""The rooms of the package and the imports between them, drawn from the source.

An arrow from one room to another stands for imports of any module of the first from any module of
the second, at any depth of a function. Rows are the layers of the import contract in
pyproject.toml, which a test enforces: arrows point down only.
"""

import ast
import io
import tomllib
from collections import Counter
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pipeline" / "gnomon"


def layers() -> list[list[str]]:
    """Rooms by layer, the top one first, as the import contract has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    found = next(c["layers"] for c in contracts if c["type"] == "layers")
    return [[room.strip() for room in layer.split("|")] for layer in found]


def arrows() -> Counter[tuple[str, str]]:
    """Importing and imported room, with the number of import statements."""
    counted: Counter[tuple[str, str]] = Counter()
    for path in PACKAGE.rglob("*.py"):
        if "node_modules" in path.parts or path.parent == PACKAGE:
            continue
        room = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for target in _imported(node):
                if target != room:
                    counted[room, target] += 1
    return counted


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        return []
    parts = [name.split(".") for name in names if name.startswith("gnomon.")]
    return sorted({p[1] for p in parts if len(p) > 1 and (PACKAGE / p[1]).is_dir()})


def picture() -> str:
    """The rooms as SVG."""
    rows, counted = layers(), arrows()
    place = {
        room: ((n + 0.5) / len(row) * 12, -1.25 * depth)
        for depth, row in enumerate(rows)
        for n, room in enumerate(row)
    }
    with mpl.rc_context({"svg.hashsalt": "gnomon", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 7.5))
        axes = figure.add_axes((0, 0, 1, 1))
        for (start, end), number in sorted(counted.items()):
            if start in place and end in place:
                axes.add_patch(
                    FancyArrowPatch(
                        place[start], place[end], arrowstyle="-|>", mutation_scale=9,
                        shrinkA=16, shrinkB=18, color="#5b7083", alpha=0.55,
                        linewidth=0.5 + min(number, 40) / 16, connectionstyle="arc3,rad=0.05",
                    )
                )  # fmt: skip
        for room, (x, y) in place.items():
            axes.text(
                x, y, room, ha="center", va="center", fontsize=12, family="monospace",
                bbox={"boxstyle": "round,pad=0.4", "facecolor": "#eef3f7", "edgecolor": "#37505f"},
            )  # fmt: skip
        axes.set(xlim=(0, 12), ylim=(-1.25 * len(rows) + 0.5, 0.7))
        axes.axis("off")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def table() -> str:
    """The same as a table: which room imports which."""
    counted = arrows()
    rooms = [room for row in layers() for room in row]
    lines = [
        "# Imports between rooms",
        "",
        f"{len(rooms)} rooms, {len(counted)} arrows.",
        "",
        "| room | imports from |",
        "|---|---|",
    ]
    for room in rooms:
        below = ", ".join(
            f"{end} ({n})" for (start, end), n in sorted(counted.items()) if start == room
        )
        lines.append(f"| `{room}` | {below or 'nothing of ours'} |")
    return "\n".join(lines) + "\n"
