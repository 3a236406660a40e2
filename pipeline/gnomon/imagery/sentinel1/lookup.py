"""Lookup tables of a product: vectors along range, each at a line, with bilinear values between.

The samples of one vector need not be those of another (they are not, where the swaths of a slice
begin at different lines). So each vector is interpolated along its own samples, and the rows of a
window between the vectors above and below. Beyond the first and the last entry the nearest counts:
tables of some processors end a few samples before the image does.
"""

from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

import numpy as np

from gnomon.datamodel.arrays import Float32s, Float64s
from gnomon.imagery.sentinel1.metadata import (
    ProductFileError,
    xml_elements,
    xml_integer,
    xml_numbers,
)


@dataclass(frozen=True)
class GridWindow:
    """Part of a product's grid: lines from ``top``, samples from ``left``."""

    top: int
    left: int
    lines: int
    samples: int

    @property
    def rows(self) -> Float64s:
        """Numbers of the lines, (lines,)."""
        return np.arange(self.top, self.top + self.lines, dtype=float)

    @property
    def columns(self) -> Float64s:
        """Numbers of the samples, (samples,)."""
        return np.arange(self.left, self.left + self.samples, dtype=float)


@dataclass(frozen=True)
class LookupTable:
    """Values at samples of some lines."""

    lines: Float64s
    """(vectors,), increasing."""
    samples: tuple[Float64s, ...]
    """Of each vector, increasing."""
    values: tuple[Float64s, ...]
    """Of each vector, as many as its samples."""

    def __post_init__(self) -> None:
        for numbers in (self.lines, *self.samples):
            if not len(numbers) or (np.diff(numbers) <= 0).any():
                raise ProductFileError("has a table that is out of order; fetch it again")
        if any(len(at) != len(of) for at, of in zip(self.samples, self.values, strict=True)):
            raise ProductFileError("has more or fewer values than samples; fetch it again")

    def on_each_line(self, window: GridWindow) -> Float32s | None:
        """Values on the samples of a window, (samples,), if all lines have the same; else None."""
        first = self.samples[0], self.values[0]
        others = zip(self.samples[1:], self.values[1:], strict=True)
        if not all(np.array_equal(a, b) for one in others for a, b in zip(first, one, strict=True)):
            return None
        return np.interp(window.columns, *first).astype(np.float32)

    def on(self, window: GridWindow) -> Float32s:
        """Values on a window, (lines, samples)."""
        rows = window.rows
        upper = np.clip(np.searchsorted(self.lines, rows, side="right"), 1, len(self.lines) - 1)
        if len(self.lines) == 1:
            upper = np.zeros(len(rows), int)
        lower = np.maximum(upper - 1, 0)
        first, last = lower.min(), upper.max()
        near = range(first, last + 1)
        columns = window.columns
        by_vector = np.stack(
            [np.interp(columns, self.samples[i], self.values[i]).astype(np.float32) for i in near]
        )
        step = np.where(upper > lower, self.lines[upper] - self.lines[lower], 1.0)
        share = np.clip((rows - self.lines[lower]) / step, 0.0, 1.0).astype(np.float32)[:, None]
        values = np.empty((len(rows), len(columns)), np.float32)
        starts = np.flatnonzero(np.r_[True, np.diff(lower) > 0])
        for start, end in pairwise([*starts, len(rows)]):
            above, below = by_vector[lower[start] - first], by_vector[upper[start] - first]
            np.multiply(share[start:end], below - above, out=values[start:end])
            values[start:end] += above
        return values


def vector_table(root: Element, path: str, name: str) -> LookupTable:
    """Table of vectors that have a line, samples (``pixel``) and values.

    Parameters
    ----------
    root
        Of a calibration or noise file.
    path
        Of the vectors.
    name
        Of their values.

    Raises
    ------
    ProductFileError
        It is not there, or not whole.

    """
    # Two vectors of one line say the same, where a slice ends on a vector: the first counts.
    by_line = {xml_integer(one, "line"): one for one in reversed(list(xml_elements(root, path)))}
    vectors = [by_line[line] for line in sorted(by_line)]
    return LookupTable(
        np.array(sorted(by_line), float),
        tuple(xml_numbers(one, "pixel") for one in vectors),
        tuple(xml_numbers(one, name) for one in vectors),
    )
