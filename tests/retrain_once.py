"""Retrain in a process of its own, so that a test can kill it: chips, base, folder to be made."""

import sys
from pathlib import Path

import torch

from gnomon.learn import fit as train
from gnomon.learn.finetune import FinetuneOptions, finetune

OPTIONS = FinetuneOptions(steps=24, batch=2, simulated=0, checks=0, seed=4)
EVERY = 4


def main(chips: str, base: str, out: str) -> None:
    torch.set_num_threads(1)
    train.SAVED_EVERY = EVERY
    finetune(Path(chips), Path(out), base=base, options=OPTIONS)


if __name__ == "__main__":
    main(*sys.argv[1:])
