"""Pictures of a run come from its folder alone, and are the same with the scenes and without."""

import base64
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_socket
from PIL import Image

import gnomon
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.evidence_tables import Overviews
from gnomon.datamodel.files import write_table
from gnomon.datamodel.schema import table
from gnomon.datamodel.study import Study
from gnomon.freeboard import rows as stage
from gnomon.report.export.export import export_run
from gnomon.report.load_tables import read_run
from gnomon.report.page.evidence import PageEvidence, page_evidence, strongest
from gnomon.report.page.page import write_report
from gnomon.report.page.schema import PagePicture
from gnomon.workflow.run import run
from run_folders import IDS, day, ship, write_run


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


def picture(hull: bool = True) -> PagePicture:
    ring = [[-40.0, -7.0], [40.0, -7.0], [40.0, 7.0], [-40.0, 7.0]]
    return {
        "src": "data:", "half": 90.0, "gsd": 3.0, "scene": "x", "shadow": None, "detected": ring,
        "hull": ring if hull else None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([(2.0, 3.0, True), (3.0, 3.0, True)], 1),  # the weight of the evidence
        ([(2.0, 3.0, True), (-9.0, 3.0, True)], 0),  # all images of the visit say laden at its end
        ([(2.0, 3.0, True), (9.0, 10.0, True)], 0),  # a hull of ten pixels is no picture
        ([(2.0, 3.0, True), (9.0, 3.0, False)], 0),  # what was fitted can be drawn
        ([(2.0, 10.0, True), (3.0, 10.0, True)], 1),  # if none is large
        ([(None, 3.0, True), (0.1, 3.0, True)], 1),  # one that says nothing does not count
    ],
)
def test_the_strongest_picture(
    tmp_path: Path, rows: list[tuple[float | None, float, bool]], best: int
) -> None:
    """Of the two ships of a visit, by log likelihood ratio, pixel and fitted outline."""
    own = IDS[0], IDS[2]
    ships = [
        ship(name, day(n), 130.3, log_lr_laden=lr, gsd_m=gsd)
        for n, (name, (lr, gsd, _)) in enumerate(zip(own, rows, strict=True))
    ]
    alone = ship(IDS[1], day(0), 130.35, log_lr_laden=50.0, gsd_m=0.5)  # of no visit
    run = read_run(write_run(tmp_path, detections=[*ships, alone]))
    chips = {name: picture(row[2]) for name, row in zip(own, rows, strict=True)}
    found = strongest(run, PageEvidence(chips={**chips, IDS[1]: picture()}))
    assert found is not None
    assert found["ship"] == own[best]
    assert strongest(run, PageEvidence()) is None


def test_without_visits_and_loads_the_surest_large_ship_is_shown(tmp_path: Path) -> None:
    rows = [(0.99, 90.0), (0.7, 210.0), (0.8, 230.0)]
    ships = [
        ship(name, day(n), 130.3, score=score, length_m=length_m)
        for n, (name, (score, length_m)) in enumerate(zip(IDS, rows, strict=True))
    ]
    run = read_run(write_run(tmp_path, detections=ships, names=("detections", "observations")))
    for shown, best in ((IDS, IDS[2]), (IDS[:2], IDS[1]), (IDS[:1], IDS[0])):
        found = strongest(run, PageEvidence(chips=dict.fromkeys(shown, picture())))
        assert found is not None
        assert found["ship"] == best
    assert strongest(run, PageEvidence()) is None


def test_a_port_has_the_picture_that_the_run_keeps(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert page_evidence(read_run(folder)).ports == {}
    row = {
        "port": "rajin", "scene_id": "S2A_one", "collection": "sentinel-2-l2a",
        "platform": "sentinel-2a", "seen_at": day(0),
        "west": 130.2, "south": 42.1, "east": 130.4, "north": 42.3, "picture": b"bytes",
    }  # fmt: skip
    write_table(table(Overviews, [row]), folder / "overviews.parquet")
    (found,) = page_evidence(read_run(folder)).ports.values()
    assert found["src"] == "data:image/webp;base64," + base64.b64encode(b"bytes").decode()
    assert found["credit"] == "Contains modified Copernicus Sentinel data 2024"
    assert (found["west"], found["north"], found["t"]) == (130.2, 42.3, int(day(0).timestamp()))


@pytest.mark.parametrize("side", [60, 300])
def test_the_picture_of_a_simulated_port_is_marked_in_its_pixels(tmp_path: Path, side: int) -> None:
    folder = write_run(tmp_path)
    image = np.full((side, side, 4), (60, 80, 90, 255), np.uint8)
    image[:, : side // 4, 3] = 0
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", lossless=True)
    row = {
        "port": "rajin", "scene_id": "x", "collection": "synthetic-sentinel-2",
        "platform": "synthetic-2a", "seen_at": day(0), "west": 130.2, "south": 42.1, "east": 130.4,
        "north": 42.3, "picture": file.getvalue(),
    }  # fmt: skip
    write_table(table(Overviews, [row]), folder / "overviews.parquet")
    (found,) = page_evidence(read_run(folder)).ports.values()
    data = base64.b64decode(found["src"].partition(",")[2])
    marked = np.asarray(Image.open(io.BytesIO(data)))
    assert "SIMULATED" in found["credit"]
    assert marked.shape[0] == marked.shape[1] >= side
    assert (marked[:, : marked.shape[1] // 5, 3] == 0).all()
    seen = marked[:, marked.shape[1] // 3 :, :3].astype(int)
    assert 0.01 < (np.abs(seen - (60, 80, 90)).max(-1) > 30).mean() < 0.5
