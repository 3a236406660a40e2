"""The public names: all there, none shadowed by a module, none slow to come."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import gnomon


def test_every_public_name_is_there() -> None:
    for name in gnomon.__all__:
        assert callable(getattr(gnomon, name))
    with pytest.raises(AttributeError, match="gnomon has no 'shipwreck'"):
        gnomon.shipwreck  # noqa: B018


def test_no_public_name_is_a_module_too() -> None:
    modules = {module.name for module in pkgutil.iter_modules(gnomon.__path__)}
    assert modules.isdisjoint(gnomon.__all__)
    for name in modules - {"bench"}:
        importlib.import_module(f"gnomon.{name}")
    test_every_public_name_is_there()


@pytest.mark.parametrize("words", ["import gnomon", "from gnomon import cli"])
def test_torch_is_not_loaded_before_it_is_needed(words: str) -> None:
    code = f"{words}; import sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_editors_and_users_get_the_same_names() -> None:
    """The imports under TYPE_CHECKING, the lazy list and `__all__` name the same things."""
    tree = ast.parse(Path(gnomon.__file__).read_text())
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    typed = {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(typed) == gnomon.__all__ == sorted(gnomon._HOME)
    for name, (module, theirs) in typed.items():
        assert getattr(gnomon, name) is getattr(importlib.import_module(module), theirs)


def test_run_is_the_function_also_after_its_modules_are_loaded() -> None:
    importlib.import_module("gnomon.workflow.run")
    importlib.import_module("gnomon.cli.run")
    assert inspect.isfunction(gnomon.run)
    assert list(inspect.signature(gnomon.run).parameters)[:4] == [
        "study",
        "out",
        "executor",
        "on_stage",
    ]
