"""The network: reflectances in, a map of hull centres and shapes out.

A small encoder and decoder that keeps thin things: the input is halved once and then read at 4, 8
and 16 pixels; the maps come out at every second pixel, because two tankers side by side are two
pixels apart. Each cell says whether a hull is centred there, where exactly, how long and how wide,
along which axis, and whether the cell is hull at all. The centre-point idea is that of Zhou et al.
2019, "Objects as Points" (arXiv:1904.07850).

The axis is given as cosine and sine of TWICE the angle, so that bow and stern are one axis and
nothing jumps between 179 and 0 degrees.

A band that a scene lacks is given as zeros, and a plane of its own marks it as missing, so that the
network can tell dark from unseen. The same holds for the background, the place without ships: the
network works with it and without.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.architectures import DetectionNetwork, Setting, Turn
from gnomon.detect.centernet.decode import decode
from gnomon.detect.centernet.loss import loss
from gnomon.detect.centernet.maps import STRIDE, Maps
from gnomon.detect.centernet.targets import Targets, targets
from gnomon.detect.centernet.turns import turned_back

NetworkT = TypeVar("NetworkT", bound="Network")


@dataclass(frozen=True)
class NetworkOptions:
    """What shapes the network; it travels with its weights."""

    bands: tuple[str, ...] = ("blue", "green", "red", "nir")
    widths: tuple[int, int, int, int] = (16, 32, 64, 96)
    """Channels at 2, 4, 8 and 16 pixels."""
    blocks: tuple[int, int, int] = (2, 2, 2)
    """Residual blocks at 4, 8 and 16 pixels."""
    background: bool = True
    """Whether it can use the background, the place without ships."""
    tanker: bool = True
    """Whether it has a head for the probability of a tanker."""


class Network(DetectionNetwork[Maps, Targets]):
    """Fully convolutional; any number of rows and columns that 16 divides."""

    architecture = "centernet"
    stride = STRIDE

    def __init__(self, options: NetworkOptions | None = None) -> None:
        super().__init__()
        self.options = options or NetworkOptions()
        self.bands = self.options.bands
        self.background = self.options.background
        half, quarter, eighth, sixteenth = self.options.widths
        deep = self.options.blocks
        count = len(self.options.bands)
        planes = 2 * count + (count + 1 if self.options.background else 0)
        self.stem = _conv(planes, half, stride=2)
        self.down4 = _stage(half, quarter, deep[0])
        self.down8 = _stage(quarter, eighth, deep[1])
        self.down16 = _stage(eighth, sixteenth, deep[2])
        self.up8 = _Merge(sixteenth, eighth, eighth)
        self.up4 = _Merge(eighth, quarter, quarter)
        self.up2 = _Merge(quarter, half, quarter)
        self.heads = nn.Conv2d(quarter, 9 if self.options.tanker else 8, kernel_size=1)
        with torch.no_grad():
            # One cell in a hundred is a centre: start there, or the first steps only unlearn it.
            self.heads.bias[0] = -4.6  # type: ignore[index]  # it has a bias

    def forward(self, bands: Tensor, present: Tensor, background: Tensor | None = None) -> Maps:
        """Read crops (see `DetectionNetwork.forward`)."""
        there = present[:, :, None, None]
        planes = [_masked(bands, there), there.expand_as(bands)]
        if self.options.background and background is not None:
            planes += _background_planes(background, there)
        half = self._stem_of(planes)
        quarter = self.down4(half)
        eighth = self.down8(quarter)
        coarse = self.down16(eighth)
        fine = self.up2(self.up4(self.up8(coarse, eighth), quarter), half)
        heads = self.heads(fine.to(self.heads.weight.dtype))
        channels = [1, 2, 2, 2, 1, *([1] if self.options.tanker else [])]
        centre, shift, size, axis, hull, *last = heads.split(channels, dim=1)
        tanker = last[0] if last else torch.full_like(centre, torch.nan)
        return Maps(centre, shift, size + _LOG_TYPICAL.to(size), axis, hull, tanker)

    def _stem_of(self, planes: list[Tensor]) -> Tensor:
        """Planes through the stem; an unknown background is all zeros, and its planes left out."""
        first, *rest = self.stem
        assert isinstance(first, nn.Conv2d)
        seen = torch.cat([plane.to(first.weight.dtype) for plane in planes], dim=1)
        weight = first.weight[:, : seen.shape[1]]
        half = functional.conv2d(seen, weight, first.bias, first.stride, first.padding)
        for layer in rest:
            half = layer(half)
        return half

    def settings(self) -> dict[str, Setting]:
        """Widths, blocks, and whether there is a head for tankers."""
        options = self.options
        return {"widths": options.widths, "blocks": options.blocks, "tanker": options.tanker}

    def for_inference(self) -> Self:
        """A faster copy (see `for_inference`)."""
        return for_inference(self)

    def decode(self, maps: Maps, *, halo_px: int) -> list[OrientedBoxes]:
        """Boxes of each crop (see `gnomon.detect.centernet.decode`)."""
        return decode(maps, halo_px=halo_px)

    def turned_back(self, maps: Maps, turn: Turn) -> Maps:
        """Maps of a turned crop as maps of the crop (see `gnomon.detect.centernet.turns`)."""
        return turned_back(maps, turn)

    def targets(
        self, boxes: Sequence[OrientedBoxes], *, counted: Sequence[Tensor], side_px: int
    ) -> Targets:
        """What the maps should be (see `gnomon.detect.centernet.targets`)."""
        return targets(boxes, counted=counted, side_px=side_px)

    def loss(self, maps: Maps, targets: Targets) -> Tensor:
        """How far maps are from their targets (see `gnomon.detect.centernet.loss`)."""
        return loss(maps, targets)


def for_inference(network: NetworkT, *, half: bool | None = None) -> NetworkT:
    """Copy of a network that is faster and cannot be trained.

    Each normalisation becomes part of the convolution before it. Where the processor multiplies in
    bfloat16, so does all but the heads, so that the maps keep their digits.

    Parameters
    ----------
    network
        A trained one.
    half
        Whether to calculate in bfloat16; as the processor has it, if left out.

    """
    inference = deepcopy(network).eval()
    for pair in [m for m in inference.modules() if isinstance(m, nn.Sequential)]:
        convolution, normalisation = pair[0], pair[1]
        if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
            pair[0] = fuse_conv_bn_eval(convolution, normalisation)
            pair[1] = nn.Identity()
    if torch.cpu.get_capabilities().get("avx512_bf16", False) if half is None else half:
        for name, part in inference.named_children():
            if name != "heads":
                part.to(torch.bfloat16)
    return inference.requires_grad_(requires_grad=False).to(memory_format=torch.channels_last)


def _background_planes(background: Tensor, there: Tensor) -> list[Tensor]:
    """Planes of the background, and of where it is known."""
    known = torch.isfinite(background).any(dim=1, keepdim=True).to(background.dtype)
    return [_masked(background, there) * known, known]


def _masked(reflectance: Tensor, there: Tensor) -> Tensor:
    """What the network reads, zero in bands that are missing."""
    read = normalised(reflectance)
    return read if bool(there.all()) else read.mul_(there)


# Length and beam of a middling ship, 150 by 25 m at 10 m: the network learns the ratio to it.
_LOG_TYPICAL = torch.log(torch.tensor([15.0, 2.5]))[None, :, None, None]


def normalised(reflectance: Tensor) -> Tensor:
    """Reflectance to what the network reads: the square root spreads water, where hulls hide.

    Water (0.03) comes out near -1, a white deck (0.5) near 2.5, and what is not finite, as water.
    """
    known = torch.nan_to_num(reflectance, nan=0.03, posinf=1.0, neginf=0.0)
    return known.clamp_(0, 1.5).sqrt_().sub_(0.32).div_(0.15)


def _conv(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        _conv(inputs, outputs, stride=2), *(_Residual(outputs) for _ in range(blocks))
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


class _Merge(nn.Module):
    """Coarse maps, enlarged twofold, with the fine maps of the way down."""

    def __init__(self, coarse: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(coarse, outputs, kernel_size=1)
        self.side = nn.Conv2d(fine, outputs, kernel_size=1)
        self.mix = _conv(outputs, outputs)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        large = nn.functional.interpolate(
            self.narrow(coarse), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        mixed: Tensor = self.mix(large + self.side(fine))
        return mixed
