"""Posterior of a freeboard as a curve: from a run's evidence, or from the table alone."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.physics.hydrostatics import tankers
from gnomon.report.page.curves import PosteriorCurve
from gnomon.workflow.evidence import INNER, FreeboardPosterior

Floats = NDArray[np.float64]
POINTS = 56


def curve_of(posterior: FreeboardPosterior) -> PosteriorCurve:
    """Posterior and likelihood of a freeboard, and where tankers of the fitted size lie."""
    bands = {"laden": np.array(posterior.laden_m), "ballast": np.array(posterior.ballast_m)}
    grid = posterior.freeboard_m
    x = np.linspace(0, min(posterior.ballast_m[1] * 1.4, float(grid[-1])), POINTS)
    like = np.exp(np.interp(x, grid, posterior.log_likelihood))
    return _curve(x, np.interp(x, grid, posterior.density), like, bands, fitted=True)


def curves_of_table(rows: pd.DataFrame) -> dict[str, PosteriorCurve]:
    """Curves of rows that have a freeboard but no evidence: as if its error were normal."""
    known = rows.dropna(subset=["freeboard_m", "freeboard_sigma_m", "length_m", "beam_m"])
    if not len(known):
        return {}
    sizes = [known[n].to_numpy(float) for n in ("length_m", "beam_m")]
    sigmas = {n: known[n].fillna(0.0).to_numpy(float) for n in ("length_sigma_m", "beam_sigma_m")}
    ships = tankers(*sizes, **sigmas, draws=128)
    laden = np.quantile(ships.laden_freeboard_m, INNER, axis=-1)
    ballast = np.quantile(ships.ballast_freeboard_m, INNER, axis=-1)
    made = {}
    for k, row in enumerate(known.itertuples()):
        x = np.linspace(0, float(ballast[1, k]) * 1.4, POINTS)
        post = np.exp(-0.5 * ((x - row.freeboard_m) / row.freeboard_sigma_m) ** 2)
        bands = {"laden": laden[:, k], "ballast": ballast[:, k]}
        made[str(row.detection_id)] = _curve(x, post, np.zeros(0), bands, fitted=False)
    return made


def _curve(
    x: Floats, post: Floats, like: Floats, bands: dict[str, Floats], *, fitted: bool
) -> PosteriorCurve:
    return {
        "x": np.round(x, 2).tolist(),
        "post": np.round(post / max(float(post.max()), 1e-300), 3).tolist(),
        "like": np.round(like / max(float(like.max()), 1e-300), 3).tolist() if len(like) else [],
        "laden": np.round(bands["laden"], 2).tolist(),
        "ballast": np.round(bands["ballast"], 2).tolist(),
        "fitted": fitted,
    }
