"""Observations wait on the disk and come back as they were."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from gnomon.datamodel.observation import Background, Observation
from gnomon.datamodel.study import Study
from gnomon.workflow.plan import plan
from gnomon.workflow.planned import Planned


@pytest.fixture(scope="module")
def found(sea: Path) -> list[Observation]:
    study = Study.model_validate({"name": "test", "catalog": {"url": str(sea)}})
    return plan(study).observations


def test_what_is_read_is_what_was_added(found: list[Observation], tmp_path: Path) -> None:
    background = Background(found[0].scene, ("a", "b"))
    own = [replace(one, background=background, digest=f"{n}") for n, one in enumerate(found)]
    planned = Planned(tmp_path / "run" / "store")
    planned.add(own[:2])
    assert list(planned) == own[:2]
    planned.add(own[2:])  # and not where reading left off
    assert [planned[n] for n in (2, 0, 1)] == [own[n] for n in (2, 0, 1)]
    assert list(zip(planned, planned, strict=True)) == list(zip(own, own, strict=True))
    one, other, *_ = planned
    assert one.port is other.port is own[0].port
    assert one.background is other.background is background
    assert one.options is own[0].options
    assert one.scene.trust is own[0].scene.trust
    with pytest.raises(IndexError):
        planned[len(own)]


def test_ports_come_one_after_the_other(found: list[Observation], tmp_path: Path) -> None:
    ports = {name: replace(found[0].port, name=name) for name in ("rajin", "wonsan")}
    planned = Planned(tmp_path)
    for name, count in (("rajin", 2), ("wonsan", 1)):
        planned.add(replace(one, port=ports[name]) for one in found[:count])
    assert [[one.port.name for one in own] for own in planned.ports()] == [
        ["rajin", "rajin"],
        ["wonsan"],
    ]


def test_nothing_is_left_in_the_folder_and_little_in_memory(
    found: list[Observation], tmp_path: Path
) -> None:
    planned = Planned(tmp_path)
    planned.add(found)
    tracemalloc.start()
    planned.add(replace(found[0], digest=f"{n}") for n in range(300))
    grown, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 300 * 100
    assert list(tmp_path.iterdir()) == []
