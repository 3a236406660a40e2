"""Tables of the card: they say what the scores say."""

import numpy as np
import pytest

from gnomon.learn.ship_type.skill import Scored, area_under_roc
from gnomon.learn.ship_type.tables import (
    AnchorageScores,
    PortScores,
    length_lines,
    port_lines,
    skill_lines,
)

COUNT = 120
FOLD = np.arange(COUNT) % 4


def scored(skill: float) -> Scored:
    draw = np.random.default_rng(0)
    tanker = np.arange(COUNT) % 2 == 0
    odds = skill * (tanker - 0.5) + draw.normal(size=COUNT)
    return Scored(odds, tanker, draw.uniform(60, 240, COUNT), np.arange(COUNT) // 12)


def rows(lines) -> list[list[str]]:
    """Cells of a table under its head."""
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


@pytest.fixture
def anchorage() -> AnchorageScores:
    some = np.arange(COUNT) < 60
    by_size = {3.0: [scored(3), scored(2)], 10.0: [scored(2), scored(1)]}
    beside = {3.0: scored(1), 10.0: scored(1)}
    return AnchorageScores(by_size, beside, np.arange(COUNT) // 40, some, ~some)


def area(skill: float, where=slice(None)) -> str:
    one = scored(skill)
    return f"{area_under_roc(one.log_odds[where], one.tanker[where]):.3f}"


def test_skill_is_that_of_both_seeds_and_of_the_parts(anchorage):
    first, second = rows(skill_lines(anchorage))
    half = slice(0, 60)
    assert first[:2] == ["3", f"{area(3)} / {area(2)}"]
    assert first[3:6] == [area(3, half), area(3, half), area(1)]
    assert second[:2] == ["10", f"{area(2)} / {area(1)}"]
    low, high = (float(end) for end in first[2].split(" to "))
    assert low < float(area(3)) < high


def test_bins_of_length_name_what_they_rest_on(anchorage):
    table = rows(
        length_lines(anchorage, PortScores(scored(2), scored(3), np.ones(COUNT, bool), FOLD))
    )
    assert [row[0] for row in table][:2] == ["50 to 100", "100 to 150"]
    one = scored(3).between(100, 150)
    wanted = f"({one.tanker.sum()} tankers, {(~one.tanker).sum()} others)"
    assert table[1][1] == f"{area_under_roc(one.log_odds, one.tanker):.3f} {wanted}"
    assert table[-1][1] == "(0 tankers, 0 others)"


def test_ports_are_measured_at_100_m_and_more():
    sure = np.arange(COUNT) % 3 == 0
    table = rows(port_lines(PortScores(scored(2), scored(3), sure, FOLD), scored(2)))
    long = scored(2).length_m >= 100
    assert table[0][1:4] == [f"{(scored(2).tanker & long).sum()}",
                             f"{(~scored(2).tanker & long).sum()}", area(2, long)]  # fmt: skip
    assert table[1][3] == area(2, long & sure)
    assert table[2][3] == area(3, long)
    assert 0 < float(table[0][-1]) < 0.15
    assert [bool(row[-1]) for row in table] == [True, True, False, False]
