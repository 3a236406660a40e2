"""Decisions that the numbers of a run rest on, and those that came after them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gnomon.datamodel.decisions import latest, read_review
from gnomon.datamodel.files import write_table
from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import DecisionEffects
from gnomon.report.load_tables import Run, read_run
from gnomon.report.reviews import ReviewUse, effect_text, review_use
from run_folders import IDS, write_effects, write_review, write_run


def use_of(folder: Path) -> tuple[Run, ReviewUse]:
    run = read_run(folder)
    return run, review_use(run, latest(read_review(folder / "review.geojson")))


def test_a_review_newer_than_the_numbers_is_pending(tmp_path: Path) -> None:
    write_review(write_run(tmp_path))
    run, use = use_of(tmp_path)
    assert use.pending_text == (
        "1 decision in review.geojson is not yet in these numbers: run gnomon track again."
    )
    assert use.notes == (use.pending_text,)
    assert not use.current
    assert effect_text(run, use) == ""


@pytest.mark.parametrize(
    "later", [{"decision": "reject"}, {"type": "general"}, {"type": "tanker", "certainty": "sure"}]
)
def test_a_decision_that_was_changed_since_is_pending(
    tmp_path: Path, later: dict[str, Any]
) -> None:
    write_effects(write_run(tmp_path), decision="accepted, type tanker (possible)")
    write_review(tmp_path, type="tanker", certainty="possible")
    assert use_of(tmp_path)[1].current
    write_review(tmp_path, **later)
    _, use = use_of(tmp_path)
    assert len(use.pending) == 1
    assert not use.used
    assert not use.current


def test_a_new_name_of_the_analyst_changes_no_number(tmp_path: Path) -> None:
    write_effects(write_run(tmp_path))
    write_review(tmp_path, reviewer="B", note="seen again")
    assert use_of(tmp_path)[1].notes == ()


def test_ships_of_other_runs_and_runs_without_numbers_wait_for_nothing(tmp_path: Path) -> None:
    write_review(write_run(tmp_path / "run"), detection_id="elsewhere")
    assert use_of(tmp_path / "run")[1].pending_text == ""
    write_review(write_run(tmp_path / "found", names=("detections", "observations")))
    assert use_of(tmp_path / "found")[1].pending_text == ""


def test_a_review_that_was_read_elsewhere_makes_the_one_of_the_folder_no_source(
    tmp_path: Path,
) -> None:
    write_effects(write_run(tmp_path), more={IDS[1]: "rejected"})
    write_review(tmp_path)
    _, use = use_of(tmp_path)
    assert (use.count, len(use.used)) == (2, 1)
    assert not use.current


def test_what_was_used_has_names_and_the_numbers_without_it(tmp_path: Path) -> None:
    write_effects(write_run(tmp_path))
    write_review(tmp_path, reviewer="A. Analyst")
    run, use = use_of(tmp_path)
    assert effect_text(run, use) == (
        "1 decision of an analyst (A. Analyst) was used; without it: 489,000 barrels in 22 "
        "deliveries, with it: 452,000 barrels in 21 deliveries (middles). Differences of up to "
        "7,400 barrels are sampling noise."
    )
    write_effects(tmp_path, more={IDS[1]: "rejected"})
    run, use = use_of(tmp_path)
    assert effect_text(run, use).startswith(
        "2 decisions of analysts (A. Analyst) were used; without them: 489,000 barrels"
    )
    frame = pd.read_parquet(tmp_path / "decisions.parquet")
    single = table(DecisionEffects, frame[:2].to_dict("records"))
    write_table(single, tmp_path / "decisions.parquet")
    run, use = use_of(tmp_path)
    assert effect_text(run, use) == "2 decisions of analysts (A. Analyst) were used."
