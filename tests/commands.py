"""Commands as a shell calls them."""

import sys

import pytest

from gnomon import cli


def called(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of ``gnomon`` with these words."""
    monkeypatch.setattr(sys, "argv", ["gnomon", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)
