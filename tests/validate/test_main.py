"""`make validate` replaces the parts that are asked for and leaves the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.validate import __main__ as command
from gnomon.validate.__main__ import main, placed

words = st.text(st.characters(codec="ascii", exclude_characters="<>"), max_size=40)


def test_a_part_of_the_document_is_replaced_and_the_others_stay():
    document = placed(placed("# Title\n", "load", "old \\1"), "ships", "real")
    again = placed(document, "load", "new \\1")
    assert again == document.replace("old", "new")


@given(words, words, words)
def test_placing_twice_is_placing_once(before, first, second):
    document = placed(before, "load", first)
    assert placed(document, "load", first) == document
    assert placed(document, "load", second) == placed(placed(before, "load", "x"), "load", second)


@pytest.fixture
def docs(tmp_path, monkeypatch):
    (tmp_path / "validation.md").write_text("# Worth\n\n<!-- load -->\nold\n<!-- /load -->\n")
    monkeypatch.setattr(command, "DOCS", tmp_path)
    monkeypatch.setattr(command, "PARTS", {"load": lambda: "fresh", "ships": lambda: None})
    return tmp_path / "validation.md"


def test_a_part_without_data_is_left_alone(docs):
    before = docs.read_text()
    main("ships")
    assert docs.read_text() == before
    main()
    assert "fresh" in docs.read_text()
    assert "old" not in docs.read_text()
    assert "<!-- ships -->" not in docs.read_text()


def test_an_unknown_part_names_the_known_ones(docs):
    with pytest.raises(SystemExit, match="no part tides; there are load, ships"):
        main("tides")
    assert "old" in docs.read_text()


def test_without_images_the_real_ships_are_left_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("GNOMON_DATA", str(tmp_path))
    assert command._real_ships() is None
