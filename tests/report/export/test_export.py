"""Exports as a whole: all or nothing, nobody else's files, what is missing is said."""

import errno
import hashlib
import json
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from gnomon.datamodel.errors import GnomonError, StoreError
from gnomon.datamodel.tables import Observations, table
from gnomon.report.export import export as exports
from gnomon.report.export.citation import image_credits
from gnomon.report.export.export import export_run
from gnomon.report.load_tables import public_location, read_run
from run_folders import IDS, ROWS, day, observation, ship, write_review, write_run


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_everything_that_a_run_has_is_there(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    made = export_run(run, out, pictures=False)
    files = names(out)
    assert {path.relative_to(out).as_posix() for path in made.files} == files
    assert {f"csv/{name}.csv" for name in ROWS} <= files
    assert {
        f"geojson/{name}.geojson" for name in ("detections", "observations", "visits", "voyages")
    } <= files
    assert {"gnomon.kmz", "CITATION.txt", "export.json", "stac/collection.json"} <= files
    assert made.notes == ()
    assert made.rows == {name: len(rows) for name, (_, rows) in ROWS.items()}
    told = json.loads((out / "export.json").read_text())["files"]
    assert set(told) == files - {"export.json"}
    for name, digest in told.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    # Signatures are not handed on, nor where things lie on the writer's disk.
    for path in made.files:
        if path.suffix in (".json", ".txt", ".geojson", ".csv"):
            assert "secret" not in path.read_text(encoding="utf-8")
            assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_the_citation_has_what_is_needed_to_do_it_again(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    write_review(run)
    export_run(run, out, formats=("csv",))
    text = (out / "CITATION.txt").read_text(encoding="utf-8")
    assert names(out) == {"CITATION.txt", "export.json", *(f"csv/{name}.csv" for name in ROWS)}
    for word in (f"gnomon {version('gnomon')}", "torch 2.13", "https://stac.example.org/v1",
                 "s2-vessel", "ab" * 32, "Apache-2.0",
                 "1 of 2 observations made", "review.geojson",
                 "Contains modified Copernicus Sentinel data 2024."):  # fmt: skip
        assert " ".join(word.split()) in " ".join(text.split()), word
    prose = text[: text.index("DIGESTS")]
    assert max(map(len, prose.splitlines())) <= 79
    assert "SIMULATED" not in text
    # sha256sum reads the digests.
    lines = [line for line in text.splitlines() if line.endswith((".parquet", ".json", ".geojson"))]
    listed = "\n".join(line for line in lines if len(line.split("  ")[0]) == 64)
    subprocess.run(["sha256sum", "-c", "-"], input=listed, text=True, cwd=run, check=True)


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


def test_simulated_scenes_say_so_everywhere(tmp_path: Path) -> None:
    observations = [observation("S2A_one", day(0), collection="synthetic-sentinel-2", detections=0)]
    run = write_run(tmp_path / "run", observations=observations, detections=[])
    out = export_run(run, tmp_path / "out", pictures=False).folder
    assert "SIMULATED" in (out / "CITATION.txt").read_text()
    assert "SIMULATED" in json.loads((out / "stac/collection.json").read_text())["description"]
    assert "Copernicus" not in (out / "CITATION.txt").read_text()


def test_paths_of_the_writer_are_told_by_their_end() -> None:
    assert public_location("/home/anna/secret project/scenes/catalog.json") == "scenes/catalog.json"
    assert public_location("https://example.org/stac?key=1") == "https://example.org/stac"


def test_a_run_that_only_found_ships_is_exported_without_visits(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", names=("detections", "observations"))
    made = export_run(run, tmp_path / "out", pictures=False)
    assert set(made.rows) == {"detections", "observations"}
    assert [note.split(" ")[0] for note in made.notes] == [
        "visits.parquet", "seasons.parquet", "voyages.parquet", "ledger.parquet",
    ]  # fmt: skip
    assert not any("visits" in name for name in names(made.folder))


def test_a_damaged_table_is_left_out_and_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "visits.parquet").write_bytes(b"PAR1 half")
    made = export_run(run, tmp_path / "out", pictures=False)
    assert "visits" not in made.rows
    assert any("visits.parquet cannot be read" in note for note in made.notes)


def test_a_run_of_another_version_is_exported_as_far_as_it_goes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    for name, lost in (
        ("detections", ["footprint", "log_lr_laden", "p_tanker"]),
        ("observations", ["usable_fraction", "sun_azimuth_deg"]),
        ("visits", ["p_laden_out", "arrived_p50"]),
    ):
        frame = gpd.read_parquet(run / f"{name}.parquet").drop(columns=lost)
        frame.assign(of_the_future="<b>").to_parquet(run / f"{name}.parquet")
    told = json.loads((run / "run.json").read_text())
    told["versions"]["gnomon"] = "9.9.9"
    told["study"]["flux"] = {"capacitor": 1}
    (run / "run.json").write_text(json.dumps(told))
    made = export_run(run, tmp_path / "out")
    text = "\n".join(made.notes)
    assert "detections.parquet is from another version: it lacks footprint, p_tanker" in text
    assert "gnomon 9.9.9" in text
    assert "no pictures" in text
    assert made.without_pictures
    assert made.rows["detections"] == 3
    back = pd.read_csv(made.folder / "csv" / "detections.csv")
    assert list(back.detection_id) == list(IDS)
    assert back.p_tanker.isna().all()


@pytest.mark.parametrize("what", ["nothing", "empty folder", "file", "no looks"])
def test_what_is_no_run_is_one_line_and_nothing_is_written(tmp_path: Path, what: str) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    if what == "empty folder":
        run.mkdir()
    elif what == "file":
        run.write_text("x")
    elif what == "no looks":
        write_run(run, names=("detections",))
    with pytest.raises(GnomonError) as caught:
        export_run(run, out)
    assert "\n" not in str(caught.value)
    assert "is not the folder of a run" in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"run"}


def test_formats_are_known(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    with pytest.raises(StoreError, match="unknown format shp; choose from geojson, kml, csv, stac"):
        export_run(run, tmp_path / "out", formats=("csv", "shp"))
    with pytest.raises(StoreError, match="name at least one format"):
        export_run(run, tmp_path / "out", formats=())


# --- what is there is nobody's to lose -----------------------------------------------------------


def test_an_earlier_export_is_replaced_as_a_whole(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    export_run(run, out, pictures=False)
    export_run(run, out, formats=("csv",))
    assert names(out) == {"CITATION.txt", "export.json", *(f"csv/{name}.csv" for name in ROWS)}
    assert {path.name for path in tmp_path.iterdir()} == {"run", "out"}


@pytest.mark.parametrize("what", ["own folder", "added", "changed", "run itself", "around", "link"])
def test_anything_else_is_refused_and_kept(tmp_path: Path, what: str) -> None:
    run, out = write_run(tmp_path / "deep" / "run"), tmp_path / "out"
    if what == "own folder":
        out.mkdir()
        (out / "thesis.txt").write_text("mine")
    elif what in ("added", "changed"):
        export_run(run, out, formats=("csv",))
        (out / ("notes.txt" if what == "added" else "CITATION.txt")).write_text("mine")
    elif what == "run itself":
        out = run
    elif what == "around":
        out = tmp_path / "deep"
    else:
        (tmp_path / "real").mkdir()
        out.symlink_to(tmp_path / "real")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with pytest.raises(StoreError, match=r"name another|move it|name a folder"):
        export_run(run, out)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


@pytest.mark.parametrize("step", ["write_kmz", "write_stac", "citation", "_manifest"])
def test_a_full_disk_leaves_the_earlier_export_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    export_run(run, out, formats=("csv",))
    before = {name: (out / name).read_bytes() for name in names(out)}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exports, step, full)
    with pytest.raises(StoreError, match="No space left on device"):
        export_run(run, out, pictures=False)
    assert {name: (out / name).read_bytes() for name in names(out)} == before
    assert {path.name for path in tmp_path.iterdir()} == {"run", "out"}


# --- decisions -----------------------------------------------------------------------------------


def test_decisions_go_along_and_the_review_is_left_as_it_is(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    note = "<script>alert('rust')</script>"
    path = write_review(run, note=note, type="tanker", identity="Un Hung", reviewer="A")
    before = path.read_bytes()
    made = export_run(run, out, pictures=False)
    assert made.unmatched == ()
    assert path.read_bytes() == before
    back = gpd.read_file(out / "geojson" / "detections.geojson")
    assert list(back.review_decision.fillna("")) == ["accept", "", ""]
    assert back.review_note.iloc[0] == note
    ships = gpd.read_file(out / "gnomon.kmz", layer="Ships: rajin")
    assert ships.review_note.iloc[0] == note
    assert "<script" not in ships.description.iloc[0]
    assert "&lt;script&gt;" in ships.description.iloc[0]


def test_decisions_about_other_ships_are_reported_and_faulty_ones_refused(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    write_review(run, detection_id="gone")
    made = export_run(run, out, pictures=False)
    assert [one.detection_id for one in made.unmatched] == ["gone"]
    write_review(run, decision="perhaps")
    shutil.rmtree(out)
    with pytest.raises(GnomonError, match="feature 1"):
        export_run(run, out)
    assert not out.exists()


# --- pictures ------------------------------------------------------------------------------------


def test_a_catalogue_that_is_gone_costs_the_pictures_only(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", catalog=str(tmp_path / "gone" / "catalog.json"))
    made = export_run(run, tmp_path / "out", formats=("kml",))
    assert made.without_pictures
    assert len(made.notes) == 1
    assert made.notes[0].startswith("no pictures: ")
    assert (tmp_path / "out" / "gnomon.kmz").is_file()


def test_radar_has_no_pictures_and_that_is_no_fault(tmp_path: Path) -> None:
    ships = [ship("S1A_one-1", day(0), 130.3, sensor="sar", platform="sentinel-1a")]
    observations = [observation("S1A_one", day(0), sensor="sar", platform="sentinel-1a")]
    gone = str(tmp_path / "gone.json")
    run = write_run(tmp_path / "run", catalog=gone, detections=ships, observations=observations)
    made = export_run(run, tmp_path / "out")
    assert not made.without_pictures
    assert made.notes == ()


def test_sources_come_from_the_run_or_from_the_api(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    export_run(run, out, formats=("stac",))
    found = {
        path.parent.name: [
            link["href"]
            for link in json.loads(path.read_text())["links"]
            if link["rel"] == "derived_from"
        ]
        for path in out.glob("stac/*/*.json")
    }
    api = "https://stac.example.org/v1/collections/sentinel-2-l2a/items"
    assert found == {
        "S2A_one-rajin": ["https://stac.example.org/v1/one"],
        "S2B_two-rajin": [f"{api}/S2B_two"],
        "S2B_empty-everywhere": [f"{api}/S2B_empty"],
    }
    assert read_run(run).notes == ()
