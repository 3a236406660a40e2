"""Names of trained networks: a digest of everything that their weights rest on.

A stored network is current if its name is the one that its training would have now. The name holds
the pixels and labels of its scenes, how often each is drawn, the options, the shape of the network,
and the source of the stage that trains. Of the source only what runs counts: comments, docstrings
and layout do not.
"""

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from gnomon.detect.centernet.network import NetworkOptions
from gnomon.learn.fit import TrainOptions
from gnomon.learn.tensors import SceneTensors

STAGE = (
    "gnomon.detect.centernet.loss",
    "gnomon.detect.centernet.maps",
    "gnomon.detect.centernet.network",
    "gnomon.detect.centernet.targets",
    "gnomon.learn.augment",
    "gnomon.learn.averaging",
    "gnomon.learn.batches",
    "gnomon.learn.fit",
    "gnomon.learn.resampling",
)
"""Modules that decide what weights come out of given scenes."""
DIGITS = 12
"""Of a digest in a name."""


def network_name(
    name: str, scenes: Sequence[SceneTensors], weights: Sequence[float], options: TrainOptions
) -> str:
    """Name of the network that a training ends with.

    Parameters
    ----------
    name
        Begins the name.
    scenes
        What it is trained on, in this order.
    weights
        How often each scene is drawn.
    options
        How long and how fast; how often the state is saved does not count.

    """
    rests_on = {
        "stage": stage_digest(),
        "network": asdict(NetworkOptions()),
        "options": {key: v for key, v in asdict(options).items() if key != "save_every"},
        "scenes": [scene.digest for scene in scenes],
        "weights": [f"{weight:.6g}" for weight in weights],
    }
    text = json.dumps(rests_on, sort_keys=True)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


def stage_digest() -> str:
    """Digest of the source of `STAGE`."""
    digest = hashlib.sha256()
    for module in STAGE:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(module)
        digest.update(executed(Path(spec.origin).read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def executed(source: str) -> str:
    """What runs of a module's source, without any white space between its words.

    The same for every version of Python that reads it: the text is cut and never made anew.
    """
    lines = source.encode().splitlines(keepends=True)
    for (row, start), (last, end) in sorted(_idle(source), reverse=True):
        before, after = lines[row - 1][:start], lines[last - 1][end:]
        lines[row - 1 : last] = [before + after]
    return "".join(b"".join(lines).decode().split())


Place = tuple[int, int]
"""Line from 1 and byte from 0."""


def _idle(source: str) -> list[tuple[Place, Place]]:
    """Where comments and docstrings begin and end; a docstring is any text that stands alone."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
            found.append(((node.lineno, node.col_offset), end))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, start = token.start
            width = len(token.line[:start].encode())
            found.append(((row, width), (row, width + len(token.string.encode()))))
    return found
