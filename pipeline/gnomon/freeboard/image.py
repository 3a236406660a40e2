"""A fitted ship on a chip's own pixels: covers, outline and shadow, in the chip's geometry."""

import numpy as np
import torch
from numpy.typing import NDArray

from gnomon.freeboard.bins import ShipChip, pixel_places
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.hull import PARAMETERS, Points, Sight, cover, outline_places

Floats = NDArray[np.float64]


def sight_of(chip: ShipChip) -> Sight:
    """Sun and sensor of a chip, from the grid's north; overhead where the view is unknown."""
    angles = (chip.sun_azimuth_deg, chip.sun_elevation_deg, *chip.view_deg)
    radians = ([np.deg2rad(angle)] for angle in angles)
    return Sight(*(torch.tensor(angle, dtype=torch.float64) for angle in radians))


def cover_of_pixels(chip: ShipChip, ship: Floats) -> Floats:
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
    maps = cover(torch.tensor(ship[None]), Points(east, north, blur, blur), sight_of(chip))
    covers: Floats = maps[0].numpy()
    return covers


def traces(chip: ShipChip, fit: Fit, freeboard_m: float | None = None) -> tuple[Floats, Floats]:
    """Fitted waterline, and edge of the shadow of the deck's edge.

    Parameters
    ----------
    chip, fit
        A ship in its image, and the fit to it.
    freeboard_m
        Height of the deck; the fit's own likeliest if left out.

    Returns
    -------
    hull, shadow
        Metres east and north of the chip's centre, shape (n, 2).

    """
    fitted = dict(zip(PARAMETERS, fit.ship, strict=True))
    along, aside = outline_places(fitted["bow_length"]).T * (
        [[fitted["length_m"]], [fitted["beam_m"] / 2]]
    )
    sine, cosine = np.sin(fitted["heading_rad"]), np.cos(fitted["heading_rad"])
    east = fitted["east_m"] + along * sine + aside * cosine
    north = fitted["north_m"] + along * cosine - aside * sine
    likeliest = float(fit.freeboard_m[fit.log_likelihood.argmax()])
    reach = (likeliest if freeboard_m is None else freeboard_m) / np.tan(
        np.deg2rad(chip.sun_elevation_deg)
    )
    away = np.deg2rad(chip.sun_azimuth_deg)
    hull = np.column_stack([east, north])
    return hull, hull - reach * np.array([np.sin(away), np.cos(away)])
