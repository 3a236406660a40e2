"""A study names its catalogue by an environment variable, and can be read without it."""

from pathlib import Path

import pytest

from gnomon.datamodel.study import read_study
from gnomon.datamodel.study_paths import missing_variable

TEXT = 'name = "s"\n[catalog]\nurl = "${GNOMON_PIXELS}/anchorage/catalog.json"\n'


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(TEXT)
    return path


def test_a_path_begins_with_the_folder_of_the_variable(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNOMON_PIXELS", str(tmp_path / "data"))
    url = read_study(study).catalog.url
    assert url == str(tmp_path / "data" / "anchorage" / "catalog.json")
    assert missing_variable(url) is None


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_kept_and_named(
    study: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("GNOMON_PIXELS", raising=False)
    if value is not None:
        monkeypatch.setenv("GNOMON_PIXELS", value)
    url = read_study(study).catalog.url
    assert url == "${GNOMON_PIXELS}/anchorage/catalog.json"
    assert missing_variable(url) == "GNOMON_PIXELS"


def test_no_variable_of_others_is_read(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    study.write_text(TEXT.replace("GNOMON_PIXELS", "AWS_SECRET_ACCESS_KEY"))
    assert "hidden" not in read_study(study).catalog.url
