"""Ships of known type at ports, in Sentinel-2 scenes of 10 m: another sensor at other places.

Their types are those of `configs/ship-types.geojson`, by eye, from the same pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import torch
from torch import Tensor

from gnomon.datamodel.arrays import Float32s
from gnomon.datamodel.boxes import OrientedBox
from gnomon.detect.hull_frame import hull_frame, scaled_frame
from gnomon.detect.type_network import TYPE_BANDS
from gnomon.learn.scenes import LabelledScene
from gnomon.learn.ship_type.views import misplaced

PORT_GSD_M = 10.0


@dataclass(frozen=True)
class PortHull:
    """A ship whose deck can be seen, and whose type is known."""

    port: str
    """Identifier of the scene."""
    bands: tuple[Float32s, ...]
    """Red, green and blue of the scene."""
    box: OrientedBox
    tanker: bool
    sure: bool
    length_m: float
    frame: Float32s
    """Scaled, as the label's box cuts it."""

    def views(self, count: int, *, seed: int) -> Tensor:
        """Frames as a detector's box would cut them, (views, bands, across, along)."""
        draw = np.random.default_rng([seed, int(self.box.x), int(self.box.y)])
        frames = []
        for _ in range(count):
            box = misplaced(self.box, draw)
            frame = scaled_frame(hull_frame(self.bands, box, PORT_GSD_M))
            frames.append(self.frame if frame is None else frame)
        return torch.from_numpy(np.stack(frames)).half()


def port_hulls(scenes: Sequence[LabelledScene], types: gpd.GeoDataFrame) -> Iterator[PortHull]:
    """Typed ships of scenes that have red, green and blue.

    Parameters
    ----------
    scenes
        With corrected labels.
    types
        As `gnomon.learn.type_labels.read_types` returns them.

    """
    for scene in scenes:
        if any(band not in scene.pixels for band in TYPE_BANDS):
            continue
        bands = tuple(scene.pixels[band].to_numpy() for band in TYPE_BANDS)
        boxes = scene.typed(types, guesses=True).boxes
        sure = np.isfinite(scene.typed(types).boxes.tanker)
        for number in np.flatnonzero(np.isfinite(boxes.tanker)):
            box = boxes[int(number)]
            frame = scaled_frame(hull_frame(bands, box, scene.gsd_m))
            if frame is not None:
                yield PortHull(
                    scene.name, bands, box, bool(box.tanker == 1), bool(sure[number]),
                    float(box.length) * scene.gsd_m, frame,
                )  # fmt: skip
