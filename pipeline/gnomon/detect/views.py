"""A second look where something may be: the same pixels mirrored, and the mean of what is said.

A network that was trained on turned and mirrored chips still says a little of a pier that it would
not say of the pier's image in a mirror. The mean over the four mirrorings of a window has half the
false alarms (`models/s2-vessel/card.md`), and it costs three more looks; so it is taken only where
the first look has seen something at all.
"""

from dataclasses import fields

import torch
from torch import Tensor, nn

from gnomon.detect.network import Maps

AGAIN = 0.4
"""Score, not calibrated, above which the first look asks for the others: below the threshold, and
above what most water and land get."""
_MIRRORS = ((3,), (2,), (2, 3))
"""Axes of (chips, channels, rows, columns) that are turned round."""


def several_looks(
    network: nn.Module, crops: Tensor, present: Tensor, history: Tensor | None = None
) -> Maps:
    """Read crops; those with something in them four times.

    Parameters
    ----------
    network
        Of `gnomon.detect.network`.
    crops, present, history
        As it takes them.

    """
    first: Maps = network(crops, present, history)
    busy = (first.centre > torch.logit(torch.tensor(AGAIN))).flatten(1).any(dim=1)
    if not busy.any():
        return first
    looks = [_part(first, busy)]
    for axes in _MIRRORS:
        mirrored = crops[busy].flip(axes).contiguous(memory_format=torch.channels_last)
        before = None if history is None else history[busy].flip(axes)
        looks.append(_mirrored(network(mirrored, present[busy], before), axes))
    for part in fields(Maps):
        mean = torch.stack([getattr(look, part.name) for look in looks]).mean(dim=0)
        getattr(first, part.name)[busy] = mean
    return first


def _part(maps: Maps, which: Tensor) -> Maps:
    return Maps(*(getattr(maps, part.name)[which] for part in fields(Maps)))


def _mirrored(maps: Maps, axes: tuple[int, ...]) -> Maps:
    """Maps of a mirrored crop to those of the crop: places and what points somewhere turn round."""
    right, down = (-1.0 if axis in axes else 1.0 for axis in (3, 2))
    shift = torch.tensor([right, down])[:, None, None]
    # An axis in one mirror leans the other way: the sine of twice its angle changes its sign.
    lean = torch.tensor([1.0, right * down])[:, None, None]
    return Maps(
        maps.centre.flip(axes),
        maps.shift.flip(axes) * shift,
        maps.size.flip(axes),
        maps.axis.flip(axes) * lean,
        maps.hull.flip(axes),
        maps.tanker.flip(axes),
    )
