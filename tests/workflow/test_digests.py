"""Names of results: they change with what a result rests on, and with nothing else."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.workflow import digests
from gnomon.workflow.backgrounds import BUILT_BY
from gnomon.workflow.digests import (
    LIBRARIES,
    OBSERVED_BY,
    PACKAGE,
    code_digest,
    digest,
    source_digest,
)
from gnomon.workflow.surroundings import CUT_BY


@given(st.dictionaries(st.text(), st.floats(allow_nan=False) | st.text(), min_size=1))
def test_a_digest_depends_on_values_and_not_on_their_order(values: dict[str, object]) -> None:
    assert digest(values) == digest(dict(reversed(values.items())))
    key = next(iter(values))
    assert digest(values) != digest({**values, key: [values[key]]})


def copy(folder: Path) -> Path:
    """A room with a module, a folder below it, and a file that is no source."""
    (folder / "room" / "below").mkdir(parents=True)
    (folder / "room" / "one.py").write_text("a = 1\n")
    (folder / "room" / "below" / "two.py").write_text("b = 2\n")
    (folder / "room" / "notes.txt").write_text("none")
    return folder / "room"


def test_a_changed_added_or_renamed_source_changes_the_digest(tmp_path: Path) -> None:
    room = copy(tmp_path)
    names = {source_digest([room])}
    (room / "notes.txt").write_text("other")
    assert {source_digest([room])} == names
    (room / "below" / "two.py").write_text("b = 3\n")
    names.add(source_digest([room]))
    (room / "three.py").write_text("")
    names.add(source_digest([room]))
    (room / "three.py").rename(room / "four.py")
    names.add(source_digest([room]))
    assert len(names) == 4


def test_the_same_source_elsewhere_has_the_same_digest(tmp_path: Path) -> None:
    here, there = copy(tmp_path / "here"), copy(tmp_path / "there")
    assert source_digest([here]) == source_digest([there])
    assert source_digest([here / "one.py"]) == source_digest([there / "one.py"])


def test_text_cannot_move_from_one_file_to_the_next_unseen(tmp_path: Path) -> None:
    for name, first, second in (("a", "x = 1\n", ""), ("b", "", "x = 1\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.py").write_text(first)
        (tmp_path / name / "two.py").write_text(second)
    a, b = ([tmp_path / n / f for f in ("one.py", "two.py")] for n in ("a", "b"))
    assert source_digest(a) != source_digest(b)


def test_an_observation_rests_on_the_data_of_its_rooms_too() -> None:
    """All but the providers' file, what a scene has by which is an input of its own."""
    rooms = [PACKAGE / part for part in OBSERVED_BY if (PACKAGE / part).is_dir()]
    data = {
        file.relative_to(PACKAGE).as_posix()
        for room in rooms
        for file in room.rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    assert data - {*OBSERVED_BY} == {"catalog/providers.toml"}


@pytest.mark.parametrize("parts", [OBSERVED_BY, BUILT_BY, CUT_BY])
def test_a_stage_names_sources_that_exist(parts: tuple[str, ...]) -> None:
    for part in parts:
        assert list((PACKAGE / part).rglob("*.py")) or (PACKAGE / part).is_file()


CARRYING = {
    "affine", "filelock", "fsspec", "geopandas", "pandas", "pandera", "planetary_computer",
    "pyarrow", "pydantic", "pydantic_core", "pystac", "pystac_client", "requests", "safetensors",
    "tomli_w", "torchvision", "urllib3", "xarray",
}  # fmt: skip
"""Libraries that hold, read and write numbers, or train, and compute nothing of a result."""


def test_a_digest_has_the_version_of_each_library_that_computes() -> None:
    parts = (PACKAGE / part for part in {*OBSERVED_BY, *BUILT_BY, *CUT_BY})
    sources = [file for part in parts for file in (part.rglob("*.py") if part.is_dir() else [part])]
    imported = {
        name.partition(".")[0]
        for source in sources if source.suffix == ".py"
        for name in re.findall(r"^\s*(?:import|from) ([\w.]+)", source.read_text(), re.MULTILINE)
    }  # fmt: skip
    known = packages_distributions()
    others = (imported & known.keys()) - CARRYING - {"gnomon"}
    assert {known[name][0] for name in others} == set(LIBRARIES)


def test_another_version_of_a_library_is_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    code_digest.cache_clear()
    here = code_digest("geo")
    monkeypatch.setattr(digests.importlib.metadata, "version", lambda _: "9.9")
    code_digest.cache_clear()
    assert code_digest("geo") != here
    code_digest.cache_clear()
