"""The report: written between the markers of a card, with one row for every measure."""

from pathlib import Path

import pytest

from gnomon.datamodel.errors import WeightsError
from gnomon.learn.crossval import report


def test_only_what_stands_between_the_markers_is_written(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"before\n{report.START}\nold\n{report.END}\nafter\n")
    report.write_block(card, "new")
    report.write_block(card, "newer")
    assert card.read_text() == f"before\n{report.START}\n\nnewer\n\n{report.END}\nafter\n"
    card.write_text("no markers")
    with pytest.raises(WeightsError, match="to write between"):
        report.write_block(card, "new")
