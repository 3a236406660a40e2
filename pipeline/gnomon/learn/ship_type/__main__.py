"""`make train-type`: fit and measure the network of ship types, and write its weights.

GNOMON_DATA names the folder of the labelled data. Networks of blocks that are left out, for the
calibration and the card, are kept in build/ship-type: an interrupted run goes on with the next. All
is done by one thread, and the same seed gives the same weights on one machine.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from gnomon.datamodel.arrays import Float64s, Mask
from gnomon.datamodel.errors import CatalogError, GnomonError
from gnomon.datamodel.shipped import refuse_weights, shipped
from gnomon.detect.type_network import TypeNetwork
from gnomon.detect.type_weights import save_type_weights
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.scenes import labelled_scenes
from gnomon.learn.ship_type.chip_hulls import ChipHull, read_chip_hull
from gnomon.learn.ship_type.chip_types import read_chip_types
from gnomon.learn.ship_type.measure import (
    SIZES_M,
    AnchorageViews,
    left_out_odds,
    odds_of,
    port_fold_odds,
)
from gnomon.learn.ship_type.port_hulls import PORT_GSD_M, PortHull, port_hulls
from gnomon.learn.ship_type.skill import Scored, curves_by_size, ranges_given
from gnomon.learn.ship_type.tables import (
    LEAST_M,
    AnchorageScores,
    PortScores,
    length_lines,
    port_lines,
    skill_lines,
)
from gnomon.learn.type_labels import read_types
from gnomon.workflow.digests import code_digest, digest

BUILD = Path("build/ship-type")
SEEDS = (0, 1)
"""The weights are of the first."""
FITTED_BY = (
    "detect/hull_frame.py",
    "detect/type_network.py",
    "learn/averaging.py",
    "learn/ship_type/chip_types.py",
    "learn/ship_type/chip_hulls.py",
    "learn/ship_type/views.py",
    "learn/ship_type/fit.py",
    "learn/ship_type/folds.py",
    "learn/ship_type/port_hulls.py",
    "learn/ship_type/measure.py",
)
"""Source that log odds rest on."""
err = Console(stderr=True, highlight=False)


def train_type(data: Path, out: Path, version: str) -> Iterator[str]:
    """Write weights into a new folder; the lines of the card's tables.

    Raises
    ------
    GnomonError
        The data cannot be read, or the folder exists.

    """
    refuse_weights(out)
    torch.set_num_threads(1)
    configs = shipped("configs")
    labels = configs / "ship-types-planet.csv"
    every = [read_chip_hull(data / "planet-3m" / "chips", one) for one in read_chip_types(labels)]
    ports = list(_ports(data / "s2-ports", configs))
    folder = BUILD / digest([code_digest(*FITTED_BY), labels.read_text(encoding="utf-8")])
    ships = AnchorageViews.of(every)
    network = ships.fit(np.arange(len(every)), SEEDS[0])
    anchorage = _anchorage_scores(ships, folder)
    at_ports = _port_scores(ships, ports, network, folder, configs)
    _save(out, network, anchorage, at_ports, version)
    yield from skill_lines(anchorage)
    yield ""
    yield from length_lines(anchorage, at_ports)
    yield ""
    yield from port_lines(at_ports, anchorage.by_size[PORT_GSD_M][0])


def _save(
    out: Path, network: TypeNetwork, anchorage: AnchorageScores, at_ports: PortScores, version: str
) -> None:
    evidence = {size: [seeds[0]] for size, seeds in anchorage.by_size.items()}
    evidence[PORT_GSD_M].append(at_ports.unseen.between(LEAST_M, np.inf))
    save_type_weights(
        out,
        network,
        version=version,
        calibration=curves_by_size(evidence),
        given=list(ranges_given(SIZES_M, evidence)),
    )


def _anchorage_scores(ships: AnchorageViews, folder: Path) -> AnchorageScores:
    on_network = _Reporter()
    seeds = [left_out_odds(ships, folder, seed, on_network) for seed in SEEDS]
    beside, _ = left_out_odds(ships, folder, SEEDS[0], on_network, surroundings=True)
    agreed = ships.agreed

    def scored(odds: Float64s) -> Scored:
        return Scored(odds, ships.tanker, ships.length_m, ships.week)[agreed]

    return AnchorageScores(
        {s: [scored(odds[:, n]) for odds, _ in seeds] for n, s in enumerate(SIZES_M)},
        {size: scored(beside[:, n]) for n, size in enumerate(SIZES_M)},
        seeds[0][1][agreed],
        _flags(ships.hulls, "sure")[agreed],
        _flags(ships.hulls, "tug_barge")[agreed],
    )


def _flags(hulls: Sequence[ChipHull], name: str) -> Mask:
    return np.array([getattr(one.label, name) for one in hulls])


def _ports(data: Path, configs: Path) -> Iterator[PortHull]:
    catalogs = [str(data / part / "catalog.json") for part in ("train", "val")]
    scenes = labelled_scenes(*catalogs, corrections=configs / "label-corrections.geojson")
    return port_hulls(scenes, read_types(configs / "ship-types.geojson"))


def _port_scores(
    ships: AnchorageViews,
    ports: Sequence[PortHull],
    network: TypeNetwork,
    folder: Path,
    configs: Path,
) -> PortScores:
    folds = read_folds(configs / "folds.toml")
    fold = np.array([next(f.number for f in folds if f.holds(one.port)) for one in ports])
    names = sorted({one.port for one in ports})
    group = np.array([names.index(one.port) for one in ports])
    unseen = odds_of(network, torch.from_numpy(np.stack([one.frame for one in ports]))).numpy()
    known = port_fold_odds(ships, ports, fold, folder, _Reporter())

    def scored(odds: NDArray[np.floating]) -> Scored:
        tanker = np.array([one.tanker for one in ports])
        return Scored(odds.astype(float), tanker, np.array([p.length_m for p in ports]), group)

    sure = np.array([one.sure for one in ports])
    return PortScores(scored(unseen), scored(known), sure, fold)


@dataclass
class _Reporter:
    """Says which network is next, and how long it has been."""

    started: float = 0.0

    def __call__(self, name: str) -> None:
        self.started = self.started or time.monotonic()
        err.print(f"{name}, after {time.monotonic() - self.started:.0f} s")


if __name__ == "__main__":
    try:
        if not (data := os.environ.get("GNOMON_DATA")):
            raise CatalogError("set GNOMON_DATA to the folder of the labelled data")
        out, version = (sys.argv[1:] + ["models/ship-type", "0"][len(sys.argv) - 1 :])[:2]
        for line in train_type(Path(data), Path(out), version):
            Console(highlight=False).print(line, soft_wrap=True, markup=False)
    except GnomonError as error:
        err.print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
