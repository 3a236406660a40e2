"""The network: reflectances in, a map of hull centres and shapes out.

A small encoder and decoder that keeps thin things: the input is halved once and then read at 4, 8
and 16 pixels; the maps come out at every second pixel, because two tankers side by side are two
pixels apart. At each cell it says whether a hull is centred there, where exactly, how long and how
wide, along which axis, and whether the cell is hull at all. The centre-point idea is that of Zhou
et al. 2019, "Objects as Points" (arXiv:1904.07850).

The axis is told as the cosine and sine of TWICE the angle, so that bow and stern are one axis and
nothing jumps between 179 and 0 degrees.

A band that a scene lacks is given as zeros and said to be missing by a plane of its own, so that
the network knows the difference between dark and unseen. So is the history of the place, what it
looks like without ships, where none is known: the network works with it and without.
"""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

STRIDE = 2
"""Input pixels per output cell."""


@dataclass(frozen=True)
class NetworkOptions:
    """What shapes the network; it travels with the weights."""

    bands: tuple[str, ...] = ("blue", "green", "red", "nir")
    widths: tuple[int, int, int, int] = (16, 32, 64, 96)
    """Channels at 2, 4, 8 and 16 pixels."""
    blocks: tuple[int, int, int] = (2, 2, 2)
    """Residual blocks at 4, 8 and 16 pixels."""
    background: bool = True
    """Whether it can be told what a place looks like without ships."""
    tanker: bool = True
    """Whether it says how likely a hull is a tanker's."""


@dataclass(frozen=True)
class Maps:
    """What the network says, each (chips, channels, rows, columns) at the output stride."""

    centre: Tensor
    """One channel: logit of a hull being centred in the cell."""
    shift: Tensor
    """Two channels, x and y: from the middle of the cell to the centre, in cells."""
    size: Tensor
    """Two channels: natural logarithm of length and beam in input pixels."""
    axis: Tensor
    """Two channels: cosine and sine of twice the angle, clockwise from the top of the image."""
    hull: Tensor
    """One channel: logit of the cell being hull."""
    tanker: Tensor
    """One channel: logit of the hull centred here being a tanker's; NaN of a network that was not
    taught it."""


class Network(nn.Module):
    """Fully convolutional; any number of rows and columns that 16 divides."""

    def __init__(self, options: NetworkOptions | None = None) -> None:
        super().__init__()
        self.options = options or NetworkOptions()
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
        """Read chips.

        Parameters
        ----------
        bands
            (chips, bands, rows, columns), surface reflectance; not finite where nothing was seen.
        present
            (chips, bands), 1 where the scene has the band and 0 where it lacks it.
        history
            As ``bands``: what the place looks like without ships; not finite where nobody knows.
            Nowhere, if left out. A network that takes none passes it over.

        """
        there = present[:, :, None, None]
        planes = [_masked(bands, there), there.expand_as(bands)]
        if self.options.background and background is not None:
            planes += _remembered(background, there)
        half = self._started(planes)
        quarter = self.down4(half)
        eighth = self.down8(quarter)
        coarse = self.down16(eighth)
        fine = self.up2(self.up4(self.up8(coarse, eighth), quarter), half)
        told = self.heads(fine.to(self.heads.weight.dtype))
        centre, shift, size, axis, hull = told[:, :8].split([1, 2, 2, 2, 1], dim=1)
        tanker = told[:, 8:] if self.options.tanker else torch.full_like(centre, torch.nan)
        return Maps(centre, shift, size + _LOG_TYPICAL.to(size), axis, hull, tanker)

    def _started(self, planes: list[Tensor]) -> Tensor:
        """Read planes by the stem; a history that is not known is all zeros and left out."""
        first, *rest = self.stem
        assert isinstance(first, nn.Conv2d)
        seen = torch.cat([plane.to(first.weight.dtype) for plane in planes], dim=1)
        weight = first.weight[:, : seen.shape[1]]
        half = functional.conv2d(seen, weight, first.bias, first.stride, first.padding)
        for layer in rest:
            half = layer(half)
        return half


def for_inference(network: Network, *, half: bool | None = None) -> Network:
    """Copy of a network that looks faster and cannot be trained.

    Each normalisation becomes part of the convolution before it. Where the processor multiplies in
    bfloat16, so does all but the heads: what they tell keeps its digits.

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


def _remembered(background: Tensor, there: Tensor) -> list[Tensor]:
    """Planes of what a place looks like without ships, and of where that is known."""
    known = torch.isfinite(background).any(dim=1, keepdim=True).to(background.dtype)
    return [_masked(background, there) * known, known]


def _masked(reflectance: Tensor, there: Tensor) -> Tensor:
    """What the network reads, zero in bands that are missing."""
    read = normalised(reflectance)
    return read if bool(there.all()) else read.mul_(there)


# Length and beam of a middling ship, 150 by 25 m at 10 m: the network learns the departure.
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
