"""How far the network and the fit are trusted together, set on ships that neither was made with.

`python -m gnomon.validate.pooling` draws ships of two renderers, of seeds of their own, reads each
with network and fit, and writes `models/freeboard/pooling.toml`:

- the power of the fit's likelihood, of least negative log density of true freeboards;
- the factors on the two log likelihood ratios, of least logistic loss;
- the factor on the width of the pooled posterior by pixel size and sun, so that its 90 % interval
  holds nine truths in ten. With few ships it is drawn towards that of the pixel size alone.
"""

import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli_w
import torch
from numpy.typing import NDArray
from rich.console import Console
from scipy.optimize import minimize, minimize_scalar

from gnomon.datamodel.files import write_text
from gnomon.freeboard.pooled import LEAST_POOLED, Belief, Pooling, product
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.reweigh import reweigh
from gnomon.freeboard.rows import read_chip
from gnomon.freeboard.state import Evidence, log_lr_laden
from gnomon.freeboard.trained import shipped_posterior
from gnomon.learn.freeboard.hulls import ship_chip
from gnomon.physics.hydrostatics import Tankers
from gnomon.simulate.pixels.exposures import HullChip
from gnomon.validate.amortised import portrait_hull, raycast_of
from gnomon.validate.judged import JUDGED_GSDS_M, JUDGED_LENGTHS_M, JUDGED_SUNS_DEG
from gnomon.validate.ships import Cell, every_cell

Floats = NDArray[np.float64]
RAYCAST, PORTRAITS = (178, 21), (915, 15)
"""Seed, and ships in each cell."""
COVERAGE = 0.90
_SHRINK_SHIPS = 40
_BOUNDS, _HALVINGS = (0.5, 3.0), 9
_FLOOR = 1e-4
"""Density per metre that a single surprise costs at most."""
err = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class ReadShip:
    """A ship with its truth, read by network and fit."""

    cell: Cell
    freeboard_m: float
    laden: bool
    posterior: FreeboardMixture
    """The network's."""
    evidence: Evidence
    ships: Tankers

    @property
    def agrees(self) -> bool:
        """Whether network and fit are pooled."""
        flat = np.ptp(self.evidence.log_likelihood) == 0
        return flat or self.effective >= LEAST_POOLED

    @property
    def effective(self) -> float:
        """Effective sample size over the size of the sample."""
        return reweigh(self.posterior, self.evidence, self.ships).effective


def read_ships(
    cells: Iterable[Cell], draw: Callable[[Cell, int, int], HullChip], seed: int, ships: int
) -> list[ReadShip]:
    """Draw ships and read them; those that cannot be read are left out."""
    found = []
    for cell, number in itertools.product(cells, range(ships)):
        hull = draw(cell, seed, number)
        chip = ship_chip(hull)
        reading = read_chip(chip)
        if reading.evidence is None or reading.ships is None or reading.belief is None:
            continue
        found.append(
            ReadShip(
                cell,
                hull.truth.freeboard_m,
                bool(hull.truth.laden),
                shipped_posterior().read([chip]).posterior,
                reading.evidence,
                reading.ships,
            )
        )
    return found


def fitted_pooling(ships: Sequence[ReadShip]) -> Pooling:
    """Find the numbers of `Pooling` on ships; each pixel size by itself."""
    gsds = sorted({ship.cell.gsd_m for ship in ships})
    suns = sorted({ship.cell.sun_elevation_deg for ship in ships})
    shares, weights, widths = [], [], []
    for gsd in gsds:
        here = [ship for ship in ships if ship.cell.gsd_m == gsd and ship.agrees]
        shares.append(_share(here))
        weights.append(_weights(here))
        widths.append(_widths(here, shares[-1], suns))
    return Pooling(
        gsd_m=tuple(gsds),
        fit_share=tuple(shares),
        network_weight=tuple(network for network, _ in weights),
        fit_weight=tuple(fit for _, fit in weights),
        sun_elevation_deg=tuple(suns),
        widen=tuple(widths),
    )


def _pooled(ship: ReadShip, share: float) -> Belief:
    return Belief(*product(ship.posterior, ship.evidence, share), 0.0)


def _share(ships: Sequence[ReadShip]) -> float:
    def loss(share: float) -> float:
        density = [float(_pooled(ship, share).at(ship.freeboard_m)) for ship in ships]
        return -float(np.log(np.array(density) + _FLOOR).mean())

    best = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 0.02})
    return round(float(best.x), 2)


def _weights(ships: Sequence[ReadShip]) -> tuple[float, float]:
    network = np.array([float(ship.posterior.log_lr_laden[0]) for ship in ships])
    fit = np.array([log_lr_laden(ship.evidence, ship.ships) for ship in ships])
    sign = np.where([ship.laden for ship in ships], 1.0, -1.0)

    def loss(weights: Floats) -> float:
        return float(np.logaddexp(0, -sign * (weights[0] * network + weights[1] * fit)).mean())

    best = minimize(loss, (1.0, 0.5), method="L-BFGS-B", bounds=[(0, 2), (0, 2)])
    return round(float(best.x[0]), 2), round(float(best.x[1]), 2)


def _widths(ships: Sequence[ReadShip], share: float, suns: Sequence[float]) -> tuple[float, ...]:
    beliefs = [_pooled(ship, share) for ship in ships]
    truths = np.array([ship.freeboard_m for ship in ships])
    everywhere = np.log(_width(beliefs, truths))
    widths = []
    for sun in suns:
        here = np.flatnonzero([ship.cell.sun_elevation_deg == sun for ship in ships])
        alone = np.log(_width([beliefs[k] for k in here], truths[here]))
        own = len(here) / (len(here) + _SHRINK_SHIPS)
        widths.append(round(float(np.exp(own * alone + (1 - own) * everywhere)), 2))
    return tuple(widths)


def _width(beliefs: Sequence[Belief], truths: Floats) -> float:
    """Factor with which nine in ten intervals hold the truth, by bisection."""
    low, high = _BOUNDS
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        wide = [belief.widened(middle) for belief in beliefs]
        held = [
            one.quantile(0.05) <= truth <= one.quantile(0.95)
            for one, truth in zip(wide, truths, strict=True)
        ]
        low, high = (low, middle) if np.mean(held) >= COVERAGE else (middle, high)
    return float(np.sqrt(low * high))


def main(out: str = "models/freeboard/pooling.toml") -> None:
    """Draw ships, read them, and write the file."""
    torch.set_num_threads(1)
    judged = [Cell(*v) for v in itertools.product(JUDGED_GSDS_M, JUDGED_SUNS_DEG, JUDGED_LENGTHS_M)]
    ships: list[ReadShip] = []
    for draw, (seed, count), cells in (
        (raycast_of, RAYCAST, judged),
        (portrait_hull, PORTRAITS, every_cell()),
    ):
        for cell in cells:
            ships += read_ships([cell], draw, seed, count)
            err.print(f"{len(ships)} ships read, {cell}")
    text = tomli_w.dumps(fitted_pooling(ships).model_dump())
    write_text(text, Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
