"""`make evaluate`: where the labelled catalogues are."""

import pytest

from gnomon.datamodel.errors import CatalogError
from gnomon.learn.crossval.__main__ import labelled_catalogs


def test_catalogues_are_named_by_either_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOGS", "one.json two.json")
    assert labelled_catalogs() == ["one.json", "two.json"]
    monkeypatch.setenv("CATALOGS", " ")
    monkeypatch.setenv("GNOMON_DATA", "/data")
    assert labelled_catalogs()[1] == "/data/s2-ports/val/catalog.json"
    monkeypatch.delenv("GNOMON_DATA")
    with pytest.raises(CatalogError, match="set CATALOGS to labelled catalogues"):
        labelled_catalogs()
