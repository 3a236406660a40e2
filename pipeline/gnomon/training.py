"""From a catalogue of labelled scenes to a folder of new weights.

1. Train without the scenes that are held back, and look at those: they say what a score is worth,
   which threshold to ship, and how far lengths, beams and headings are off.
2. Train again on every scene. These weights leave, with the calibration of the first.
3. Judge them on a catalogue that neither training has seen, beside the contrast stage alone.

Labels are outlines: an asset ``ships`` of each item, GeoJSON. Simulated scenes, whose ships are
known exactly, are a third of what the network sees.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr

from gnomon.detect import detector, weights
from gnomon.detect.calibrate import calibrated
from gnomon.detect.chips import weight
from gnomon.detect.contrast import bright_hulls
from gnomon.detect.evaluate import Matched, match
from gnomon.detect.hulls import Hulls
from gnomon.detect.network import Network, NetworkOptions
from gnomon.detect.train import TrainOptions, train
from gnomon.detect.truth import Labelled, Loose, labelled, outlines_in_pixels
from gnomon.errors import CatalogError, WeightsError
from gnomon.fetch.catalog import find_scenes
from gnomon.fetch.mask import usable_water
from gnomon.fetch.raster import read_pixels
from gnomon.study import CatalogOptions, DetectOptions, MaskOptions
from gnomon.synth.scene import training_scenes

BANDS = NetworkOptions().bands
LOOSE = Loose(length_m=5.0, beam_m=10.0)
"""The outlines of sen2ships are about a pixel loose on each side; their second moments, which see
the inside as much as the edge, read half of that long."""
SIMULATED_SHARE = 0.35
SIMULATED_SHORTEST_M = 40.0
"""Shorter vessels are not labelled in the real scenes; the network must not learn both."""


@dataclass(frozen=True)
class Marked:
    """A scene's pixels and the outlines of its ships."""

    name: str
    pixels: xr.Dataset
    masks: xr.Dataset
    outlines: gpd.GeoDataFrame

    @property
    def gsd_m(self) -> float:
        """Metres per pixel."""
        return float(abs(self.pixels.odc.geobox.resolution.x))

    def polygons(self) -> list[shapely.Geometry]:
        """Outlines in pixels."""
        return outlines_in_pixels(self.outlines, self.pixels)

    def learnable(self) -> Labelled:
        """As training wants it."""
        return labelled(
            self.name, self.pixels, self.outlines, bands=BANDS, masks=self.masks, loose=LOOSE
        )


def marked_scenes(catalog: str) -> list[Marked]:
    """Every scene of a catalogue that has outlines of ships.

    Raises
    ------
    CatalogError
        The catalogue cannot be read, or none of its scenes is labelled.

    """
    found = find_scenes(CatalogOptions(url=catalog), area=None)
    scenes = [s for s in found.scenes if s.outlines_href]
    if not scenes:
        raise CatalogError(f"{catalog}: no item has outlines of ships, an asset 'ships' (GeoJSON)")
    marked = []
    for scene in scenes:
        pixels = read_pixels(scene, None)
        masks = usable_water(pixels, MaskOptions())
        marked.append(Marked(scene.id, pixels, masks, gpd.read_file(scene.outlines_href)))
    return marked


