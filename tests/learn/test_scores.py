"""Scores of weights on a labelled catalogue."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes import upright
from drawn_scenes import GRID, drawn_port
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import CatalogError, WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.detect import weights
from gnomon.learn import scores
from gnomon.learn.scores import match_scenes, score_catalog, score_table

CASABLANCA = str(shipped("configs") / "casablanca" / "catalog.json")
UNSEEN = "s2-vessel-without-athens-casablanca"


def test_scores_agree_with_the_port_table_of_the_card() -> None:
    """The card's row of Casablanca was written by `make evaluate`, with the fold's own code."""
    card = (shipped("models") / "s2-vessel" / "card.md").read_text(encoding="utf-8")
    row = next(line for line in card.splitlines() if line.startswith("| Casablanca"))
    ships, average, precision, recall, _, shorter, shorter_average = (
        float(cell) for cell in row.strip("| ").split("|")[1:8]
    )
    corrections = shipped("configs") / "label-corrections.geojson"
    found = score_catalog(UNSEEN, CASABLANCA, corrections=corrections)
    assert [(s.labels, s.length_min_m) for s in found] == [
        ("published", 100), ("published", 50), ("corrected", 100), ("corrected", 50),
    ]  # fmt: skip
    long, all_ = found[2:]
    assert (long.ships, all_.ships) == (ships, shorter)
    measured = (long.average_precision, long.precision, long.recall, all_.average_precision)
    # One hull of eight may cross the threshold where a processor rounds otherwise.
    assert measured == pytest.approx((average, precision, recall, shorter_average), abs=0.13)
    assert long.found == round(long.recall * long.ships)


def test_a_catalogue_without_labels_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "catalog.json"
    empty.write_text(
        '{"type": "Catalog", "stac_version": "1.0.0", "id": "x", "description": "x", "links": []}'
    )
    with pytest.raises(CatalogError):
        score_catalog(UNSEEN, str(empty))


def test_scores_stand_in_a_table_beside_contrast_alone(sea: Path) -> None:
    text = score_table("s2-vessel", str(sea))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 6
    assert [row[0] for row in rows[2:]] == ["network"] * 2 + ["CFAR alone"] * 2
    for row in rows[2:]:
        ships, average, precision, recall, f1 = (float(cell) for cell in row[2:7])
        assert ships > 0
        assert 0 <= average <= 1
        expected = 2 * precision * recall / max(precision + recall, 1e-9)
        assert f1 == pytest.approx(expected, abs=0.011)
    assert "heading within 10 degrees for" in text


def test_scenes_are_matched_one_by_one_and_unknown_ground_is_left_out() -> None:
    """Counts by hand: two scenes, a false alarm on known and one on unknown ground."""
    one = drawn_port([(100, 50, 20), (200, 50, 16)], name="one")
    unknown = np.zeros(GRID.shape.yx, bool)
    unknown[:, 250:] = True
    two = replace(drawn_port([(100, 150, 20)], name="two"), unknown=unknown)
    found = [
        upright((100, 50, 20, 0.9), (350, 120, 20, 0.8)),
        upright((100, 150, 20, 0.7), (350, 120, 20, 0.6)),
    ]
    result = match_scenes([one, two], found)
    assert result.ranking.labels == 3
    assert sorted(result.label.tolist()) == [-1, 0, 2]
    assert result.ranking.at(0).precision == pytest.approx(2 / 3)
    assert result.ranking.at(0).recall == pytest.approx(2 / 3)
    # A shorter ship counts from its own length on.
    assert match_scenes([one, two], found, length_min_m=180).ranking.labels == 2


@given(st.permutations([0, 1, 2]))
def test_the_order_of_scenes_does_not_count(order: list[int]) -> None:
    scenes = [drawn_port([(100 + 50 * n, 50, 20)], name=str(n)) for n in range(3)]
    found = [upright((100 + 40 * n, 50, 20, 0.5 + n / 10)) for n in range(3)]
    plain = match_scenes(scenes, found).ranking
    mixed = match_scenes([scenes[n] for n in order], [found[n] for n in order]).ranking
    assert mixed.average_precision() == pytest.approx(plain.average_precision())
    assert mixed.at(0.5) == plain.at(0.5)


def test_scenes_that_weights_were_trained_on_are_not_called_unseen(
    sea: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeightsError, match="was trained on every scene"):
        score_table("s2-vessel", CASABLANCA)
    monkeypatch.setattr(scores, "weights_finder", lambda _: lambda _: OrientedBoxes.empty())
    ready = weights.load("s2-vessel")
    for known, line, labels in (
        (("april-04", "april-24"), "trained on them: april-04, april-24.", 6),
        (None, "does not say which scenes", 18),
        ((), "", 18),
    ):
        model = ready.model.model_copy(update={"trained_on": known})
        monkeypatch.setattr(weights, "load", lambda _, m=model: replace(ready, model=m))
        text = score_table("s2-vessel", str(sea))
        row = next(row for row in text.splitlines() if row.startswith("| network | >= 50 m"))
        assert int(row.split("|")[3]) == pytest.approx(labels, rel=0.4)
        assert text.rstrip().endswith(line) or line in text


def test_a_table_without_a_hull_says_nothing_of_shapes(
    sea: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "weights_finder", lambda _: lambda _: OrientedBoxes.empty())
    monkeypatch.setattr(scores, "cfar_finder", lambda _: OrientedBoxes.empty())
    text = score_table("s2-vessel", str(sea))
    assert "| 0.000 | 0.00 | 0.00 | 0.00 |" in text
    assert "heading" not in text
