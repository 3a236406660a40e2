"""`make train-radar`: fit and measure the network of radar, and write its weights.

GNOMON_DATA names the folder of the labelled data. Networks, and the state of one that was
interrupted, are kept in build/radar. All is done by one thread, and the same seed gives the same
weights on one machine. The validation split of the chips is read at the very end.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from gnomon.datamodel.errors import CatalogError, GnomonError
from gnomon.datamodel.shipped import refuse_weights
from gnomon.detect.radar import RadarDetector
from gnomon.detect.radar_weights import RadarCalibration, save_radar_weights
from gnomon.learn.radar.drawn import drawn_sheet
from gnomon.learn.radar.measure import RadarMatches
from gnomon.learn.radar.sheets import RadarSheet
from gnomon.learn.radar.ship_chips import read_ship_chips
from gnomon.learn.radar.tables import (
    CANDIDATE_RATE,
    HEAD,
    as_detector,
    baseline,
    harbour_lines,
    matches_in,
    radar_calibration,
    scored_by,
    skill_row,
)
from gnomon.learn.radar.training import RadarTraining, chip_sheets
from gnomon.workflow.digests import code_digest, digest

BUILD = Path("build/radar")
WINDS_M_S = (3.0, 6.0, 9.0, 12.0)
HARBOURS, HARBOUR_SEED, VAL_SEED = 2, 30_000, 40_000
"""Harbours of each wind, and seeds."""
EMPTY = 4.0
"""Empty cells of 1.6 km2 beside each chip of the validation split."""
FITTED_BY = (
    "detect/radar_candidates.py", "detect/radar_cfar.py", "detect/radar_network.py",
    "learn/averaging.py", "learn/radar/drawn.py", "learn/radar/fit.py", "learn/radar/sheets.py",
    "learn/radar/ship_chips.py", "learn/radar/training.py", "simulate/radar",
)  # fmt: skip
err = Console(stderr=True, highlight=False)


def train_radar(data: Path, out: Path, version: str) -> Iterator[str]:
    """Write weights into a new folder; the lines of the card's tables.

    Raises
    ------
    GnomonError
        The data cannot be read, or the folder exists.

    """
    refuse_weights(out)
    torch.set_num_threads(1)
    started = time.monotonic()

    def say(line: str) -> None:
        err.print(f"{line}, after {time.monotonic() - started:.0f} s")

    chips = data / "s1" / "opensarship"
    training = RadarTraining(chips, BUILD / digest([code_digest(*FITTED_BY)]), say)
    network = training.final
    scene = training.dual
    real = training.real(scene, held=True)
    unseen = matches_in(as_detector(training.without(scene)), real)
    held = matches_in(as_detector(network), training.held)
    calibration = radar_calibration(held, unseen)
    save_radar_weights(
        out,
        network,
        version=version,
        candidate_rate=CANDIDATE_RATE,
        calibration=calibration,
    )
    yield from HEAD
    measured = _Measured(as_detector(network, calibration), calibration)
    yield measured.row("a scene of the chips, unseen", scored_by(unseen, calibration))
    drawn_only = as_detector(training.drawn_only, calibration)
    yield measured.row("likewise, no chip at all", matches_in(drawn_only, real))
    yield skill_row("CFAR", matches_in(baseline(), real), 0.0)
    for start, name in enumerate(("simulated sea", "simulated quays")):
        yield from measured.rows(name, training.held[start::2])
    val = chip_sheets(read_ship_chips(chips, "val"), range(VAL_SEED, VAL_SEED + 2), empty=EMPTY)
    for name, sheet in zip(("val, simulated sea", "val, real sea"), val, strict=True):
        yield from measured.rows(name, [sheet])
        yield measured.row(f"{name}, no chip at all", matches_in(drawn_only, [sheet]))
    yield ""
    harbours = {
        wind: [
            drawn_sheet(HARBOUR_SEED + n, quays=True, bank=training.bank, wind_m_s=wind)
            for n in range(HARBOURS)
        ]
        for wind in WINDS_M_S
    }
    yield from harbour_lines(harbours, measured.detector, calibration.threshold)
    yield ""
    yield from HEAD
    others = {
        "in one stage": lambda: training.from_scratch(scene),
        "no simulated ship": lambda: training.real_only(scene),
    }
    for name, network_of in others.items():
        seen = matches_in(as_detector(network_of()), real)
        yield measured.row(name, scored_by(seen, calibration))


@dataclass(frozen=True)
class _Measured:
    detector: RadarDetector
    calibration: RadarCalibration

    def row(self, name: str, matches: RadarMatches) -> str:
        """Of boxes with scores."""
        return skill_row(name, matches, self.calibration.threshold, self.calibration.errors)

    def rows(self, name: str, sheets: Sequence[RadarSheet]) -> Iterator[str]:
        """Of the network and the baseline."""
        yield self.row(name, matches_in(self.detector, sheets))
        yield skill_row("CFAR", matches_in(baseline(), sheets), 0.0)


if __name__ == "__main__":
    try:
        if not (data := os.environ.get("GNOMON_DATA")):
            raise CatalogError("set GNOMON_DATA to the folder of the labelled data")
        out, version = (sys.argv[1:] + ["models/s1-vessel", "0"][len(sys.argv) - 1 :])[:2]
        for line in train_radar(Path(data), Path(out), version):
            Console(highlight=False).print(line, soft_wrap=True, markup=False)
    except GnomonError as error:
        err.print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
