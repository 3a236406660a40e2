"""The background of a place: laws that hold whatever lay there, and a slow loop as an oracle."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gnomon.imagery.background import FEWEST, STAY, UNIT, Clear, clear, median_background

SIDE, BANDS = 10, 4
SHIP = np.s_[3:5, 2:7]
WATER = np.array([600, 500, 300, 150])[:, None, None]
"""Counts of reflectance, blue to near infrared."""


def drawn(seed: int, observations: int) -> NDArray[np.uint16]:
    """Looks at empty water: (looks, bands, rows, columns)."""
    rng = np.random.default_rng(seed)
    swell = rng.normal(0, 12, (observations, BANDS, SIDE, SIDE))
    return np.clip(WATER + swell, 1, None).astype(np.uint16)


def with_ship(
    empty: NDArray[np.uint16], there: Sequence[int], colour: NDArray[np.int_]
) -> list[Clear]:
    """The same looks with a ship in some of them."""
    water = np.ones((SIDE, SIDE), bool)
    water[SHIP] = False
    observations = []
    for number, counts in enumerate(empty):
        if number in there:
            shown = counts.copy()
            shown[:, *SHIP] = colour[:, None, None]
            observations.append(Clear(shown, water))
        else:
            observations.append(Clear(counts, np.ones((SIDE, SIDE), bool)))
    return observations


def hazy(observations: Sequence[Clear], haze: Sequence[int]) -> list[Clear]:
    return [
        Clear(observation.counts + np.uint16(more), observation.water)
        for observation, more in zip(observations, haze, strict=True)
    ]


def assert_empty(told: NDArray[np.uint16], empty: NDArray[np.uint16], *, slack: int = 0) -> None:
    """A background is what some look without the ship saw, or lies between two."""
    here = told[:, *SHIP].astype(int)
    assert (here > 0).all()
    assert (here >= empty[:, :, *SHIP].min(axis=0) - slack).all()
    assert (here <= empty[:, :, *SHIP].max(axis=0) + slack).all()


# A ship that is brighter than the water in the mean of the bands, in some bands darker.
colours = st.lists(st.integers(50, 4000), min_size=BANDS, max_size=BANDS).filter(
    lambda colour: np.mean(colour) > WATER.mean() + 100
)


@settings(max_examples=30)
@given(
    st.integers(0, 2**31),
    st.integers(FEWEST, 30),
    colours,
    st.randoms(use_true_random=False),
)
def test_a_bright_ship_in_any_ten_looks_is_never_background(
    seed, observations, colour, random
) -> None:
    empty = drawn(seed, observations)
    there = random.sample(range(observations), STAY)
    told = median_background(with_ship(empty, there, np.array(colour)))
    others = np.delete(empty, there, axis=0)
    assert_empty(told, others, slack=25)  # levels of noisy water are told from few pixels here


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(20, 40), colours, st.randoms(use_true_random=False))
def test_nor_is_one_that_is_there_in_up_to_two_thirds_of_them(
    seed, observations, colour, random
) -> None:
    empty = drawn(seed, observations)
    there = random.sample(range(observations), 2 * observations // 3)
    told = median_background(with_ship(empty, there, np.array(colour)))
    assert_empty(told, np.delete(empty, there, axis=0), slack=25)


def test_with_one_look_less_she_would_be() -> None:
    """The fewest looks are no more than it takes."""
    for observations, shows in ((FEWEST, False), (FEWEST - 1, True)):
        empty = drawn(1, observations)
        ship = with_ship(empty, range(STAY), np.array([900, 900, 900, 900]))
        told = median_background(ship, fewest=1)
        assert (told[3, *SHIP] > 600).all() == shows


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(0, FEWEST - 1))
def test_where_fewer_looks_were_clear_nothing_is_known(seed: int, clear_observations: int) -> None:
    counts = drawn(seed, 20)
    counts[clear_observations:, :, 6, 6] = 0
    told = median_background(with_ship(counts, [], np.zeros(BANDS, int)))
    assert (told[:, 6, 6] == 0).all()
    assert (told[:, 7, 7] > 0).all()


@settings(max_examples=30)
@given(st.integers(0, 2**31), colours, st.permutations(range(18)))
def test_the_order_of_looks_does_not_matter(seed, colour, order) -> None:
    # Coarse counts, so that many looks are equally bright.
    observations = with_ship(drawn(seed, 18) // 20 * 20 + 1, range(5), np.array(colour))
    told = median_background([observations[n] for n in order])
    np.testing.assert_array_equal(told, median_background(observations))


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 8), st.booleans())
def test_looks_that_are_hidden_do_nothing(seed: int, hidden: int, wet: bool) -> None:
    observations = with_ship(drawn(seed, 16), range(6), np.array([1500] * BANDS))
    nothing = np.zeros((BANDS, SIDE, SIDE), np.uint16)
    cloudy = [Clear(nothing, np.full((SIDE, SIDE), wet))] * hidden
    np.testing.assert_array_equal(
        median_background([*observations, *cloudy]), median_background(observations)
    )


@settings(max_examples=30)
@given(
    st.integers(0, 2**31),
    st.lists(st.integers(0, 1500), min_size=20, max_size=20),
    st.randoms(use_true_random=False),
)
def test_haze_of_whole_looks_does_not_help_a_ship(seed, haze, random) -> None:
    """She lies there on the ten clearest days, and all others are as bright as she is."""
    empty = drawn(seed, 20)
    haze = sorted(haze)
    told = median_background(hazy(with_ship(empty, range(STAY), np.array([1300] * BANDS)), haze))
    # At the light of the middle look, the place is as dark as the water around it.
    around = np.median(told[:, 7:], axis=(1, 2))
    assert np.abs(np.median(told[:, *SHIP], axis=(1, 2)) - around).max() < 40


def slow(observations: Sequence[Clear]) -> NDArray[np.float64]:
    """The module's head, pixel by pixel, of looks that need no levelling."""
    told = np.zeros((BANDS, SIDE, SIDE))
    for row, column in np.ndindex(SIDE, SIDE):
        seen = [observation.counts[:, row, column].tolist() for observation in observations]
        seen = sorted((s for s in seen if s[0]), key=sum)
        darker = seen[: (len(seen) + 1) // 2]
        if len(seen) >= FEWEST:
            for band in range(BANDS):
                told[band, row, column] = sorted(s[band] for s in darker)[(len(darker) - 1) // 2]
    return told


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(13, 24))
def test_it_is_what_the_text_says(seed: int, observations: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 20_000, (observations, BANDS, SIDE, SIDE)).astype(np.uint16)
    counts *= (rng.random((observations, 1, SIDE, SIDE)) < 0.85).astype(np.uint16)
    dry = np.zeros((SIDE, SIDE), bool)  # no water: no level
    cases = [Clear(one, dry) for one in counts]
    # Sums that are equal stand in an order that only the module knows.
    sums = np.sort(counts.sum(axis=1, dtype=int), axis=0)
    same = ~((np.diff(sums, axis=0) == 0) & (sums[1:] > 0)).any(axis=0)
    np.testing.assert_array_equal(median_background(cases)[:, same], slow(cases)[:, same])


def test_what_hides_a_place_is_left_out_and_the_rest_is_kept() -> None:
    values = np.array([[0.1234, -0.01, 0.5, np.nan]], np.float32)
    pixels = xr.Dataset({"red": (("y", "x"), values)})
    on, off = np.ones((1, 4), bool), np.zeros((1, 4), bool)
    cloud = np.array([[False, False, True, False]])
    layers = {"valid": np.isfinite(values), "cloud": cloud, "ice": off, "water": on}
    masks = xr.Dataset({name: (("y", "x"), layer) for name, layer in layers.items()})
    told = clear(pixels, masks, ["red"])
    # Water darker than nothing is as dark as it can be and yet known.
    assert told.counts.tolist() == [[[round(0.1234 / UNIT), 1, 0, 0]]]
