"""CITATION.txt: enough to cite a run and to repeat it, in lines of 79 characters."""

import json
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Observations
from gnomon.report.credits import image_credits
from gnomon.report.export.citation import citation, sha256
from gnomon.report.export.export import export_run
from gnomon.report.load_tables import INFERRED, Run, read_run
from gnomon.report.numbers import published_sentences
from run_folders import ROWS, day, observation, write_effects, write_review, write_run


def section(text: str, title: str) -> str:
    """Text of a section, in one line."""
    block = text[text.index(f"{title}\n") + len(title) :]
    return " ".join(block.split("\n\n")[0].split())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = write_run(tmp_path_factory.mktemp("run"))
    write_review(folder, reviewer="A. Analyst")
    write_effects(folder)
    return read_run(folder)


@pytest.fixture(scope="module")
def text(run: Run) -> str:
    return citation(run, version="7.8.9", exported_on="2025-01-02")


def test_a_run_is_cited_by_versions_name_and_days(text: str) -> None:
    assert section(text, "HOW TO CITE") == (
        f'gnomon {version("gnomon")}, run "spring" of 2024-12-01, images of 6 Apr to 12 Apr 2024; '
        "exported 2025-01-02 with gnomon 7.8.9. Contains modified Copernicus Sentinel data 2024."
    )


def test_the_method_has_no_more_than_the_study_asked_for(text: str, tmp_path: Path) -> None:
    counted = {"load": {"enabled": False}, "track": {"enabled": False}}
    run = read_run(write_run(tmp_path, study=counted, names=("detections", "observations")))
    method = section(citation(run, version="7", exported_on="2025-01-02"), "METHOD")
    assert "No loads were estimated. No visits were inferred." in method
    assert "laden" not in method
    assert "Poisson process" in section(text, "METHOD")


def test_findings_have_their_period_and_the_interval_before_the_middle(run: Run, text: str) -> None:
    found = section(text, "WHAT IT FOUND")
    sentences = published_sentences(run.seasons, run.ledger, run.loading)
    assert len(sentences) >= 3
    assert found.startswith(" ".join(sentences))
    assert found.startswith("Rajin, 1 Apr to 6 May 2024: 1 to 7 visits")
    assert found.index("1 to 7 visits") < found.index("middle 3")


def test_the_csv_files_have_the_same_findings_beside_them(run: Run, tmp_path: Path) -> None:
    out = export_run(run.folder, tmp_path / "out", formats=("csv",)).folder
    notes = " ".join((out / "csv" / "README.txt").read_text(encoding="utf-8").split())
    for sentence in published_sentences(run.seasons, run.ledger, run.loading):
        assert sentence in notes
    names = {path.name for path in (out / "csv").glob("*.csv")}
    assert all(name in notes for name in names)
    assert "SIMULATED" not in notes
    assert all("simulated" not in pd.read_csv(path) for path in (out / "csv").glob("*.csv"))


def test_images_are_counted_by_satellite(text: str) -> None:
    images = section(text, "IMAGES")
    assert (
        "sentinel-2-l2a, sentinel-2a: 2 scenes from 2024-04-06 to 2024-04-11, "
        "1 of 2 observations made"
    ) in images
    assert "sentinel-2b: 2 scenes from 2024-04-09 to 2024-04-12, 2 of 2" in images
    assert "Catalogue: https://stac.example.org/v1" in images


def test_sources_versions_and_weights_are_named(text: str) -> None:
    assert "Register of ships: fleet.csv of gnomon" in section(text, "OTHER SOURCES")
    assert "AIS: none" in section(text, "OTHER SOURCES")
    assert "torch 2.13" in section(text, "VERSIONS")
    assert f"{'ab' * 32} weights s2-vessel 0.1.0" in section(text, "DIGESTS (SHA-256)")
    digest = f"{'cd' * 32} which ships call and how they are seen: small-tankers"
    assert digest in section(text, "DIGESTS (SHA-256)")
    assert "Apache-2.0" in section(text, "LICENCES")


