"""Commands as a shell calls them."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from gnomon import cli


def called(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of ``gnomon`` with these words."""
    monkeypatch.setattr(sys, "argv", ["gnomon", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def without_progress(text: str) -> str:
    """Standard error without the lines of `gnomon.cli.progress`."""
    line = re.compile(r".+ \.\.\.( \d+ .+)?|[^;]+: \d+( of \d+ \(\d+ %\))?(, .*)?")
    return "".join(f"{one}\n" for one in text.splitlines() if not line.fullmatch(one))


def strict_json(text: str) -> dict[str, Any]:
    """The one document of ``--json``; NaN and Infinity are not JSON."""

    def refused(word: str) -> None:
        raise AssertionError(word)

    value = json.loads(text, parse_constant=refused)
    assert isinstance(value, dict)
    return value


def write_study(folder: Path, catalog: Path | str) -> Path:
    """A study of whole scenes with few samples."""
    path = folder / "study.toml"
    path.write_text(
        f'name = "bay"\n[catalog]\nurl = "{catalog}"\n[track]\nmembers = 16\ndraws = 20\n'
        "[ledger]\nsamples = 100\n"
    )
    return path
