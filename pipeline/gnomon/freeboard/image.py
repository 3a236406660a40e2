"""A ship of the model on a chip's own pixels, and the directions under which a chip was taken."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnomon.freeboard.bins import Chip, pixel_places
from gnomon.freeboard.hull import Cells, Sight, cover

Floats = NDArray[np.float64]


def sight_of(chips: Sequence[Chip], *, dtype: torch.dtype = torch.float32) -> Sight:
    """Sun and sensor of some chips, from the grid's north."""

    def radians(name: str) -> Tensor:
        return torch.tensor([np.deg2rad(getattr(c, name)) for c in chips], dtype=dtype)

    names = ("sun_azimuth_deg", "sun_elevation_deg", "view_azimuth_deg", "view_zenith_deg")
    return Sight(*(radians(name) for name in names))


def cover_of_pixels(chip: Chip, ship: Floats) -> Floats:
    """Fraction of every pixel of a chip that each surface of a ship covers.

    Parameters
    ----------
    chip
        Its image gives the number of pixels, and no more.
    ship
        Parameters, in the order of `gnomon.freeboard.hull.PARAMETERS`.

    Returns
    -------
    ndarray
        Shape (len(SURFACES), rows * columns).

    """
    east, north = (torch.tensor(place[None]) for place in pixel_places(chip))
    blur = torch.tensor([np.sqrt(chip.blur_px**2 + 1 / 12) * chip.gsd_m], dtype=torch.float64)
    cells = Cells(east, north, blur, blur)
    maps = cover(torch.tensor(ship[None]), cells, sight_of([chip], dtype=torch.float64))
    covers: Floats = maps[0].numpy()
    return covers