def teach(
    catalog: str,
    out: Path,
    *,
    version: str,
    held: Sequence[str],
    simulated: int = 24,
    options: TrainOptions | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> weights.Model:
    """Train, calibrate and write new weights.

    Parameters
    ----------
    catalog
        Labelled scenes.
    out
        Folder to be made.
    version
        Of the weights.
    held
        Parts of item ids: scenes that only the second training sees.
    simulated
        Simulated scenes beside the real ones.
    options
        How long and how fast.
    progress
        Told of each step.

    Raises
    ------
    CatalogError
        The catalogue cannot be read, has no labels, or ``held`` leaves nothing to either side.
    WeightsError
        The folder exists, or the network finds nothing in the scenes held back.

    """
    if out.exists():  # before an hour of work, not after
        raise WeightsError(f"{out}: exists; weights are never overwritten")
    marked = marked_scenes(catalog)
    back = [m for m in marked if any(part in m.name for part in held)]
    if not back or len(back) == len(marked):
        names = ", ".join(m.name for m in marked)
        raise CatalogError(f"hold back some scenes and not all of them; there are {names}")
    real = [m.learnable() for m in marked]
    made = list(_made(simulated))
    options = options or TrainOptions()
    rehearsal = _train(
        [r for r, m in zip(real, marked, strict=True) if m not in back], made, options, progress
    )
    find = raw_finder(rehearsal)
    found = matched(back, [find(m) for m in back])
    if not len(found.score):
        raise WeightsError(f"{out}: nothing found in the scenes held back; train for more steps")
    judged = calibrated(found, gsd_m=back[0].gsd_m)
    network = _train(real, made, options, progress)
    return weights.save(
        out,
        network,
        version=version,
        threshold=judged.threshold,
        calibration=(judged.slope, judged.intercept),
        errors=judged.errors,
    )


def _made(count: int) -> Iterator[Labelled]:
    for number, (pixels, truth) in enumerate(training_scenes(count, seed=7)):
        known = truth[truth.length_m >= SIMULATED_SHORTEST_M]
        masks = usable_water(pixels, MaskOptions())
        name = f"simulated-{number}"
        yield labelled(name, pixels, known, bands=BANDS, masks=masks, real=False)


def _train(
    real: Sequence[Labelled],
    made: Sequence[Labelled],
    options: TrainOptions,
    progress: Callable[[int, float], None] | None,
) -> Network:
    shares = [*_shared(real, 1 - SIMULATED_SHARE), *_shared(made, SIMULATED_SHARE)]
    return train([*real, *made], options, weights=shares, progress=progress)


def _shared(scenes: Sequence[Labelled], whole: float) -> list[float]:
    each = [weight(scene) for scene in scenes]
    return [whole * one / sum(each) for one in each]


Finder = Callable[[Marked], Hulls]
"""Hulls of a scene, down to scores far below any threshold."""
LOWEST = 0.02


def raw_finder(network: Network) -> Finder:
    """A network's own scores, not calibrated."""
    raw = weights.uncalibrated(network)
    options = DetectOptions(threshold=LOWEST)
    return lambda m: detector.find_hulls(m.pixels, m.masks, weights=raw, options=options)


def finder(name: str) -> Finder:
    """Calibrated scores of weights by name."""
    ready = weights.load(name)
    options = DetectOptions(threshold=LOWEST)
    return lambda m: detector.find_hulls(m.pixels, m.masks, weights=ready, options=options)


def contrast_finder(m: Marked) -> Hulls:
    """The contrast stage alone, as a detector of its own."""
    hulls = bright_hulls(
        m.pixels,
        m.masks.water.to_numpy(),
        m.masks.search.to_numpy(),
        contrast_min=DetectOptions.model_fields["contrast_min"].default,
    )
    return hulls[hulls[:, 2] * m.gsd_m >= DetectOptions.model_fields["length_min_m"].default]


def matched(
    scenes: Sequence[Marked], found: Sequence[Hulls], *, length_min_m: float = 50.0
) -> Matched:
    """Hulls of several scenes against their labels."""
    return Matched.joined(
        [
            match(
                hulls,
                m.polygons(),
                m.learnable().ships,
                gsd_m=m.gsd_m,
                length_min_m=length_min_m,
            )
            for m, hulls in zip(scenes, found, strict=True)
        ]
    )


def judge(name: str, catalog: str) -> str:
    """Scores of weights on a labelled catalogue beside the contrast stage alone, as Markdown.

    The network is read at its shipped threshold, the contrast stage at the one that flatters it.
    """
    scenes = marked_scenes(catalog)
    threshold = weights.read_model(name).threshold
    lines = [
        "| detector | ships | labels | AP | precision | recall | F1 | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, find in (("network", finder(name)), ("contrast alone", contrast_finder)):
        started = time.perf_counter()
        found = [find(scene) for scene in scenes]
        seconds = time.perf_counter() - started
        for least in (100.0, 50.0):
            result = matched(scenes, found, length_min_m=least)
            said = result.at(threshold if title == "network" else _most_flattering(result))
            lines.append(
                f"| {title} | >= {least:.0f} m | {len(result.truth)} "
                f"| {result.average_precision():.3f} | {said['precision']:.2f} "
                f"| {said['recall']:.2f} | {said['f1']:.2f} | {seconds:.1f} |"
            )
        if title == "network":
            shapes = _shapes(result, threshold)
    return "\n".join([*lines, "", *shapes])


def _most_flattering(result: Matched) -> float:
    return max(np.unique(result.score), key=lambda t: result.at(t)["f1"], default=0.0)


def _shapes(result: Matched, threshold: float) -> list[str]:
    """Errors of length and heading, in words; label noise is part of them."""
    right = (result.label >= 0) & (result.score >= threshold)
    found, truth = result.found[right], result.truth[result.label[right]]
    length = (found[:, 2] - truth[:, 2]) * 10.0
    turn = np.abs((found[:, 4] - truth[:, 4] + 90.0) % 180.0 - 90.0)
    return [
        (
            f"Of {right.sum()} hulls of 50 m or more that were found: length off by "
            f"{np.median(np.abs(length)):.0f} m (median; bias {np.median(length):+.0f} m), "
            f"heading within 10 degrees for {np.mean(turn < 10):.0%}."
        )
    ]
