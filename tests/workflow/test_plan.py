"""What will be observed: each scene over each port, named by all that its result rests on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gnomon.catalog.search import Found
from gnomon.datamodel.study import Study
from gnomon.workflow import plan as planning
from gnomon.workflow.plan import plan
from simulated import DAYS


def study(sea: Path, **sections: Any) -> Study:
    catalog = {"url": str(sea), **sections.pop("catalog", {})}
    return Study.model_validate({"name": "test", "catalog": catalog, **sections})


def digests(found: Study) -> list[str]:
    return [observation.digest for observation in plan(found).observations]


def test_every_scene_is_an_observation_with_the_options_of_its_stages(sea: Path) -> None:
    chosen = study(sea, mask={"cloud_width_min_m": 200}, load={"length_min_m": 60})
    found = plan(chosen).observations
    assert [one.scene.id for one in found] == [f"april-{day:02d}" for day in DAYS]
    for one in found:
        assert one.options.mask.cloud_width_min_m == 200
        assert one.options.load.length_min_m == 60
        assert not any(isinstance(value, Study) for value in vars(one).values())
    assert len({one.digest for one in found}) == len(DAYS)


@pytest.mark.parametrize(
    ("sections", "same"),
    [
        ({}, True),
        ({"track": {"seed": 7}, "ledger": {"seed": 7}}, True),
        ({"catalog": {"retries": 1}}, True),
        ({"mask": {"cloud_width_min_m": 200}}, False),
        ({"detect": {"threshold": 0.9}}, False),
        ({"detect": {"type_model": ""}}, False),
        ({"load": {"length_min_m": 60}}, False),
        ({"ports": {"bbox": (130, 42, 133, 43)}}, False),
    ],
)
def test_a_name_changes_with_what_the_result_rests_on_and_only_then(
    sea: Path, sections: dict[str, Any], same: bool
) -> None:
    assert (digests(study(sea, **sections)) == digests(study(sea))) == same


def test_a_changed_source_changes_every_name(sea: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(study(sea))
    monkeypatch.setattr(planning, "code_digest", lambda *_: "other code")
    assert not set(before) & set(digests(study(sea)))


def test_a_scene_with_too_much_cloud_is_a_row_and_no_observation(sea: Path) -> None:
    found = plan(study(sea, catalog={"max_cloud_percent": 0}))
    assert len(found.observations) + len(found.unobserved) == len(DAYS)
    for result in found.unobserved:
        (row,) = result.observation.itertuples()
        assert row.status == "skipped"
        assert row.reason.endswith("% cloud")


def test_radar_that_will_be_refused_is_a_row_before_anything_is_read(
    sea: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of its product; a name that says nothing is left to the reader."""
    (scene, *_) = (one.scene for one in plan(study(sea)).observations)
    times = "20240404T022200_20240404T022225_053283_06759B_1A2B"
    radar = {
        f"S1A_IW_GRDH_1SDV_{times}": "observed",
        f"S1A_EW_GRDM_1SDH_{times}": "is EW_GRDM",
        f"S1C_IW_SLC__1SDV_{times}": "is IW_SLC_",
        "a-radar-image": "observed",
    }
    listed = [replace(scene, id=name, sensor="sar") for name in radar]
    found = Found(scenes=(*listed, replace(scene, id=f"S1A_EW_GRDM_{times}")))  # by name alone
    monkeypatch.setattr(planning, "find_scenes", lambda *_, **__: found)
    made = plan(study(sea, catalog={"ask_files": False}))
    assert [one.scene.id for one in made.observations] == [
        f"S1A_IW_GRDH_1SDV_{times}", "a-radar-image", f"S1A_EW_GRDM_{times}",
    ]  # fmt: skip
    for result, (name, why) in zip(made.unobserved, list(radar.items())[1:3], strict=True):
        (row,) = result.observation.itertuples()
        assert (row.scene_id, row.status) == (name, "failed")
        assert why in row.reason
        assert row.seen_at == scene.seen_at
    (note,) = (note for note in made.notes if "radar" in note)
    assert "2 radar images are refused: S1A_EW_GRDM" in note
