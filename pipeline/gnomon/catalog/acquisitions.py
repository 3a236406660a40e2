"""One observation per pass: an acquisition that is listed more than once is observed once.

A catalogue lists one acquisition several times: reprocessed versions, the same product in two
collections, and neighbouring tiles that share a strip of ten kilometres. What separates
acquisitions is the orbit: a satellite cannot come back over a place before it has been once around
the earth, so two scenes of one platform within half an orbit that show the same ground are one
pass. Their own times differ by seconds to minutes, because some providers give the time of the tile
and others that of the whole data take.

That holds for two scenes, and not for a chain of them: of scenes every half hour the first and the
third are two passes. So each scene is compared with those within half an orbit of itself, and no
others.

From them the fewest scenes that show the area are kept, chosen greedily (Chvatal 1979,
doi:10.1287/moor.4.3.233): first the one that shows most of it; among those that show nearly as
much, the one of the highest processing baseline, then the one processed last, then that of the
collection which the study names first; then each that adds to it, for the ground that those before
it leave.
"""

import heapq
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gnomon.datamodel.scene import Scene

HALF_ORBIT = timedelta(minutes=49)
"""Of a satellite at 700-800 km; the data takes of Sentinel-2 last half an hour at most."""
LEAST_GAIN = 0.01
"""Of the area: footprints are drawn with less care than that."""
_UNDATED = datetime.min.replace(tzinfo=UTC)
_OF_PROCESSING = re.compile(r"_N\d{4}(?=_)|_\d{8}T\d{6}$")
"""In the name of a product of Sentinel-2: its baseline, and what tells its processings apart (ESA,
Sentinel-2 naming convention: product discriminator)."""


def deduplicate(
    scenes: Iterable[Scene], area: BaseGeometry | None, collections: Sequence[str] = ()
) -> tuple[Scene, ...]:
    """Keep the scenes that are needed to observe an area once in each pass.

    Parameters
    ----------
    scenes
        In any order.
    area
        In EPSG:4326. None keeps what any place needs: gains are measured against a scene's own
        footprint.
    collections
        The same product is taken from the first of them that has it.

    Returns
    -------
    tuple of Scene
        In the order of time. Scenes that do not show the area are left out.

    """
    preference = {name: len(collections) - n for n, name in enumerate(collections)}
    ordered = sorted(scenes, key=lambda s: (s.platform, s.seen_at, s.id, s.collection))
    kept = [
        scene
        for _, group in groupby(ordered, key=lambda scene: scene.platform)
        for scene in _Cover(list(group), area, preference).needed()
    ]
    return tuple(sorted(kept, key=lambda scene: (scene.seen_at, scene.id, scene.collection)))


def versions_left_out(listed: Iterable[Scene], kept: Iterable[Scene]) -> int:
    """How many scenes are another listing, or an older processing, of one that is kept."""
    chosen = {(scene.collection, scene.id) for scene in kept}
    known, left = set(), []
    for scene in listed:
        if scene.product is not None:
            name = _OF_PROCESSING.sub("", scene.product)
            if (scene.collection, scene.id) in chosen:
                known.add(name)
            else:
                left.append(name)
    return sum(name in known for name in left)


class _Cover:
    """Scenes of one platform in the order of time, and the ground that is still to be covered."""

    def __init__(
        self, scenes: Sequence[Scene], area: BaseGeometry | None, preference: Mapping[str, int]
    ) -> None:
        footprints = np.array([scene.footprint for scene in scenes], object)
        shares = footprints if area is None else shapely.intersection(footprints, area)
        shows = shapely.area(shares) > 0
        self._scenes = [scene for scene, shown in zip(scenes, shows, strict=True) if shown]
        self._area, self._preference = area, preference
        self._times = [scene.seen_at for scene in self._scenes]
        self._shares = shares[shows]
        """Of the area, what each scene shows of it."""
        self._left = self._shares.copy()
        """Of that, what no chosen scene of the same pass shows."""
        self._gains = shapely.area(self._left)
        extents = shapely.area(footprints[shows])
        self._least = LEAST_GAIN * (extents if area is None else np.minimum(extents, area.area))
        self._chosen, self._met = np.zeros((2, len(self._scenes)), bool)
        """Whether a scene is chosen, and whether one within half an orbit of it is."""

    def needed(self) -> Iterator[Scene]:
        """Scenes that are needed, those that add most first."""
        waiting = [(-gain, number) for number, gain in enumerate(self._gains)]
        heapq.heapify(waiting)
        while waiting:
            gain, best = heapq.heappop(waiting)
            if self._chosen[best] or (self._met[best] and -gain <= self._least[best]):
                continue
            if -gain != self._gains[best]:  # it has lost ground since
                heapq.heappush(waiting, (-self._gains[best], best))
                continue
            newest = self._newest_like(best)
            yield self._choose(newest)
            if newest != best:
                heapq.heappush(waiting, (-self._gains[best], best))

    def _newest_like(self, best: int) -> int:
        """Of the scenes of a pass that show nearly as much as the best, the one processed last."""
        beside = self._beside(best)
        enough = self._gains[beside] >= self._gains[best] - self._least[best]
        near = beside[enough & ~self._chosen[beside]]
        return max((int(n) for n in near), key=lambda n: self._version(self._scenes[n]))

    def _choose(self, number: int) -> Scene:
        """Take a scene, for the ground that those before it leave."""
        scene, span, beside = self._scenes[number], self._span(number), self._beside(number)
        # Without an area it is a scene's own footprint that counts.
        near = beside if self._area is None else np.arange(span.start, span.stop)
        covered = shapely.union_all(self._shares[near[self._chosen[near]]])
        self._chosen[number] = self._met[span] = True
        self._left[beside] = shapely.difference(self._left[beside], self._shares[number])
        self._gains[beside] = shapely.area(self._left[beside])
        return scene if covered.is_empty else replace(scene, covered=covered)

    def _span(self, number: int) -> slice:
        """Scenes within half an orbit of one."""
        when = self._times[number]
        first = bisect_left(self._times, when - HALF_ORBIT)
        return slice(first, bisect_right(self._times, when + HALF_ORBIT))

    def _beside(self, number: int) -> NDArray[np.intp]:
        """Scenes of the same pass: of the same time, and of some of the same ground."""
        span = self._span(number)
        touching = shapely.intersects(self._shares[span], self._shares[number])
        return span.start + np.flatnonzero(touching)

    def _version(self, scene: Scene) -> tuple[object, ...]:
        """Rank of a scene among versions of it."""
        preferred = self._preference.get(scene.collection, 0)
        made = scene.baseline or 0.0, scene.processed_at or _UNDATED
        return *made, preferred, scene.id, scene.collection
