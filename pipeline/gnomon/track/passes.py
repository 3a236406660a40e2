"""Satellite passes: which scenes are of one pass, and what each pass shows.

Observations of one platform within ten minutes (neighbouring tiles) are one satellite pass.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.visibility import Visibility, read_visibility

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T")

ONE_PASS_DAYS = 10 / 1440


def number_passes(observations: pd.DataFrame, day: Floats) -> Ints:
    """Number of the satellite pass of each observation; observations are sorted by time."""
    platform = observations.get("platform", observations.scene_id)
    latest: dict[str, tuple[int, float]] = {}
    count, out = 0, []
    for name, time in zip(platform, day, strict=True):
        number, before = latest.get(name, (-1, -np.inf))
        if time - before > ONE_PASS_DAYS:
            number = count
            count += 1
        latest[name] = (number, time)
        out.append(number)
    return np.array(out, np.int64)


def by_pass(values: Iterable[T | None], passes: Ints, count: int) -> tuple[tuple[T, ...], ...]:
    """Values of the scenes of each satellite pass; those that are None are left out."""
    out: list[list[T]] = [[] for _ in range(count)]
    for value, number in zip(values, passes, strict=True):
        if value is not None:
            out[number].append(value)
    return tuple(map(tuple, out))


def visibility_by_pass(
    observations: pd.DataFrame, passes: Ints, count: int
) -> tuple[tuple[Visibility, ...], ...]:
    """Grids of the scenes of each pass; none where the table has none.

    Raises
    ------
    TrackError
        A text is no grid.

    """
    if "visibility" not in observations:
        return ((),) * count
    pairs = zip(observations.scene_id, observations.visibility, strict=True)
    grids = [from_text("visibility", scene, text, read_visibility) for scene, text in pairs]
    return by_pass(grids, passes, count)


def from_text(column: str, scene: str, text: object, read: Callable[[str], T]) -> T | None:
    """Value that a column of observations holds as text; None where it is empty.

    Raises
    ------
    TrackError
        ``read`` refuses the text.

    """
    if not isinstance(text, str) or not text:
        return None
    try:
        return read(text)
    except ValueError as error:
        raise TrackError(f"observations: {column} of {scene} is {error}; leave it empty") from error
