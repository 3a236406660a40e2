"""Whether tables are of simulated scenes, and the mark that what is inferred from them carries.

Simulated scenes belong to collections whose names start with ``synthetic``; ships that were drawn
without pixels have the model ``simulated``. One such row marks the whole: a table that mixes them
with real ones is no table of the world.
"""

import pandas as pd

MARK = "SIMULATED"
NOTE = f"{MARK}: these scenes show the method, not the world"
"""First note of each season that is inferred from simulated tables."""
PREFIX = "synthetic"
"""Of the collections of simulated scenes."""
MODEL = "simulated"
"""Of ships that were drawn, not found."""


def is_simulated(collection: str) -> bool:
    """Whether a collection's scenes are simulated."""
    return collection.startswith(PREFIX)


def are_simulated(detections: pd.DataFrame, observations: pd.DataFrame) -> bool:
    """Whether tables of ships and images are simulated; columns that they lack say nothing."""
    named = (table.get("collection") for table in (detections, observations))
    if any(is_simulated(str(one)) for names in named if names is not None for one in names):
        return True
    models = detections.get("model")
    return models is not None and bool((models.astype("str") == MODEL).any())


def carry_mark(seasons: pd.DataFrame) -> bool:
    """Whether seasons were inferred from simulated tables, by their notes."""
    return bool(seasons.notes.astype("str").str.startswith(MARK).any())
