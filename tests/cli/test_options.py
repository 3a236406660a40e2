"""Lists and locations on the command line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.options import absolute_location, split_list

PART = st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1).map(str.strip)


@given(st.lists(PART, min_size=1), st.sampled_from((",", ", ", " , ")))
def test_a_list_comes_back_in_its_order(parts: list[str], separator: str) -> None:
    text = separator.join(parts)
    assert split_list(text) == (tuple(parts) if text else ())


def test_no_text_is_an_empty_list() -> None:
    assert split_list(None) == split_list("") == ()


def test_a_path_does_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "catalog.json").touch()
    monkeypatch.chdir(tmp_path)
    location = absolute_location("catalog.json")
    monkeypatch.chdir("/")
    assert Path(location).samefile(tmp_path / "catalog.json")


@given(st.sampled_from(("http", "https", "s3")), PART)
def test_a_url_is_left_as_it_is(scheme: str, path: str) -> None:
    assert absolute_location(f"{scheme}://{path}") == f"{scheme}://{path}"
