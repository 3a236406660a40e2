"""Faster R-CNN on a MobileNetV3 with feature pyramid, as torchvision has it, on the same chips.

It is trained from scratch (``weights=None``): no weights of photographs can be fetched here, and
those of three bands would not fit four. Its boxes are upright; the axis of a hull is the longer
side of its box. Chips and scenes are enlarged twofold and the anchors are a quarter of the usual
ones, because hulls are small; fewer boxes are sampled for each chip than usual, because the usual
numbers cost a second for each chip.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.centernet.maps import STRIDE
from gnomon.detect.centernet.network import normalised
from gnomon.detect.centernet.targets import Targets
from gnomon.detect.nms import non_maximum_suppression
from gnomon.detect.quayside import near_land
from gnomon.geo.tiles import windows
from gnomon.learn.batches import training_batches
from gnomon.learn.finders import LOWEST, Finder
from gnomon.learn.scenes import LabelledScene
from gnomon.learn.tensors import SceneTensors

ENLARGED = 2
CORE_PX, HALO_PX = 160, 32
LENGTH_MIN_PX = 3.0


def new_baseline(bands: int) -> nn.Module:
    """An untrained Faster R-CNN for so many bands and one kind of thing."""
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_fpn  # noqa: PLC0415 - slow
    from torchvision.models.detection.anchor_utils import AnchorGenerator  # noqa: PLC0415 - slow

    model: Any = fasterrcnn_mobilenet_v3_large_fpn(
        weights=None,
        weights_backbone=None,
        num_classes=2,
        image_mean=[0.0] * bands,
        image_std=[1.0] * bands,
        box_score_thresh=LOWEST,
        box_batch_size_per_image=32,
        rpn_batch_size_per_image=64,
        rpn_pre_nms_top_n_train=200,
        rpn_post_nms_top_n_train=50,
        rpn_score_thresh=0.0,
    )
    first = model.backbone.body["0"][0]
    model.backbone.body["0"][0] = nn.Conv2d(
        bands, first.out_channels, first.kernel_size, first.stride, first.padding, bias=False
    )
    # As many anchors as usual at each place, so that the heads fit.
    sizes, shapes = (8, 16, 32, 64, 128), (0.5, 1.0, 2.0)
    model.rpn.anchor_generator = AnchorGenerator((sizes,) * 3, (shapes,) * 3)
    # The sizes of what is given stand: every chip and window is enlarged as much.
    model.transform._skip_resize = True  # noqa: SLF001 - torchvision's own switch for that
    return model


def train_baseline(
    scenes: Sequence[SceneTensors],
    *,
    weights: Sequence[float],
    seconds: float,
    clock: Callable[[], float],
    seed: int = 0,
    batch: int = 8,
    state: Path | None = None,
) -> nn.Module:
    """Train for so many seconds of a clock; a network whose state is there is not trained again.

    Parameters
    ----------
    scenes, weights, seed, batch
        As `gnomon.learn.batches.training_batches` takes them.
    seconds
        How long.
    clock
        Tells seconds.
    state
        File for the trained network.

    """
    torch.manual_seed(seed)
    model = new_baseline(len(scenes[0].bands))
    if state and state.exists():
        model.load_state_dict(torch.load(state, weights_only=True))
        return model.eval()
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=1e-2)
    started = clock()
    for bands, present, _, wanted in training_batches(
        scenes, batch=batch, seed=seed, weights=weights
    ):
        spent = (clock() - started) / seconds
        if spent >= 1:
            break
        for group in optimiser.param_groups:  # up within a tenth, then down along a cosine
            group["lr"] = 5e-4 * min(spent / 0.1, 0.5 + 0.5 * np.cos(np.pi * spent), 1.0) + 1e-6
        there = present[:, :, None, None]
        losses = model(list(_enlarged(normalised(bands) * there)), _boxes(wanted))
        error = sum(losses.values())
        if not torch.isfinite(error):
            continue
        optimiser.zero_grad()
        error.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
    if state:
        torch.save(model.state_dict(), state)
    return model.eval()


def baseline_finder(model: nn.Module, bands: Sequence[str]) -> Finder:
    """Find hulls in windows with halos, as our own network does."""

    def find(scene: LabelledScene) -> OrientedBoxes:
        pixels = scene.pixels
        shape = (pixels.sizes["y"], pixels.sizes["x"])
        missing = np.zeros(shape, np.float32)
        stack = torch.stack(
            [
                normalised(torch.from_numpy(pixels[b].to_numpy()))
                if b in pixels
                else torch.from_numpy(missing)
                for b in bands
            ]
        )
        search = scene.masks.search.to_numpy()
        tiles = windows(shape, core_px=CORE_PX, halo_px=HALO_PX)
        seen = [_in_tile(model, stack, tile) for tile in tiles if search[tile.core].any()]
        boxes = OrientedBoxes.concatenate(seen)
        x, y = boxes.x.astype(int), boxes.y.astype(int)
        inside = search[y.clip(0, shape[0] - 1), x.clip(0, shape[1] - 1)]
        boxes = non_maximum_suppression(boxes[inside & (boxes.length >= LENGTH_MIN_PX)])
        land = scene.masks.land.to_numpy()
        return replace(boxes, quayside=near_land(boxes, land, scene.gsd_m))

    return find


@torch.inference_mode()
def _in_tile(model: nn.Module, stack: Tensor, window: Any) -> OrientedBoxes:
    (answer,) = model([_enlarged(stack[:, window.halo[0], window.halo[1]][None])[0]])
    left, top, right, bottom = (answer["boxes"].numpy() / ENLARGED).T
    width, height = right - left, bottom - top
    boxes = OrientedBoxes.of(
        (left + right) / 2 + window.halo[1].start,
        (top + bottom) / 2 + window.halo[0].start,
        np.maximum(width, height),
        np.minimum(width, height),
        np.where(width > height, 90.0, 0.0),
        score=answer["scores"].numpy(),
    )
    return boxes[window.claims(boxes.x, boxes.y)]


def _enlarged(chips_: Tensor) -> Tensor:
    return nn.functional.interpolate(chips_, scale_factor=ENLARGED, mode="bilinear")


def _boxes(wanted: Targets) -> list[dict[str, Tensor]]:
    """Upright boxes around the hulls of each chip, in pixels of the enlarged chip."""
    targets = []
    for centre, shift, size, axis in zip(
        wanted.centre, wanted.shift, wanted.size, wanted.axis, strict=True
    ):
        row, column = torch.nonzero(centre[0] == 1, as_tuple=True)
        place = torch.stack([column, row], 1) + 0.5 + shift[:, row, column].T
        length, beam = size[:, row, column].exp()
        turn = 0.5 * torch.atan2(axis[1, row, column], axis[0, row, column])
        sine, cosine = turn.sin().abs(), turn.cos().abs()
        half = torch.stack([length * sine + beam * cosine, length * cosine + beam * sine], 1) / 2
        corners = torch.cat([place * STRIDE - half, place * STRIDE + half], 1) * ENLARGED
        targets.append({"boxes": corners, "labels": torch.ones(len(row), dtype=torch.int64)})
    return targets
