"""Scores of weights on a labelled catalogue."""

from pathlib import Path

import pytest

from gnomon.datamodel.errors import CatalogError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.scores import score_catalog, score_table

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
    scores = score_catalog(UNSEEN, CASABLANCA, corrections=corrections)
    assert [(s.labels, s.length_min_m) for s in scores] == [
        ("published", 100), ("published", 50), ("corrected", 100), ("corrected", 50),
    ]  # fmt: skip
    long, all_ = scores[2:]
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
