"""The state of a training on disk: after a kill the same training goes on, to the same weights.

Everything that a step changes is kept: the network, its running average, the optimiser and the
schedule. Chips need no state, because each batch has a seed of its own. The file is written under
another name and renamed, so that a kill in the middle of it leaves the state before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from gnomon.errors import WeightsError


class Stateful(Protocol):
    """What has a state: networks, optimisers, schedules."""

    def state_dict(self) -> Any:
        """All that is needed to go on."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Go on from a state."""


@dataclass(frozen=True)
class Saved:
    """Where the state of one training is kept, and how often."""

    path: Path
    rests_on: str
    """Digest of all that the training rests on: the state of another one is not gone on with."""
    every: int = 100
    """Steps."""

    def restore(self, parts: Mapping[str, Stateful]) -> int:
        """Bring every part to the state that was kept; returns how many steps it had done."""
        if not self.path.is_file():
            return 0
        try:
            # Tensors and plain values only: a state is no program.
            kept = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch and pickle raise several unrelated types
            why = f"cannot be read ({error}); delete it to begin anew"
            raise WeightsError(f"{self.path}: {' '.join(why.split())}") from error
        if kept["rests_on"] != self.rests_on:
            return 0
        for name, part in parts.items():
            part.load_state_dict(kept["parts"][name])
        return int(kept["steps"])

    def keep(self, steps: int, parts: Mapping[str, Stateful], *, last: bool) -> None:
        """Write the state after a step, where it is time to.

        Raises
        ------
        WeightsError
            The disk is full or not writable.

        """
        if steps % self.every and not last:
            return
        state = {
            "rests_on": self.rests_on,
            "steps": steps,
            "parts": {name: part.state_dict() for name, part in parts.items()},
        }
        partial = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(state, partial)
            partial.replace(self.path)
        except (OSError, RuntimeError) as error:  # torch wraps a full disk into a RuntimeError
            raise WeightsError(f"{self.path}: cannot be written ({error})") from error
