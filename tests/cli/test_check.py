"""`gnomon check`: facts on standard output, a line for each fault on standard error."""

from pathlib import Path

import pytest

from commands import called, strict_json
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
