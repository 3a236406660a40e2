"""The public names: all there, none shadowed by a module, none slow to come."""

import importlib
import pkgutil
import subprocess
import sys

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
