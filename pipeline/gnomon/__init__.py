"""From satellite pixels to ships, their load, and barrels, with an uncertainty that is true.

In a notebook::

    import gnomon
    study = gnomon.read_study("configs/embedded.toml")
    results = gnomon.run(study, Path("runs/embedded"))

or step by step::

    observation = gnomon.plan(study).observations[0]
    pixels = gnomon.read_pixels(observation.scene, observation.port.area)
    ships = gnomon.observe(observation).detections
    gnomon.picture(pixels, ships)

Names are loaded when they are first used: torch takes seconds, and `gnomon --help` must not wait
for it. Editors and type checkers read the imports under `TYPE_CHECKING`; a test keeps the two lists
alike.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnomon.catalog.search import find_scenes
    from gnomon.datamodel.decisions import read_review
    from gnomon.datamodel.errors import GnomonError
    from gnomon.datamodel.files import read_table
    from gnomon.datamodel.observation import Observation, ObserveOptions
    from gnomon.datamodel.ports import Port, read_ports
    from gnomon.datamodel.scene import Scene
    from gnomon.datamodel.study import Study, read_study
    from gnomon.freeboard.rows import read_ship
    from gnomon.imagery.read import read_pixels
    from gnomon.imagery.water import usable_water
    from gnomon.learn.export import export_chips
    from gnomon.learn.finetune import FinetuneOptions, finetune
    from gnomon.learn.sources import source_of as chip_source
    from gnomon.report.export.export import export_run as export
    from gnomon.report.figures.load import draw_reading, show_load
    from gnomon.report.figures.scene import picture
    from gnomon.report.page.page import write_report
    from gnomon.simulate.pixels.portrait import portrait, retaken
    from gnomon.simulate.season.campaign import simulate_season as simulated_season
    from gnomon.simulate.season.campaign import trade_2024
    from gnomon.workflow.executor import worker_processes
    from gnomon.workflow.infer import infer_files, infer_tables
    from gnomon.workflow.loads import read_loads
    from gnomon.workflow.observe import observe
    from gnomon.workflow.plan import plan
    from gnomon.workflow.run import Results, run

# No name here is a module's too: the module would take its place once it is imported. A name that
# differs in its module stands there after a colon.
_HOME = {
    "FinetuneOptions": "learn.finetune",
    "GnomonError": "datamodel.errors",
    "Observation": "datamodel.observation",
    "ObserveOptions": "datamodel.observation",
    "Port": "datamodel.ports",
    "Results": "workflow.run",
    "Scene": "datamodel.scene",
    "Study": "datamodel.study",
    "chip_source": "learn.sources:source_of",
    "draw_reading": "report.figures.load",
    "export": "report.export.export:export_run",
    "export_chips": "learn.export",
    "find_scenes": "catalog.search",
    "finetune": "learn.finetune",
    "infer_files": "workflow.infer",
    "infer_tables": "workflow.infer",
    "observe": "workflow.observe",
    "picture": "report.figures.scene",
    "plan": "workflow.plan",
    "portrait": "simulate.pixels.portrait",
    "read_loads": "workflow.loads",
    "read_pixels": "imagery.read",
    "read_ports": "datamodel.ports",
    "read_review": "datamodel.decisions",
    "read_ship": "freeboard.rows",
    "read_study": "datamodel.study",
    "read_table": "datamodel.files",
    "retaken": "simulate.pixels.portrait",
    "run": "workflow.run",
    "show_load": "report.figures.load",
    "simulated_season": "simulate.season.campaign:simulate_season",
    "trade_2024": "simulate.season.campaign",
    "usable_water": "imagery.water",
    "worker_processes": "workflow.executor",
    "write_report": "report.page.page",
}
__all__ = [
    "FinetuneOptions",
    "GnomonError",
    "Observation",
    "ObserveOptions",
    "Port",
    "Results",
    "Scene",
    "Study",
    "chip_source",
    "draw_reading",
    "export",
    "export_chips",
    "find_scenes",
    "finetune",
    "infer_files",
    "infer_tables",
    "observe",
    "picture",
    "plan",
    "portrait",
    "read_loads",
    "read_pixels",
    "read_ports",
    "read_review",
    "read_ship",
    "read_study",
    "read_table",
    "retaken",
    "run",
    "show_load",
    "simulated_season",
    "trade_2024",
    "usable_water",
    "worker_processes",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"gnomon has no {name!r}; it has {', '.join(__all__)}")
    module, _, theirs = _HOME[name].partition(":")
    return getattr(import_module(f"gnomon.{module}"), theirs or name)


def __dir__() -> list[str]:
    return list(__all__)
