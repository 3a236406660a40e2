"""Oriented boxes: hulls and labels of hulls in the pixels of a raster.

A box is the rectangle around a hull. ``x`` runs right and ``y`` down; the first pixel of the raster
covers 0 to 1. ``angle`` is that of the long axis, in degrees clockwise from the raster's top. An
axis has no direction, so a box turned by 180 degrees is the same box and the angle is kept within
0 to 180.

Laws, each of them tested:

- ``boxes.shifted(dx, dy).polygons()`` are ``boxes.polygons()`` translated by (dx, dy);
- ``boxes.scaled(k).polygons()`` are ``boxes.polygons()`` scaled by k about the origin;
- a polygon's area is length times beam, and its centroid is (x, y);
- `OrientedBoxes.concatenate` undoes any division of the boxes by masks or slices, up to order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple, Self, overload

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gnomon.datamodel.arrays import Float32s, Mask


class OrientedBox(NamedTuple):
    """One row of `OrientedBoxes`; the fields are described there."""

    x: np.float32
    y: np.float32
    length: np.float32
    beam: np.float32
    angle: np.float32
    score: np.float32
    quayside: np.bool_
    p_tanker: np.float32
    tanker: np.float32

    def along_across(self, x: ArrayLike, y: ArrayLike) -> tuple[Float32s, Float32s]:
        """Distance of points from the centre along the axis and to its right, pixels.

        Parameters
        ----------
        x, y
            Points, arrays of one shape, pixels.

        """
        turn = np.deg2rad(self.angle)
        sine, cosine = np.sin(turn), np.cos(turn)
        dx, dy = np.asarray(x) - self.x, np.asarray(y) - self.y
        return dx * sine + dy * -cosine, dx * cosine + dy * sine


@dataclass(frozen=True, eq=False)
class OrientedBoxes:
    """Boxes as named, read-only arrays of one length; `of` fills what is left out.

    Raises
    ------
    ValueError
        Arrays differ in length, a place or a size is not finite, a size is negative, or a score or
        probability lies outside 0 to 1.

    """

    x: Float32s
    """Centre, pixels from the left edge of the raster."""
    y: Float32s
    """Centre, pixels from the top edge of the raster."""
    length: Float32s
    """Along the axis, pixels."""
    beam: Float32s
    """Across the axis, pixels."""
    angle: Float32s
    """Of the axis, degrees clockwise from the top, 0 to 180."""
    score: Float32s
    """Probability of being a ship, or a raw score; NaN of a label."""
    quayside: Mask
    """Whether land, a quay or a pier lies close by."""
    p_tanker: Float32s
    """Estimated probability of being a tanker; NaN where there is no estimate."""
    tanker: Float32s
    """As labelled: 1 for a tanker, 0 for another type, NaN where the type is unknown."""

    def __post_init__(self) -> None:
        for part in fields(self):
            dtype = bool if part.name == "quayside" else np.float32
            values = np.array(getattr(self, part.name), dtype)
            if part.name == "angle":
                values %= np.float32(180.0)
            values.setflags(write=False)
            object.__setattr__(self, part.name, values)
        self._check()

    def _check(self) -> None:
        shapes = {getattr(self, part.name).shape for part in fields(self)}
        if shapes != {(len(self.x),)}:
            raise ValueError(f"arrays of boxes have the shapes {sorted(shapes)}")
        for name in ("x", "y", "length", "beam", "angle"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} of a box is not finite")
        if (self.length < 0).any() or (self.beam < 0).any():
            raise ValueError("length or beam of a box is negative")
        for name in ("score", "p_tanker", "tanker"):
            values = getattr(self, name)
            if ((values < 0) | (values > 1)).any():
                raise ValueError(f"{name} of a box lies outside 0 to 1")

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        length: ArrayLike,
        beam: ArrayLike,
        angle: ArrayLike,
        *,
        score: ArrayLike = np.nan,
        quayside: ArrayLike = False,
        p_tanker: ArrayLike = np.nan,
        tanker: ArrayLike = np.nan,
    ) -> Self:
        """Boxes from arrays; a number stands for an array of it."""
        parts = (x, y, length, beam, angle, score, quayside, p_tanker, tanker)
        return cls(*np.broadcast_arrays(*(np.atleast_1d(np.asarray(part)) for part in parts)))

    @classmethod
    def empty(cls) -> Self:
        """No boxes."""
        nothing: list[float] = []
        return cls.of(nothing, nothing, nothing, nothing, nothing)

    @classmethod
    def concatenate(cls, parts: Iterable["OrientedBoxes"]) -> Self:
        """All boxes of several sets, in their order; none of none."""
        every = [cls.empty(), *parts]
        return cls(*(np.concatenate([getattr(p, f.name) for p in every]) for f in fields(cls)))

    def __len__(self) -> int:
        return len(self.x)

    @overload
    def __getitem__(self, where: int) -> OrientedBox: ...

    @overload
    def __getitem__(self, where: slice | Mask | NDArray[np.integer]) -> Self: ...

    def __getitem__(self, where: int | slice | Mask | NDArray[np.integer]) -> OrientedBox | Self:
        """One box by its number, or boxes by a slice, a mask or an array of numbers."""
        parts = [getattr(self, part.name)[where] for part in fields(self)]
        return OrientedBox(*parts) if np.ndim(parts[0]) == 0 else type(self)(*parts)

    def __iter__(self) -> Iterator[OrientedBox]:
        return (OrientedBox(*row) for row in zip(*vars(self).values(), strict=True))

    @property
    def centres(self) -> Float32s:
        """(n, 2), x and y, for what takes points as one array."""
        return np.column_stack([self.x, self.y])

    def shifted(self, dx: float, dy: float) -> Self:
        """The boxes moved by so many pixels to the right and down."""
        return self._with(x=self.x + np.float32(dx), y=self.y + np.float32(dy))

    def scaled(self, factor: float) -> Self:
        """The boxes in pixels that are ``factor`` times smaller."""
        by = np.float32(factor)
        return self._with(
            x=self.x * by, y=self.y * by, length=self.length * by, beam=self.beam * by
        )

    def _with(self, **values: Float32s) -> Self:
        return type(self)(**(vars(self) | values))

    def polygons(self) -> NDArray[np.object_]:
        """Shapely polygons, (n,), with corners bow right, bow left, stern left, stern right."""
        turn = np.deg2rad(self.angle.astype(float))
        along = np.column_stack([np.sin(turn), -np.cos(turn)])
        across = np.column_stack([np.cos(turn), np.sin(turn)])
        axis, side = along * self.length[:, None] / 2, across * self.beam[:, None] / 2
        corners = [axis + side, axis - side, -axis - side, -axis + side]
        polygons: NDArray[np.object_] = shapely.polygons(
            self.centres[:, None] + np.stack(corners, axis=1)
        )
        return polygons
