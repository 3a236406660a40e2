"""Ships by the network of radar: candidates, what it says of them, and of what it says once more.

A ship has several candidates, and the network gives the same box from each; the one of which it is
surest stays. Around the middle of that box it looks once more, because a ship is measured best
where all of it is in the middle, and that is the box.
"""

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.radar_candidates import RadarPlanes, radar_candidates
from gnomon.detect.radar_cfar import RadarCfar
from gnomon.detect.radar_network import RadarNetwork, RadarOutput, decoded

AT_ONCE = 256
LEAST_ODDS = -4.0
"""Log odds of a candidate below which it is not looked at again."""


def network_boxes(
    network: RadarNetwork,
    pixels: xr.Dataset,
    masks: xr.Dataset,
    *,
    spacing_m: tuple[float, float],
    test: RadarCfar,
    searched: xr.Dataset | None = None,
) -> OrientedBoxes:
    """Boxes in samples (x) and lines (y) with raw scores, one a ship.

    Parameters
    ----------
    network
        Trained.
    pixels
        Linear sigma0 by polarisation, thermal noise not taken out, and ``incidence_deg``.
    masks
        ``clutter``, ``search`` and ``land``.
    spacing_m
        Of lines and samples.
    test
        Windows and the rate of the candidates.
    searched
        Pixels in which candidates are searched, where these are not all.

    """
    where = radar_candidates(
        pixels if searched is None else searched,
        masks["clutter"].to_numpy(),
        masks["search"].to_numpy(),
        spacing_m=spacing_m,
        test=test,
    )
    planes = RadarPlanes.of(pixels, masks["land"].to_numpy())
    first = _boxes(network, planes, where)
    lines, samples = masks["land"].shape
    middles = np.floor(np.column_stack([first.x, first.y])).astype(np.int64)
    again = _boxes(network, planes, middles.clip(0, [samples - 1, lines - 1]))
    return non_maximum_suppression(again)


@torch.inference_mode()
def _boxes(network: RadarNetwork, planes: RadarPlanes, where: NDArray[np.int64]) -> OrientedBoxes:
    """What the network says of places, one box a ship."""
    parts = [
        network.both_ways(*planes.crops(where[start : start + AT_ONCE])).parts
        for start in range(0, len(where), AT_ONCE)
    ]
    if not parts:
        return OrientedBoxes.empty()
    output = RadarOutput.of(torch.cat(parts))
    likely = output.log_odds > LEAST_ODDS
    output = RadarOutput.of(output.parts[likely])
    return non_maximum_suppression(decoded(output, where[likely.numpy()]))
