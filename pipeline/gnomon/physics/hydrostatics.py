"""From a tanker's length and beam to its freeboard, laden and in ballast, as distributions.

Depth, draught and lightship cannot be measured from above, so they are drawn: each relation below
is a regression with the scatter of its own data, and every draw is one ship that could have this
length and beam. The chain is

1. deadweight from length and beam, fitted here to 44 real oil, product and chemical tankers of
   59 to 333 m (OpenSARShip index, lengths and deadweights of MarineTraffic; gas carriers left out,
   their cargo is light): ``ln DWT = -4.099 + 1.860 ln L + 1.469 ln B``, scatter 0.105. That of the
   44 is 0.084; the eight small ships of `DESIGNS` scatter by 0.115 and lie 0.07 above it together;
2. lightship as a fraction of deadweight, 0.34 at 3,500 t falling with size as ``DWT^-0.13``,
   scatter 25 %: 0.25 and 0.27 in two published designs of 2,900 and 2,500 t, 0.24 at 47,000 t,
   0.45 assumed for old ships of 1,500 t (Papanikolaou 2014, Ship Design, table 2.1, has the
   deadweight of product tankers between 0.65 and 0.86 of the displacement);
3. summer draught from displacement, ``T = displacement / (rho 0.965 L B Cb)``, block coefficient
   0.70 at 1,500 t, 0.80 at 47,000 t, +- 0.035: this reproduces the draughts that the same 44 ships
   sent by AIS when full (4.1 m for 71 x 11 m, 6.2 m for 105 x 16 m, 22.5 m for 333 x 60 m);
4. summer freeboard as a fraction f of depth, ``logit f = -4.33 + 0.42 ln(L B)``, least squares
   over the twelve ships of `DESIGNS`, constant above MR size; scatter 0.42 among the small ones and
   0.25 from MR size on. Double hulls lie higher than the load line requires, old single hulls
   do not: the scatter is one of ships;
5. any other draught by ``V = Vs (T / Ts)^(Cw / Cb)``, waterplane coefficient 0.88 +- 0.02, the
   usual power law of a full hull form.

Laden means 0.94 +- 0.05 of the deadweight on board (Panels of Experts count 0.90 of it as cargo;
fuel and stores are on top), ballast 0.30 +- 0.09 (0.33 by the MARPOL reference draught, which ships
under 20,000 t need not keep; a small one may run all but light). Densities in tonnes per cubic
metre, masses in tonnes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SEA_WATER_T_PER_M3 = 1.025
WATERLINE_PER_LENGTH = 0.965
"""Length of the waterline over length overall; 0.95 to 0.98 in the published designs."""

BEAM_LN = (-2.040, 1.043)
"""Constant, and exponent of length: least squares over the 70 tankers of the OpenSARShip index."""
BEAM_SCATTER = 0.11
"""Relative. The scatter of the 70 tankers is 0.076; of the small ships of `DESIGNS` one is broader
by 0.23 and one by 0.12."""
DEADWEIGHT_LN = (-4.099, 1.860, 1.469)
"""Constant, and exponents of length and beam."""
DEADWEIGHT_SCATTER = 0.105
"""Of single ships. What the small tankers of one trade lie above or below the regression together
is an error of its own (`gnomon.datamodel.study.LedgerOptions`)."""
DEADWEIGHT_LENGTHS_M = (59.0, 333.0)
"""Shortest and longest of the ships that the deadweight was fitted to."""
LIGHTSHIP_FRACTION, LIGHTSHIP_EXPONENT, LIGHTSHIP_SCATTER = 0.34, -0.13, 0.25
BLOCK, BLOCK_PER_LN, BLOCK_SCATTER = 0.70, 0.029, 0.035
"""At 1,500 t deadweight; more for each factor e in deadweight."""
WATERPLANE, WATERPLANE_SCATTER = 0.88, 0.02
FREEBOARD_LOGIT = (-4.33, 0.4185)
FREEBOARD_AREA_MAX_M2 = 6000.0
"""Length times beam of the largest ship (MR) up to which the fraction grows: the Aframax of
`DESIGNS` has no greater one."""
FREEBOARD_SCATTER = (0.42, 0.25)
"""At 1,000 m2 and at `FREEBOARD_AREA_MAX_M2` of length times beam, linear in the logarithm."""
LADEN, LADEN_SCATTER = 0.94, 0.05
BALLAST, BALLAST_SCATTER = 0.30, 0.09

DESIGNS = (
    (79.9, 14.0, 7.4, 6.2),  # 3,500 t product tanker, scribd.com/document/55884117
    (76.2, 15.0, 5.94, 3.96),  # 2,900 t, fdocuments.us/document/2nd-presentation-name-338
    (76.0, 12.0, 6.2, 4.3),  # 2,500 t, scribd.com/presentation/520036345
    (119.0, 18.5, 9.4, 6.3),  # 8,000 t, COSCO Chuandong 2020, eshiptrading.com 15895
    (183.0, 32.0, 18.3, 11.0),  # 49,900 t, Murmure, design draught, bairdmaritime.com 2025
    (183.24, 32.2, 19.1, 13.3),  # 50,000 t, New Times 2023, offshore-energy.biz
    (249.8, 44.0, 21.2, 13.75),  # 114,800 t, CSSC Tianjin, design draught
    (70.0, 11.0, 5.0, 4.4),  # this and those below: typical old ships, from memory
    (85.0, 13.2, 6.2, 5.4),
    (100.0, 15.2, 7.8, 6.5),
    (120.0, 18.6, 9.6, 7.6),
    (183.0, 32.2, 18.8, 12.3),
)
"""Length overall, beam, depth, draught in metres, that the freeboard fraction rests on."""


@dataclass(frozen=True, kw_only=True)
class Tankers:
    """Ships that could have the given dimensions: arrays of shape (..., draws)."""

    length_m: Floats
    beam_m: Floats
    depth_m: Floats
    """Keel to the deck at side, amidships."""
    draught_m: Floats
    """At the summer load line."""
    deadweight_t: Floats
    lightship_t: Floats
    block: Floats
    waterplane: Floats
    laden_fraction: Floats
    """Of the deadweight that is on board when laden."""
    ballast_fraction: Floats
    """Of the deadweight, as ballast water and stores, when in ballast."""

    def draught_at_m(self, load_fraction: ArrayLike) -> Floats:
        """Draught with this fraction of the deadweight on board; 0 is the light ship."""
        on_board = np.clip(np.asarray(load_fraction, float), 0.0, None) * self.deadweight_t
        full = self.lightship_t + self.deadweight_t
        filled: Floats = (self.lightship_t + on_board) / full
        draught: Floats = self.draught_m * filled ** (self.block / self.waterplane)
        return draught

    def freeboard_at_m(self, load_fraction: ArrayLike) -> Floats:
        """Freeboard amidships with this fraction of the deadweight on board, metres."""
        freeboard: Floats = self.depth_m - self.draught_at_m(load_fraction)
        return freeboard

    def load_fraction_at(self, freeboard_m: ArrayLike) -> Floats:
        """Inverse of `freeboard_at_m`: deadweight on board over deadweight, not clipped."""
        draught = np.clip(self.depth_m - np.asarray(freeboard_m, float), 0.0, None)
        full = self.lightship_t + self.deadweight_t
        filled = (draught / self.draught_m) ** (self.waterplane / self.block)
        fraction: Floats = (full * filled - self.lightship_t) / self.deadweight_t
        return fraction

    @property
    def laden_freeboard_m(self) -> Floats:
        """Freeboard of each ship when laden."""
        return self.freeboard_at_m(self.laden_fraction)

    @property
    def ballast_freeboard_m(self) -> Floats:
        """Freeboard of each ship in ballast."""
        return self.freeboard_at_m(self.ballast_fraction)

    @property
    def tonnes_per_cm(self) -> Floats:
        """Mass that changes the draught by a centimetre, at the summer draught."""
        area = WATERLINE_PER_LENGTH * self.length_m * self.beam_m * self.waterplane
        per_cm: Floats = SEA_WATER_T_PER_M3 * area / 100.0
        return per_cm


def usual_beam_m(length_m: ArrayLike) -> Floats:
    """Beam that tankers of a length have, with a scatter of `BEAM_SCATTER` of it, metres."""
    beam: Floats = np.exp(BEAM_LN[0] + BEAM_LN[1] * np.log(np.asarray(length_m, float)))
    return beam


def tankers(
    length_m: ArrayLike,
    beam_m: ArrayLike,
    *,
    length_sigma_m: ArrayLike = 0.0,
    beam_sigma_m: ArrayLike = 0.0,
    deadweight_t: ArrayLike = np.nan,
    draws: int = 512,
    seed: int = 0,
) -> Tankers:
    """Draw ships that could have these dimensions.

    Parameters
    ----------
    length_m, beam_m
        Length overall and beam, metres, any shapes that broadcast.
    length_sigma_m, beam_sigma_m
        Standard deviations of their errors, metres.
    deadweight_t
        Where it is known, from a register; NaN where not.
    draws
        Ships for each pair of dimensions.
    seed
        Of the draws. They are the same for every pair, so that ships with the same dimensions
        get the same answer, alone or in company.

    Returns
    -------
    Tankers
        Arrays of shape (broadcast shape of the arguments) + (draws,).

    """
    z = np.random.default_rng(seed).standard_normal((9, draws))
    length = _positive(length_m, length_sigma_m, z[0])
    beam = _positive(beam_m, beam_sigma_m, z[1])
    constant, by_length, by_beam = DEADWEIGHT_LN
    guess = np.exp(constant + by_length * np.log(length) + by_beam * np.log(beam))
    known = np.asarray(deadweight_t, float)[..., None]
    deadweight = np.where(np.isnan(known), guess * np.exp(DEADWEIGHT_SCATTER * z[2]), known)
    typical = LIGHTSHIP_FRACTION * (deadweight / 3500.0) ** LIGHTSHIP_EXPONENT
    lightship = deadweight * typical * np.exp(LIGHTSHIP_SCATTER * z[3])
    usual = BLOCK + BLOCK_PER_LN * np.log(deadweight / 1500.0)
    block = np.clip(usual + BLOCK_SCATTER * z[4], 0.58, 0.88)
    waterline = WATERLINE_PER_LENGTH * length * beam
    draught = (deadweight + lightship) / (SEA_WATER_T_PER_M3 * waterline * block)
    logit = FREEBOARD_LOGIT[0] + FREEBOARD_LOGIT[1] * np.log(
        np.minimum(length * beam, FREEBOARD_AREA_MAX_M2)
    )
    size = np.log(length * beam / 1000.0) / np.log(FREEBOARD_AREA_MAX_M2 / 1000.0)
    scatter = np.interp(size, (0.0, 1.0), FREEBOARD_SCATTER)
    fraction = 1 / (1 + np.exp(-(logit + scatter * z[5])))
    shape = np.broadcast(length, beam, deadweight, z[0]).shape

    def drawn(values: ArrayLike) -> Floats:
        return np.broadcast_to(np.asarray(values, float), shape)

    return Tankers(
        length_m=drawn(length),
        beam_m=drawn(beam),
        depth_m=drawn(draught / (1 - fraction)),
        draught_m=drawn(draught),
        deadweight_t=drawn(deadweight),
        lightship_t=drawn(lightship),
        block=drawn(block),
        waterplane=drawn(WATERPLANE + WATERPLANE_SCATTER * z[6]),
        laden_fraction=drawn(np.clip(LADEN + LADEN_SCATTER * z[7], 0.70, 1.02)),
        ballast_fraction=drawn(np.clip(BALLAST + BALLAST_SCATTER * z[8], 0.03, 0.55)),
    )


def _positive(mean: ArrayLike, sigma: ArrayLike, z: Floats) -> Floats:
    """Lognormal draws of a length whose error is known, along a new last axis."""
    centre = np.asarray(mean, float)[..., None]
    spread = np.asarray(sigma, float)[..., None] / centre
    draws: Floats = centre * np.exp(spread * z)
    return draws
