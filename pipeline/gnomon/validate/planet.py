"""Fits to real ships at 3 m, judged by eye: PlanetScope chips of the Californian coast.

Only the pixels and the sun of these ships are known, so there is no truth to compare with. What can
be checked is whether outline and shadow lie where a person would draw them, and whether the fits
that do not are flagged (`gnomon.freeboard.fit.Fit.implausible`). Sixty chips of ships with the sun
under 45 degrees were sampled at random, spread over the scenes, fitted, drawn with their outlines,
and judged by eye; the verdicts are in ``docs/planet-60.csv``.

Limits. The chips are visual products: 8 bits, contrast-stretched, so that the image is not linear
in light and bright decks saturate. The strength of the shade is therefore not physical; the place
of its edge is. The view is taken as nadir; PlanetScope looks up to about 5 degrees off nadir, which
displaces a deck of 10 m by less than a third of a pixel. Most ships there are large tankers, bulk
carriers and container ships at anchor; which is which is unknown.

Source: "Ships in Satellite Imagery", R. Hammell, images Planet Labs Open California, CC BY-SA 4.0.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skimage.io import imread

from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.patch import Patch, patch_at
from gnomon.freeboard.rows import Reading, position_sigma_m, read_chip
from gnomon.freeboard.state import Load
from gnomon.report.figures.load import traced
from gnomon.report.figures.scene import Picture
from gnomon.workflow.loads import HEADING_SIGMA_DEG, sigma_of

GSD_M = 3.0
BLUR_PX = 0.8
"""Standard deviation of the point spread, the median of free fits to these very chips: a
Dove's own pixel is 3.7 to 4.1 m, and was resampled to 3 m."""
SUN_MAX_DEG = 45.0
SEED, COUNT = 20261125, 60
JUDGED, JUDGED_LAST = "2026-11-25", "2026-11-30"
"""Dates of the first and of the last verdicts."""
VERDICTS = ("planet-60.csv", "planet-24.csv", "planet-41.csv")
"""Those on the first of the sample, on the next, and on the rest."""


@dataclass(frozen=True, kw_only=True)
class RealChip:
    """One real ship: the name of its file, and what is known of it before the fit."""

    name: str
    """File name of the PNG."""
    chip: ShipChip | None
    """None where no bright patch was found at the centre."""
    patch: Patch | None


def real_chips(folder: Path, n: int = COUNT, seed: int = SEED) -> list[RealChip]:
    """Sample ships under a low sun; every scene gives one before any gives a second.

    Parameters
    ----------
    folder
        With ``chips.csv`` and the folder ``chips`` of PNGs, 80 by 80 pixels, red, green, blue.
    n
        Number of ships; all there are, if fewer.
    seed
        Of the sample.

    """
    table = pd.read_csv(folder / "chips.csv")
    low = table[(table.label_ship == 1) & (table.sun_elevation_deg < SUN_MAX_DEG)]
    mixed = low.sample(frac=1.0, random_state=seed)
    turn = mixed.groupby("scene_id").cumcount()
    drawn = mixed.loc[turn.sort_values(kind="stable").index[:n]]
    return [_real_chip(folder / "chips" / row["file"], row) for _, row in drawn.iterrows()]


def _real_chip(path: Path, row: pd.Series) -> RealChip:
    image = np.moveaxis(imread(path), -1, 0)[2::-1].astype(np.float32)
    patch = patch_at(image, row=image.shape[1] / 2, column=image.shape[2] / 2, gsd_m=GSD_M)
    chip = None if patch is None else planet_chip(image, patch, row)
    return RealChip(name=path.name, chip=chip, patch=patch)


