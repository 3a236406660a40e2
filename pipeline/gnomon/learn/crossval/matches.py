"""Hulls against labels, one row each, and the measures that are taken from such tables.

A hull found is right if its centre lies in the outline grown by 2 pixels, or within 30 m of it; one
to one (`gnomon.learn.metrics`). A measure for ships of a length and more ignores shorter labels,
hulls that meet them, all hulls on ground that is ignored, and shorter hulls that meet nothing. A
label is quay-side if its outline lies within 40 m of land that has no ship in it; so is a hull that
meets no label, by its box.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from rasterio.features import rasterize
from scipy import ndimage

from gnomon.datamodel.arrays import Mask
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.detect.quayside import QUAYSIDE_M, near_land
from gnomon.learn.metrics import Ranking, labels_met, pairs
from gnomon.learn.scenes import LabelledScene

GROWN_PX = 2.0
"""Land so near to a label is taken for part of the ship: land masks do not separate a hull from its
quay."""


@dataclass(frozen=True)
class Matches:
    """What a detector found in some scenes."""

    hulls: pd.DataFrame
    """``port, score, length_m, quay``, and ``label``: row in ``labels`` or -1."""
    labels: pd.DataFrame
    """``port, length_m, beam_m, angle, quay, ignored``; ``tanker``: 1, 0, or NaN where the
    type is unknown. Of the hull that meets it: ``score, found_length_m, found_beam_m, found_angle,
    p_tanker``, NaN where there is none."""
    water: pd.DataFrame
    """``port, all_km2, open_km2``: usable water, and what of it lies more than 40 m off land."""

    def of(self, ports: Sequence[str]) -> "Matches":
        """Some of the ports."""
        labels = self.labels[self.labels.port.isin(ports)]
        hulls = self.hulls[self.hulls.port.isin(ports)]
        place = pd.Series(np.arange(len(labels)), labels.index)
        rows = hulls.label.map(place).fillna(-1).astype(int)
        return Matches(
            hulls.assign(label=rows).reset_index(drop=True),
            labels.reset_index(drop=True),
            self.water[self.water.port.isin(ports)].reset_index(drop=True),
        )


def matches_of(scenes: Sequence[LabelledScene], found: Sequence[OrientedBoxes]) -> Matches:
    """Match what was found in some scenes with their labels."""
    hulls, labels, water = [], [], []
    start = 0
    for scene, boxes in zip(scenes, found, strict=True):
        one = _scene_matches(scene, boxes)
        one.hulls.loc[one.hulls.label >= 0, "label"] += start
        start += len(one.labels)
        hulls.append(one.hulls)
        labels.append(one.labels)
        water.append(one.water)
    return Matches(*(pd.concat(rows, ignore_index=True) for rows in (hulls, labels, water)))


def port_of(name: str) -> str:
    """Port of an item's identifier: S2_port_of_it_20230101."""
    words = [word for word in name.split("_") if not word.isdigit() and word != "S2"]
    return " ".join(words).title() or name


def _scene_matches(scene: LabelledScene, found: OrientedBoxes) -> Matches:
    port, gsd_m = port_of(scene.name), scene.gsd_m
    bare = _bare_land(scene)
    rows, columns = pairs(found, scene.polygons, gsd_m)
    label = labels_met(found, scene.polygons, gsd_m=gsd_m, ignored=scene.ignored)
    hulls = pd.DataFrame(
        {
            "port": port,
            "score": found.score,
            "length_m": found.length * gsd_m,
            "quay": near_land(found, bare, gsd_m),
            "label": label,
        }
    )
    truth = scene.boxes
    labels = pd.DataFrame(
        {
            "port": port,
            "length_m": truth.length * gsd_m,
            "beam_m": truth.beam * gsd_m,
            "angle": truth.angle,
            "quay": _beside(scene.polygons, bare, gsd_m),
            "ignored": scene.ignored,
            "tanker": truth.tanker,
        }
    )
    met = found[rows]
    size = np.float64(gsd_m)
    for name, column in (
        ("score", met.score),
        ("found_length_m", met.length * size),
        ("found_beam_m", met.beam * size),
        ("found_angle", met.angle),
        ("p_tanker", met.p_tanker),
    ):
        labels[name] = np.nan
        labels.loc[columns, name] = np.asarray(column, float)
    # In single precision, as hulls have it: a score that equals the threshold is above it.
    labels["score"] = labels.score.astype(np.float32)
    hulls.loc[hulls.label >= 0, "quay"] = labels.quay.to_numpy()[label[label >= 0]]
    return Matches(hulls, labels, _water(scene, port))


def _bare_land(scene: LabelledScene) -> Mask:
    """Land and quays without the ships that lie at them."""
    land: Mask = scene.masks.land.to_numpy().copy()
    grown = [polygon.buffer(GROWN_PX) for polygon in scene.polygons]
    if grown:
        land &= ~rasterize(grown, out_shape=land.shape, all_touched=True).astype(bool)
    return land


