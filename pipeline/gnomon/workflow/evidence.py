"""Evidence: the pixels, the fit and the posterior that each number of a run rests on.

It is kept when a hull is observed, as rows of `gnomon.datamodel.evidence_tables.Cutouts`, and read
back without the scene, the network or a second fit. Pictures, the page, ``gnomon show`` and exports
of a run are made from it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from gnomon.datamodel.evidence_tables import Cutouts
from gnomon.datamodel.schema import table
from gnomon.freeboard import state
from gnomon.freeboard.bins import ShipChip
from gnomon.freeboard.fit import Fit
from gnomon.freeboard.image import traces
from gnomon.freeboard.rows import BANDS, Reading, visible_image
from gnomon.geo.grid import grid_of
from gnomon.imagery.sentinel1.read import POLARISATIONS

Floats = NDArray[np.float64]
UNIT, ZERO, MOST = 1e-4, 1001, 65_535
"""Reflectance of one count, the count of reflectance 0, and the greatest count."""
HIDDEN = {"cloud": 1, "ice": 2, "land": 4}
INNER = (0.05, 0.95)
"""Quantiles of the freeboards of laden and of ballast tankers that are kept."""


@dataclass(frozen=True)
class FreeboardPosterior:
    """What is believed of one freeboard."""

    freeboard_m: Floats
    """Grid, ascending, shape (n,)."""
    log_likelihood: Floats
    """Of the fit to the pixels, natural logarithm, its maximum zero."""
    density: Floats
    """Posterior of network and fit, per metre."""

    @property
    def mean_m(self) -> float:
        """Posterior mean."""
        weight = self.density * np.gradient(self.freeboard_m)
        return float(weight @ self.freeboard_m / weight.sum())

    laden_m: tuple[float, float]
    """Freeboards between which 90 % of laden tankers of the fitted size lie."""
    ballast_m: tuple[float, float]
    """Likewise in ballast."""


@dataclass(frozen=True)
class Cutout:
    """One row of evidence, read."""

    evidence_id: str
    scene_id: str
    pixels: xr.Dataset
    """Bands, and ``cloud``, ``ice`` and ``land`` where they are known, on the scene's own grid."""
    chip: ShipChip | None = None
    """What the load stage was given, and below what it found, where there is a hull to be read."""
    fit: Fit | None = None
    outline: Floats | None = None
    """Fitted waterline, (n, 2), easting and northing on the grid, metres."""
    shadow: Floats | None = None
    """Edge of the shadow of the deck's edge, likewise."""
    posterior: FreeboardPosterior | None = None


def evidence_row(
    evidence_id: str,
    scene_id: str,
    pixels: xr.Dataset,
    *,
    reading: Reading | None = None,
    window: GeoBox | None = None,
) -> dict[str, Any]:
    """Row of the evidence table.

    Parameters
    ----------
    evidence_id, scene_id
        Names of the row and of the scene.
    pixels
        Around the hull or the place, on the scene's own grid.
    reading
        What the load stage made of the hull.
    window
        Grid of the pixels that the stage was given, a part of that of ``pixels``.

    """
    grid = grid_of(pixels)
    bands = [name for name in (*BANDS, *POLARISATIONS) if name in pixels]
    values = np.stack([pixels[name].to_numpy() for name in bands]).astype(np.float32)
    encoding, data = _encoded(values)
    row = {
        "evidence_id": evidence_id,
        "scene_id": scene_id,
        "crs": str(grid.crs),
        "left_m": grid.affine.c,
        "top_m": grid.affine.f,
        "gsd_m": abs(float(grid.resolution.x)),
        "rows": grid.shape.y,
        "columns": grid.shape.x,
        "bands": ",".join(bands),
        "encoding": encoding,
        "pixels": data,
        "hidden": _hidden(pixels),
    }
    if reading is None or reading.chip is None or window is None:
        return row
    return row | _reading_columns(reading, reading.chip, grid, window)


def _reading_columns(
    reading: Reading, chip: ShipChip, grid: GeoBox, window: GeoBox
) -> dict[str, Any]:
    shift = ~grid.affine @ window.affine
    place = [round(shift.f), round(shift.c), *window.shape.yx]
    columns: dict[str, Any] = {"chip": _json(chip, without=("image",), window=place)}
    fit, posterior = reading.fit, posterior_of(reading)
    if fit is not None:
        box = window.boundingbox
        middle = np.array([(box.left + box.right) / 2, (box.bottom + box.top) / 2])
        lines = traces(chip, fit, reading.load.freeboard_m)
        hull, shadow = (line + middle for line in lines)
        columns |= {"fit": _json(fit), "outline": _ring(hull), "shadow": _ring(shadow)}
    if posterior is not None:
        columns |= {
            "freeboard_m": posterior.freeboard_m.tolist(),
            "log_likelihood": posterior.log_likelihood.tolist(),
            "density": posterior.density.tolist(),
        }
        for name, ends in (("laden", posterior.laden_m), ("ballast", posterior.ballast_m)):
            columns |= {f"{name}_p05_m": ends[0], f"{name}_p95_m": ends[1]}
    return columns


def _ring(places: Floats) -> str:
    return json.dumps(np.round(places, 2).tolist())