def planet_chip(image: NDArray[np.float32], patch: Patch, sun: pd.Series) -> ShipChip:
    """Chip of a ship with the prior knowledge that a click on it gives."""
    _, rows, columns = image.shape
    sigma = {name: sigma_of(name, getattr(patch, name), GSD_M) for name in ("length_m", "beam_m")}
    return ShipChip(
        image=image,
        bands=("blue", "green", "red"),
        gsd_m=GSD_M,
        sun_azimuth_deg=float(sun.sun_azimuth_deg),
        sun_elevation_deg=float(sun.sun_elevation_deg),
        length_m=patch.length_m,
        length_sigma_m=sigma["length_m"],
        beam_m=patch.beam_m,
        beam_sigma_m=sigma["beam_m"],
        heading_deg=patch.heading_deg,
        heading_sigma_deg=HEADING_SIGMA_DEG,
        east_m=(patch.column - columns / 2) * GSD_M,
        north_m=(rows / 2 - patch.row) * GSD_M,
        position_sigma_m=position_sigma_m(patch.length_m, sigma["length_m"], gsd_m=GSD_M),
        blur_px=BLUR_PX,
    )


def fitted(chips: Sequence[RealChip]) -> list[Reading]:
    """Fit all ships; the load of one that cannot be fitted has the reason."""
    absent = Reading(load=Load(load_reason="no ship found"))
    return [read_chip(real.chip) if real.chip else absent for real in chips]


def contact_sheets(
    chips: Sequence[RealChip], readings: Sequence[Reading], folder: Path, *, each: int = 12
) -> list[Path]:
    """Draw the fits, several to a PNG: bare pixels, and beside them the outlines."""
    paths = []
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(chips), each):
        paths.append(folder / f"sheet-{start // each + 1:02d}.png")
        part = slice(start, start + each)
        figure = sheet(readings[part], [f"{start + k + 1}" for k in range(len(chips[part]))])
        with mpl.rc_context({"savefig.dpi": 100}):
            figure.savefig(paths[-1])
    return paths


