"""Water, land and shore of radar: by the coast, by the image, and by where it looks from."""

import numpy as np
import pytest
import xarray as xr

from gnomon.datamodel.radar_options import RadarOptions
from gnomon.imagery.coast import LAND, UNKNOWN, WATER
from gnomon.imagery.sentinel1.water import radar_water, resolved

SHAPE = (200, 240)
SPACING_M = (10.0, 10.0)
INCIDENCE_DEG = 45.0
"""A height is moved by itself."""


def pixels(vh: np.ndarray, **more: np.ndarray) -> xr.Dataset:
    layers = {"vh": vh, "incidence_deg": np.full(vh.shape, INCIDENCE_DEG), **more}
    return xr.Dataset({k: (("line", "sample"), v.astype(np.float32)) for k, v in layers.items()})


def speckled(mean: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).gamma(4.4, mean / 4.4).astype(np.float32)


def masks(codes: np.ndarray, *, berths: np.ndarray | None = None, **options: float) -> xr.Dataset:
    at_berths = np.zeros(SHAPE, bool) if berths is None else berths
    given = pixels(np.ones(SHAPE))
    return radar_water(
        given, codes, at_berths, spacing_m=SPACING_M, options=RadarOptions(**options)
    )


def pier() -> np.ndarray:
    codes = np.full(SHAPE, WATER, np.uint8)
    codes[80:120, 100:150] = LAND
    return codes


def test_the_shore_is_wider_on_the_side_towards_the_track() -> None:
    layers = masks(pier(), shore_m=20.0, structure_m=40.0)
    search = layers["search"].to_numpy()[100]
    assert search[:94].all()
    assert not search[94:152].any()  # 40 m of height, 20 m of shore, and 20 m behind
    assert search[152:].all()
    column = layers["search"].to_numpy()[:, 125]
    assert np.flatnonzero(~column).tolist() == list(range(78, 122))
    assert (layers["shore"] & layers["land"]).sum() == 0
    assert (layers["water"].to_numpy() == (pier() == WATER)).all()


def test_at_a_berth_the_shore_is_as_wide_on_all_sides() -> None:
    berths = np.zeros(SHAPE, bool)
    berths[95:105] = True
    search = masks(pier(), berths=berths, shore_m=20.0, structure_m=40.0)["search"].to_numpy()
    assert search[100, :98].all()
    assert not search[90, 94:100].any()


def test_structures_of_no_height_add_nothing() -> None:
    search = masks(pier(), shore_m=0.0, structure_m=0.0)["search"].to_numpy()
    assert (search == (pier() == WATER)).all()


def test_clutter_keeps_away_from_land_and_nan_is_not_seen() -> None:
    codes = pier()
    layers = masks(codes)
    clutter = layers["clutter"].to_numpy()
    assert not clutter[100, 95:156].any()
    assert clutter[100, :90].all()
    holes = np.ones(SHAPE)
    holes[:10] = np.nan
    layers = radar_water(
        pixels(np.ones(SHAPE), vv=holes), codes, np.zeros(SHAPE, bool),
        spacing_m=SPACING_M, options=RadarOptions(),
    )  # fmt: skip
    assert not layers["valid"][:10].any()
    assert layers["valid"][10:].all()


@pytest.fixture(scope="module")
def shore_line() -> tuple[np.ndarray, np.ndarray]:
    """Sea in the west, land from column 150, what is between 60 and 200 unknown; a ship."""
    mean = np.full(SHAPE, 0.003)
    mean[:, 150:] = 0.03
    mean[50:54, 90:110] = 2.0
    codes = np.full(SHAPE, WATER, np.uint8)
    codes[:, 60:200] = UNKNOWN
    codes[:, 200:] = LAND
    return speckled(mean), codes


def test_the_image_decides_what_the_coast_does_not_know(
    shore_line: tuple[np.ndarray, np.ndarray],
) -> None:
    water, land = resolved(*shore_line, gsd_m=10.0)
    assert water[5:-5, :140].all()  # the ship too
    assert land[5:-5, 156:].mean() > 0.97
    assert not land[:90, :146].any()
    assert not (water & land).any()


def test_without_sea_nothing_is_decided(shore_line: tuple[np.ndarray, np.ndarray]) -> None:
    vh, codes = shore_line
    inland = np.where(codes == WATER, UNKNOWN, codes).astype(np.uint8)
    water, land = resolved(vh, inland, gsd_m=10.0)
    assert not water.any()
    assert (land == (codes == LAND)).all()


def test_all_known_is_left_as_it_is() -> None:
    water, land = resolved(speckled(np.full(SHAPE, 0.01)), pier(), gsd_m=10.0)
    assert (water == (pier() == WATER)).all()
    assert (land == (pier() == LAND)).all()
