"""What the network of radar is trained on, and the networks that are compared.

A first network sees simulated images alone. It goes on with real ships of the chips beside them: of
both scenes for the weights, and of the scene with one polarisation alone for the errors, the scores
and the comparison, which the scene with both gives. Beside it stand networks without one of the
two, and one that has no first stage.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from gnomon.datamodel.files import write_whole
from gnomon.detect.radar_network import RadarNetwork
from gnomon.learn.radar.drawn import drawn_sheet
from gnomon.learn.radar.fit import RadarFitOptions, RadarSamples, fit_radar_network
from gnomon.learn.radar.sheets import RadarSheet
from gnomon.learn.radar.ship_chips import CELL_PX, ROW, RadarChip, chip_sheet, read_ship_chips
from gnomon.simulate.radar.echoes import Complex64s, speckle_bank

DRAWN, HELD, SHEETS = 20, 6, 4
"""Simulated images for training and to be held out, half of them of quays; and images of the chips
of each scene, half of them on a real sea."""
SIDE_PX = 768
FIRST, MORE = RadarFitOptions(steps=1000), RadarFitOptions(steps=400, learning_rate=2e-3)
BESIDE = RadarFitOptions(steps=500)
"""Of networks that are only compared."""
HELD_SEED, CHIP_SEED = 10_000, 20_000


@dataclass(frozen=True)
class RadarTraining:
    """Images and networks, each made when it is asked for."""

    chips: Path
    """Folder of OpenSARShip."""
    build: Path
    """Networks and states of an interrupted run are kept here."""
    say: Callable[[str], None]

    @cached_property
    def bank(self) -> Complex64s:
        """Speckle of simulated images."""
        return speckle_bank(np.random.default_rng(0), (SIDE_PX, SIDE_PX), 10.0)

    @cached_property
    def drawn(self) -> list[RadarSheet]:
        """Simulated images that training sees."""
        self.say(f"draws {DRAWN} images")
        return [drawn_sheet(n, quays=bool(n % 2), bank=self.bank) for n in range(DRAWN)]

    @cached_property
    def held(self) -> list[RadarSheet]:
        """And those that it does not see; of open sea and of quays by turns."""
        numbers = range(HELD_SEED, HELD_SEED + HELD)
        return [drawn_sheet(n, quays=bool(n % 2), bank=self.bank) for n in numbers]

    @cached_property
    def by_scene(self) -> dict[str, list[RadarChip]]:
        """Chips of the training split."""
        chips: dict[str, list[RadarChip]] = {}
        for chip in read_ship_chips(self.chips, "train"):
            chips.setdefault(chip.scene, []).append(chip)
        return chips

    @property
    def dual(self) -> str:
        """The scene with both polarisations."""
        return next(name for name, chips in self.by_scene.items() if len(chips[0].bands) > 1)

    def real(self, scene: str, *, held: bool = False) -> list[RadarSheet]:
        """Images of the chips of one scene."""
        first = CHIP_SEED + 1000 * list(self.by_scene).index(scene) + 100 * held
        return chip_sheets(self.by_scene[scene], range(first, first + SHEETS))

    @property
    def drawn_only(self) -> RadarNetwork:
        """The first network."""
        return self._network("drawn", lambda: self.drawn, FIRST)

    def without(self, scene: str) -> RadarNetwork:
        """A network that has seen all but one scene."""
        others = [one for one in self.by_scene if one != scene]
        name = f"without-{list(self.by_scene).index(scene)}"
        return self._network(name, lambda: self._mixed(others), MORE, start=self.drawn_only)

    def from_scratch(self, scene: str) -> RadarNetwork:
        """The same without a first network."""
        others = [one for one in self.by_scene if one != scene]
        name = f"scratch-{list(self.by_scene).index(scene)}"
        return self._network(name, lambda: self._mixed(others), BESIDE)

    def real_only(self, scene: str) -> RadarNetwork:
        """A network that has seen the chips of other scenes, and no simulated ship."""
        others = [one for one in self.by_scene if one != scene]
        name = f"real-{list(self.by_scene).index(scene)}"
        return self._network(name, lambda: self._mixed(others, drawn=False), BESIDE)

    @property
    def final(self) -> RadarNetwork:
        """The network whose weights are written."""
        return self._network(
            "final", lambda: self._mixed(list(self.by_scene)), MORE, start=self.drawn_only
        )

    def _mixed(self, scenes: Sequence[str], *, drawn: bool = True) -> list[RadarSheet]:
        real = [sheet for scene in scenes for sheet in self.real(scene)]
        return [*(self.drawn if drawn else []), *real]

    def _network(
        self,
        name: str,
        sheets: Callable[[], list[RadarSheet]],
        options: RadarFitOptions,
        *,
        start: RadarNetwork | None = None,
    ) -> RadarNetwork:
        """A network from its file, or fitted."""
        path = self.build / f"{name}.safetensors"
        if not path.exists():
            self.build.mkdir(parents=True, exist_ok=True)
            self.say(f"fits {name}: {options.steps} steps")
            network = fit_radar_network(
                RadarSamples.of(sheets()),
                options,
                start=copy.deepcopy(start),
                state=self.build / f"{name}.state",
            )
            state = {key: value.contiguous() for key, value in network.state_dict().items()}
            write_whole(path, lambda partial: save_file(state, partial))
        found = RadarNetwork()
        found.load_state_dict(load_file(path))
        return found.eval()


def chip_sheets(
    chips: Sequence[RadarChip], seeds: Sequence[int], *, empty: float | None = None
) -> list[RadarSheet]:
    """Images of chips of one kind, on simulated and on real sea by turns."""
    more = {} if empty is None else {"empty": empty}
    lines = (-(-round(len(chips) * (1 + (empty or 1.0))) // ROW) + 1) * CELL_PX
    bank = speckle_bank(np.random.default_rng(1), (lines, ROW * CELL_PX), 10.0)
    return [
        chip_sheet(chips, seed, bank=bank, real_sea=bool(number % 2), **more)
        for number, seed in enumerate(seeds)
    ]
