"""Damaged files of every kind: each reader reads them, or refuses them in words of ours.

Here for two minutes at most, and with the same damage each time, so that a change is judged by
what it changes; ``make fuzz`` goes on for hours with damage that nobody saw before.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzz_readers import readers
from fuzzing import KINDS, Edit, FindingError, Reader, damaged, tried

FOUND = Path(__file__).with_name("fuzz_inputs")
_PLACE = tempfile.TemporaryDirectory()
READERS = readers(Path(_PLACE.name))
EDITS = st.lists(
    st.builds(Edit, st.sampled_from(KINDS), st.floats(0, 1), st.floats(0, 1), st.integers(0, 999)),
    min_size=1,
    max_size=5,
)
# What a library warns of is no fault of a reader. The other one is of rasterio, where GDAL
# complains in a text that is no UTF-8.
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def _folder() -> Iterator[None]:
    yield
    _PLACE.cleanup()


@pytest.mark.parametrize("name", READERS)
def test_sound_files_are_read(name: str) -> None:
    """Damage is of no use where a file is refused for something else."""
    for data in READERS[name].sound:
        assert tried(READERS[name], data)


@pytest.mark.parametrize("path", sorted(FOUND.iterdir()), ids=lambda path: path.name)
def test_what_readers_once_stumbled_over_is_read_or_refused(path: Path) -> None:
    tried(READERS[path.name.partition("--")[0]], path.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused(name: str) -> None:
    reader = READERS[name]

    @settings(
        max_examples=400,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(reader.sound), EDITS)
    def holds(sound: bytes, edits: list[Edit]) -> None:
        tried(reader, damaged(sound, edits))

    holds()


def test_a_reader_that_stumbles_is_found_out() -> None:
    def stumbles(data: bytes) -> None:
        if b"!" in data:
            raise KeyError("name")
        if b"?" in data:
            raise ValueError("\x1b[2J")

    reader = Reader("example", (b"a",), stumbles, (ValueError,))
    assert tried(reader, b"a")
    with pytest.raises(FindingError, match="example: KeyError: 'name'"):
        tried(reader, b"a!")
    with pytest.raises(FindingError, match="cannot be printed"):
        tried(reader, b"a?")
