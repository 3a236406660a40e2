"""Types in chips: the shipped file, what its head says, and what is refused."""

from datetime import UTC, datetime

import pytest

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.ship_type.chip_types import ChipType, agreement, read_chip_types

PATH = shipped("configs") / "ship-types-planet.csv"
ROW = {
    "file": "1__20170702_180943_103c__-122.34_37.72.png",
    "axis_deg": "156", "tug_barge": "false",
    "type_1": "tanker", "sure_1": "true", "length_1_m": "230", "whole_1": "true",
    "type_2": "tanker", "sure_2": "false", "length_2_m": "240", "whole_2": "true",
}  # fmt: skip


def ship(**values: object) -> ChipType:
    """A ship that both passes take for a tanker, changed."""
    return ChipType.model_validate(ROW | values)


@pytest.fixture
def written(tmp_path):
    """Write rows to a file under a comment, and return its path."""

    def write(*rows):
        path = tmp_path / "types.csv"
        lines = ["# types", ",".join(ROW), *(",".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def test_the_head_of_the_shipped_file_says_how_well_both_passes_agree():
    found = agreement(read_chip_types(PATH))
    lines = [line for line in PATH.read_text(encoding="utf-8").splitlines() if line[0] == "#"]
    head = " ".join(line.removeprefix("#").strip() for line in lines)
    assert f"of the {found.named} ships that both passes name, they agree on" in head
    assert f"on {100 * found.share:.1f} %; of the {found.sure} of which both are sure" in head
    assert f"on {100 * found.sure_share:.1f} %. On the type itself" in head
    assert "CC BY-SA 4.0" in head


@pytest.mark.parametrize(
    ("types", "tanker", "disputed"),
    [
        (("tanker", "tanker"), True, False),
        (("bulk", "container"), False, False),
        (("bulk", "tanker"), None, True),
        (("tanker", "unknown"), None, False),
        (("unknown", "unknown"), None, False),
    ],
)
def test_a_ship_is_a_tanker_or_none_where_both_passes_say_so(types, tanker, disputed):
    one = ship(type_1=types[0], type_2=types[1])
    assert (one.tanker, one.disputed) == (tanker, disputed)


def test_time_place_and_length_are_read():
    one = ship()
    assert one.seen_at == datetime(2017, 7, 2, 18, 9, 43, tzinfo=UTC)
    assert (*one.place, one.length_m, one.sure, one.whole) == (-122.34, 37.72, 235, False, True)


def test_agreement_counts_ships_that_both_name():
    ships = [
        ship(sure_2=True), ship(type_2="bulk", sure_2=True), ship(type_2="unknown"),
        ship(type_1="bulk", type_2="general"),
    ]  # fmt: skip
    found = agreement(ships)
    assert (found.named, found.sure) == (3, 2)
    assert (found.share, found.sure_share) == pytest.approx((2 / 3, 1 / 2))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"type_2": "tank"}, "row 1, type_2"),
        ({"sure_1": "perhaps"}, "row 1, sure_1"),
        ({"length_1_m": "-3"}, "row 1, length_1_m"),
        ({"axis_deg": "nan"}, "row 1, axis_deg"),
        ({"file": "../1.png"}, "row 1, file"),
    ],
)
def test_a_value_at_fault_is_named(written, values, message):
    with pytest.raises(LabelError, match=message):
        read_chip_types(written(ROW | values))


def test_a_file_that_is_not_one_is_refused(written, tmp_path):
    with pytest.raises(LabelError, match="is there twice"):
        read_chip_types(written(ROW, ROW))
    with pytest.raises(LabelError, match="has no ship"):
        read_chip_types(written())
    with pytest.raises(LabelError, match="cannot be read"):
        read_chip_types(tmp_path / "none.csv")
    (tmp_path / "more.csv").write_text("file,more\na,b\n", encoding="utf-8")
    with pytest.raises(LabelError, match="more: Extra inputs"):
        read_chip_types(tmp_path / "more.csv")
