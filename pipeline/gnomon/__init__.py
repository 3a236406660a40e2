"""From satellite pixels to ships, their load, and barrels, with an uncertainty that is true.

In a notebook::

    import gnomon
    study = gnomon.read_study("configs/embedded.toml")
    look = gnomon.plan(study).looks[0]
    pixels = gnomon.read_pixels(look.scene, look.port.area)
    ships = gnomon.examine(look).detections
    gnomon.picture(pixels, ships)
"""

from importlib import import_module
from typing import Any

# No name here is a module's too: the module would take its place once it is imported. What is
# called otherwise at home has its name there after a colon.
# Loaded when first asked for: torch takes seconds, and `gnomon --help` must not wait for it.
_HOME = {
    "GnomonError": "errors",
    "Look": "run",
    "Port": "ports",
    "RetrainOptions": "retraining",
    "Scene": "scene",
    "Study": "study",
    "chip_source": "labelling:source_of",
    "draw_reading": "showing",
    "examine": "run",
    "export": "report.exports",
    "export_chips": "labelling",
    "find_scenes": "fetch.catalog",
    "follow_tables": "follow:follow",
    "picture": "pictures",
    "plan": "run",
    "portrait": "synth.portrait",
    "read_loads": "loading",
    "read_pixels": "fetch.raster",
    "read_ports": "ports",
    "read_review": "review",
    "read_ship": "load.rows",
    "read_study": "study",
    "read_table": "store",
    "retaken": "synth.portrait",
    "retrain": "retraining",
    "run_study": "run",
    "show_load": "showing",
    "simulated_season": "synth.campaign:season",
    "trade_2024": "synth.campaign",
    "usable_water": "fetch.mask",
}
__all__ = sorted(_HOME)  # noqa: PLE0605 - names are listed once, above


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"gnomon has no {name!r}; it has {', '.join(__all__)}")
    module, _, theirs = _HOME[name].partition(":")
    return getattr(import_module(f"gnomon.{module}"), theirs or name)


def __dir__() -> list[str]:
    return list(__all__)
