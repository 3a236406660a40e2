"""Resampling: a square of a raster through a rotation, a mirror and a scale."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


def resample(
    bands: Tensor, matrix: NDArray[np.float64], centre: NDArray[np.floating], side: int
) -> Tensor:
    """Resample a square bilinearly; outside the raster it is NaN, as where nothing was measured.

    Parameters
    ----------
    bands
        (bands, rows, columns).
    matrix
        From pixels of the square to pixels of the raster, both counted from their centres.
    centre
        Of the square: x and y in the raster.
    side
        Of the square, pixels.

    """
    # Only the neighbourhood: a square's corners lie within its half diagonal.
    reach = int(np.ceil(side / 2 * np.abs(matrix).sum(axis=1).max())) + 2
    corner = np.floor(centre).astype(int) - reach
    near = _window(bands, corner, 2 * reach + 1)
    # grid_sample wants both grids scaled to -1...1.
    theta = np.column_stack([matrix * side, 2 * (centre - corner)]) / (2 * reach + 1)
    theta[:, 2] -= 1.0
    grid = functional.affine_grid(
        torch.from_numpy(theta[None].astype(np.float32)), [1, 1, side, side], align_corners=False
    )
    seen = torch.isfinite(near)
    if seen.all():
        return functional.grid_sample(near[None], grid, align_corners=False)[0]
    both = torch.cat([torch.where(seen, near, 0.0), seen.float()])[None]
    values, weight = functional.grid_sample(both, grid, align_corners=False)[0].chunk(2)
    return torch.where(weight > 0.5, values / weight.clamp(min=0.5), torch.nan)


def _window(bands: Tensor, corner: NDArray[np.int64], side: int) -> Tensor:
    """Square of the raster from a corner (x, y), NaN where it reaches beyond."""
    x, y = (int(c) for c in corner)
    inner = bands[:, max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)]
    left, top = min(max(-x, 0), side), min(max(-y, 0), side)
    pad = (left, side - left - inner.shape[2], top, side - top - inner.shape[1])
    return functional.pad(inner, pad, value=torch.nan)
