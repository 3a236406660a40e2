"""A run in parts: its tasks in any order, again, and wrong ones refused; the same tables."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.study import Study
from gnomon.workflow import batch as parts
from gnomon.workflow.batch import Batch, TaskList, TaskOutcome
from gnomon.workflow.forecast import Trial
from gnomon.workflow.observation_rows import unobserved
from gnomon.workflow.plan import Names, PortPlan, plan_ports
from gnomon.workflow.run import gather, run
from gnomon.workflow.tasks import TaskLine, task_lines, write_tasks
from passes import PASSES, tiny, write_passes
from simulated import DAYS

BRIEF = {"track": {"members": 16, "draws": 20}, "ledger": {"samples": 100}}


def study(url: Path, **sections: Any) -> Study:
    return Study.model_validate({"name": "test", "catalog": {"url": str(url)}, **BRIEF, **sections})


@contextmanager
def listed(chosen: Study, out: Path) -> Iterator[TaskList]:
    with TaskList(out) as found:
        for port in plan_ports(chosen, Names(chosen), VersionReader(chosen.catalog)):
            found.add(port)
        yield found


def written(chosen: Study, folder: Path) -> Path:
    path = folder / "tasks.jsonl"
    with listed(chosen, folder / "none") as found:
        write_tasks(found.texts({}, lambda number: f"do {number}"), path)
    return path


def do(chosen: Study, out: Path, path: Path, numbers: Sequence[int]) -> list[TaskOutcome]:
    batch = Batch(chosen, out)
    return [batch.do(line) for n in numbers for line in task_lines(f"{path}:{n}")]


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Observations that all fail at once, by scene."""
    tried: list[str] = []

    def failing(one: Any) -> Any:
        tried.append(one.scene.id)
        return unobserved(one, "failed", f"{one.scene.id}: no such luck")

    monkeypatch.setattr(parts, "observe", failing)
    return tried


@pytest.mark.slow
def test_tasks_in_any_order_give_the_tables_of_a_run(tmp_path: Path) -> None:
    """With a background, which the observation that comes first makes."""
    model = tiny(tmp_path / "tiny", background=True)
    chosen = study(
        write_passes(tmp_path / "passes"), detect={"models": {"optical": model}},
        load={"enabled": False},
    )  # fmt: skip
    path = written(chosen, tmp_path)
    assert len(path.read_text().splitlines()) == 1 + PASSES
    first = do(chosen, tmp_path / "parts", path, range(PASSES + 1, 7, -1))
    assert first[0].what.startswith("pass-14: ")
    assert do(chosen, tmp_path / "parts", path, [1, 9])[0].what == "was there"
    partly = gather(chosen, tmp_path / "parts", infer=False)
    assert sorted(partly.failed.scene_id) == [f"pass-{n:02d}" for n in range(6)]
    assert partly.failed.reason.str.contains("has no result yet; do its task").all()
    do(chosen, tmp_path / "parts", path, range(1, 8))
    gathered = gather(chosen, tmp_path / "parts", infer=False)
    assert len(gathered.failed) == 0
    run(chosen, tmp_path / "whole", infer=False)  # those of an untrained network visit nothing
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")
    assert len(gathered.detections) > 0


def test_a_failed_task_says_why_in_the_tables_and_is_tried_again(
    sea: Path, tmp_path: Path, quick: list[str]
) -> None:
    chosen = study(sea)
    path = written(chosen, tmp_path)
    for _ in range(2):
        (outcome,) = do(chosen, tmp_path / "out", path, [1])
        assert outcome.failed
    assert quick == ["april-04", "april-04"]
    rows = gather(chosen, tmp_path / "out").failed.set_index("scene_id").reason
    assert rows["april-04"] == "april-04: no such luck"
    assert "has no result yet" in rows["april-14"]


def test_a_line_by_itself_is_a_task(sea: Path, tmp_path: Path, quick: list[str]) -> None:
    text = written(study(sea), tmp_path).read_bytes().splitlines()[1]
    assert Batch(study(sea), tmp_path / "out").do(TaskLine(text, "line")).failed
    assert quick == ["april-14"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("inputs", "scene", "assets", "red", "href"), "/etc/passwd"),
        (("inputs", "scene", "id"), "../../evil"),
        (("inputs", "port"), "atlantis"),
        (("digest",), "0" * 16),
        (("inputs", "scene", "covered"), {"type": "Polygon", "coordinates": [[[0, 0], [1, 0],
                                                                              [1, 1], [0, 0]]]}),
    ],
)  # fmt: skip
def test_a_changed_line_is_refused_before_anything_is_read(
    sea: Path, tmp_path: Path, quick: list[str], place: tuple[str, ...], value: Any
) -> None:
    document = json.loads(written(study(sea), tmp_path).read_text().splitlines()[0])
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    line = TaskLine(json.dumps(document).encode(), "f:1")
    with pytest.raises(StudyError, match="f:1: was planned with another study"):
        Batch(study(sea), tmp_path / "out").do(line)
    assert quick == []
    assert list((tmp_path / "out" / "store").iterdir()) == []


