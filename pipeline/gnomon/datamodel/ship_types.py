"""Types of ships: the one vocabulary of labels, decisions, formats and simulated ships.

``cargo`` and ``service`` are for what cannot be determined further: a bulk carrier, container ship
or general cargo ship; a tug, pilot boat or other craft that serves ships. ``passenger`` holds
ferries, cruise ships and ro-ro. ``other`` is a known type that is not in the list, ``unknown`` a
type that cannot be determined.
"""

from typing import Literal, get_args

ShipType = Literal[
    "tanker",
    "bulk",
    "container",
    "general",
    "cargo",
    "passenger",
    "naval",
    "fishing",
    "tug",
    "service",
    "other",
    "unknown",
]
SHIP_TYPES: tuple[ShipType, ...] = get_args(ShipType)
