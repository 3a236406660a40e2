"""A complete architecture in sixty lines: a map of brightness, cut at a level into bars.

Its one weight is the gain of the map. It stands for a plug-in that another distribution brings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import shapely
import torch
from skimage.measure import label, regionprops
from torch import Tensor, nn

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.architectures import DetectionNetwork, OutputMaps, Setting, Turn

LEVEL = 0.06
BAR = 12**0.5 / 4
"""Side of a bar over the axis of the ellipse with its moments."""


@dataclass(frozen=True)
class Brightness(OutputMaps):
    bright: Tensor


class TinyNetwork(DetectionNetwork[Brightness, Tensor]):
    architecture = "tiny"
    stride = 1

    def __init__(self, bands: tuple[str, ...], level: float) -> None:
        super().__init__()
        self.bands, self.background, self.level = bands, False, level
        self.gain = nn.Parameter(torch.ones(1))

    def settings(self) -> dict[str, Setting]:
        return {"level": self.level}

    def forward(
        self, bands: Tensor, present: Tensor, background: Tensor | None = None
    ) -> Brightness:
        del background
        there = present[:, :, None, None]
        mean = (bands.nan_to_num(0.0) * there).sum(1, keepdim=True) / there.sum(1, keepdim=True)
        return Brightness(self.gain * mean)

    def decode(self, maps: Brightness, *, halo_px: int) -> list[OrientedBoxes]:
        return [_boxes(image.numpy(), self.level, halo_px) for image in maps.bright.squeeze(1)]

    def turned_back(self, maps: Brightness, turn: Turn) -> Brightness:
        return Brightness(turn.undone(maps.bright))

    def targets(
        self, boxes: Sequence[OrientedBoxes], *, counted: Sequence[Tensor], side_px: int
    ) -> Tensor:
        middles = np.arange(side_px) + 0.5
        x, y = np.meshgrid(middles, middles)
        masks = [shapely.contains_xy(shapely.union_all(ships.polygons()), x, y) for ships in boxes]
        return torch.from_numpy(np.stack(masks)[:, None].astype(np.float32)) * torch.stack(
            list(counted)
        )

    def loss(self, maps: Brightness, targets: Tensor) -> Tensor:
        return (maps.bright - targets).square().mean()


def _boxes(image: np.ndarray, level: float, halo_px: int) -> OrientedBoxes:
    rows = [
        (
            part.centroid[1] + 0.5 - halo_px,
            part.centroid[0] + 0.5 - halo_px,
            BAR * part.axis_major_length,
            BAR * part.axis_minor_length,
            np.rad2deg(-part.orientation) % 180,
        )
        for part in regionprops(label(image > level))
        if part.area > 4
    ]
    return OrientedBoxes.of(*np.array(rows).reshape(-1, 5).T, score=0.5)


def build(
    bands: tuple[str, ...], *, background: bool, settings: Mapping[str, Setting]
) -> TinyNetwork:
    if background or set(settings) != {"level"}:
        raise ValueError(f"settings of tiny are its level alone, not {sorted(settings)}")
    return TinyNetwork(bands, float(str(settings["level"])))


def entry_points(*, group: str) -> list[SimpleNamespace]:
    """As `importlib.metadata.entry_points`, where a plug-in brings this module and a broken one."""
    assert group == "gnomon.architectures"
    return [
        SimpleNamespace(name="tiny", value="tiny_architecture"),
        SimpleNamespace(name="gone", value="a_package_that_is_not_installed"),
        SimpleNamespace(name="hollow", value="commands"),
    ]
