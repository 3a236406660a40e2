"""Progress of a command, from its first second, on standard error.

A terminal gets a bar with the time that is left. A pipe or a log gets whole lines: one as a stage
begins, one after its first step and its last, between them one for each tenth of the way (no faster
than `LINE_GAP_S`), and one every `LINE_EVERY_S`, also while a single step takes long. Nothing goes
to standard output.

The time left is that of the steps to come at the mean pace of the steps made; what was done before
the stage began (results in the store, say) does not count as pace.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gnomon.cli import output_text
from gnomon.datamodel.progress import Progress, Stages

LINE_EVERY_S = 30.0
"""A log that grows by two lines a minute is still read."""
LINE_SHARE, LINE_GAP_S = 0.1, 2.0
"""Part of the way after which there is a line, and the least time between two such lines."""
BAR_CHARS, CLOCK_CHARS = 10, 11
"""Widths of the bar, and of the elapsed time with the spaces between columns."""
ITEM_CHARS = 8
"""Fewer of an item's name say nothing."""


@contextmanager
def stages(
    *, clock: Callable[[], float] = time.monotonic, every_s: float = LINE_EVERY_S
) -> Iterator[Stages]:
    """Show the progress of stages that follow one another.

    Parameters
    ----------
    clock
        Seconds that only grow.
    every_s
        Longest silence in a pipe, seconds.

    """
    shown = _bars() if output_text.err.is_terminal else _lines(clock, every_s)
    with shown as begin:
        yield begin


@contextmanager
def progress_bar(unit: str, *, first: str = "") -> Iterator[Progress]:
    """Show the progress of one stage, and what is done ``first``, until its first step is made."""
    with stages() as begin:
        begun: list[Progress] = []
        if first:
            begin(first)
        else:
            begun.append(begin(unit))

        def report(done: int, total: int, item: str) -> None:
            if not begun:
                begun.append(begin(unit))
            begun[0](done, total, item)

        yield report


@dataclass
class Pace:
    """How far a stage is, and how fast it goes on."""

    stage: str
    clock: Callable[[], float]
    begun_s: float = field(init=False)
    before: int = 0
    """Steps that were done before the stage began."""
    done: int = 0
    total: int = 0
    item: str = ""

    def __post_init__(self) -> None:
        self.begun_s = self.clock()

    def step(self, done: int, total: int, item: str) -> None:
        """Take note of a step; one without a name was done before."""
        if not item:
            self.before, self.begun_s = done, self.clock()
        self.done, self.total, self.item = done, total, item

    @property
    def count(self) -> str:
        """Steps done, and of how many."""
        return f"{self.done} of {self.total}" if self.total else f"{self.done or ''}"

    @property
    def left(self) -> str:
        """Time that is left, in words; empty where nothing can be said yet."""
        made, waiting = self.done - self.before, self.total - self.done
        if made <= 0 or waiting <= 0:
            return ""
        return f"about {duration((self.clock() - self.begun_s) / made * waiting)} left"

    @property
    def summary(self) -> str:
        """What the stage was, when it is over."""
        taken = duration(self.clock() - self.begun_s)
        return f"{self.stage}: " + (f"{self.count}, {taken}" if self.count else taken)

    def words(self, width: int) -> str:
        """What stands beside a bar: count, time left, and as much of the item as has room."""
        words = " ".join(part for part in (self.count, self.left) if part)
        room = width - len(words) - 1
        if room < min(ITEM_CHARS, len(self.item)):
            return words
        # The end of a name distinguishes it from its neighbours.
        item = self.item if len(self.item) <= room else f"...{self.item[3 - room :]}"
        return f"{words} {item}"

    @property
    def line(self) -> str:
        """All of it on one line."""
        share = f" ({100 * self.done // self.total} %)" if self.total else ""
        parts = [part for part in (f"{self.count}{share}", self.left, self.item) if part]
        if parts:
            return f"{self.stage}: {', '.join(parts)}"
        since_s = self.clock() - self.begun_s
        return f"{self.stage} ..." + (f" {duration(since_s)}" if since_s >= 1 else "")


def duration(seconds: float) -> str:
    """Seconds in words, no finer than an estimate deserves."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 600 else f"{round(minutes / 60)} h"


@contextmanager
def _bars() -> Iterator[Stages]:
    """A bar for the stage that goes on, a line for each that is over."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=BAR_CHARS),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    running: list[Pace] = []
    with Bars(*columns, console=output_text.err, transient=True) as bars:

        def end_stage() -> None:
            for pace in running:
                output_text.err.print(pace.summary)
            for task in bars.task_ids:
                bars.remove_task(task)
            running.clear()

        def begin(stage: str) -> Progress:
            end_stage()
            pace = Pace(stage, time.monotonic)
            running.append(pace)
            task = bars.add_task(stage, total=None, words="")

            def report(done: int, total: int, item: str) -> None:
                pace.step(done, total, item)
                words = pace.words(output_text.err.width - len(stage) - BAR_CHARS - CLOCK_CHARS)
                bars.update(task, completed=done, total=total or None, words=words)

            return report

        yield begin
        end_stage()


@contextmanager
def _lines(clock: Callable[[], float], every_s: float) -> Iterator[Stages]:
    """Lines now and then."""
    lines, over = _Lines(clock, every_s), threading.Event()
    watch = threading.Thread(target=lines.watch, args=(over,), daemon=True)
    watch.start()
    try:
        yield lines.begin
    finally:
        over.set()
        watch.join()


class _Lines:
    """Which steps become lines."""

    def __init__(self, clock: Callable[[], float], every_s: float) -> None:
        self.clock = clock
        self.every_s = every_s
        self.pace: Pace | None = None
        self.printed_s = clock()
        self.printed_steps = 0
        self.lock = threading.Lock()

    def begin(self, stage: str) -> Progress:
        """Begin a stage with a line."""
        pace = Pace(stage, self.clock)
        with self.lock:
            self.pace = pace
            self._print()

        def report(done: int, total: int, item: str) -> None:
            with self.lock:
                pace.step(done, total, item)
                if self._is_due(pace):
                    self._print()

        return report

    def _is_due(self, pace: Pace) -> bool:
        """Whether a step is the first, the last, a tenth further, or long after the last line."""
        if not pace.item or self.pace is not pace:
            return False
        since = pace.done - self.printed_steps
        first = self.printed_steps <= pace.before and since > 0
        last = 0 < pace.total == pace.done and since > 0
        silent_s = self.clock() - self.printed_s
        tenth = 0 < LINE_SHARE * pace.total <= since and silent_s >= LINE_GAP_S
        return first or last or tenth or silent_s >= self.every_s

    def _print(self) -> None:
        assert self.pace is not None, "a stage has begun"
        self.printed_s, self.printed_steps = self.clock(), self.pace.done
        output_text.err.print(self.pace.line, soft_wrap=True)

    def watch(self, over: threading.Event) -> None:
        """Print a line also where a step takes long, until ``over``."""
        wait_s = self.every_s
        while not over.wait(wait_s):
            with self.lock:
                silent_s = self.clock() - self.printed_s
                if self.pace is not None and silent_s >= self.every_s:
                    self._print()
                    silent_s = 0.0
            wait_s = max(self.every_s - silent_s, 0.01)
