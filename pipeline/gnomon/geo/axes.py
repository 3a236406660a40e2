"""Axes of ships in a raster: x right, y down, angles in degrees clockwise from the top."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def axes(ships: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Unit vectors along each axis and to its right, (n, 2) each.

    Parameters
    ----------
    ships
        (n, 5) or more columns: x, y, length, beam in pixels, angle in degrees.

    """
    turn = np.deg2rad(ships[:, 4])
    along = np.column_stack([np.sin(turn), -np.cos(turn)])
    return along, np.column_stack([np.cos(turn), np.sin(turn)])


def from_axis(
    ship: Floats, x: NDArray[np.floating], y: NDArray[np.floating]
) -> tuple[Floats, Floats]:
    """How far points lie from a ship's centre, along her axis and across it, in pixels."""
    dx, dy = x - ship[0], y - ship[1]
    (along,), (across,) = axes(ship[None])
    return dx * along[0] + dy * along[1], dx * across[0] + dy * across[1]


def rotation(turn: float) -> NDArray[np.float64]:
    """Matrix that turns with the clock, by an angle in radians."""
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
