"""Evidence: what is written is what is read, to the bit where the pixels are counts."""

import dataclasses

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gnomon.datamodel.files import read_plain_table, write_table
from gnomon.freeboard import state
from gnomon.freeboard.image import traces
from gnomon.freeboard.rows import Reading, read_ship, visible_image
from gnomon.geo.grid import grid_of
from gnomon.simulate.pixels.portrait import Portrait, portrait
from gnomon.workflow.evidence import cutouts, evidence_row, evidence_table, posterior_of
from small_tables import pixels

COUNTS = arrays.arrays(
    np.uint16,
    arrays.array_shapes(min_dims=3, max_dims=3, max_side=5),
    elements=st.integers(0, 60_000),
)


def layers(values: np.ndarray) -> xr.Dataset:
    """A dataset with these bands on the grid of the simulated sea."""
    names = ("blue", "green", "red", "nir", "pan")[: len(values)]
    whole = pixels(values.shape[1:])
    return xr.Dataset(
        {n: (("y", "x"), v.astype(np.float32)) for n, v in zip(names, values, strict=True)},
        coords=whole.coords,
    )


def back(written: xr.Dataset) -> xr.Dataset:
    (cutout,) = cutouts(evidence_table([evidence_row("a", "s", written)]))
    return cutout.pixels


@given(counts=COUNTS, offset=st.sampled_from([0.0, -0.1]))
def test_reflectances_that_are_counts_come_back_on_their_grid(
    counts: np.ndarray, offset: float
) -> None:
    values = counts * np.float32(1e-4) + np.float32(offset)
    written = layers(np.where(counts == 0, np.nan, values))
    row = evidence_row("a", "s", written)
    assert row["encoding"] == "uint16"
    assert len(row["pixels"]) == 2 * counts.size
    read = back(written)
    assert grid_of(read) == grid_of(written)
    for name in written:
        np.testing.assert_allclose(read[name], written[name], atol=2e-6)


@given(
    values=arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=3, max_dims=3, max_side=5),
        elements=st.floats(width=32, allow_infinity=False),
    )
)
def test_any_other_values_come_back_to_the_bit_or_to_a_millionth(values: np.ndarray) -> None:
    written = layers(values)
    read = back(written)
    for name in written:
        np.testing.assert_allclose(read[name], written[name], rtol=2e-6, atol=2e-6)


@given(st.integers(0, 2**24 - 1))
def test_cloud_ice_and_land_come_back(bits: int) -> None:
    flags = np.array([bits >> k & 1 for k in range(24)], bool).reshape(3, 2, 4)
    plain = pixels((2, 4))
    masks = dict(zip(("cloud", "ice", "land"), flags, strict=True))
    read = back(plain.assign({name: (("y", "x"), mask) for name, mask in masks.items()}))
    for name, mask in masks.items():
        np.testing.assert_array_equal(read[name], mask)
    assert not set(masks) & set(back(plain))


@pytest.fixture(scope="module")
def sitter() -> Portrait:
    return portrait(23, length_m=110, gsd_m=3, sun_elevation_deg=40, laden=False)


@pytest.fixture(scope="module")
def reading(sitter: Portrait) -> Reading:
    return read_ship(sitter.pixels, sitter.row())


def test_a_reading_comes_back_whole(
    sitter: Portrait, reading: Reading, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through a file, with every field of chip and fit as the load stage had them."""
    assert reading.chip is not None
    assert reading.fit is not None
    grid = grid_of(sitter.pixels)
    row = evidence_row("a", "s", sitter.pixels, reading=reading, window=grid)
    path = tmp_path_factory.mktemp("evidence") / "evidence.parquet"
    write_table(evidence_table([row]), path, compression="zstd")
    (read,) = cutouts(read_plain_table(path))
    assert read.chip is not None
    assert read.fit is not None
    for one, other in ((read.chip, reading.chip), (read.fit, reading.fit)):
        for field in dataclasses.fields(one):
            if field.name != "image":
                found, known = (np.asarray(getattr(o, field.name)) for o in (one, other))
                np.testing.assert_array_equal(found, known, err_msg=field.name)
    np.testing.assert_allclose(read.chip.image, visible_image(sitter.pixels), atol=2e-6)
    assert read.fit.implausible == reading.fit.implausible


def test_a_part_of_the_pixels_is_what_the_stage_was_given(
    sitter: Portrait, reading: Reading
) -> None:
    grid = grid_of(sitter.pixels)
    part = grid[4:-6, 3:-9]
    row = evidence_row("a", "s", sitter.pixels, reading=reading, window=part)
    (read,) = cutouts(evidence_table([row]))
    assert read.chip is not None
    assert read.chip.image.shape[1:] == part.shape.yx
    expected = visible_image(sitter.pixels.isel(y=slice(4, -6), x=slice(3, -9)))
    np.testing.assert_allclose(read.chip.image, expected, atol=2e-6)


def test_outlines_lie_on_the_map_where_the_ship_is(sitter: Portrait, reading: Reading) -> None:
    assert reading.chip is not None
    assert reading.fit is not None
    grid = grid_of(sitter.pixels)
    row = evidence_row("a", "s", sitter.pixels, reading=reading, window=grid)
    (read,) = cutouts(evidence_table([row]))
    assert read.outline is not None
    assert read.shadow is not None
    hull = shapely.Polygon(read.outline)
    assert grid.extent.geom.contains(hull)
    box = grid.boundingbox
    middle = np.array([(box.left + box.right) / 2, (box.bottom + box.top) / 2])
    here, _ = traces(reading.chip, reading.fit, reading.load.freeboard_m)
    np.testing.assert_allclose(read.outline, here + middle, atol=0.006)
    # The shadow falls away from the sun.
    away = np.deg2rad(reading.chip.sun_azimuth_deg)
    moved = (read.shadow - read.outline) @ [np.sin(away), np.cos(away)]
    assert (moved < 0).all()


def test_the_posterior_is_the_one_that_the_columns_came_from(
    sitter: Portrait, reading: Reading
) -> None:
    grid = grid_of(sitter.pixels)
    row = evidence_row("a", "s", sitter.pixels, reading=reading, window=grid)
    (read,) = cutouts(evidence_table([row]))
    posterior, evidence, ships = read.posterior, reading.evidence, reading.ships
    assert posterior is not None
    assert evidence is not None
    assert ships is not None
    assert reading.belief is not None
    np.testing.assert_allclose(posterior.density, reading.belief.at(evidence.freeboard_m))
    assert posterior.mean_m == pytest.approx(reading.load.freeboard_m, abs=0.1)
    assert posterior.laden_m == tuple(np.quantile(ships.laden_freeboard_m, (0.05, 0.95)))
    assert posterior.laden_m[1] < posterior.ballast_m[1]


def test_a_ship_that_was_not_fitted_has_pixels_and_no_posterior(
    sitter: Portrait, reading: Reading
) -> None:
    refused = Reading(load=state.Load(load_reason="cloud"), chip=reading.chip)
    row = evidence_row("a", "s", sitter.pixels, reading=refused, window=grid_of(sitter.pixels))
    (read,) = cutouts(evidence_table([row]))
    assert read.chip is not None
    assert (read.fit, read.outline, read.posterior) == (None, None, None)
    assert posterior_of(refused) is None
