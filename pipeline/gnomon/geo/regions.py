"""Connected regions of a mask, found from the runs of its rows.

Masks of water and land consist of few and long runs. Joining those of neighbouring rows that touch
takes as many steps as there are runs (He, Chao and Suzuki 2008, doi:10.1109/TIP.2008.917723);
labelling pixels takes several passes over the image, most of which is the inside of one region.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Mask = NDArray[np.bool_]
Counts = NDArray[np.intp]


class Regions:
    """Connected regions of a mask, (rows, columns), and properties of each.

    Parameters
    ----------
    mask
        True inside of the regions.
    diagonal
        Whether pixels that share no more than a corner are connected.

    """

    def __init__(self, mask: Mask, *, diagonal: bool = False) -> None:
        self._shape = mask.shape
        self._width = mask.shape[1] + 1
        # Where runs start and stop, in turn, in the rows laid end to end.
        self._edges = np.flatnonzero(np.diff(self._flat(mask), prepend=False))
        self._starts, self._stops = self._edges[::2], self._edges[1::2]
        self._count, self._region = self._joined(diagonal=diagonal)

    def _flat(self, mask: Mask) -> Mask:
        """Rows end to end, an empty column between them."""
        flat = np.zeros((self._shape[0], self._width), bool)
        flat[:, :-1] = mask
        return flat.ravel()

    def _joined(self, *, diagonal: bool) -> tuple[int, Counts]:
        """How many regions there are, and that of each run."""
        # The runs of the next row that touch a run follow each other.
        slack = int(diagonal)
        first = np.searchsorted(self._stops, self._starts + self._width - slack, "right")
        behind = np.searchsorted(self._starts, self._stops + self._width + slack)
        ends = np.cumsum(behind - first)
        begins = np.concatenate([[0], ends])
        touched = np.arange(begins[-1]) + np.repeat(behind - ends, behind - first)
        graph = (np.ones(len(touched), np.int8), touched, begins)
        return sparse.csgraph.connected_components(
            sparse.csr_array(graph, shape=2 * first.shape), directed=False
        )

    @cached_property
    def area(self) -> Counts:
        """Pixels of each region."""
        area = np.zeros(self._count, np.intp)
        np.add.at(area, self._region, self._stops - self._starts)
        return area

    @cached_property
    def span(self) -> NDArray[np.float64]:
        """Diagonal of the box around each region, pixels."""
        (top, bottom), (left, right) = np.divmod([self._starts, self._stops], self._width)
        rows, columns = (
            self._each(np.maximum, far) - self._each(np.minimum, near)
            for near, far in ((top, bottom + 1), (left, right))
        )
        return np.hypot(rows, columns)

    def _each(self, extreme: np.ufunc, of_run: Counts) -> Counts:
        """Least or largest of a number over the runs of each region."""
        values = np.empty(self._count, np.intp)
        values[self._region] = of_run
        extreme.at(values, self._region, of_run)
        return values

    @cached_property
    def cut(self) -> Mask:
        """Whether each region touches the mask's edge."""
        rows, columns = self._shape
        row, left = np.divmod(self._starts, self._width)
        at_edge = (row == 0) | (row == rows - 1) | (left == 0)
        return self._any(at_edge | (self._stops % self._width == columns))

    def holding(self, seeds: Mask) -> Mask:
        """Whether each region holds a pixel of another mask."""
        return self._any(np.logical_or.reduceat(self._flat(seeds), self._edges)[::2])

    def _any(self, of_run: Mask) -> Mask:
        found = np.zeros(self._count, bool)
        found[self._region[of_run]] = True
        return found

    def where(self, kept: Mask) -> Mask:
        """Pixels of the regions that are kept."""
        runs = np.zeros(len(self._edges) + 1, bool)
        runs[1::2] = kept[self._region]
        lengths = np.diff(self._edges, prepend=0, append=self._shape[0] * self._width)
        return np.repeat(runs, lengths).reshape(-1, self._width)[:, :-1]
