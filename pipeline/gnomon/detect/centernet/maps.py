"""What the network gives: at each second pixel, a centre and the shape of its hull."""

from dataclasses import dataclass

from torch import Tensor

from gnomon.detect.architectures import OutputMaps

STRIDE = 2
"""Input pixels per cell."""


@dataclass(frozen=True)
class Maps(OutputMaps):
    """Each field (crops, channels, rows, columns) at the output stride."""

    centre: Tensor
    """One channel: logit of a hull being centred in the cell."""
    shift: Tensor
    """Two channels, x and y: from the middle of the cell to the centre, in cells."""
    size: Tensor
    """Two channels: natural logarithm of length and beam in input pixels."""
    axis: Tensor
    """Two channels: cosine and sine of twice the angle, clockwise from the top of the image."""
    hull: Tensor
    """One channel, the mask: logit of the cell being hull."""
    tanker: Tensor
    """One channel: logit of the hull centred here being a tanker; NaN of a network without that
    head."""