def test_a_line_whose_digest_is_forged_too_leads_only_where_the_catalogue_may(
    sea: Path, tmp_path: Path
) -> None:
    """Digests are no signature: what may be opened is decided by the study."""
    path = written(study(sea), tmp_path)
    (line,) = task_lines(f"{path}:1")
    scene = line.task.inputs.scene
    assets = {name: replace(one, href="/etc/passwd") for name, one in scene.assets.items()}
    remote = study(Path("http://127.0.0.1:9/catalog.json"), catalog={"url": "https://192.0.2.1/"})
    batch = Batch(remote, tmp_path / "out")
    forged = batch._names.observation(replace(scene, assets=assets), remote.places()[0])
    task = line.task.model_copy(
        update={
            "digest": forged.digest,
            "inputs": line.task.inputs.model_copy(update={"scene": forged.scene}),
        }
    )
    outcome = batch.do(TaskLine(task.model_dump_json(exclude_none=True).encode(), "f:1"))
    assert outcome.failed
    assert "a catalogue at an address leads to no files" in outcome.what


def test_another_study_refuses_the_tasks(sea: Path, tmp_path: Path, quick: list[str]) -> None:
    path = written(study(sea), tmp_path)
    with pytest.raises(StudyError, match="plan again"):
        do(study(sea, mask={"cloud_width_min_m": 200}), tmp_path / "out", path, [1])
    assert quick == []


def test_keys_in_addresses_do_not_get_into_a_list(sea: Path, tmp_path: Path) -> None:
    chosen = study(sea)
    (found,) = plan_ports(chosen, Names(chosen), VersionReader(chosen.catalog))
    one = found.observations[0]
    red = replace(one.scene.assets["red"], href="https://h/red.tif?sig=SECRET")
    scene = replace(one.scene, assets={**one.scene.assets, "red": red})
    secret = PortPlan(found.port, [replace(one, scene=scene)], (), (), ())
    with (
        TaskList(tmp_path) as empty,
        pytest.raises(StudyError, match="keys or signatures") as raised,
    ):
        empty.add(secret)
    assert "SECRET" not in str(raised.value)


def test_what_has_a_result_is_no_task_and_is_not_read(sea: Path, tmp_path: Path) -> None:
    chosen = study(sea)
    with listed(chosen, tmp_path) as found:
        texts = list(found.texts({}, str))
    names = [json.loads(text)["digest"] for text in texts]
    (tmp_path / "store" / names[1]).mkdir(parents=True)
    with listed(chosen, tmp_path) as found:
        left = [TaskLine(text.encode(), "f") for text in found.texts({}, str)]
    assert [one.task.digest for one in left] == [names[0], names[2]]
    assert [one.task.command for one in left] == ["1", "2"]
    assert (found.kept, len(names)) == (1, len(DAYS))


def test_a_line_says_what_one_image_of_its_port_took(sea: Path, tmp_path: Path) -> None:
    trial = Trial(bytes_to_read=5.4, processor_s=2.0, disk_bytes=1.0, memory_bytes=7e8)
    key = ("everywhere", "synthetic-sentinel-2")
    with listed(study(sea), tmp_path) as found:
        text = next(found.texts({key: trial}, lambda n: f'a "{n}"'))
    task = TaskLine(text.encode(), "f").task
    assert (task.bytes, task.seconds, task.memory_bytes) == (5, 12.0, 700_000_000)
    assert task.command == 'a "1"'


def test_a_background_task_needs_the_lines_that_it_names(tmp_path: Path) -> None:
    model = tiny(tmp_path / "tiny", background=True)
    chosen = study(write_passes(tmp_path / "passes"), detect={"models": {"optical": model}})
    path = written(chosen, tmp_path)
    texts = path.read_bytes().splitlines()
    batch = Batch(chosen, tmp_path / "out")
    for text, why in ((texts[0], "give FILE:N"), (texts[1], "do that line first, or give FILE:N")):
        with pytest.raises(StudyError, match=why):
            batch.do(TaskLine(text, "line"))
    path.write_bytes(b"\n".join([texts[0], texts[2], *texts[2:]]))
    with pytest.raises(StudyError, match=r"tasks\.jsonl:1: was planned with another study"):
        batch.do(task_lines(f"{path}:1")[0])
    path.write_bytes(b"\n".join([texts[3], *texts[1:]]))
    with pytest.raises(StudyError, match=r"tasks\.jsonl:1: is not what .*:2 needs"):
        batch.do(task_lines(f"{path}:2")[0])
