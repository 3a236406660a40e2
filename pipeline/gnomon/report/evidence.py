"""What the pixels show of each ship (stub)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gnomon.report.gathering import Run

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Evidence:
    """Pictures and curves by detection, and what they came from."""

    chips: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    coasts: dict[str, list[Any]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def evidence(run: Run, *, pictures: bool = True, progress: Progress | None = None) -> Evidence:
    return Evidence()
