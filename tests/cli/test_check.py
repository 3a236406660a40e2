"""`gnomon check`: facts on standard output, a line for each fault on standard error."""

import re
from pathlib import Path

import geopandas as gpd
import pytest

from commands import called, strict_json, without_progress
from user_tables import IMAGES, SHIPS, changed, csv_file


def test_what_is_understood_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ships = csv_file(tmp_path / "ships.csv", SHIPS)
    images = csv_file(tmp_path / "images.csv", IMAGES)
    assert called(monkeypatch, "check", ships, images) == 0
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert lines[0] == f"{ships}: detections, 3 rows (CSV, UTF-8, separated by commas)"
    assert "  places    lon and lat" in lines
    assert "  times     2024-04-06 02:12 to 2024-04-11 02:12 UTC" in lines
    assert "  ports     rajin 3" in lines
    assert output.err == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_faults_are_exit_code_1_and_a_line_each(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    as_json: bool,
) -> None:
    table = changed(SHIPS, length_m=["98", "x", "-1"])
    ships = csv_file(tmp_path / "ships.csv", table)
    assert called(monkeypatch, "check", ships, *(["--json"] if as_json else [])) == 1
    output = capsys.readouterr()
    if as_json:
        document = strict_json(output.out)
        assert (document["exit_code"], document["files"]) == (1, [])
        (check,) = document["checks"]
        assert check["lacking"] == {"gnomon track": [], "gnomon load": []}
        lines = check["faults"]
    else:
        lines = output.err.splitlines()
    assert lines == [
        f"{ships}: row 2, length_m: 'x' is no number; leave it empty if it is not known",
        f"{ships}: row 3, length_m: -1 must be above 0",
    ]


# --- the pair of docs/your-own-tables.md, with what people do to it -------------------------------


def documented() -> dict[str, list[list[str]]]:
    """Cells of ships.csv and images.csv of the docs, their headers first."""
    page = (Path(__file__).parents[2] / "docs" / "your-own-tables.md").read_text()
    found = re.findall(r'```csv title="(\w+).csv"\n(.*?)```', page, re.DOTALL)
    return {name: [line.split(",") for line in text.splitlines()] for name, text in found}


def spoiled(tables: dict[str, list[list[str]]], what: str) -> None:
    ships, images = tables["ships"], tables["images"]
    if what == "images twice":
        images += [[f"copy-{row[0]}", *row[1:]] for row in images[1:]]
    elif what == "ships twice":
        ships += [[f"9{row[0]}", *row[1:]] for row in ships[1:]]
    elif what == "nowhere":
        ships[2][3:5] = "0", "0"
    elif what == "swapped":
        ships[2][3:5] = "42.75", "13.3"
    elif what in ("2042", "1942"):
        images[3][2] = images[3][2].replace("2024", what)
    elif what == "kilometres":
        for row in ships[1:]:
            row[5] = str(int(row[5]) / 1000)
    elif what == "short":
        ships[2][5] = "4.5"


FAULTS = {
    "images twice": (10, "images.csv: rows 1 and 13: images of port my-port of the same time"),
    "ships twice": (5, "ships.csv: rows 1 and 6: two ships at the same place in the same image"),
    "nowhere": (1, "ships.csv: row 2: lies at 0, 0; give its place"),
    "swapped": (1, "ships.csv: row 2: more than 20 km from the middle of the ships of port my-p"),
    "2042": (1, "images.csv: row 3, seen_at: 2042-04-05 is in the future; correct it"),
    "1942": (1, "images.csv: row 3, seen_at: 1942-04-05 is before the first satellite images"),
    "kilometres": (
        1,
        "ships.csv: length_m: no ship is longer than 0.098 m; are they in kilom",
    ),
    "short": (1, "ships.csv: row 2, length_m: 4.5 m is too short for a ship; is it in metres?"),
}


@pytest.mark.parametrize("what", list(FAULTS))
def test_check_and_track_refuse_the_same_of_the_documented_pair(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tables = documented()
    spoiled(tables, what)
    for name, rows in tables.items():
        Path(f"{name}.csv").write_text("\n".join(",".join(row) for row in rows))
    assert called(monkeypatch, "check", "ships.csv", "images.csv") == 1
    output = capsys.readouterr()
    count, first = FAULTS[what]
    lines = output.err.splitlines()
    assert (len(lines), lines[0][: len(first)]) == (count, first)
    # Nothing is said of the use of a file that is refused.
    bad, good = sorted(("ships.csv", "images.csv"), key=lambda name: not first.startswith(name))
    parts = re.split(r"^(?=\S+\.csv: )", output.out, flags=re.MULTILINE)
    said = {name: next(p for p in parts if p.startswith(name)) for name in (bad, good)}
    assert "can use it" not in said[bad]
    assert "assumed" not in said[bad]
    assert "can use it" in said[good]
    words = ("--detections", "ships.csv", "--observations", "images.csv", "--out", "out")
    assert called(monkeypatch, "track", *words) == 1
    error = without_progress(capsys.readouterr().err)
    assert error.removeprefix("gnomon: ").splitlines() == lines


def test_a_loading_port_that_no_table_has_is_named_with_those_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rows in documented().items():
        Path(f"{name}.csv").write_text("\n".join(",".join(row) for row in rows))
    why = "no port of [ledger] loading (my_port) is in the tables (they have my-port)"
    tables = ("--detections", "ships.csv", "--observations", "images.csv", "--out", "out")
    for loading, is_said in (("my_port", True), ("my-port", False)):
        Path("study.toml").write_text(f'[ledger]\nloading = ["{loading}"]\n[track]\ndraws = 50\n')
        study = ("--study", "study.toml")
        assert called(monkeypatch, "check", "ships.csv", "images.csv", *study) == 0
        assert (why in capsys.readouterr().out) == is_said
        assert called(monkeypatch, "track", *tables, *study) == 0
        assert (why in capsys.readouterr().err) == is_said


def test_a_folder_is_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("tables", "tables.csv"):
        folder = tmp_path / name
        folder.mkdir()
        tables = ("--detections", folder, "--observations", folder, "--out", tmp_path / "out")
        for words in (("check", folder), ("track", *tables)):
            assert called(monkeypatch, *words) == 1
            error = without_progress(capsys.readouterr().err)
            assert error.strip().removeprefix("gnomon: ") == f"{folder}: is a folder; name a file"


def test_coordinates_of_a_refused_file_are_not_taken_as_degrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = gpd.GeoDataFrame(SHIPS, geometry=gpd.points_from_xy(SHIPS["lon"], SHIPS["lat"]))
    frame = frame.drop(columns=["lon", "lat"])
    path = tmp_path / "ships.parquet"
    for lengths, is_said in (([98.0, 101.0, 80.0], True), ([98.0, 101.0, 4.0], False)):
        frame.assign(length_m=lengths).to_parquet(path)
        assert called(monkeypatch, "check", path) == int(not is_said)
        assert ("its coordinates are taken as degrees" in capsys.readouterr().out) == is_said


def test_of_many_faults_ten_are_shown_and_the_others_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = [f"2024-04-{n // 2 + 1:02d}T00:00:00Z" for n in range(26)]
    names = [f"s{n}" for n in range(26)]
    table = {"scene_id": names, "port": ["p"] * 26, "seen_at": times}
    path = csv_file(tmp_path / "images.csv", table)
    assert called(monkeypatch, "check", path) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[9].startswith(f"{path}: rows 19 and 20: images of port p")
    assert lines[10:] == [f"{path}: and 3 more"]
