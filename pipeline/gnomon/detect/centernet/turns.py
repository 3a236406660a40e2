"""How the maps of a turned crop are turned back, for test-time augmentation."""

import torch

from gnomon.detect.architectures import Turn
from gnomon.detect.centernet.maps import Maps


def turned_back(maps: Maps, turn: Turn) -> Maps:
    """Maps of a turned crop as maps of the crop: cells, and what points somewhere, turned back."""
    values = {name: turn.undone(value) for name, value in maps.tensors().items()}
    for _ in range(turn.quarters):
        # With the clock, x right and y down: what pointed up points right. An axis that stood
        # across lies along: twice its angle is half a turn further.
        x, y = values["shift"].split(1, dim=1)
        values["shift"] = torch.cat([-y, x], dim=1)
        values["axis"] = -values["axis"]
    if turn.mirrored:
        values["shift"] = values["shift"] * _MIRRORED_SHIFT.to(values["shift"])
        values["axis"] = values["axis"] * _MIRRORED_AXIS.to(values["axis"])
    return Maps(**values)


_MIRRORED_SHIFT = torch.tensor([-1.0, 1.0])[:, None, None]
"""Right becomes left."""
_MIRRORED_AXIS = torch.tensor([1.0, -1.0])[:, None, None]
"""Of the cosine and the sine of twice an angle: the axis leans the other way."""
