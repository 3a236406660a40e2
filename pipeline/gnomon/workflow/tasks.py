"""A run as lines of text, one task each, for any batch system.

A task is an observation, or the backgrounds of a port. A line says what it needs (the scene and the
name of the port), where its result will lie in the folder of the run, and what it will take.
What it does not say is what it may do: study, weights, ports, folder, and what the catalogue may
lead to are those of the command that does the task. Each line has the digest of all that its result
rests on. A line that was changed, or was written for another study or another gnomon, has another
digest and is refused, so that it can neither be taken for a task of this run nor replace a result.

Lines are read as strictly as a catalogue is, because they travel as files do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.scene import Scene, Sensor
from gnomon.workflow.port_backgrounds import Digest

LINE_BYTES = 8 * 2**20
"""Of one line; an outline of as many points as [catalog.limits] allows by default has 4 MiB."""
LONGEST_ID = 300
"""Of a scene, as of an item."""
MOST_LINES = 10_000_000
LineNumber = Annotated[int, Field(ge=1, le=MOST_LINES)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Task(_Part):
    """What all tasks have."""

    task: Literal["background", "observe"]
    command: str
    """That does it, for people and shells; whoever reads a line does not run it."""
    digest: Digest
    """Of all that the result rests on."""
    output: str | None = None
    """In the folder of the run; None where the background, once made, decides its name."""
    bytes: int | None = Field(default=None, ge=0)
    """To be read, estimated; None where no trial succeeded."""
    seconds: float | None = Field(default=None, ge=0)
    """Of one process with one thread, its start included."""
    memory_bytes: int | None = Field(default=None, ge=0)


class BackgroundUse(_Part):
    """Which backgrounds an observation needs."""

    index: Digest
    line: LineNumber | None = None
    """Of the task that makes them, in the same file; None where they had been made already."""


class ObserveInputs(_Part):
    """What an observation reads."""

    port: str | None = None
    """None for a place without a name, as of [ports] bbox."""
    scene: Scene
    background: BackgroundUse | None = None
    fixed_echoes: BackgroundUse | None = None
    """Of radar, likewise."""

    @field_validator("scene")
    @classmethod
    def _has_a_name(cls, scene: Scene) -> Scene:
        if not scene.id.strip() or len(scene.id) > LONGEST_ID or not scene.id.isprintable():
            raise ValueError("its id is no name")
        return scene


class ObserveTask(_Task):
    """One scene over one port."""

    task: Literal["observe"] = "observe"
    inputs: ObserveInputs


class BackgroundInputs(_Part):
    """What backgrounds are made of."""

    port: str | None = None
    sensor: Sensor
    lines: tuple[LineNumber, LineNumber]
    """First and last line of the port's observations, in the same file."""


class BackgroundTask(_Task):
    """What a port looks like without ships, in all seasons."""

    task: Literal["background"] = "background"
    inputs: BackgroundInputs


Task = ObserveTask | BackgroundTask
_READER: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="task")])


@dataclass(frozen=True)
class TaskLine:
    """A line, and where it is from."""

    text: bytes
    place: str
    """For messages."""
    file: Path | None = None
    """None for a line that was given by itself."""

    @property
    def task(self) -> Task:
        """What the line says.

        Raises
        ------
        StudyError
            It is no task, or not one that this gnomon wrote.

        """
        try:
            return _READER.validate_json(self.text)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, f['loc'])) or 'line'}: {f['msg']}"
                      for f in error.errors(include_input=False)[:3]]  # fmt: skip
            why = " ".join("; ".join(faults).split())
            raise StudyError(f"{self.place}: is no task ({why}); write it by gnomon plan") from None


def task_text(task: Task) -> str:
    """Line of a task, with its end; what a scene does not have is left out."""
    return task.model_dump_json(exclude_none=True) + "\n"


def write_tasks(texts: Iterable[str], path: Path) -> int:
    """Write lines of tasks; returns how many.

    Raises
    ------
    StoreError
        The disk is full or not writable; the earlier file is as it was.

    """
    count = 0

    def write(partial: Path) -> None:
        nonlocal count
        with partial.open("w", encoding="utf-8") as file:
            for text in texts:
                file.write(text)
                count += 1

    write_whole(path, write)
    return count


def read_task_lines(path: Path, first: int, last: int) -> list[TaskLine]:
    """Some lines of a file of tasks, counted from 1; blank ones are none.

    Raises
    ------
    StudyError
        The file cannot be read, is shorter, or has lines that are too long.

    """
    try:
        with path.open("rb") as file:
            pieces = iter(lambda: file.readline(LINE_BYTES + 1), b"")
            for number, text in enumerate(islice(pieces, first - 1), start=1):
                _check_length(text, f"{path}:{number}")
            found = [
                TaskLine(text, f"{path}:{number}", path)
                for number, text in enumerate(islice(pieces, last - first + 1), start=first)
            ]
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror or error})") from error
    for line in found:
        _check_length(line.text, line.place)
    if len(found) < last - first + 1:
        raise StudyError(f"{path}: ends before line {last}; name a line that is there")
    return found


def _check_length(text: bytes, place: str) -> None:
    if len(text) > LINE_BYTES:
        raise StudyError(f"{place}: is longer than {LINE_BYTES:,} bytes; write it by gnomon plan")


def task_lines(named: str) -> list[TaskLine]:
    """Lines as a command line names them.

    Parameters
    ----------
    named
        ``FILE:N``, ``FILE:N-M``, or a line itself, which begins with ``{``.

    Raises
    ------
    StudyError
        It is neither, or a line is not there.

    """
    if named.lstrip().startswith("{"):
        line = TaskLine(named.encode(errors="replace"), "the task that was given")
        _check_length(line.text, line.place)
        return [line]
    file, _, numbers = named.rpartition(":")
    first, _, last = numbers.partition("-")
    parts = [first, last or first]
    if file and all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
        start, stop = map(int, parts)
        if 1 <= start <= stop:
            return read_task_lines(Path(file), start, stop)
    raise StudyError(f"{named[:200]}: is no task; give FILE:N, FILE:N-M, or a line of the file")
