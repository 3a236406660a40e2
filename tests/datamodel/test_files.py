"""Files and folders are whole or as they were, wherever writing stops."""

import errno
import os
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb
import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel import files
from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import (
    file_name,
    read_places,
    read_table,
    write_folder_whole,
    write_json,
    write_table,
    write_text,
    write_whole,
)
from small_tables import observation, ship

CONTENTS = st.dictionaries(st.sampled_from(["a", "b", "c/d"]), st.binary(max_size=20))


def content(folder: Path) -> dict[str, bytes]:
    """All files under a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def fill(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@given(first=CONTENTS, second=CONTENTS)
def test_a_folder_is_replaced_by_the_new_one_and_nothing_else_remains(
    first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "deep" / "folder"
        for written in (first, second):
            write_folder_whole(place, partial(fill, files=written))
            assert content(place) == written
        assert [p.name for p in place.parent.iterdir()] == ["folder"]


@given(before=CONTENTS, part=CONTENTS, fault=st.sampled_from([OSError, KeyboardInterrupt]))
def test_a_folder_whose_writing_fails_stays_as_it_was(
    before: dict[str, bytes], part: dict[str, bytes], fault: type[BaseException]
) -> None:
    def stop(folder: Path) -> None:
        fill(folder, part)
        raise fault(errno.ENOSPC, "No space left on device")

    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "folder"
        write_folder_whole(place, lambda f: fill(f, before))
        with pytest.raises(StoreError if fault is OSError else fault):
            write_folder_whole(place, stop)
        assert content(place) == before
        assert [p.name for p in place.parent.iterdir()] == ["folder"]


def test_a_folder_that_cannot_take_its_place_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "folder"
    write_folder_whole(place, lambda f: fill(f, {"a": b"old"}))
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        write_folder_whole(place, lambda f: fill(f, {"a": b"new"}))
    assert content(tmp_path) == {"folder/a": b"old"}


@given(st.text(), st.text())
def test_text_is_written_as_utf_8_over_what_was_there(old: str, new: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "note.txt"
        for text in (old, new):
            try:
                expected = text.encode()
            except UnicodeEncodeError:
                continue
            write_text(text, path)
            assert path.read_bytes() == expected.replace(b"\n", os.linesep.encode())


@pytest.mark.parametrize("fault", [OSError, ValueError, KeyboardInterrupt])
def test_a_file_whose_writing_fails_stays_as_it_was(
    tmp_path: Path, fault: type[BaseException]
) -> None:
    def stop(path: Path) -> None:
        path.write_bytes(b"half")
        raise fault(errno.ENOSPC, "No space left on device")

    write_json({"a": [1, None, "ä"]}, tmp_path / "value.json")
    before = content(tmp_path)
    assert b"\xc3\xa4" in before["value.json"]
    with pytest.raises(StoreError if fault is OSError else fault):
        write_whole(tmp_path / "value.json", stop)
    assert content(tmp_path) == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match=r"file/below/x\.json: cannot be written"):
        write_json({}, tmp_path / "file" / "below" / "x.json")
    with pytest.raises(StoreError, match="file/below: cannot be written"):
        write_folder_whole(tmp_path / "file" / "below", lambda _: None)


def test_an_interrupted_overwrite_keeps_the_old_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ships.parquet"
    write_table(ship(), path)

    def interrupted(frame: gpd.GeoDataFrame, path: Path, compression: str) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_table(ship("b"), path)
    assert list(read_table(path).scene_id) == ["a"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_that_is_not_there_or_not_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text("not parquet")
    for name in ("none.parquet", "bad.parquet"):
        for read, form in ((read_table, "Parquet"), (read_places, "GeoParquet")):
            with pytest.raises(StoreError, match=rf"{name}: cannot be read as {form} \("):
                read(tmp_path / name)


def test_a_table_is_read_with_its_geometries_if_it_has_any(tmp_path: Path) -> None:
    plain = pd.DataFrame({"port": ["a", None], "barrels": [1.5, 2.5]})
    for name, frame in (("plain", plain), ("places", ship())):
        write_table(frame, tmp_path / f"{name}.parquet")
        read = read_table(tmp_path / f"{name}.parquet")
        assert type(read) is type(frame)
        pd.testing.assert_frame_equal(read, frame)
    with pytest.raises(StoreError, match="cannot be read as GeoParquet"):
        read_places(tmp_path / "plain.parquet")


def test_duckdb_reads_the_tables_and_their_times_are_utc(tmp_path: Path) -> None:
    write_table(ship(), tmp_path / "ships.parquet")
    write_table(observation(), tmp_path / "observations.parquet")
    rows = duckdb.sql(
        f"select d.port, d.length_m, epoch(d.seen_at), l.zones->>'pier 1' "
        f"from '{tmp_path}/ships.parquet' d join '{tmp_path}/observations.parquet' l "
        "using (scene_id)"
    ).fetchall()
    assert rows == [("rajin", 98.0, datetime(2024, 4, 6, 2, 12, tzinfo=UTC).timestamp(), "0.5")]


def test_values_that_were_not_measured_are_null_in_the_file(tmp_path: Path) -> None:
    write_table(ship(), tmp_path / "ships.parquet")
    nulls = duckdb.sql(
        f"select freeboard_m is null, p_tanker is null, load_state is null "
        f"from '{tmp_path}/ships.parquet'"
    ).fetchall()
    assert nulls == [(True, True, True)]


@given(st.text(max_size=300), st.sampled_from(["", ".png"]))
def test_a_name_from_outside_is_one_part_of_a_path(text: str, suffix: str) -> None:
    name = file_name(text, suffix)
    assert set(name) <= set("-._") | {c for c in map(chr, range(128)) if c.isalnum()}
    assert Path(name).name == name
    assert not name.startswith(".")
    assert len(name) <= 140
    assert file_name(name.removesuffix(suffix), suffix) == name


@pytest.mark.parametrize("text", ["S2B_53TLH_20240403_0_L2A", "S2B_x-e512340-n4712340", "a.b"])
def test_an_id_that_is_a_name_stays_as_it_is(text: str) -> None:
    assert file_name(text, ".png") == f"{text}.png"


@given(st.sets(st.text(max_size=4), min_size=2, max_size=2))
def test_two_ids_do_not_get_one_name(texts: set[str]) -> None:
    one, other = texts
    assert file_name(one) != file_name(other)


@pytest.mark.parametrize(
    "text", ["../../../evil", "/etc/evil", "..", "", "C:\\evil", "a/../b", "NUL"]
)
def test_no_id_leads_out_of_its_folder(text: str, tmp_path: Path) -> None:
    path = tmp_path / file_name(text, ".png")
    assert path.resolve().parent == tmp_path.resolve()
    assert file_name(text).upper() not in ("", "NUL")
