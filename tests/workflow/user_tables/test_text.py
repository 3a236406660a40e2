"""Bytes to cells: every dialect of one table gives the same cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.workflow.user_tables.text import DELIMITERS, decode_text, read_text_table
from user_tables import csv_text

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
# Surrogates are no text, a bare return ends a line, and blanks around a cell mean nothing; the
# first character of a file of UTF-16 without a mark must be recognisable.
characters = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff\ufffe")
cells = st.text(characters, max_size=12) | st.sampled_from(['"', "a;b", "1,5", "x\ny", "'", "\t"])


@given(
    rows=st.lists(st.tuples(cells, cells, st.sampled_from(["1", "2.5"])), min_size=1, max_size=6),
    delimiter=st.sampled_from(list(DELIMITERS)),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(ENCODINGS),
)
def test_every_dialect_gives_the_cells_back(
    rows: list[tuple[str, str, str]], delimiter: str, newline: str, encoding: str
) -> None:
    columns = dict(zip(("scene_id", "name", "length_m"), zip(*rows, strict=True), strict=True))
    text = csv_text(columns, delimiter=delimiter, newline=newline)
    read = read_text_table(text.encode(encoding))
    assert read.header == ("scene_id", "name", "length_m")
    assert [row for _, row in read.rows] == rows
    assert [number for number, _ in read.rows] == list(range(len(rows)))
    assert read.delimiter == delimiter
    assert read.encoding == encoding.upper().replace("-SIG", "").replace("-LE", "").replace(
        "-BE", ""
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("scene_id,identity\ns1,Владивосток\ns2,Находка\n", "cp1251"),
        ("scene_id,identity\ns1,Åland Müller\ns2,Peña é\n", "cp1252"),
    ],
)
def test_windows_text_is_recognised(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == (text, encoding)


def test_excels_own_line_and_blank_ends_are_no_rows() -> None:
    read = read_text_table(b"sep=;\r\na;b;;\r\n1;2;;\r\n\r\n;;;\r\n3;4;;\r\n")
    assert read.header == ("a", "b")
    assert read.rows == ((0, ("1", "2")), (3, ("3", "4")))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"a,b\n1\n1,2\n1,2,3\n", "row 1: has 1 cells, the header 2"),
        (b"a,b\n1\n1,2\n1,2,3\n", "row 3: has 3 cells, the header 2"),
        (b'a,b\n"1,2\n', "quotes do not match"),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x07\xd0\x00\x01",
            "neither a table nor text",
        ),
        ("a,b\n1,2".encode("utf-16") + b"\x00", "is damaged UTF-16"),
    ],
)
def test_what_is_no_table_is_said(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_text_table(data)
