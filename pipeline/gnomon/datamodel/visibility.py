"""What an image shows of a port, place by place: a coarse grid, kept as text in a table.

An observation's usable fraction is of the whole port or of a whole berth; whether a ship would have
been seen is decided at its own place. So each observation keeps, in cells of about 40 m, which
share was seen: data that no cloud and no ice hides, land and water alike. A column of text is read
by every program that reads tables, and survives a CSV.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

Floats = NDArray[np.float64]
Percents = NDArray[np.uint8]

CELLS_MAX = 4_000_000
"""Of a grid that is read; a port of 20 x 20 km has a quarter of a million."""


@dataclass(frozen=True)
class Visibility:
    """Seen share of each cell of a grid."""

    crs: str
    """In metres, as the scene's."""
    left_m: float
    """Easting, and ``top_m`` northing, of the outer corner of the first cell."""
    top_m: float
    cell_m: float
    seen_percent: Percents
    """(rows, columns), 0 to 100; what lies beyond was not seen."""

    @property
    def text(self) -> str:
        """As the column ``visibility`` has it."""
        packed = base64.b64encode(zlib.compress(self.seen_percent.tobytes(), 9)).decode()
        rows, columns = self.seen_percent.shape
        return json.dumps(
            {
                "crs": self.crs,
                "left_m": self.left_m,
                "top_m": self.top_m,
                "cell_m": self.cell_m,
                "rows": rows,
                "columns": columns,
                "seen_percent": packed,
            }
        )

    @cached_property
    def _to_grid(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)

    def share_around(self, longitude: float, latitude: float, *, reach_m: float) -> float:
        """Mean seen share, 0 to 1, of the cells whose middles lie within reach of a place.

        The cell that holds the place always counts; cells beyond the grid count as unseen.
        """
        east, north = self._to_grid.transform(longitude, latitude)
        x, y = (east - self.left_m) / self.cell_m, (self.top_m - north) / self.cell_m
        if not np.isfinite([x, y]).all():
            return 0.0
        reach = reach_m / self.cell_m
        rows, columns = (np.arange(int(np.floor(v - reach)), int(v + reach) + 1) for v in (y, x))
        down, right = (rows + 0.5 - y)[:, None], (columns + 0.5 - x)[None, :]
        near = down**2 + right**2 <= reach**2
        near |= (rows == np.floor(y))[:, None] & (columns == np.floor(x))[None, :]
        return float(self._at(rows, columns)[near].mean()) / 100

    def _at(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
        """Percents of the cells of some rows and columns, 0 beyond the grid."""
        height, width = self.seen_percent.shape
        inside = ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)
        of_grid = self.seen_percent[
            np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)
        ]
        return np.where(inside, of_grid, 0).astype(float)


class _Text(BaseModel):
    """The JSON of a grid."""

    crs: str
    left_m: FiniteFloat
    top_m: FiniteFloat
    cell_m: Annotated[FiniteFloat, Field(gt=0)]
    rows: Annotated[int, Field(gt=0, le=CELLS_MAX)]
    columns: Annotated[int, Field(gt=0, le=CELLS_MAX)]
    seen_percent: str

    def grid(self) -> Percents:
        """Unpacked, no further than its size asks for: a short text can hold gigabytes."""
        count = self.rows * self.columns
        if count > CELLS_MAX:
            raise ValueError(f"{self.rows} x {self.columns} cells are more than {CELLS_MAX}")
        packed = base64.b64decode(self.seen_percent, validate=True)
        cells = zlib.decompressobj().decompress(packed, count + 1)
        grid = np.frombuffer(cells, np.uint8).reshape(self.rows, self.columns)
        if grid.max() > 100:
            raise ValueError("a percent above 100")
        return grid


def read_visibility(text: str) -> Visibility:
    """Read a grid from its text.

    Raises
    ------
    ValueError
        It is not one.

    """
    try:
        values = _Text.model_validate_json(text)
        crs = CRS.from_user_input(values.crs).to_string()
        return Visibility(crs, values.left_m, values.top_m, values.cell_m, values.grid())
    except (ValueError, zlib.error, CRSError) as error:
        raise ValueError("not a grid of visibility as gnomon writes it") from error


def best_share(
    grids: Sequence[Visibility], longitude: float, latitude: float, *, reach_m: float
) -> float:
    """Seen share around a place in the image of one satellite pass that shows it best."""
    shares = [grid.share_around(longitude, latitude, reach_m=reach_m) for grid in grids]
    return max(shares, default=0.0)
