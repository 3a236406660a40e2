"""Who lies where and when: what all parts of a simulated port have in common.

Places are in metres east and north of the first berth. The pier runs to the east-north-east.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

ORIGIN = (133.066, 42.7505)
"""Longitude and latitude of the first berth, in Vrangel Bay; invented within it."""
PIER_DEG, BERTH_SPACING_M = 75.0, 140.0
"""Azimuth of the pier, and what a ship of 120 m with its lines needs of it."""
ELSEWHERE = -1
"""In place of a berth's number: the rest of the port's area."""


class Kind(IntEnum):
    """What a detection is of."""

    TANKER = 0
    OTHER = 1
    COASTER = 2
    BARGE = 3
    HULK = 4
    BUNKER_VESSEL = 5
    CRANE = 6
    FALSE_ALARM = 7


class Position(NamedTuple):
    """Metres east and north of the first berth: arrays of one shape."""

    east: Floats
    north: Floats


@dataclass(frozen=True)
class Presence:
    """Stays of one or several kinds: arrays of shape (stays,)."""

    kind: Ints
    owner: Ints
    """Number of the visit, of a tanker; else of the ship or object within its kind."""
    from_day: Floats
    """Since the beginning of the season."""
    until_day: Floats
    length_m: Floats
    beam_m: Floats
    east_m: Floats
    north_m: Floats
    heading_deg: Floats
    """Axis of the hull, 0 to 180."""
    berth: Ints
    """Beside which it lies, or `ELSEWHERE`."""
    laden_from: Floats
    """Part of a full cargo on board at the beginning of the stay."""
    laden_until: Floats
    """At the end of the stay."""
    pumped_from: Floats
    """Day on which the load begins to change, at an even rate."""
    pumped_until: Floats

    def load_at(self, stay: Ints, day: Floats) -> Floats:
        """Part of a full cargo on board at some moments.

        Parameters
        ----------
        stay, day
            Numbers of stays, and days: (n,) each.

        """
        begin, end = self.pumped_from[stay], self.pumped_until[stay]
        done = np.clip((day - begin) / np.maximum(end - begin, 1e-6), 0.0, 1.0)
        before, after = self.laden_from[stay], self.laden_until[stay]
        load: Floats = before + (after - before) * done
        return load

    def __len__(self) -> int:
        return len(self.kind)

    def some(self, which: Ints | Mask) -> "Presence":
        """Some of the stays."""
        return Presence(*(getattr(self, field.name)[which] for field in fields(self)))


def joined_presence(parts: list[Presence]) -> Presence:
    """All stays of several parts."""
    names = [field.name for field in fields(Presence)]
    return Presence(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def stays_of(
    kind: Kind,
    *,
    days: tuple[Floats, Floats],
    size: tuple[Floats, Floats],
    position: Position,
    berth: Ints,
    owner: Ints | None = None,
    laden: tuple[Floats, Floats] | None = None,
    pumped: tuple[Floats, Floats] | None = None,
    heading_deg: Floats | None = None,
) -> Presence:
    """Stays of one kind.

    Parameters
    ----------
    kind
        Of all of them.
    days
        First and last moment.
    size
        Length and beam, metres.
    position, berth
        Where.
    owner
        Numbers in their order if left out.
    laden, pumped
        Load before and after, and when it changes; half laden throughout if left out.
    heading_deg
        Along the pier if left out.

    """
    count = len(berth)
    half = np.full(count, 0.5)
    before, after = laden or (half, half)
    begin, end = pumped or days
    return Presence(
        kind=np.full(count, int(kind), np.int64),
        owner=np.arange(count) if owner is None else owner,
        from_day=days[0],
        until_day=days[1],
        length_m=size[0],
        beam_m=size[1],
        east_m=position.east,
        north_m=position.north,
        heading_deg=np.full(count, PIER_DEG) if heading_deg is None else heading_deg,
        berth=berth,
        laden_from=before,
        laden_until=after,
        pumped_from=begin,
        pumped_until=end,
    )


def along_pier(metres: Floats, off: Floats) -> Position:
    """Place so far along the pier from the first berth, and so far off towards the sea."""
    angle = np.radians(PIER_DEG)
    return Position(
        metres * np.sin(angle) + off * np.cos(angle),
        metres * np.cos(angle) - off * np.sin(angle),
    )


def berth_position(berth: Ints) -> Position:
    """Places of berths by number."""
    return along_pier(BERTH_SPACING_M * berth.astype(float), np.zeros(len(berth)))
