"""`make train-freeboard`: simulate tankers, train the posterior network, write its weights.

Every step goes on where an interrupted run stopped: shards of windows that exist are kept, and so
is the state of the training. The last shard is not trained on; the posterior is recalibrated on it.
The environment sets how much: GNOMON_SHARDS (of 500 tankers, about 1,050 chips each), GNOMON_STEPS.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console

from gnomon.freeboard.trained import save_posterior
from gnomon.learn.freeboard.fit import PosteriorFitOptions, fit_posterior
from gnomon.learn.freeboard.hulls import HullSamples, make_shards, shard_folder
from gnomon.learn.freeboard.recalibrate import familiar_with, recalibrate
from gnomon.simulate.pixels.designs import LONGEST_M, SHORTEST_M
from gnomon.simulate.pixels.exposures import COARSEST_M, FINEST_M
from gnomon.workflow.digests import code_digest, digest

BUILD = Path("build/freeboard")
SHARDS, STEPS, SEED, HELD = 68, 6500, 0, 2
"""Shards in all, steps of training, seed, and shards for the recalibration."""
_EVERY = 200
err = Console(stderr=True, highlight=False)


def main(out: str = "models/freeboard", version: str = "0") -> None:
    """Train weights of a version into a new folder."""
    if Path(out).exists():  # before an hour of work, not after
        sys.exit(f"{out} exists; weights are never overwritten")
    torch.set_num_threads(1)
    shards = int(os.environ.get("GNOMON_SHARDS", SHARDS))
    options = PosteriorFitOptions(steps=int(os.environ.get("GNOMON_STEPS", STEPS)), seed=SEED)
    folder = shard_folder(BUILD, SEED)
    parts = []
    for number, shard in enumerate(make_shards(folder, seed=SEED, shards=shards), 1):
        parts.append(shard)
        err.print(f"simulated: {number} of {shards} shards")
    held, samples = HullSamples.joined(parts[-HELD:]), HullSamples.joined(parts[:-HELD])
    network_code = code_digest(
        "freeboard/network.py", "learn/averaging.py", "learn/freeboard/fit.py"
    )
    name = digest([folder.name, shards, vars(options), network_code])
    state = BUILD / f"{name}.state"
    network = fit_posterior(samples, options, on_step=_reporter(options.steps), state=state)
    model = save_posterior(
        Path(out),
        network,
        version=version,
        gsd_range_m=(FINEST_M, COARSEST_M),
        length_range_m=(SHORTEST_M, LONGEST_M),
        recalibration=recalibrate(network, held),
        familiarity=familiar_with(network, parts[0], held),
    )
    err.print(f"{out}: {model.digest[:12]}, {model.recalibration}")


def _reporter(steps: int) -> Callable[[int, float], None]:
    started, losses = time.monotonic(), [0.0]

    def on_step(step: int, loss: float) -> None:
        losses[0] += loss
        if step % _EVERY == 0:
            seconds = time.monotonic() - started
            err.print(f"step {step} of {steps}: loss {losses[0] / _EVERY:.3f}, {seconds:.0f} s")
            losses[0] = 0.0

    return on_step


if __name__ == "__main__":
    main(*sys.argv[1:])
