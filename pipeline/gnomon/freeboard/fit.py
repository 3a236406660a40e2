"""What an inversion found: the likelihood of a freeboard, and whether to believe the fit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnomon.freeboard.hull import PARAMETERS

Floats = NDArray[np.float64]

# Beyond these a fit is not believed: seen on ships, synthetic and real, that were fitted wrong. A
# tenth of the length is the whole depth of a tanker (`gnomon.physics.hydrostatics.DESIGNS`).
_MOST_MISFIT, _MOST_BLUR, _LEAST_DROP, _MOST_DROP = 0.6, 0.4, 0.05, 1.5
_MOST_HEIGHT, _MOST_STRAIN, _MOST_UNSEEN = 0.1, 3.0, 0.02


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What an image says of a freeboard."""

    freeboard_m: Floats
    """Grid, ascending, shape (n,)."""
    log_likelihood: Floats
    """On the grid, natural logarithm, its maximum zero."""
    ship: Floats
    """Best parameters, in the order of `gnomon.freeboard.hull.PARAMETERS`."""
    ship_sigma: Floats
    """Their errors, the freeboard's left to its likelihood."""
    reflectance: Floats
    """Of the surfaces, (bands, len(SURFACES)), in the unit of the image."""
    misfit: float
    """Part of what sets the ship off from the water that the fit leaves unexplained, 0 to 1."""
    shadow_drop: float
    """Strength of the fitted shade, as a fraction of the water's light, mean over the bands."""
    obstructed: float
    """Part of the water on her shaded side that is unlike the rest: a quay, a neighbour, foam."""
    height: float = 0.0
    """Likeliest freeboard over the fitted length."""
    awash: bool = False
    """Whether there is no freeboard, where the least that ships load to would be seen."""
    strain: float = 0.0
    """How far length, beam or heading were pulled from what was told, in its deviations."""
    unseen: float = 0.0
    """Part of the fitted outline that no pixel shows: beyond the image's edge, or masked."""
    edge_m_per_m: float
    """Metres that the visible edge of the shadow moves across the hull per metre of freeboard."""
    sun_off_axis_deg: float
    """Angle between the sun's azimuth and the hull's axis, 0 to 90."""

    @property
    def astray(self) -> bool:
        """Whether the fit is plainly wrong and should not be believed.

        It leaves nearly as much as the ship stands out by, needs another point spread than the
        sensor has, shade that water cannot have or no shade at all, a deck awash or higher than the
        whole depth of a tanker, another ship than was told, or one that is partly out of sight.
        """
        blur = abs(self.ship[PARAMETERS.index("log_blur")])
        return bool(
            self.misfit > _MOST_MISFIT
            or blur > _MOST_BLUR
            or not _LEAST_DROP <= self.shadow_drop <= _MOST_DROP
            or self.height > _MOST_HEIGHT
            or self.awash
            or self.strain > _MOST_STRAIN
            or self.unseen > _MOST_UNSEEN
        )
