"""The command that makes the page of the real season again."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from gnomon.datamodel.errors import CatalogError, WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import read_study
from gnomon.detect.weights import read_model
from gnomon.validate.anchorage import __main__ as command
from gnomon.validate.anchorage.__main__ import STUDY, study_of, unseen_dates, weights_line

ROOT = Path(__file__).parents[3]


def test_without_the_images_one_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GNOMON_DATA", str(tmp_path))
    with pytest.raises(CatalogError, match=r"catalog\.json: is not there; name by GNOMON_DATA"):
        study_of("s2-vessel")


def test_the_study_names_its_ports_counts_ships_and_takes_other_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    catalog = tmp_path / "s2-anchorage" / "catalog.json"
    catalog.parent.mkdir()
    catalog.touch()
    monkeypatch.setenv("GNOMON_DATA", str(tmp_path))
    study = study_of("other")
    assert study.detect.models == {"optical": "other"}
    assert study.catalog.url == str(catalog)
    assert not study.track.enabled
    assert [port.name for port in study.places()] == ["bolivar-roads", "galveston-offshore"]
    assert study.ports == read_study(shipped("configs") / STUDY).ports


def test_the_page_was_made_with_weights_that_are_shipped() -> None:
    """New ones make it anew: `make evaluate-season`."""
    page = (ROOT / "docs" / "real-season.md").read_text(encoding="utf-8")
    names = [path.parent.name for path in (ROOT / "models").glob("s2-*/model.toml")]
    assert any(weights_line(read_model(name)) in page for name in names), names


def test_weights_that_were_trained_on_a_date_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    dates = [SimpleNamespace(name=f"S2_galveston_{day}") for day in ("20190901", "20190409")]
    monkeypatch.setattr(command, "labelled_scenes", lambda _: dates)
    study = read_study(shipped("configs") / STUDY)
    model = read_model("s2-vessel")
    assert [one.name[-8:] for one in unseen_dates(study, model)] == ["20190409", "20190901"]
    taught = model.model_copy(update={"trained_on": ("S2_galveston_20190901", "elsewhere")})
    with pytest.raises(WeightsError, match="was trained on S2_galveston_20190901; name weights"):
        unseen_dates(study, taught)
