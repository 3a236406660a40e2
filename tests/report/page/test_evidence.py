"""Pictures of a run come from its folder alone, and are the same with the scenes and without."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_socket

import gnomon
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.study import Study
from gnomon.freeboard import rows as stage
from gnomon.report.export.export import export_run
from gnomon.report.load_tables import read_run
from gnomon.report.page.evidence import page_evidence
from gnomon.report.page.page import write_report
from gnomon.workflow.run import run


@pytest.fixture(scope="module")
def orphan(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose catalogue was deleted after it."""
    folder = tmp_path_factory.mktemp("orphan")
    catalog = shutil.copytree(sea.parent, folder / "sea") / "catalog.json"
    study = Study.model_validate(
        {
            "name": "sea",
            "catalog": {"url": str(catalog)},
            "track": {"members": 16, "draws": 20, "p_tanker_min": 0},
        }
    )
    run(study, folder / "run")
    shutil.rmtree(folder / "sea")
    return folder / "run"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Any:
    """No socket opens, nothing is fitted, and no catalogue is searched."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a run folder is all that there is")

    monkeypatch.setattr(stage, "invert", refuse)
    for module in ("gnomon.workflow.loads", "gnomon.workflow.plan"):
        monkeypatch.setattr(f"{module}.find_scenes", refuse)
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()


def block(text: str, name: str) -> Any:
    found = re.search(rf'<script[^>]*id="{name}"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1).replace("\\u003c", "<"))


@pytest.mark.usefixtures("alone")
def test_page_export_and_show_need_the_run_folder_alone(orphan: Path, tmp_path: Path) -> None:
    ships = read_run(orphan).detections
    path, notes = write_report(orphan, out=tmp_path / "page.html")
    assert not notes
    shown = block(path.read_text(), "evidence")["chips"]
    assert set(ships.detection_id) <= set(shown)
    made = export_run(orphan, tmp_path / "export")
    assert not made.without_pictures
    assert (tmp_path / "export" / "gnomon.kmz").stat().st_size > 5_000 * len(ships)
    for name in ships.detection_id[:2]:
        picture = gnomon.show_load(name, run=orphan, out=tmp_path / f"{name}.png")
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("alone")
def test_curves_are_those_that_the_numbers_came_from(orphan: Path) -> None:
    read = read_run(orphan)
    made = page_evidence(read)
    fitted = 0
    for row in read.detections.dropna(subset=["freeboard_m"]).itertuples():
        curve = made.posteriors[row.detection_id]
        fitted += curve["fitted"]
        cumulative = np.cumsum(curve["post"]) / np.sum(curve["post"])
        step = curve["x"][1]
        for share, value in ((0.05, row.freeboard_p05_m), (0.95, row.freeboard_p95_m)):
            assert np.interp(share, cumulative, curve["x"]) == pytest.approx(value, abs=2 * step)
    assert fitted > 3


def test_visits_show_their_place_before_and_after(orphan: Path) -> None:
    read = read_run(orphan)
    made = page_evidence(read)
    visits = read.visits
    before = visits.visit_id[visits.arrived_after.notna()]
    after = visits.visit_id[visits.departed_before.notna()]
    expected = {*("before:" + before), *("after:" + after)}
    assert expected
    assert {key for key in made.chips if ":" in key} == expected


def test_a_folder_of_tables_alone_says_that_it_has_no_pictures(
    orphan: Path, tmp_path: Path
) -> None:
    tables = shutil.copytree(orphan, tmp_path / "tables")
    shutil.rmtree(tables / "store")
    (tables / "surroundings.parquet").unlink()
    made = page_evidence(read_run(tables))
    assert made.chips == {}
    assert made.posteriors  # from the tables, as if the error were normal
    assert made.notes == ("no pictures: the folder has tables alone, without the store of the run",)
    name = read_run(tables).detections.detection_id.iloc[0]
    with pytest.raises(StoreError, match="run the study again"):
        gnomon.show_load(name, run=tables)


def test_a_detection_that_is_not_there_is_named(orphan: Path) -> None:
    with pytest.raises(StoreError, match="has no detection 'none'"):
        gnomon.show_load("none", run=orphan)
