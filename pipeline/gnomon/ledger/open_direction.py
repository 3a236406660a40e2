"""Which loading ports are open: their images do not decide whether ships load or unload there.

Barrels of such a port have two humps, many if its ships load and few or none if they unload, and a
middle of the two is true of neither. So they are stated under the condition that ships load there,
with the chance of it.
"""

from collections.abc import Sequence

import numpy as np

from gnomon.datamodel.posterior import PortPosterior, SeasonDraw

OPEN_MIN = 0.05
"""Chance of loading, and of unloading, from which a direction is open: as for a 90 % interval, the
other one is left out below it."""


def open_ports(ports: Sequence[PortPosterior]) -> tuple[str, ...]:
    """Names of the ports at which loading and unloading are both possible.

    A port is not open where most draws have as many visits that loaded as unloaded: so few ships
    came then that the direction is not what barrels depend on.

    Parameters
    ----------
    ports
        With draws.

    """
    return tuple(port.port for port in ports if _is_open(port))


def _is_open(port: PortPosterior) -> bool:
    net = np.array([_net_loaded(draw) for draw in port.draws])
    loads, unloads = float((net > 0).mean()), float((net < 0).mean())
    return min(loads, unloads) > OPEN_MIN and loads + unloads > 1 / 2


def ships_load(draws: Sequence[SeasonDraw], is_open: Sequence[bool]) -> bool:
    """Whether more visits loaded than unloaded: at each open port, or without one in all.

    Parameters
    ----------
    draws
        One of each port.
    is_open
        Whether each port is open.

    """
    if any(is_open):
        return all(
            _net_loaded(draw) > 0 for draw, unsure in zip(draws, is_open, strict=True) if unsure
        )
    return sum(_net_loaded(draw) for draw in draws) > 0


def _net_loaded(draw: SeasonDraw) -> int:
    return int(draw.loaded.sum()) - int(draw.unloaded.sum())
