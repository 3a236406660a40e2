"""The evidence page as Python writes it: complete, self-contained, of every run folder."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from gnomon import cli
from gnomon.datamodel.study import Study
from gnomon.imagery.natural_colour import stretched
from gnomon.report.load_tables import read_run
from gnomon.report.page import page, shell
from gnomon.report.page.evidence import PICTURE_BYTES_MAX, PageEvidence
from gnomon.workflow.run import run
from reports import NASTY, write_season

WEB = Path(page.__file__).parents[1] / "web"


def block(text: str, name: str) -> Any:
    """A block of JSON within a page."""
    found = re.search(
        rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL
    )
    assert found is not None
    return json.loads(found.group(1))


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_season(tmp_path_factory.mktemp("season"))


@pytest.fixture
def copied(season: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(season, tmp_path / "run"))


@pytest.fixture(scope="module")
def sea_run(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with pixels: three scenes of open water, and the visits made of them."""
    folder = tmp_path_factory.mktemp("run")
    study = Study.model_validate(
        {
            "name": "sea",
            "catalog": {"url": str(sea)},
            "track": {"members": 16, "draws": 20, "p_tanker_min": 0},
        }
    )
    run(study, folder)
    return folder


def test_the_page_has_the_values_of_the_tables(season: Path) -> None:
    run = read_run(season)
    path, notes = page.write_report(season, pictures=False)
    data = block(path.read_text(), "page")
    assert notes == ()
    assert len(data["observations"]["scene"]) == len(run.observations)
    assert data["ships"]["id"] == list(run.detections.detection_id)
    ledger = pd.read_parquet(season / "ledger.parquet")
    year = data["answer"]["years"][0]
    assert [s["barrels"][1] for s in year["scenarios"]] == list(ledger.barrels_p50.round())
    assert year["reported"] == 168679
    assert data["answer"]["seasons"][0]["visits_p50"] == pytest.approx(
        run.seasons.visits_p50.iloc[0], abs=1e-3
    )


def test_a_page_loads_nothing_from_the_network(season: Path) -> None:
    text = page.write_report(season)[0].read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy.group(1)
    assert "unsafe-eval" not in policy.group(1)
    assert not re.search(
        r'(?:src|srcset)="(?!data:)', re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    )
    assert not re.search(r'<link[^>]+href="(?!data:)', text)


def test_text_of_a_run_never_becomes_html(copied: Path) -> None:
    table = gpd.read_parquet(copied / "detections.parquet")
    table.loc[0, "zone"] = NASTY
    table.to_parquet(copied / "detections.parquet")
    values = json.loads((copied / "run.json").read_text())
    values["study"]["description"] = NASTY
    (copied / "run.json").write_text(json.dumps(values))
    text = page.write_report(copied)[0].read_text()
    assert NASTY not in text
    assert text.count("<img") == shell.bundled("page.js").count("<img")
    assert block(text, "page")["ships"]["zone"][0] == NASTY


@pytest.mark.parametrize(
    ("missing", "note_part"),
    [
        (["visits"], "ships are shown image by image"),
        (["seasons", "ledger", "voyages"], "barrels are not estimated"),
        (["visits", "seasons", "ledger", "voyages"], "visits.parquet is missing"),
    ],
)
def test_a_page_of_some_tables_names_the_missing_ones(
    copied: Path, missing: list[str], note_part: str
) -> None:
    for name in missing:
        (copied / f"{name}.parquet").unlink()
    (copied / "run.json").unlink()
    path, notes = page.write_report(copied)
    assert any(note_part in note for note in notes)
    assert any("run.json" in note for note in notes)
    assert any(note_part in note for note in block(path.read_text(), "page")["run"]["notes"])


def test_a_run_of_another_version_is_shown(copied: Path) -> None:
    observations = gpd.read_parquet(copied / "observations.parquet").drop(columns="view_zenith_deg")
    observations.assign(new_column=1).to_parquet(copied / "observations.parquet")
    values = json.loads((copied / "run.json").read_text())
    values["versions"]["gnomon"] = "9.9.9"
    values["study"]["unheard_of"] = 1
    (copied / "run.json").write_text(json.dumps(values))
    (copied / "voyages.parquet").write_bytes(b"not parquet")
    notes = " ".join(page.write_report(copied)[1])
    for part in ("lacks view_zenith_deg", "made by gnomon 9.9.9", "another version", "voyages"):
        assert part in notes


def test_pixels_come_with_outlines_that_fit_them(sea_run: Path) -> None:
    path, notes = page.write_report(sea_run)
    text = path.read_text()
    chips, posteriors = (block(text, "evidence")[name] for name in ("chips", "posteriors"))
    run = read_run(sea_run)
    assert not notes
    assert set(run.detections.detection_id) <= set(chips)
    assert any(key.startswith(("before:", "after:")) for key in chips)
    assert path.stat().st_size < shell.MAX_BYTES
    for row in run.detections.itertuples():
        chip = chips[row.detection_id]
        assert chip["src"].startswith("data:image/webp;base64,")
        outline = np.array(chip["detected"])
        sides = np.linalg.norm(np.diff(outline[[0, 1, 2]], axis=0), axis=1)
        assert max(sides) == pytest.approx(row.length_m, rel=0.02)
        if chip["hull"]:  # the fit moves a hull by less than its length
            apart = np.mean(chip["hull"], axis=0) - outline.mean(0)
            assert np.linalg.norm(apart) < row.length_m / 2
            curve = posteriors[row.detection_id]
            mean = np.average(curve["x"], weights=curve["post"])
            assert mean == pytest.approx(row.freeboard_m, abs=max(0.5, row.freeboard_sigma_m / 2))


def test_a_picture_shows_shadow_water_and_deck_apart() -> None:
    """Brighter is brighter, whatever the unit of the pixels."""
    light = np.array([0.0, 0.5, 1.0, 3.0, 9.0, 20.0])
    for water in (0.03, 310.0):
        row = stretched(np.broadcast_to(light * water, (3, 1, 6)).astype(np.float32), water)
        grey = row[0, :, 0].astype(int)
        assert list(grey) == sorted(grey)
        assert grey[0] == 0
        assert grey[2] - grey[1] > 30  # a shadow takes away half of the light at the most
        assert grey[3] < 230
        assert grey[5] == 255
    unseen = stretched(np.full((3, 2, 2), np.nan, np.float32), 1.0)
    assert unseen.max() == 0


def test_pictures_beyond_what_a_page_holds_are_left_out() -> None:
    made = PageEvidence()
    chip = {"src": "x" * 1_000_000}
    kept = [made.add(str(n), chip) for n in range(30)]
    assert sum(kept) == len(made.chips) < 20
    assert len(json.dumps(made.chips)) < PICTURE_BYTES_MAX + 1_100_000


def test_the_command_writes_one_file_and_prints_its_path(
    season: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "shown" / "page.html"
    monkeypatch.setattr(sys, "argv", ["gnomon", "report", str(season), "--out", str(out)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert out.read_text().startswith("<!doctype html>")
    monkeypatch.setattr(sys, "argv", ["gnomon", "report", str(season), "--out", str(out), "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [str(out)]
    assert document["bytes"] == out.stat().st_size
    assert document["notes"][0].startswith("no pictures")
