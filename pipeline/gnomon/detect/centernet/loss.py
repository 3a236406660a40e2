"""The loss: how far maps are from their targets.

The penalty-reduced focal loss of centre-point networks on the centre map (Zhou et al. 2019,
"Objects as Points", arXiv:1904.07850, eq. 1); absolute errors of place, size and axis at and around
the centres; a focal loss on the mask (Lin et al. 2017, arXiv:1708.02002), which teaches the network
outlines though only boxes are decoded; and the cross entropy of tanker against other types where
the type is known.
"""

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from gnomon.detect.centernet.maps import Maps
from gnomon.detect.centernet.targets import Targets


def loss(maps: Maps, targets: Targets) -> Tensor:
    """One number for a batch, computed in single precision."""
    maps = maps.float()
    near = targets.centre * (targets.centre > 0.3)
    hulls = (targets.centre == 1).sum().clamp(min=1)
    reach = near.sum().clamp(min=1)
    shape = (
        (maps.shift - targets.shift).abs().mean(1, keepdim=True)
        + 2.0 * (maps.size - targets.size).abs().mean(1, keepdim=True)
        + 2.0 * (maps.axis - targets.axis).abs().mean(1, keepdim=True)
    )
    outline = sigmoid_focal_loss(maps.hull, targets.hull, alpha=0.5) * targets.counted
    typed = near * torch.isfinite(targets.tanker)
    kind = functional.binary_cross_entropy_with_logits(
        maps.tanker, targets.tanker.nan_to_num(0.5), reduction="none"
    )
    return (
        (_centre_loss(maps.centre, targets.centre) * targets.counted).sum() / hulls
        + 0.5 * (near * shape).sum() / reach
        + outline.sum() / targets.hull.sum().clamp(min=10)
        + 0.2 * (typed * kind.nan_to_num(0.0)).sum() / typed.sum().clamp(min=1)
    )


def _centre_loss(logit: Tensor, target: Tensor) -> Tensor:
    """Focal loss of each cell, smaller the nearer a false centre lies to a true one."""
    hit = target == 1
    likely = logit.sigmoid()
    found = (1 - likely) ** 2 * functional.logsigmoid(logit)
    false = (1 - target) ** 4 * likely**2 * functional.logsigmoid(-logit)
    return -torch.where(hit, found, false)
