"""Non-maximum suppression: one box for each hull.

Of two boxes that share more than half of the smaller one, the one with the lower score goes. The
boxes are turned rectangles and their common area is exact, so hulls that lie side by side share
nothing and both stay.
"""

import numpy as np
import shapely

from gnomon.datamodel.boxes import OrientedBoxes

OVERLAP_MAX = 0.5
"""Share of the smaller box. Rafted hulls share nothing, two peaks of one hull share most."""


def non_maximum_suppression(boxes: OrientedBoxes) -> OrientedBoxes:
    """Remove boxes that overlap one with a higher score, best first.

    The result does not depend on the order of the boxes.
    """
    order = np.lexsort((boxes.x, boxes.y, boxes.length, boxes.beam, boxes.angle, -boxes.score))
    boxes = boxes[order]
    polygons = boxes.polygons()
    area = shapely.area(polygons)
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    shared = shapely.area(shapely.intersection(polygons[first], polygons[second]))
    same = (first < second) & (shared > OVERLAP_MAX * np.minimum(area[first], area[second]))
    kept = np.ones(len(boxes), bool)
    for better, worse in sorted(zip(first[same], second[same], strict=True)):
        if kept[better]:
            kept[worse] = False
    return boxes[kept]
