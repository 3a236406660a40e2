"""Laws of the code as a whole: rooms, names, sizes, words and tests; read from the source alone.

The layers themselves are import-linter's (pyproject.toml). What stands here has no other guard.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pipeline" / "gnomon"
ROOMS = {
    "datamodel", "geo", "physics", "catalog", "imagery", "detect", "freeboard", "track", "ledger",
    "simulate", "workflow", "learn", "report", "validate", "cli",
}  # fmt: skip
# A command of the command line has the name of the function that it calls; the others are one
# interface with several implementations.
INTERFACES = {"main", "section", "figure"}
FUNCTION_LINES, FUNCTION_P90, MODULE_LINES = 60, 25, 400
ARROWS = 70
TESTS_PER_CODE = 0.8
DIALECT = 5


class Module(NamedTuple):
    """A module's path in the package, its source and its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.parts[0]


@cache
def modules() -> tuple[Module, ...]:
    files = [f for f in sorted(PACKAGE.rglob("*.py")) if "node_modules" not in f.parts]
    read = [(f.relative_to(PACKAGE), f.read_text(encoding="utf-8")) for f in files]
    return tuple(Module(path, text, ast.parse(text)) for path, text in read)


def imports(module: Module) -> Iterator[tuple[str, str]]:
    """Modules of ours that a module imports from, without ``gnomon.``, and the imported names."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gnomon."):
            for name in node.names:
                yield node.module.removeprefix("gnomon."), name.name


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """Names of a module's functions, and their lines without docstring."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1 - (len(text.splitlines()) if text else 0)
            yield node.name, lines


def places(kind: type[ast.stmt]) -> dict[str, list[str]]:
    """Public names of one kind at the top of modules, and where they are defined."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in module.tree.body:
            if isinstance(node, kind) and not node.name.startswith("_"):  # type: ignore[attr-defined]
                found[node.name].append(str(module.path))  # type: ignore[attr-defined]
    return found


def test_the_package_has_the_rooms_of_the_map() -> None:
    assert {m.room for m in modules() if len(m.path.parts) > 1} == ROOMS
    assert [str(m.path) for m in modules() if len(m.path.parts) == 1] == ["__init__.py"]


def test_few_arrows_join_the_rooms() -> None:
    arrows = {
        (module.room, name.partition(".")[0])
        for module in modules()
        for name, _ in imports(module)
        if module.room in ROOMS and module.room != name.partition(".")[0]
    }
    assert len(arrows) <= ARROWS


def test_the_study_is_not_seen_below_the_run() -> None:
    users = {str(m.path) for m in modules() if ("datamodel.study", "Study") in set(imports(m))}
    below = ROOMS - {"cli", "validate", "report", "learn", "workflow"}
    assert not {path for path in users if path.partition("/")[0] in below}
    # A plan is the first step of a run, and a notebook may stop there, or at what it would take.
    # A batch does parts of a run.
    doors = {f"workflow/{name}.py" for name in ("plan", "forecast", "batch", "run")}
    assert {path for path in users if path.startswith("workflow/")} <= doors


def test_functions_and_modules_are_short() -> None:
    lengths = [(lines, f"{m.path}:{name}") for m in modules() for name, lines in functions(m)]
    assert not [each for each in lengths if each[0] > FUNCTION_LINES]
    assert np.quantile([lines for lines, _ in lengths], 0.9) <= FUNCTION_P90
    long = {str(m.path): len(m.text.splitlines()) for m in modules()}
    assert not {path: lines for path, lines in long.items() if lines > MODULE_LINES}


def test_a_class_has_one_home() -> None:
    assert not {name: found for name, found in places(ast.ClassDef).items() if len(found) > 1}


def test_a_public_function_has_one_home() -> None:
    doubled = {}
    for name, found in places(ast.FunctionDef).items():
        here = [path for path in found if not path.startswith("cli/")]
        if len(here) > 1 and name not in INTERFACES:
            doubled[name] = here
    assert not doubled


def test_every_module_of_the_inference_has_its_tests() -> None:
    missing = [
        str(m.path)
        for m in modules()
        if m.room in {"track", "detect", "freeboard"}
        and m.path.name != "__init__.py"
        and any(functions(m))  # a module of declarations is tested where it is used
        and not (ROOT / "tests" / m.path.with_name(f"test_{m.path.name}")).is_file()
    ]
    assert not missing


def test_tests_are_mirrored() -> None:
    """A test file lies where its module does, unless it is about more than one module."""
    known = {m.path.with_name(f"test_{m.path.stem.strip('_')}.py") for m in modules()}
    known |= {m.path.with_name(f"test_{m.path.parent.name}.py") for m in modules()}
    wider = {
        "test_scenarios.py", "test_radar_scenarios.py", "test_browser.py", "test_cards.py",
        "test_geoparquet.py", "test_commands.py", "test_examples.py", "test_maps.py",
            "test_both_sensors.py",
        "test_print.py", "test_top.py",
    }  # fmt: skip
    here = [f.relative_to(ROOT / "tests") for f in (ROOT / "tests").rglob("test_*.py")]
    strangers = [
        str(f) for f in here if len(f.parts) > 1 and f not in known and f.name not in wider
    ]
    assert not strangers


def test_there_is_enough_test_for_the_code() -> None:
    code = sum(len(m.text.splitlines()) for m in modules())
    tests = sum(len(f.read_text("utf-8").splitlines()) for f in (ROOT / "tests").rglob("*.py"))
    assert tests >= TESTS_PER_CODE * code


def test_the_old_dialect_is_gone() -> None:
    texts = [m.text for m in modules()]
    texts += [f.read_text(encoding="utf-8") for f in (ROOT / "docs").rglob("*.md")]
    texts.append((ROOT / "README.md").read_text(encoding="utf-8"))
    web = (PACKAGE / "report" / "web" / "src").rglob("*.ts*")
    texts += [f.read_text(encoding="utf-8") for f in web]
    assert sum(len(re.findall(r"\btold\b", text, re.IGNORECASE)) for text in texts) <= DIALECT
