"""One observation per pass: an acquisition that is listed more than once is observed once.

A catalogue lists one acquisition several times: reprocessed versions, the same product in two
collections, and neighbouring tiles that share a strip of ten kilometres. What separates
acquisitions is the orbit: a satellite cannot come back over a place before it has been once around
the earth, so scenes of one platform within half an orbit that show the same ground are one pass.
Their own times differ by seconds to minutes, because some providers give the time of the tile and
others that of the whole data take.

From each pass the fewest scenes that show the area are kept, chosen greedily (Chvatal 1979,
doi:10.1287/moor.4.3.233): first the one that shows most of it; among those that show nearly as
much, the one processed last; then each that adds to it, for the ground that those before it leave.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.scene import Scene

HALF_ORBIT = timedelta(minutes=49)
"""Of a satellite at 700-800 km; the data takes of Sentinel-2 last half an hour at most."""
LEAST_GAIN = 0.01
"""Of the area: footprints are drawn with less care than that."""
_UNDATED = datetime.min.replace(tzinfo=UTC)


def deduplicate(scenes: Iterable[Scene], area: BaseGeometry | None) -> tuple[Scene, ...]:
    """Keep the scenes that are needed to observe an area once in each pass.

    Parameters
    ----------
    scenes
        In any order.
    area
        In EPSG:4326. None keeps what any place needs: gains are measured against a scene's own
        footprint.

    Returns
    -------
    tuple of Scene
        In the order of time. Scenes that do not show the area are left out.

    """
    kept = [scene for group in _passes(scenes) for scene in _needed(group, area)]
    return tuple(sorted(kept, key=lambda scene: (scene.seen_at, scene.id)))


def _passes(scenes: Iterable[Scene]) -> Iterator[list[Scene]]:
    """Scenes of one platform, as long as none is half an orbit after the one before it."""
    group: list[Scene] = []
    for scene in sorted(scenes, key=lambda scene: (scene.platform, scene.seen_at, scene.id)):
        if group and (
            scene.platform != group[0].platform or scene.seen_at - group[-1].seen_at > HALF_ORBIT
        ):
            yield group
            group = []
        group.append(scene)
    if group:
        yield group


def _needed(scenes: list[Scene], area: BaseGeometry | None) -> Iterator[Scene]:
    """Cover the area greedily, the newest processing first among scenes that gain as much."""
    shares = {id(s): s.footprint if area is None else s.footprint & area for s in scenes}
    left = [scene for scene in scenes if shares[id(scene)].area > 0]
    covered: BaseGeometry = shapely.Polygon()
    while left:
        gain = {id(scene): (shares[id(scene)] - covered).area for scene in left}
        best = max(left, key=lambda scene: gain[id(scene)])
        extent = best.footprint.area if area is None else min(best.footprint.area, area.area)
        if not covered.is_empty and gain[id(best)] <= LEAST_GAIN * extent:
            return
        near = [s for s in left if gain[id(s)] >= gain[id(best)] - LEAST_GAIN * extent]
        newest = max(near, key=lambda s: (s.processed_at or _UNDATED, s.id))
        yield newest if covered.is_empty else replace(newest, covered=covered)
        covered |= shares[id(newest)]
        left.remove(newest)
