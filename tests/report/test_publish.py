"""An export says nothing of the author's disk, user and keys: every file of it is searched."""

import getpass
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.files import write_json
from gnomon.report.export.export import export_run
from gnomon.report.page.page import write_report
from gnomon.report.publish import is_address, public_text
from run_folders import ROWS, day, observation, season, write_run
from written import texts

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=3, max_size=8)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("red: /home/anna/build/one/red.tif is damaged", "red: one/red.tif is damaged"),
        ("cannot read 'C:\\Users\\anna\\x\\b.tif'", "cannot read 'x/b.tif'"),
        ("GET https://a:b@example.org/c.tif?sig=k: 403", "GET https://example.org/c.tif: 403"),
        ("no such file: file:///home/anna/x/b.tif", "no such file: x/b.tif"),
        ("90 % or 1/2, and/or red: <broken>", "90 % or 1/2, and/or red: <broken>"),
        ("in /srv/anna lee/run/one.tif", "in one.tif"),
    ],
)
def test_messages_keep_what_a_reader_needs(text: str, public: str) -> None:
    assert public_text(text, roots=("/srv/anna lee/run",)) == public


@given(st.lists(NAMES, min_size=3, max_size=6), NAMES)
def test_of_a_path_two_parts_are_left(parts: list[str], word: str) -> None:
    text = public_text(f"{word}: /{'/'.join(parts)} cannot be read")
    assert text == f"{word}: {'/'.join(parts[-2:])} cannot be read"


@given(NAMES, NAMES, NAMES)
def test_of_an_address_user_and_key_are_gone(user: str, key: str, name: str) -> None:
    text = public_text(f"(https://{user}:{key}@example.org/{name}.tif?sig={key}&se={user}) failed")
    assert text == f"(https://example.org/{name}.tif) failed"


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("https://example.org/a", True), ("s3://bucket/a", True), ("/home/a.json", False),
        ("a/b.json", False), ("file:///home/a.json", False), ("C:\\a.json", False),
    ],
)  # fmt: skip
def test_an_address_is_what_others_can_open(location: str, there: bool) -> None:
    assert is_address(location) == there


def test_no_file_of_an_export_names_the_disk_the_user_or_a_key(tmp_path: Path) -> None:
    home = tmp_path / "home of anna"
    local = home / "scenes" / "S2B_two" / "S2B_two.json"
    rows = [
        *ROWS["observations"][1],
        observation("S2A_lost", day(7), status="failed", reason=f"red: {local} is gone"),
        observation("S2A_denied", day(8), status="failed",
                    reason="https://anna:pass@example.org/red.tif?sig=secret: 403"),
    ]  # fmt: skip
    notes = season() | {"notes": f"no AIS; register {home}/registers/fleet.csv"}
    fleet = home / "registers" / "fleet.csv"
    fleet.parent.mkdir(parents=True)
    fleet.write_text("name\n")
    run = write_run(
        home / "runs" / "spring", catalog=str(home / "scenes" / "catalog.json"), observations=rows,
        seasons=[notes], study={"track": {"fleet": str(fleet)}},
    )  # fmt: skip
    values = pd.read_json(run / "run.json", typ="series").to_dict()
    values["sources"] = {
        "S2A_one": "https://anna:pass@stac.example.org/v1/one?sig=secret",
        "S2B_two": str(local),
        "S2B_empty": local.as_uri(),
    }
    write_json(values, run / "run.json")
    out = export_run(run, tmp_path / "out").folder
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".kmz", ".gpkg", ".parquet", ".csv", ".qgs"}
    user = re.escape(getpass.getuser())
    private = re.compile(rf"{re.escape(str(tmp_path))}|anna|secret|sig=|pass@|/{user}/")
    for path in files:
        for text in texts(path):
            assert not private.search(text), f"{path.name}: {private.search(text)}"
    kept = (out / "csv" / "observations.csv").read_text()
    assert "S2B_two/S2B_two.json is gone" in kept
    assert "https://example.org/red.tif: 403" in kept


def test_a_page_gives_away_neither_folders_nor_keys(tmp_path: Path) -> None:
    """Links of items are those that others can open, without what signs them."""
    home = tmp_path / "home" / "jane-doe" / "secret-project"
    observation_ = observation("S2A_broken", day(5), status="failed", reason=(
        f"{home}/images/b04.tif: cannot be read; https://x.org/b04.tif?sig=KEY: HTTP 403"
    ))  # fmt: skip
    run = write_run(home / "runs" / "run", observations=[observation_])
    values = json.loads((run / "run.json").read_text())
    values["sources"] = {
        "S2A_one": "https://user:word@stac.example.org/one?sig=KEY",
        "S2B_two": f"{home}/images/two.json",
    }
    (run / "run.json").write_text(json.dumps(values))
    write_report(run)
    page = (run / "report.html").read_text(encoding="utf-8")
    for secret in ("secret-project", "jane-doe", "KEY", "user:word", str(tmp_path)):
        assert secret not in page, secret
    assert "https://stac.example.org/one" in page
    assert "images/b04.tif: cannot be read" in page
