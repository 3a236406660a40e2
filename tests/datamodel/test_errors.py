"""Errors are one line, name their item, and survive the way between processes."""

import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.GnomonError)
]


def test_an_asset_error_names_item_and_asset_in_one_line():
    error = errors.AssetError("S2B_52TGN", "B04", "cannot be opened; look at its address")
    assert str(error) == "S2B_52TGN, B04: cannot be opened; look at its address"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_come_back_whole_from_another_process(kind):
    error = kind("item", "asset", "why") if kind is errors.AssetError else kind("what, and where")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_what_was_not_expected_is_an_error_of_one_scene(monkeypatch, capsys):
    with pytest.raises(errors.AssetError) as raised, errors.faults_of("S2B", "image"):
        raise ZeroDivisionError("at https://example.org/a?sig=KEY\nof two lines")
    text = str(raised.value)
    assert text.startswith(
        "S2B, image: cannot be used (ZeroDivisionError: at https://example.org/a"
    )
    assert "KEY" not in text
    assert capsys.readouterr().err == ""
    monkeypatch.setenv(errors.DEBUG, "1")
    with pytest.raises(errors.AssetError), errors.faults_of("S2B", "image"):
        raise ZeroDivisionError("at https://example.org/a?sig=KEY")
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "KEY" not in shown


def test_an_error_of_ours_leaves_as_it_is():
    with pytest.raises(errors.StudyError, match=r"^x$"), errors.faults_of("S2B", "image"):
        raise errors.StudyError("x")
    with pytest.raises(KeyboardInterrupt), errors.faults_of("S2B", "image"):
        raise KeyboardInterrupt


@given(st.text(st.characters() | st.sampled_from("\x1b\x07\r\t\u202e\ud800")))
def test_no_terminal_obeys_a_message(text: str) -> None:
    for error in (
        errors.StudyError(text),
        errors.TableError([text]),
        errors.AssetError("a", "b", text),
    ):
        shown = str(error)
        shown.encode()
        assert all(line.isprintable() for line in shown.split("\n"))


def test_what_can_be_shown_stays_as_it_is() -> None:
    assert str(errors.StudyError("порт Находка: 1\n  2 % > 3")) == "порт Находка: 1\n  2 % > 3"
    assert str(errors.StudyError("a\x1b[2Jb")) == "a\\x1b[2Jb"