def _beside(polygons: Sequence[shapely.Geometry], land: Mask, gsd_m: float) -> Mask:
    """Whether each outline lies within 40 m of land."""
    distance = ndimage.distance_transform_edt(~land) * gsd_m if land.any() else None
    if distance is None:
        return np.zeros(len(polygons), bool)
    # A pixel's own half takes part: its edge is nearer than its middle.
    return np.array(
        [
            distance[rasterize([polygon], out_shape=land.shape, all_touched=True).astype(bool)].min(
                initial=np.inf
            )
            <= QUAYSIDE_M + gsd_m / 2
            for polygon in polygons
        ],
        bool,
    )


def _water(scene: LabelledScene, port: str) -> pd.DataFrame:
    water, land = (scene.masks[layer].to_numpy() for layer in ("water", "land"))
    km2 = scene.gsd_m**2 / 1e6
    far = ndimage.distance_transform_edt(~land) * scene.gsd_m > QUAYSIDE_M if land.any() else water
    row = {"port": port, "all_km2": water.sum() * km2, "open_km2": (water & far).sum() * km2}
    return pd.DataFrame([row])


def ranking_of(
    matches: Matches, least_m: float, *, below_m: float = np.inf, quay: bool | None = None
) -> Ranking:
    """Ships of a length and more, and below another; at quays, at sea, or all.

    Ships of other lengths are ignored on both sides: labels, hulls that meet them, and hulls of
    other lengths that meet nothing.
    """
    labels, hulls = matches.labels, matches.hulls
    long = (_between(labels, least_m, below_m) & ~labels.ignored).to_numpy(bool)
    here = np.ones(len(labels), bool) if quay is None else (labels.quay == quay).to_numpy(bool)
    label = hulls.label.to_numpy(int)
    meets = label >= 0
    right = meets & np.append(long, False)[label]
    taken = right | (~meets & _between(hulls, least_m, below_m).to_numpy(bool))
    if quay is not None:
        taken &= (hulls.quay == quay).to_numpy(bool)
    return Ranking(hulls.score.to_numpy(np.float32)[taken], right[taken], int((long & here).sum()))


def _between(ships: pd.DataFrame, least_m: float, below_m: float) -> "pd.Series[bool]":
    return ships.length_m.between(least_m, below_m, inclusive="left")


def false_alarms(matches: Matches, threshold: float, least_m: float) -> tuple[float, float]:
    """False alarms per 100 km2 of usable water: off quays, and in all."""
    false = (matches.hulls.label < 0) & (matches.hulls.score >= threshold)
    false &= matches.hulls.length_m >= least_m
    at_sea = float((false & ~matches.hulls.quay).sum())
    return (
        100 * at_sea / max(float(matches.water.open_km2.sum()), 1e-9),
        100 * float(false.sum()) / max(float(matches.water.all_km2.sum()), 1e-9),
    )


@dataclass(frozen=True)
class ShapeErrors:
    """Of the hulls that were found, at least twice as long as wide."""

    hulls: int
    length_m: float
    """Median, absolute."""
    length_bias_m: float
    """Median."""
    beam_m: float
    beam_bias_m: float
    heading_deg: float
    """Median, absolute."""
    heading_within_10: float
    """Share."""


def shape_errors(matches: Matches, threshold: float, least_m: float) -> ShapeErrors:
    """Errors of lengths, beams and axes; those of the labels are part of them."""
    labels = matches.labels
    rows = labels[
        (labels.length_m >= least_m)
        & ~labels.ignored
        & (labels.score >= threshold)
        & (labels.length_m >= 2 * labels.beam_m)
    ]
    length = (rows.found_length_m - rows.length_m).to_numpy(float)
    beam = (rows.found_beam_m - rows.beam_m).to_numpy(float)
    turn = np.abs((rows.found_angle - rows.angle + 90.0).to_numpy(float) % 180.0 - 90.0)
    if not len(rows):
        return ShapeErrors(0, *[np.nan] * 6)
    return ShapeErrors(
        len(rows),
        float(np.median(np.abs(length))),
        float(np.median(length)),
        float(np.median(np.abs(beam))),
        float(np.median(beam)),
        float(np.median(turn)),
        float(np.mean(turn < 10)),
    )


FLOOR = 0.05
"""Hulls of a lower score are left out: so many scores of zero, all of them true, would flatter."""


def score_calibration_error(ranking: Ranking, *, bins: int = 10) -> float:
    """Mean distance of score and share of ships, over bins of equal width, weighted by hulls.

    Guo et al. 2017, arXiv:1706.04599, eq. 3; of hulls with a score of 0.05 and more.
    """
    kept = ranking.score >= FLOOR
    score, right = ranking.score[kept], ranking.right[kept]
    if not len(score):
        return float("nan")
    which = np.minimum((score * bins).astype(int), bins - 1)
    gap = np.bincount(which, score - right, minlength=bins)
    return float(np.abs(gap).sum() / len(score))
