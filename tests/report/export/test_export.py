"""Exports as a whole: all or nothing, no file of others is touched, gaps are noted."""

import errno
import hashlib
import json
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from gnomon.datamodel.errors import GnomonError, StoreError
from gnomon.report.export import export as exports
from gnomon.report.export.export import export_run
from gnomon.report.load_tables import OTHERS, read_run
from run_folders import IDS, ROWS, day, observation, ship, write_review, write_run


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_an_export_has_everything_of_the_run(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    made = export_run(run, out, pictures=False)
    files = names(out)
    assert {path.relative_to(out).as_posix() for path in made.files} == files
    assert {f"csv/{name}.csv" for name in ROWS} <= files
    assert {
        f"geojson/{name}.geojson" for name in ("detections", "observations", "visits", "voyages")
    } <= files
    assert {
        "gnomon.gpkg",
        "gnomon.qgs",
        "gnomon.kmz",
        "CITATION.txt",
        "export.json",
        "stac/collection.json",
    } <= files
    assert made.notes == ()
    assert made.rows == {name: len(rows) for name, (_, rows) in ROWS.items()}
    digests = json.loads((out / "export.json").read_text())["files"]
    assert set(digests) == files - {"export.json"}
    for name, digest in digests.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    # Signatures are not handed on, nor where things lie on the writer's disk.
    for path in made.files:
        if path.suffix in (".json", ".txt", ".geojson", ".csv"):
            assert "secret" not in path.read_text(encoding="utf-8")
            assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_a_run_that_only_found_ships_is_exported_without_visits(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", names=("detections", "observations"))
    made = export_run(run, tmp_path / "out", pictures=False)
    assert set(made.rows) == {"detections", "observations"}
    assert [note.split(" ")[0] for note in made.notes] == [
        "visits.parquet", "seasons.parquet", "voyages.parquet", "ledger.parquet",
        "cumulative.parquet",
        "further_passes.parquet",
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
    values = json.loads((run / "run.json").read_text())
    values["versions"]["gnomon"] = "9.9.9"
    values["study"]["flux"] = {"capacitor": 1}
    (run / "run.json").write_text(json.dumps(values))
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


@pytest.mark.parametrize("what", ["nothing", "empty folder", "file", "no observations"])
def test_a_folder_that_is_no_run_is_refused_and_nothing_is_written(
    tmp_path: Path, what: str
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    if what == "empty folder":
        run.mkdir()
    elif what == "file":
        run.write_text("x")
    elif what == "no observations":
        write_run(run, names=("detections",))
    with pytest.raises(GnomonError) as caught:
        export_run(run, out)
    assert "\n" not in str(caught.value)
    assert "is not the folder of a run" in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"run"}


def test_unknown_formats_are_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    with pytest.raises(StoreError, match="unknown format shp; choose from gpkg, geojson, kml"):
        export_run(run, tmp_path / "out", formats=("csv", "shp"))
    with pytest.raises(StoreError, match="name at least one format"):
        export_run(run, tmp_path / "out", formats=())


# --- files of others -----------------------------------------------------------


def test_an_earlier_export_is_replaced_as_a_whole(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    export_run(run, out, pictures=False)
    export_run(run, out, formats=("csv",))
    files = {f"csv/{name}.csv" for name in ROWS}
    assert names(out) == {"CITATION.txt", "export.json", "csv/README.txt", *files}
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


def test_decisions_are_exported_and_the_review_is_not_changed(tmp_path: Path) -> None:
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


def test_without_the_catalogue_only_pictures_are_missing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", catalog=str(tmp_path / "gone" / "catalog.json"))
    made = export_run(run, tmp_path / "out", formats=("kml",))
    assert made.without_pictures
    assert len(made.notes) == 1
    assert made.notes[0].startswith("no pictures: ")
    assert (tmp_path / "out" / "gnomon.kmz").is_file()


def test_radar_has_no_pictures_without_a_note(tmp_path: Path) -> None:
    ships = [ship("S1A_one-1", day(0), 130.3, sensor="sar", platform="sentinel-1a")]
    observations = [observation("S1A_one", day(0), sensor="sar", platform="sentinel-1a")]
    gone = str(tmp_path / "gone.json")
    run = write_run(
        tmp_path / "run", catalog=gone, detections=ships, observations=observations, visits=[]
    )
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


def test_what_was_inferred_from_other_tables_is_not_exported(tmp_path: Path) -> None:
    """Nor as a table without rows, which would say that there were no visits."""
    run = write_run(tmp_path / "run", detections=[])
    made = export_run(run, tmp_path / "out", pictures=False)
    assert set(made.rows) == {"detections", "observations"}
    assert OTHERS in made.notes
    assert not any("visits" in name or "ledger" in name for name in names(made.folder))
    text = (made.folder / "CITATION.txt").read_text()
    assert "WHAT IT FOUND" not in text
    assert "visits.parquet" not in text
