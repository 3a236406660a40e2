"""A study names its catalogue by an environment variable, and can be read without it."""

from pathlib import Path

import pytest

from gnomon.datamodel.study import read_study
from gnomon.datamodel.study_paths import missing_variable

TEXT = 'name = "s"\n[catalog]\nurl = "${PIXELS_HERE}/anchorage/catalog.json"\n'


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(TEXT)
    return path


def test_a_path_begins_with_the_folder_of_the_variable(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELS_HERE", str(tmp_path / "data"))
    url = read_study(study).catalog.url
    assert url == str(tmp_path / "data" / "anchorage" / "catalog.json")
    assert missing_variable(url) is None


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_kept_and_named(
    study: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("PIXELS_HERE", raising=False)
    if value is not None:
        monkeypatch.setenv("PIXELS_HERE", value)
    url = read_study(study).catalog.url
    assert url == "${PIXELS_HERE}/anchorage/catalog.json"
    assert missing_variable(url) == "PIXELS_HERE"
