"""The network's posterior beside the fit, on ray-cast tankers that neither of them knows.

Both read the same chips (`gnomon.validate.raycast`) with the prior knowledge of a click. For every
ship there is a row of each method, truth beside the estimate.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.pooled import Belief, pool
from gnomon.freeboard.posterior import FreeboardMixture
from gnomon.freeboard.rows import (
    ANGLES,
    BANDS,
    Reading,
    load_by_belief,
    load_by_fit,
    read_chip,
)
from gnomon.freeboard.trained import shipped_posterior
from gnomon.learn.freeboard.hulls import ship_chip
from gnomon.physics.shadow import off_axis_deg
from gnomon.simulate.pixels.exposures import HullChip, HullTruth, KnownHull
from gnomon.validate.freeboard import KEYS, auc
from gnomon.validate.raycast import raycast_chip
from gnomon.validate.ships import Cell, Known, chip_of_portrait, portrait_of


def raycast_of(cell: Cell, seed: int, number: int) -> HullChip:
    """Ship of a cell; it does not depend on what else is drawn."""
    key = (seed, int(10 * cell.gsd_m), int(cell.sun_elevation_deg), int(cell.length_m), number)
    return raycast_chip(
        key,
        length_m=cell.length_m,
        gsd_m=cell.gsd_m,
        sun_elevation_deg=cell.sun_elevation_deg,
    )


def portrait_hull(cell: Cell, seed: int, number: int) -> HullChip:
    """Ship of a cell, of the simulator whose painter the training chips come from.

    Design, water, instrument and what is known of it are those of `gnomon.validate.ships`.
    """
    one = portrait_of(cell, seed, number)
    chip = chip_of_portrait(one, cell, np.random.default_rng([seed, number, 1]), "click")
    return HullChip(
        image=chip.image,
        bands=tuple(name for name in BANDS if name in one.pixels),
        truth=HullTruth(
            freeboard_m=one.ship.freeboard_m,
            length_m=one.ship.length_m,
            beam_m=one.ship.beam_m,
            heading_deg=one.ship.heading_deg,
            east_m=one.ship.east_m - one.pixels.odc.geobox.extent.centroid.coords[0][0],
            north_m=one.ship.north_m - one.pixels.odc.geobox.extent.centroid.coords[0][1],
            laden=one.laden,
        ),
        known=KnownHull(**{field.name: getattr(chip, field.name) for field in fields(KnownHull)}),
        **{name: getattr(chip, name) for name in (*ANGLES, "gsd_m", "blur_px")},
    )


def compared(
    cells: Iterable[Cell],
    *,
    ships: int,
    seed: int,
    known: Known = "click",
    draw: Callable[[Cell, int, int], HullChip] = raycast_of,
    on_progress: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Estimate the freeboard of ships by network, by fit, and by both together.

    Parameters
    ----------
    cells
        Pixel sizes, suns and lengths.
    ships
        In each cell.
    seed
        Of the ships.
    known
        What is known of them: what a click gives, or what a register has.
    draw
        Makes a ship of a cell, a seed and a number.
    on_progress
        Called after each cell.

    Returns
    -------
    DataFrame
        Columns of `gnomon.validate.ships.simulated`, and ``method``: ``network``, ``fit``, and
        ``both``, which is what a run has.

    """
    rows: list[dict[str, Any]] = []
    for cell in cells:
        hulls = [draw(cell, seed, number) for number in range(ships)]
        if known == "register":
            hulls = [_listed(hull, seed, number) for number, hull in enumerate(hulls)]
        chips = [ship_chip(hull) for hull in hulls]
        found = shipped_posterior().read(chips).posterior.each()
        readings = map(read_chip, chips)
        for hull, chip, alone, reading in zip(hulls, chips, found, readings, strict=True):
            rows += methods(cell, hull, chip, alone, reading)
        on_progress(f"{cell}")
    return pd.DataFrame(rows)


def methods(
    cell: Cell, hull: HullChip, chip: ShipChip, alone: FreeboardMixture, reading: Reading
) -> list[dict[str, Any]]:
    """Rows of one ship: as the network alone has it, as the fit alone has it, and both."""
    loads = {
        "network": load_by_belief(chip, _alone(chip, alone)),
        "both": reading.load,
    }
    if reading.fit and reading.evidence and reading.ships:
        loads["fit"] = load_by_fit(chip, reading.fit, reading.evidence, reading.ships)
    about = vars(cell) | {
        "freeboard_true_m": hull.truth.freeboard_m,
        "laden": hull.truth.laden,
        "sun_off_axis_deg": float(off_axis_deg(hull.sun_azimuth_deg, hull.known.heading_deg)),
    }
    return [about | vars(load) | {"method": name} for name, load in loads.items()]


def _alone(chip: ShipChip, posterior: FreeboardMixture) -> Belief:
    """What the network would be believed without the fit."""
    sun = chip.sun_elevation_deg
    return pool(posterior, gsd_m=chip.gsd_m, sun_elevation_deg=sun)


def _listed(hull: HullChip, seed: int, number: int) -> HullChip:
    """The same picture of a ship whose size is known as a register lists it."""
    rng = np.random.default_rng([seed, number, 3])
    known = replace(
        hull.known,
        length_m=hull.truth.length_m + rng.normal(),
        length_sigma_m=1.0,
        beam_m=hull.truth.beam_m + 0.3 * rng.normal(),
        beam_sigma_m=0.3,
    )
    return replace(hull, known=known)


def by_cell(rows: pd.DataFrame, keys: Iterable[str] = KEYS) -> pd.DataFrame:
    """Error, bias, coverage, AUC and verdicts of each method, by some keys."""

    def of(cell: pd.DataFrame) -> pd.Series:
        read = cell[cell.freeboard_m.notna()]
        error = read.freeboard_m - read.freeboard_true_m
        inside = read.freeboard_true_m.between(read.freeboard_p05_m, read.freeboard_p95_m)
        given = cell[cell.load_state != "indeterminate"]
        return pd.Series(
            {
                "ships": len(cell),
                "rmse_m": np.sqrt((error**2).mean()),
                "bias_m": error.mean(),
                "coverage": inside.mean(),
                "sigma_m": read.freeboard_sigma_m.median(),
                "auc": auc(read.log_lr_laden.to_numpy(), read.laden.to_numpy(bool)),
                "verdicts": len(given) / len(cell),
                "wrong": ((given.load_state == "laden") != given.laden).mean(),
            }
        )

    names = [*keys, "method"]
    columns = [name for name in rows.columns if name not in names]
    return rows.groupby(names)[columns].apply(of).reset_index()
