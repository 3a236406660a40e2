"""Log odds of ships by networks that did not see them, each kept once it is there.

Blocks of time of the anchorage are left out one after the other, and the ports all at once: they
are another sensor, and no network of the anchorage has seen them. The controls are the same network
with what lies beside the hull, and the length of the hull alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.datamodel.files import write_whole
from gnomon.detect.type_network import TypeNetwork, TypeNetworkOptions
from gnomon.learn.ship_type.chip_hulls import ChipHull
from gnomon.learn.ship_type.fit import TypeFitOptions, fit_type_network
from gnomon.learn.ship_type.folds import TimeFold, time_folds
from gnomon.learn.ship_type.port_hulls import PortHull
from gnomon.learn.ship_type.views import make_views

SIZES_M = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Pixel sizes that skill and calibration are measured at."""
FITTED_M = (3.0,) * 6 + tuple(float(size) for size in np.geomspace(3.1, 10.5, 18).round(2))
"""Pixel sizes of the views that a network is fitted to."""
OnNetwork = Callable[[str], None]


@dataclass(frozen=True)
class AnchorageViews:
    """Hulls of the anchorage, and what networks are given of them."""

    hulls: Sequence[ChipHull]
    fitted: Tensor
    measured: Tensor
    """One at each of `SIZES_M`."""

    @classmethod
    def of(cls, hulls: Sequence[ChipHull]) -> "AnchorageViews":
        """Make both kinds of views."""
        fitted, measured = (make_views(hulls, s, seed=n) for n, s in enumerate((FITTED_M, SIZES_M)))
        return cls(hulls, fitted, measured)

    @property
    def tanker(self) -> Mask:
        """Whether each is a tanker."""
        return np.array([one.label.tanker is True for one in self.hulls])

    @property
    def agreed(self) -> Mask:
        """Whether both passes agree."""
        return np.array([one.label.tanker is not None for one in self.hulls])

    @property
    def length_m(self) -> Float64s:
        """By eye."""
        return np.array([one.label.length_m for one in self.hulls])

    @property
    def week(self) -> NDArray[np.int64]:
        """Since 1970."""
        return np.array([int(one.label.seen_at.timestamp() // (7 * 86_400)) for one in self.hulls])

    def fit(
        self, rows: NDArray[np.int64], seed: int, network: TypeNetworkOptions | None = None
    ) -> TypeNetwork:
        """Fit a network to some hulls."""
        rows = rows[self.agreed[rows]]
        return fit_type_network(
            self.fitted[rows],
            self.tanker[rows],
            self.length_m[rows],
            TypeFitOptions(seed=seed),
            network=network,
        )


def left_out_odds(
    ships: AnchorageViews,
    folder: Path,
    seed: int,
    on_network: OnNetwork,
    *,
    surroundings: bool = False,
) -> tuple[Float64s, NDArray[np.int64]]:
    """Log odds by networks that did not see the block, (hulls, sizes), and its number, (hulls,)."""
    odds = np.full((len(ships.hulls), len(SIZES_M)), np.nan)
    block = np.full(len(ships.hulls), -1)
    network = TypeNetworkOptions(surroundings=surroundings)
    for number, fold in enumerate(time_folds(ships.hulls)):
        name = f"block-{number}-seed-{seed}{'-with-surroundings' if surroundings else ''}"
        on_network(name)

        def make(fold: TimeFold = fold) -> Tensor:
            fitted = ships.fit(fold.train, seed, network)
            seen = ships.measured[fold.test]
            return torch.stack([odds_of(fitted, seen[:, n]) for n in range(len(SIZES_M))], 1)

        odds[fold.test] = kept(folder / f"{name}.safetensors", make).numpy()
        block[fold.test] = number
    return odds, block


def port_fold_odds(
    ships: AnchorageViews,
    ports: Sequence[PortHull],
    fold: NDArray[np.int64],
    folder: Path,
    on_network: OnNetwork,
) -> Float64s:
    """Log odds of ships at ports by networks of the anchorage and the other folds, (ships,).

    Parameters
    ----------
    ships, ports
        What networks are fitted to.
    fold
        Number of each port ship's fold.
    folder
        Where they are kept.
    on_network
        Called with the name of each network.

    """
    out = np.full(len(ports), np.nan)
    tanker = np.array([one.tanker for one in ports])
    length_m = np.array([one.length_m for one in ports])
    views = torch.stack([one.views(len(FITTED_M), seed=0) for one in ports])
    agreed = ships.agreed
    for number in np.unique(fold):
        others, here = fold != number, np.flatnonzero(fold == number)
        on_network(f"ports-without-{number}")

        def make(others: Mask = others, here: NDArray[np.int64] = here) -> Tensor:
            network = fit_type_network(
                torch.cat([ships.fitted[agreed], views[others]]),
                np.concatenate([ships.tanker[agreed], tanker[others]]),
                np.concatenate([ships.length_m[agreed], length_m[others]]),
            )
            return odds_of(network, torch.from_numpy(np.stack([ports[n].frame for n in here])))

        out[here] = kept(folder / f"ports-without-{number}.safetensors", make).numpy()
    return out


@torch.inference_mode()
def odds_of(network: TypeNetwork, frames: Tensor) -> Tensor:
    """Log odds of frames, (hulls,)."""
    return torch.cat([network.log_odds(some.float()) for some in frames.split(128)])


def kept(path: Path, make: Callable[[], Tensor]) -> Tensor:
    """A tensor from a file, or made and written to it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = make().contiguous()
        write_whole(path, lambda partial: save_file({"odds": found}, partial))
    return load_file(path)["odds"]