def posterior_of(reading: Reading) -> FreeboardPosterior | None:
    """Posterior of a reading; None where nothing was fitted."""
    evidence, ships, belief = reading.evidence, reading.ships, reading.belief
    if evidence is None or ships is None:
        return None
    laden, ballast = (
        np.quantile(heights, INNER)
        for heights in (ships.laden_freeboard_m, ships.ballast_freeboard_m)
    )
    return FreeboardPosterior(
        freeboard_m=evidence.freeboard_m,
        log_likelihood=evidence.log_likelihood,
        density=belief.at(evidence.freeboard_m) if belief else state.posterior(evidence, ships),
        laden_m=(float(laden[0]), float(laden[1])),
        ballast_m=(float(ballast[0]), float(ballast[1])),
    )


def cutouts(rows: pd.DataFrame) -> Iterator[Cutout]:
    """Read rows of the evidence table, one at a time."""
    for row in rows.to_dict("records"):
        yield _cutout(row)


def _cutout(row: Mapping[Any, Any]) -> Cutout:
    pixels = _pixels(row)
    chip = _chip(row, pixels)
    fit = _fit(row)
    return Cutout(
        evidence_id=str(row["evidence_id"]),
        scene_id=str(row["scene_id"]),
        pixels=pixels,
        chip=chip,
        fit=fit,
        outline=_places(row["outline"]),
        shadow=_places(row["shadow"]),
        posterior=_posterior(row),
    )


def _pixels(row: Mapping[Any, Any]) -> xr.Dataset:
    shape, gsd_m = (int(row["rows"]), int(row["columns"])), float(row["gsd_m"])
    transform = Affine.translation(row["left_m"], row["top_m"]) @ Affine.scale(gsd_m, -gsd_m)
    grid = GeoBox(shape, transform, row["crs"])
    names = str(row["bands"]).split(",")
    values = _decoded(row["encoding"], row["pixels"]).reshape(len(names), *shape)
    layers: dict[str, Any] = {n: (("y", "x"), v) for n, v in zip(names, values, strict=True)}
    if not _is_null(row["hidden"]):
        flags = np.frombuffer(row["hidden"], np.uint8).reshape(shape)
        layers |= {name: (("y", "x"), flags & bit > 0) for name, bit in HIDDEN.items()}
    return xr.Dataset(layers, coords=xr_coords(grid, dims=("y", "x")))


def _chip(row: Mapping[Any, Any], pixels: xr.Dataset) -> ShipChip | None:
    if _is_null(row["chip"]):
        return None
    values = json.loads(row["chip"])
    top, left, height, width = values.pop("window")
    part = pixels.isel(y=slice(top, top + height), x=slice(left, left + width))
    bands = tuple(values.pop("bands", ()))
    return ShipChip(image=visible_image(part), bands=bands, **values)


def _fit(row: Mapping[Any, Any]) -> Fit | None:
    if _is_null(row["fit"]):
        return None
    values: dict[str, Any] = json.loads(row["fit"])
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = np.array(value, float)
    return Fit(**values)


def _posterior(row: Mapping[Any, Any]) -> FreeboardPosterior | None:
    if _is_null(row["density"]):
        return None
    return FreeboardPosterior(
        freeboard_m=np.asarray(row["freeboard_m"], float),
        log_likelihood=np.asarray(row["log_likelihood"], float),
        density=np.asarray(row["density"], float),
        laden_m=(row["laden_p05_m"], row["laden_p95_m"]),
        ballast_m=(row["ballast_p05_m"], row["ballast_p95_m"]),
    )


def _places(text: Any) -> Floats | None:
    return None if _is_null(text) else np.array(json.loads(text), float)


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _json(value: Any, *, without: tuple[str, ...] = (), **more: Any) -> str:
    """Fields of a dataclass, arrays as lists."""
    named = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in without}
    return json.dumps(named | more, default=lambda one: one.tolist())


def _encoded(values: NDArray[np.float32]) -> tuple[str, bytes]:
    """Counts of a ten-thousandth where they say the same; else the values."""
    seen = np.isfinite(values)
    counts = np.where(seen, np.round(np.where(seen, values, 0).astype(np.float64) / UNIT) + ZERO, 0)
    back = (counts - ZERO) * UNIT
    exact = np.abs(back - values)[seen] < 1e-6 * np.maximum(1, np.abs(values[seen]))
    if exact.all() and (counts[seen] > 0).all() and (counts <= MOST).all():
        return "uint16", counts.astype("<u2").tobytes()
    return "float32", values.astype("<f4").tobytes()


def _decoded(encoding: str, data: bytes) -> NDArray[np.float32]:
    if encoding == "float32":
        return np.frombuffer(data, "<f4").astype(np.float32)
    counts = np.frombuffer(data, "<u2")
    values = ((counts.astype(np.float64) - ZERO) * UNIT).astype(np.float32)
    return np.where(counts == 0, np.float32(np.nan), values)


def _hidden(pixels: xr.Dataset) -> bytes | None:
    if any(name not in pixels for name in HIDDEN):
        return None
    flags = sum(bit * pixels[name].to_numpy().astype(np.uint8) for name, bit in HIDDEN.items())
    return np.asarray(flags, np.uint8).tobytes()


def evidence_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a checked table."""
    return pd.DataFrame(table(Cutouts, rows))
