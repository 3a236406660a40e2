"""Progress: from the first second, on standard error, bars on a terminal and lines in a pipe."""

import io
import re
import threading
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gnomon.cli import output_text
from gnomon.cli.progress import LINE_EVERY_S, Pace, duration, progress_bar, stages


class Time:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error, as a pipe."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=False, width=80, markup=False, highlight=False)
    monkeypatch.setattr(output_text, "err", console)
    return file


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error, as a terminal of 80 columns."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80, markup=False, highlight=False)
    monkeypatch.setattr(output_text, "err", console)
    return file


def test_a_pipe_gets_whole_lines_first_each_tenth_and_last(pipe: io.StringIO) -> None:
    clock = Time()
    with stages(clock=clock) as begin:
        report = begin("observing")
        assert pipe.getvalue() == "observing ...\n"  # before the first step
        for step in range(1, 201):
            clock.now += 6.0
            report(step, 200, f"scene-{step}")
    lines = pipe.getvalue().splitlines()
    assert lines[1] == "observing: 1 of 200 (0 %), about 20 min left, scene-1"
    assert lines[-1] == "observing: 200 of 200 (100 %), scene-200"
    steps = [int(line.split()[1]) for line in lines[1:]]
    assert all(0 < two - one <= 5 for one, two in pairwise(steps))  # 30 s are five steps
    assert "\r" not in pipe.getvalue()
    assert "\x1b" not in pipe.getvalue()


def test_fast_steps_are_few_lines(pipe: io.StringIO) -> None:
    clock = Time()
    with stages(clock=clock) as begin:
        report = begin("searching")
        for step in range(1, 1001):
            clock.now += 0.01  # ten seconds in all
            report(step, 1000, "item")
    assert len(pipe.getvalue().splitlines()) <= 3 + 10 / 2


@given(
    st.lists(st.floats(0.01, 120), min_size=1, max_size=60),
    st.integers(0, 50),
)
def test_a_pipe_is_never_silent_for_long_while_steps_come(waits: list[float], kept: int) -> None:
    clock, file = Time(), io.StringIO()
    before = output_text.err
    output_text.err = Console(file=file, force_terminal=False, markup=False)
    try:
        with stages(clock=clock, every_s=LINE_EVERY_S) as begin:
            report = begin("observing")
            report(kept, kept + len(waits), "")
            printed_s, count = 0.0, 1
            for step, wait in enumerate(waits, start=1):
                clock.now += wait
                report(kept + step, kept + len(waits), "scene")
                lines = len(file.getvalue().splitlines())
                if lines > count:
                    printed_s, count = clock.now, lines
                assert clock.now - printed_s < LINE_EVERY_S
    finally:
        output_text.err = before


def test_a_step_that_takes_long_is_not_silent(pipe: io.StringIO) -> None:
    with stages(every_s=0.05) as begin:
        begin("searching the catalogue")
        until = time.monotonic() + 5
        while pipe.getvalue().count("\n") < 3 and time.monotonic() < until:
            time.sleep(0.01)
    assert pipe.getvalue().startswith("searching the catalogue ...\n" * 3)
    assert not [t for t in threading.enumerate() if "watch" in t.name]


def test_a_terminal_has_the_stage_the_bar_and_the_time_left(terminal: io.StringIO) -> None:
    with stages() as begin:
        begin("starting")
        report = begin("observing")
        report(40, 148, "")
        time.sleep(0.01)
        report(41, 148, "S2A_52TCN_20240403_0_L2A_[a long name]")
        time.sleep(0.3)  # it is drawn ten times a second
    text = terminal.getvalue()
    assert "starting: 1 s" in text  # what is over stays as a line
    assert "41 of 148" in text
    assert re.search(r"about \d+ s left", text)
    assert "long name]" in text
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "\n")
    assert max(map(len, shown.splitlines())) <= 80


def test_what_comes_first_is_shown_until_the_first_step(pipe: io.StringIO) -> None:
    with progress_bar("training steps", first="reading labelled scenes") as report:
        assert pipe.getvalue() == "reading labelled scenes ...\n"
        report(1, 10, "loss 2.00")
        assert pipe.getvalue().splitlines()[1] == "training steps ..."
    assert "training steps: 1 of 10 (10 %)" in pipe.getvalue()


def test_an_error_leaves_no_thread_and_no_bar_behind(terminal: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError), stages() as begin:  # noqa: PT011, PT012
        begin("observing")
        fail()
    assert "observing: " not in terminal.getvalue()  # it is not over


@given(st.integers(0, 100), st.integers(1, 100), st.integers(1, 100), st.floats(0.1, 1e4))
def test_the_time_left_is_that_of_the_steps_to_come(
    kept: int, made: int, waiting: int, step_s: float
) -> None:
    clock = Time()
    pace = Pace("observing", clock)
    clock.now = 1000.0  # opening the store took long, and is no step
    pace.step(kept, kept + made + waiting, "")
    clock.now += made * step_s
    pace.step(kept + made, kept + made + waiting, "scene")
    assert pace.left == f"about {duration(waiting * step_s)} left"


@given(st.integers(1, 300), st.text(min_size=1, max_size=120), st.integers(20, 200))
def test_words_beside_a_bar_fit_their_room(done: int, item: str, width: int) -> None:
    pace = Pace("observing", Time())
    pace.step(done, 300, item)
    assert len(pace.words(width)) <= max(width, len(f"{pace.count} {pace.left}"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (42, "42 s"), (200, "3 min"), (5500, "1 h 32 min"), (2e5, "56 h")],
)
def test_durations_are_no_finer_than_an_estimate(seconds: float, words: str) -> None:
    assert duration(seconds) == words
