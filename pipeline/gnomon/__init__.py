"""From satellite pixels to ships, their load, and barrels, with an uncertainty that is true.

In a notebook::

    import gnomon
    study = gnomon.read_study("configs/embedded.toml")
    observation = gnomon.plan(study).observations[0]
    pixels = gnomon.read_pixels(observation.scene, observation.port.area)
    ships = gnomon.observe(observation).detections
    gnomon.picture(pixels, ships)
"""

from importlib import import_module
from typing import Any

# No name here is a module's too: the module would take its place once it is imported. What is
# called otherwise at home has its name there after a colon.
# Loaded when first asked for: torch takes seconds, and `gnomon --help` must not wait for it.
_HOME = {
    "FinetuneOptions": "learn.finetune",
    "GnomonError": "datamodel.errors",
    "Observation": "workflow.run",
    "Port": "datamodel.ports",
    "Scene": "datamodel.scene",
    "Study": "datamodel.study",
    "chip_source": "learn.export:source_of",
    "draw_reading": "report.figures.load",
    "export": "report.export.export:export_run",
    "export_chips": "learn.export",
    "find_scenes": "catalog.search",
    "finetune": "learn.finetune",
    "infer_tables": "workflow.infer:infer",
    "observe": "workflow.run",
    "picture": "report.figures.scene",
    "plan": "workflow.run",
    "portrait": "simulate.pixels.portrait",
    "read_loads": "workflow.loads",
    "read_pixels": "imagery.read",
    "read_ports": "datamodel.ports",
    "read_review": "datamodel.decisions",
    "read_ship": "freeboard.rows",
    "read_study": "datamodel.study",
    "read_table": "datamodel.files",
    "retaken": "simulate.pixels.portrait",
    "run_study": "workflow.run",
    "show_load": "report.figures.load",
    "simulated_season": "simulate.season.campaign:simulate_season",
    "trade_2024": "simulate.season.campaign",
    "usable_water": "imagery.water",
}
__all__ = sorted(_HOME)  # noqa: PLE0605 - names are listed once, above


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"gnomon has no {name!r}; it has {', '.join(__all__)}")
    module, _, theirs = _HOME[name].partition(":")
    return getattr(import_module(f"gnomon.{module}"), theirs or name)


def __dir__() -> list[str]:
    return list(__all__)
