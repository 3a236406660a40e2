"""Lines of tasks: what was planned comes back exactly, and what is no task is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.scene import Asset, FileVersion, QualityCodes, Scene
from gnomon.datamodel.trust import Trust
from gnomon.workflow import tasks as lines
from gnomon.workflow.digests import digest
from gnomon.workflow.tasks import (
    BackgroundInputs,
    BackgroundTask,
    BackgroundUse,
    ObserveInputs,
    ObserveTask,
    TaskLine,
    read_task_lines,
    task_lines,
    task_text,
    write_tasks,
)
from mutations import mutations

NAME = "0123456789abcdef"
QUALITY = QualityCodes(bits=True, nodata=(0,), cloud=(3, 4))
ASSET = Asset(href="https://h/a.tif", name="a", nodata=0.0, offset=-0.1, quality=QUALITY,
              version=FileVersion(size=5, checksum="1220ab", tag='W/"5"'))  # fmt: skip
SCENE = Scene(
    id="S2A_é", collection="c", platform="sentinel-2a", sensor="optical",
    seen_at=datetime(2024, 4, 6, 2, 12, 31, 250_001, tzinfo=UTC), footprint=box(130, 42, 131, 43),
    gsd_m=10.0, assets={"red": ASSET}, covered=box(0.1, 0.2, 1 / 3, 0.7),
    processed_at=datetime(2024, 4, 6, 9, tzinfo=UTC), cloud_percent=12.5,
)  # fmt: skip
OBSERVE = ObserveTask(
    task="observe", command="gnomon observe s --task f:2", digest=NAME, output=f"store/{NAME}",
    bytes=5, seconds=1.5, memory_bytes=7,
    inputs=ObserveInputs(port="a", scene=SCENE, background=BackgroundUse(index=NAME, line=1)),
)  # fmt: skip
BACKGROUND = BackgroundTask(
    task="background", command="gnomon", digest=NAME,
    inputs=BackgroundInputs(port=None, sensor="optical", lines=(2, 9)),
)  # fmt: skip


def line(task: ObserveTask | BackgroundTask) -> TaskLine:
    return TaskLine(task_text(task).encode(), "f:1")


@given(
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-80, 80)), min_size=4, max_size=9),
    st.datetimes(min_value=datetime(1972, 1, 1), max_value=datetime(2199, 1, 1)),  # noqa: DTZ001
    st.floats(0.01, 1e4),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_a_scene_comes_back_to_the_last_bit(
    corners: list[tuple[float, float]], when: datetime, gsd: float, nodata: float | None
) -> None:
    outline = shapely.MultiPoint(corners).convex_hull.buffer(0.01)
    asset = replace(ASSET, nodata=nodata)
    scene = replace(SCENE, footprint=outline, seen_at=when.replace(tzinfo=UTC), gsd_m=gsd,
                    assets={"red": asset, "blue": asset}, covered=outline)  # fmt: skip
    sent = OBSERVE.model_copy(update={"inputs": ObserveInputs(port=None, scene=scene)})
    back = line(sent).task
    assert back.inputs.scene == scene
    assert digest(back.inputs.scene.inputs) == digest(scene.inputs)
    assert back.inputs.scene.footprint.equals_exact(outline, 0)


def test_what_a_scene_is_trusted_with_does_not_travel() -> None:
    bold = replace(SCENE, trust=Trust(catalog="https://h/", hosts=("127.0.0.1",)))
    sent = line(OBSERVE.model_copy(update={"inputs": ObserveInputs(port="a", scene=bold)}))
    assert b"127.0.0.1" not in sent.text
    assert sent.task.inputs.scene.trust == Trust()
    said = json.loads(sent.text)
    said["inputs"]["scene"]["trust"] = {"hosts": ["127.0.0.1"]}
    with pytest.raises(StudyError, match=r"is no task.*trusted"):
        _ = TaskLine(json.dumps(said).encode(), "f:1").task


@pytest.mark.parametrize("task", [OBSERVE, BACKGROUND])
def test_a_damaged_line_is_a_task_or_refused_in_one_line(
    task: ObserveTask | BackgroundTask,
) -> None:
    refused = []
    for _, document in mutations(json.loads(line(task).text), 300):
        try:
            _ = TaskLine(json.dumps(document).encode(), "f:1").task
        except StudyError as error:
            refused.append(str(error))
    assert len(refused) > 150
    assert all(why.startswith("f:1: is no task (") and "\n" not in why for why in refused)


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff", b"{", b"[" * 10_000, b"null", b'{"task": "observe"}', b'{"task": "rm"}',
     line(OBSERVE).text.replace(b"10.0", b"NaN"), line(OBSERVE).text.replace(b"10.0", b"-1"),
     line(OBSERVE).text.replace(NAME.encode(), b"../../../../evil"),
     line(OBSERVE).text.replace(b'"sensor"', b'"more":1,"sensor"')],
)  # fmt: skip
def test_what_is_no_task_is_refused(text: bytes) -> None:
    with pytest.raises(StudyError, match="f:1: is no task"):
        _ = TaskLine(text, "f:1").task


def test_a_time_without_utc_is_refused() -> None:
    local = SCENE.seen_at.astimezone(timezone(timedelta(hours=9))).isoformat()
    text = line(OBSERVE).text.replace(b"2024-04-06T02:12:31.250001Z", local.encode())
    with pytest.raises(StudyError, match="must be aware and in UTC"):
        _ = TaskLine(text, "f:1").task


def test_lines_are_found_by_number_and_by_themselves(tmp_path: Path) -> None:
    file = tmp_path / "a:b.jsonl"
    assert write_tasks(map(task_text, [BACKGROUND, OBSERVE, OBSERVE]), file) == 3
    assert [one.task.task for one in task_lines(f"{file}:1-3")] == ["background"] + 2 * ["observe"]
    (second,) = task_lines(f"{file}:2")
    assert second.place == f"{file}:2"
    assert second.task == OBSERVE
    (alone,) = task_lines(second.text.decode())
    assert (alone.task, alone.file) == (OBSERVE, None)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("f", "is no task; give FILE:N"), ("f:0", "is no task"), ("f:3-2", "is no task"),
        ("f:-1", "is no task"), ("f:x", "is no task"), ("f:٣", "is no task"), (":1", "is no task"),
        ("none:1", "cannot be read"), ("f:4", "ends before line 4"), ("{", "is no task"),
    ],
)  # fmt: skip
def test_what_names_no_line_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tasks(map(task_text, [OBSERVE, OBSERVE, OBSERVE]), Path("f"))
    with pytest.raises(StudyError, match=why):
        _ = [one.task for one in task_lines(named)]


def test_an_endless_line_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES", 1000)
    (tmp_path / "f").write_bytes(b"x" * 10_000)
    for number in (1, 2):
        with pytest.raises(StudyError, match="f:1: is longer than 1,000 bytes"):
            read_task_lines(tmp_path / "f", number, number)
