"""Files before a run: what would be understood of each, and every fault."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pytest

from chip_folders import write_chips
from gnomon.datamodel.errors import TableError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.checking import COUNTERS
from gnomon.workflow.checking import FileCheck, check_files
from run_folders import write_review
from small_tables import observation, ship
from user_tables import IMAGES, SHIPS, changed, csv_file

STUDY = '[ports]\nnames = ["rajin"]\n[track.detection_columns]\nlength_m = "LOA"\n'


def checked(*paths: Path, study: Path | None = None) -> list[FileCheck]:
    return check_files(paths, study=study, readers=COUNTERS)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_of_tables_all_that_counts_is_said(tmp_path: Path) -> None:
    table = changed(SHIPS, length_m=None) | {"LOA": SHIPS["length_m"], "remark": ["", "x", ""]}
    ships = csv_file(tmp_path / "ships.csv", table, delimiter=";")
    images = csv_file(tmp_path / "images.csv", IMAGES)
    study = written(tmp_path, "study.toml", STUDY)
    first, second, third = checked(ships, images, study)
    assert (first.path, second.path, third.path) == (ships, images, study)
    assert (first.kind, first.rows) == ("detections", 3)
    assert first.form == "CSV, UTF-8, separated by semicolons"
    assert first.columns["length_m"] == "LOA"
    assert first.unused == ("remark",)
    assert first.place == "lon and lat"
    assert first.bounds_deg == pytest.approx((130.30, 42.20, 130.32, 42.22))
    assert (first.ports, first.inside) == ({"rajin": 3}, 3)
    assert first.uses == {"gnomon track": (), "gnomon load": ()}
    assert "no beam_m: the beam usual for the length assumed, 20 % off" in first.missing
    assert second.kind == "observations"
    assert f"{second.start:%d}, {second.end:%d}" == "06, 11"
    assert "no status: every image counts as observed" in second.missing
    assert third.kind == "study"
    assert third.notes == ("no [catalog]: good for gnomon track, not for gnomon run",)
    assert not any(check.faults for check in (first, second, third))
    # The study may also be given beside the files.
    assert checked(ships, images, study=study)[1] == first


def test_what_a_command_lacks_is_no_fault_if_another_can_use_the_table(tmp_path: Path) -> None:
    clicks = csv_file(tmp_path / "clicks.csv", changed(SHIPS, port=None, length_m=None))
    (check,) = checked(clicks)
    assert check.uses == {"gnomon track": ("port", "length_m"), "gnomon load": ()}
    assert check.faults == ()
    (check,) = checked(csv_file(clicks, changed(SHIPS, port=None, detection_id=None)))
    assert check.uses["gnomon load"] == ("detection_id",)
    (fault,) = check.faults
    assert fault.startswith(f"{clicks}: lacks port; rename a column")


def faults(*paths: Path, study: Path | None = None) -> list[str]:
    return [line for check in checked(*paths, study=study) for line in check.faults]


def test_faults_of_one_table_and_between_tables_come_together(tmp_path: Path) -> None:
    table = changed(SHIPS, scene_id=["s1", "s9", "s2"], length_m=["98", "x", "80"])
    ships = csv_file(tmp_path / "ships.csv", table)
    images = csv_file(tmp_path / "images.csv", IMAGES)
    assert [line.removeprefix(f"{ships}: ")[:28] for line in faults(ships, images)] == [
        "row 2, length_m: 'x' is no n",
        "row 2: ships without an imag",
    ]
    swapped = csv_file(ships, changed(SHIPS, lon=SHIPS["lat"], lat=["13.1", "13.2", "13.3"]))
    study = written(tmp_path, "study.toml", '[ports]\nnames = ["rajin"]\n')
    (line,) = faults(swapped, study=study)
    assert "3 ships of port rajin lie more than 20 km outside its area" in line


def test_a_geopackage_of_a_run_has_both_tables(tmp_path: Path) -> None:
    path = tmp_path / "run.gpkg"
    ship().drop(columns="footprint").to_file(path, layer="detections")
    observation().to_file(path, layer="observations")
    ships, images = checked(path)
    assert (ships.kind, images.kind) == ("detections", "observations")
    assert ships.place == "geometry (EPSG:4326)"
    assert ships.faults == images.faults == ()


KINDS = {"ports.geojson": "ports", "label-corrections.geojson": "corrections",
         "ship-types.geojson": "ship types", "embedded.toml": "study"}  # fmt: skip


@pytest.mark.parametrize("name", list(KINDS))
def test_files_with_a_form_of_their_own_are_known_by_it(name: str) -> None:
    path = shipped("configs") / name
    (check,) = checked(path)
    assert (check.kind, check.faults) == (KINDS[name], ())
    if path.suffix == ".geojson":
        assert check.rows == len(gpd.read_file(path))


def test_labels_beside_their_chips_are_checked(sea: Path, tmp_path: Path) -> None:
    made = write_chips(tmp_path / "chips", sea)
    (check,) = checked(made.path)
    assert (check.kind, check.faults) == ("labels", ())
    assert check.rows == len(gpd.read_file(made.path)) > 0
    text = made.path.read_text().replace('"unreviewed"', '"perhaps"', 1)
    made.path.write_text(text)
    (line,) = faults(made.path)
    assert line.startswith(f"{made.path}: feature ")
    assert "perhaps" in line


def test_without_a_file_there_is_nothing_to_check() -> None:
    with pytest.raises(TableError, match="name the files to check"):
        checked()


def test_a_review_and_a_study_with_faults_name_each(tmp_path: Path) -> None:
    good = write_review(tmp_path, detection_id="a")
    (check,) = checked(good)
    assert (check.kind, check.rows, check.faults) == ("review", 1, ())
    bad = write_review(tmp_path, decided_at="yesterday", type="boat")
    lines = faults(bad)
    assert len(lines) == 2
    assert all(line.startswith(f"{bad}: feature 1") for line in lines)
    study = written(tmp_path, "bad.toml", '[track]\ndrawz = 1\n[catalog]\nurl = ""\n')
    assert [line.split(": ")[1] for line in faults(study)] == ["catalog.url", "track.drawz"]
    study = written(tmp_path, "no-port.toml", '[ports]\nnames = ["atlantis"]\n')
    assert "has no port atlantis" in faults(study)[0]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("none.csv", None, "there is no such file"),
        ("list.csv", "a,b\n1,2\n", "is neither a table of ships (detection_id, length_m) nor of"),
        ("broken.geojson", "{", "cannot be read as GeoJSON"),
        ("one.csv", "a\n1\n", "one column, 'a'"),
    ],
)
def test_what_is_no_known_file_is_one_line(
    tmp_path: Path, name: str, text: str | None, why: str
) -> None:
    path = tmp_path / name if text is None else written(tmp_path, name, text)
    (line,) = faults(path)
    assert line.startswith(f"{path}: ")
    assert why in line


def image_notes(folder: Path, scenes: Sequence[str], ships: Sequence[str]) -> list[str]:
    times = [f"2024-04-{n + 1:02d}T00:00:00Z" for n in range(len(scenes))]
    images = changed({"scene_id": list(scenes), "seen_at": times}, port="p")
    hulls = changed({"scene_id": list(ships)}, port="p", length_m="90")
    tables = csv_file(folder / "s.csv", hulls), csv_file(folder / "i.csv", images)
    return [note for check in checked(*tables) for note in check.notes]


def test_images_that_all_have_ships_are_noted(tmp_path: Path) -> None:
    scenes = [f"s{n}" for n in range(3)]
    assert "port p: each of its 3 images shows a ship" in image_notes(tmp_path, scenes, scenes)[0]
    assert image_notes(tmp_path, scenes, scenes[:-1]) == []