def test_digests_are_read_by_sha256sum(run: Run, text: str) -> None:
    lines = [line for line in text.splitlines() if line.endswith((".parquet", ".json", ".geojson"))]
    digests = [line for line in lines if len(line.split("  ")[0]) == 64]
    assert len(digests) == len(ROWS) + 3
    subprocess.run(
        ["sha256sum", "-c", "-"], input="\n".join(digests), text=True, cwd=run.folder, check=True
    )
    for line in digests:
        digest, name = line.split("  ")
        assert sha256(run.folder / name) == digest


@given(st.text(st.characters(codec="ascii", categories=["L", "Zs"]), max_size=300))
def test_prose_is_wrapped_and_no_word_of_it_is_lost(run: Run, words: str) -> None:
    assert run.study is not None
    described = run.study.model_copy(update={"description": words})
    made = citation(Run(**{**vars(run), "study": described}), version="1", exported_on="2025-01-02")
    prose = made[: made.index("DIGESTS")].splitlines()
    assert max(len(line) for line in prose if " " in line) <= 79
    assert " ".join(words.split()) in " ".join(made.split())


def test_credit_is_given_for_the_years_of_real_images_only() -> None:
    rows = [
        observation("S2A_a", day(0)),
        observation("S2A_b", day(300)),
        observation("S2A_c", day(800), status="failed"),
        observation("own", day(1200), platform="planetscope", collection="own"),
        observation("S2A_d", day(1600), collection="synthetic-sentinel-2"),
    ]
    assert image_credits(table(Observations, rows)) == [
        "Contains modified Copernicus Sentinel data 2024, 2025."
    ]
    assert image_credits(table(Observations, rows[3:])) == []


def test_the_decisions_that_were_used_are_named_with_the_numbers_without_them(text: str) -> None:
    found = section(text, "WHAT IT FOUND")
    assert "1 decision of an analyst (A. Analyst) was used; without it: 489,000 barrels" in found
    assert "not yet in these numbers" not in found


def test_a_review_newer_than_the_numbers_is_no_source_of_them(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    write_review(run, reviewer="A. Analyst")
    made = export_run(run, tmp_path / "out", pictures=False)
    words = "1 decision in review.geojson is not yet in these numbers: run gnomon track again."
    text = (made.folder / "CITATION.txt").read_text()
    assert words in section(text, "WHAT IT FOUND")
    assert "A. Analyst" not in text
    assert "review.geojson" not in section(text, "DIGESTS (SHA-256)")
    assert words in " ".join((made.folder / "csv" / "README.txt").read_text().split())
    assert words in made.notes
    with zipfile.ZipFile(made.folder / "gnomon.kmz") as kmz:
        assert words in kmz.read("doc.kml").decode()


def test_simulated_scenes_are_marked_in_every_text(tmp_path: Path) -> None:
    observations = [observation("S2A_one", day(0), collection="synthetic-sentinel-2", detections=0)]
    run = write_run(tmp_path / "run", observations=observations)
    out = export_run(run, tmp_path / "out", pictures=False).folder
    for name in INFERRED[:-1]:
        assert pd.read_csv(out / "csv" / f"{name}.csv").simulated.eq(True).all()
    assert "SIMULATED" in (out / "CITATION.txt").read_text()
    assert "SIMULATED" in json.loads((out / "stac/collection.json").read_text())["description"]
    text = (out / "CITATION.txt").read_text()
    assert "Copernicus" not in text
    assert section(text, "HOW TO CITE").startswith("SIMULATED. gnomon ")
    assert section(text, "WHAT IT FOUND").count("SIMULATED. ") >= 3
    assert "SIMULATED" in (out / "csv" / "README.txt").read_text()


def test_a_run_without_run_json_is_cited_as_far_as_it_is_known(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "harbour", described=False)
    made = citation(read_run(folder), version="1", exported_on="2025-01-02")
    assert 'gnomon of an unknown version, run "harbour" of an unknown day' in " ".join(made.split())
    assert "VERSIONS" not in made
    assert "OTHER SOURCES" not in made
