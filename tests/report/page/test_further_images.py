"""Further images in the page: rows of the table, under their own season alone."""

import json
from pathlib import Path

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import FurtherPasses
from gnomon.report.load_tables import read_run
from gnomon.report.page.answers import answer
from gnomon.report.page.further_images import further_images
from run_folders import further, write_run


def test_a_season_has_the_passes_of_its_port_the_narrowest_first(tmp_path: Path) -> None:
    rows = [
        further("daily 3 m images", 2.0),
        further("a 0.5 m image a week", 1.0, free=True, p_seen=0.6),
        further("elsewhere", 0.5, port="nampo"),
    ]
    run = read_run(write_run(tmp_path, further_passes=rows))
    (first,) = answer(run)["seasons"]
    assert [one["passes"] for one in first["further"]] == [
        "a 0.5 m image a week",
        "daily 3 m images",
    ]
    assert first["further"][0] == {
        "passes": "a 0.5 m image a week", "sensor": "optical", "gsd_m": 3.0, "a_month": 20.0,
        "free": True, "p_seen": 0.6, "half_width": 1.0,
    }  # fmt: skip
    assert (first["ideal_half_width"], first["p_seen"]) == (2.6, 0.4)


def test_a_run_without_the_table_says_so_and_lists_none(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    (run / "further_passes.parquet").unlink()
    read = read_run(run)
    assert answer(read)["seasons"][0]["further"] == []
    assert "further_passes.parquet is missing" in " ".join(read.notes)
    assert json.dumps(further_images(table(FurtherPasses, []))) == "[]"