def sheet(readings: Sequence[Reading], titles: Sequence[str]) -> Picture:
    """Draw some ships on one figure, two panels to a ship, three ships to a row."""
    rows = -(-len(readings) // 3)
    figure = Picture(figsize=(16, 2.75 * rows), layout="constrained")
    panels = figure.subplots(rows, 6, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, reading, title in zip(panels.reshape(-1, 2), readings, titles, strict=False):
        for each, outlines in zip(axes, (False, True), strict=True):
            traced(each, reading, outlines=outlines)
        axes[0].set_title(title, fontsize=8)
        axes[1].set_title(_short(reading), fontsize=7)
    return figure


def read_verdicts(path: Path) -> pd.DataFrame:
    """Verdicts by eye, one row a chip: ``chip``, ``verdict`` (good, wrong), ``why``."""
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("chip")


@dataclass(frozen=True)
class Comparison:
    """Verdicts on some chips beside flags of a fresh fit: arrays of shape (chips,)."""

    wrong: NDArray[np.bool_]
    """Plainly wrong, by eye."""
    flagged: NDArray[np.bool_]
    """Implausible, or not fitted at all."""
    no_evidence: NDArray[np.bool_]
    """Flat likelihood, for that or for a sun along the hull."""
    determined: NDArray[np.bool_]
    """Called laden or ballast."""


def compare_verdicts(chips: Sequence[RealChip], table: pd.DataFrame) -> Comparison:
    """Fit chips and compare the outcome with the verdicts on them (`read_verdicts`)."""
    readings = fitted(chips)
    evidence = [r.evidence.log_likelihood if r.evidence else np.zeros(1) for r in readings]
    return Comparison(
        wrong=(table.loc[[c.name for c in chips]].verdict == "wrong").to_numpy(),
        flagged=np.array([r.fit is None or r.fit.implausible for r in readings]),
        no_evidence=np.array([np.ptp(curve) == 0 for curve in evidence]),
        determined=np.array([r.load.load_state != "indeterminate" for r in readings]),
    )


def planet_section(folder: Path, verdicts: Path) -> str:
    """Fit the chips afresh, compare flags with verdicts, and report in Markdown.

    Parameters
    ----------
    folder
        Of the chips, as in `real_chips`.
    verdicts
        Folder of the files of `VERDICTS`.

    """
    tables = [read_verdicts(verdicts / name) for name in VERDICTS]
    chips = real_chips(folder, COUNT + sum(len(table) for table in tables[1:]))
    ends = list(accumulate([COUNT, *(len(table) for table in tables[1:])], initial=0))
    parts = [chips[start:end] for start, end in pairwise(ends)]
    compared = [compare_verdicts(part, table) for part, table in zip(parts, tables, strict=True)]
    first, table = compared[0], tables[0].loc[[chip.name for chip in parts[0]]]
    missed = table.why[first.wrong & ~first.no_evidence].value_counts()
    return _SECTION.format(
        seed=SEED,
        judged=JUDGED,
        judged_last=JUDGED_LAST,
        count=COUNT,
        more=len(parts[1]),
        last=len(parts[2]),
        at_first=(table.first_verdict == "wrong").sum(),
        missed="; ".join(f"{why} ({n})" for why, n in missed.items()) or "none",
        rows="\n".join(_rows(*compared)),
    )


def _rows(*compared: Comparison) -> Iterator[str]:
    def row(name: str, count: Callable[[Comparison], str]) -> str:
        return f"| {name} | {' | '.join(count(comparison) for comparison in compared)} |"

    def share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> str:
        return f"{(part & whole).sum()} of {whole.sum()}"

    yield row("outline and shadow where one would draw them", lambda k: f"{(~k.wrong).sum()}")
    yield row("plainly wrong", lambda k: f"{k.wrong.sum()}")
    yield row("wrong, and flagged as implausible", lambda k: share(k.flagged, k.wrong))
    yield row(
        "wrong, and flagged or else no evidence, the sun being along the hull",
        lambda k: share(k.no_evidence, k.wrong),
    )
    yield row("good, and flagged by mistake", lambda k: share(k.flagged, ~k.wrong))
    yield row(
        "wrong, and called laden or ballast all the same", lambda k: share(k.determined, k.wrong)
    )
    yield row("good, and called laden or ballast", lambda k: share(k.determined, ~k.wrong))


_SECTION = """\
## Real ships at 3 m

{count} PlanetScope chips of ships off California with the sun under 45 degrees, sampled at random
(seed {seed}) over scenes; size and heading are measured from the pixels around a click. Their
freeboards are unknown. On {judged} the author of the code judged by eye, once, whether outline and
shadow lie where one would draw them ([verdicts](planet-60.csv)). The next {more} of the same sample
were judged after the changes that followed ([verdicts](planet-24.csv)), the last {last} on
{judged_last}, when the network had joined the fit ([verdicts](planet-41.csv)).

| | the {count} | the next {more} | the last {last} |
|---|---|---|---|
{rows}

Of the {count}, plainly wrong, not flagged and counted as evidence: {missed}.

At first {at_first} of the {count} were plainly wrong: the measurement at the click stopped where
the superstructure's shadow cuts the hull in two, missed decks as dark as water and made lengths a
seventh too long. It was changed for that, and the limits of an implausible fit were set with these
chips in view; the limit on the strength of the shade was halved after the next {more}, where it
alone had flagged 3 good fits. Only the last column is therefore independent of the code. The chips
are 8-bit images with a contrast stretch, the view is taken as nadir, and the point spread was taken
from fits to such chips.

![Twelve of them](planet.png)

Twelve of the chips, picked for variety; on the right of each the fitted hull (blue) and the edge of
its shadow (yellow). Images (c) Planet Labs, by R. Hammell, "Ships in Satellite Imagery", CC BY-SA
4.0, with outlines added; the figure is under the same licence.
"""


def _short(reading: Reading) -> str:
    fit = reading.fit
    if fit is None:
        return f"not fitted: {reading.load.load_reason}"
    best = fit.freeboard_m[fit.log_likelihood.argmax()]
    return (
        f"{fit.ship[2]:.0f} x {fit.ship[3]:.0f} m, fb {best:.1f}, misfit {fit.misfit:.2f}, "
        f"drop {fit.shadow_drop:.2f}{' IMPLAUSIBLE' if fit.implausible else ''}"
    )
