"""The evidence page as Python writes it: whole, closed in itself, of any run folder there is."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from gnomon import cli
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.study import Study
from gnomon.report.figures.chips import stretched
from gnomon.report.load_tables import read_run
from gnomon.report.page import page, shell
from gnomon.report.page.answers import swings
from gnomon.report.page.evidence import MOST_PICTURE_BYTES, Evidence
from gnomon.workflow.infer import infer
from gnomon.workflow.run import run_study
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
    done = run_study(study, folder)
    infer(study, done.detections, done.observations, folder)
    return folder


def test_a_page_tells_what_the_tables_tell(season: Path) -> None:
    run = read_run(season)
    path, notes = page.write_report(season, pictures=False)
    told = block(path.read_text(), "page")
    assert notes == ()
    assert len(told["observations"]["scene"]) == len(run.observations)
    assert told["ships"]["id"] == list(run.detections.detection_id)
    ledger = pd.read_parquet(season / "ledger.parquet")
    year = told["answer"]["years"][0]
    assert [s["barrels"][1] for s in year["scenarios"]] == list(ledger.barrels_p50.round())
    assert year["reported"] == 168679
    assert told["answer"]["seasons"][0]["visits_p50"] == pytest.approx(
        run.seasons.visits_p50.iloc[0], abs=1e-3
    )


def test_what_would_change_the_answer_follows_from_the_tables(season: Path) -> None:
    run = read_run(season)
    base = run.ledger[run.ledger.scenario == "inferred"].iloc[0]
    made = {swing["what"]: swing for swing in swings(run, run.ledger)}
    full = made["How full the ships were"]
    assert (
        full["high"] == run.ledger.barrels_p50[run.ledger.scenario == "90% of deadweight"].iloc[0]
    )
    unseen = made["Unseen visits"]
    share = base.deliveries_seen_mean / base.deliveries_p50
    assert unseen["low"] == pytest.approx(min(share, 1) * base.barrels_p50)
    cargo = made["What the cargo was"]
    assert cargo["low"] / base.barrels_p50 == pytest.approx(6.35 / 7.46)
    widths = [swing["high"] - swing["low"] for swing in swings(run, run.ledger)]
    assert widths == sorted(widths, reverse=True)


def test_a_page_needs_nothing_from_elsewhere(season: Path) -> None:
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
    told = json.loads((copied / "run.json").read_text())
    told["study"]["description"] = NASTY
    (copied / "run.json").write_text(json.dumps(told))
    text = page.write_report(copied)[0].read_text()
    assert NASTY not in text
    assert text.count("<img") == shell.bundled("page.js").count("<img")
    assert block(text, "page")["ships"]["zone"][0] == NASTY


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (["visits"], "ships are shown image by image"),
        (["seasons", "ledger", "voyages"], "barrels are not estimated"),
        (["visits", "seasons", "ledger", "voyages"], "visits.parquet is missing"),
    ],
)
def test_a_page_of_some_tables_says_what_is_missing(
    copied: Path, lost: list[str], said: str
) -> None:
    for name in lost:
        (copied / f"{name}.parquet").unlink()
    (copied / "run.json").unlink()
    path, notes = page.write_report(copied)
    assert any(said in note for note in notes)
    assert any("run.json" in note for note in notes)
    assert any(said in note for note in block(path.read_text(), "page")["run"]["notes"])


def test_a_run_of_another_version_is_shown(copied: Path) -> None:
    observations = gpd.read_parquet(copied / "observations.parquet").drop(columns="view_zenith_deg")
    observations.assign(new_column=1).to_parquet(copied / "observations.parquet")
    told = json.loads((copied / "run.json").read_text())
    told["versions"]["gnomon"] = "9.9.9"
    told["study"]["unheard_of"] = 1
    (copied / "run.json").write_text(json.dumps(told))
    (copied / "voyages.parquet").write_bytes(b"not parquet")
    notes = " ".join(page.write_report(copied)[1])
    for said in ("lacks view_zenith_deg", "made by gnomon 9.9.9", "another version", "voyages"):
        assert said in notes


def test_a_folder_without_looks_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"not the folder of a run .*observations\.parquet"):
        page.write_report(tmp_path)


def test_pixels_come_with_outlines_that_fit_them(sea_run: Path) -> None:
    path, notes = page.write_report(sea_run)
    text = path.read_text()
    chips, curves = (block(text, "evidence")[name] for name in ("chips", "posteriors"))
    run = read_run(sea_run)
    assert not notes
    assert set(run.detections.detection_id) <= set(chips)
    assert any(key.startswith(("before:", "after:")) for key in chips)
    assert path.stat().st_size < shell.MAX_BYTES
    for row in run.detections.itertuples():
        chip = chips[row.detection_id]
        assert chip["src"].startswith("data:image/webp;base64,")
        outline = np.array(chip["told"])
        sides = np.linalg.norm(np.diff(outline[[0, 1, 2]], axis=0), axis=1)
        assert max(sides) == pytest.approx(row.length_m, rel=0.02)
        if chip["hull"]:  # the fit moves a hull by less than its length
            apart = np.mean(chip["hull"], axis=0) - outline.mean(0)
            assert np.linalg.norm(apart) < row.length_m / 2
            curve = curves[row.detection_id]
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
    made = Evidence()
    chip = {"src": "x" * 1_000_000}
    kept = [made.add(str(n), chip) for n in range(30)]
    assert sum(kept) == len(made.chips) < 20
    assert len(json.dumps(made.chips)) < MOST_PICTURE_BYTES + 1_100_000


def test_pictures_that_cannot_be_had_are_said(sea_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sea_run, tmp_path / "run"))
    told = json.loads((folder / "run.json").read_text())
    told["study"]["catalog"]["url"] = str(tmp_path / "gone" / "catalog.json")
    (folder / "run.json").write_text(json.dumps(told))
    path, notes = page.write_report(folder)
    assert any(note.startswith("no pictures: ") for note in notes)
    assert block(path.read_text(), "evidence")["chips"] == {}


def test_the_command_writes_one_file_and_says_where(
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
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(out)]
    assert told["bytes"] == out.stat().st_size
    assert told["notes"][0].startswith("no pictures")


def test_the_bundle_is_built_from_these_sources() -> None:
    """What `build.mjs` wrote beside the bundle, worked out again without node."""
    sources = ["package.json", "package-lock.json", "tsconfig.json", "build.mjs"]
    sources += [f"src/{path.name}" for path in (WEB / "src").iterdir()]
    made = hashlib.sha256()
    for name in sorted(sources):
        made.update(f"{name}\n".encode() + (WEB / name).read_bytes())
    built = (shell.STATIC / "sources.sha256").read_text().strip()
    assert built == made.hexdigest(), "the page's script is not built from its sources: make page"


def test_the_bundle_builds_to_the_same_bytes(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "esbuild").is_dir():
        pytest.skip("node or its packages are absent: make page sets them up")
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=WEB, check=True)
    for path in sorted(shell.STATIC.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_bundle_names_no_place_that_it_came_from() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    licences = (shell.STATIC / "LICENCES.txt").read_text()
    for name in ("@observablehq/plot", "preact", "d3-scale"):
        assert f"\n{name} " in licences
