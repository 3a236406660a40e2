"""Finetune in a process that kills itself without notice: chips, base, folder to be made, step.

The kill comes after the given step of the second training, when its last state is two steps old.
Step 0 kills nothing.
"""

import os
import signal
import sys
from pathlib import Path

import torch

from gnomon.learn.finetune import FinetuneOptions, finetune

OPTIONS = FinetuneOptions(steps=6, batch=2, simulated=0, checks=0, seed=4, save_every=2)


def main(chips: str, base: str, out: str, step: int) -> None:
    torch.set_num_threads(1)

    def kill(done: int, _total: int, item: str) -> None:
        if step and done == step and item.startswith("final run"):
            os.kill(os.getpid(), signal.SIGKILL)

    finetune(Path(chips), Path(out), base=base, options=OPTIONS, on_progress=kill)


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))
