"""Bounds of visits: an image bounds a visit if it shows the ship's own place, and hidden ones are
named."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.visibility import Visibility
from gnomon.track.bounds import SHOWN, Bounds, visit_bounds
from gnomon.track.posterior import TrackPosterior
from gnomon.track.sightings import PortObservations, check_tables, port_observations
from tracked_seasons import START, TRAFFIC, month_posterior, options, plain_tables, track_posterior

LEFT_M, TOP_M = 660_000.0, 4_735_000.0
TO_DEGREES = Transformer.from_crs("EPSG:32652", "EPSG:4326", always_xy=True)
DAYS = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
HULLS = [(3, 90.0)]
"""A ship in the middle one of seven images."""
NORTH, SOUTH = 0, 1


def grid(*, clouded: int | None) -> str:
    """A port of 1.6 km of which one half is under cloud."""
    percents = np.full((40, 40), 100, np.uint8)
    if clouded is not None:
        percents[20 * clouded : 20 * (clouded + 1)] = 0
    return Visibility("EPSG:32652", LEFT_M, TOP_M, 40.0, percents).text


def bounds(clouds: list[int | None], *, usable: float = 0.5, known: bool = True) -> Bounds:
    """Bounds of a ship that lies in the north, by which half each image hides."""
    detections, observations = plain_tables(DAYS, HULLS)
    longitude, latitude = TO_DEGREES.transform(LEFT_M + 800, TOP_M - 300)
    detections = detections.assign(longitude=longitude, latitude=latitude)
    observations = observations.assign(usable_fraction=usable)
    if known:
        observations = observations.assign(visibility=[grid(clouded=half) for half in clouds])
    return visit_bounds(posterior(detections, observations), (0,))


def posterior(detections: pd.DataFrame, observations: pd.DataFrame) -> TrackPosterior:
    tables = check_tables(detections, observations)
    end = START + timedelta(days=14)
    data = port_observations(
        "vostochny", *tables, zones=(), beam_per_length=0.157, start=START, end=end
    )
    return track_posterior(data, options(zones=[]), TRAFFIC)


def day(number: float) -> object:
    return START + timedelta(days=number)


def test_a_cloud_over_the_other_end_of_the_port_bounds_and_one_over_the_ship_does_not() -> None:
    other = bounds([None, None, SOUTH, None, SOUTH, None, None])
    assert (other.arrived_after, other.departed_before) == (day(4), day(8))
    assert json.loads(other.hidden_images) == []
    own = bounds([None, None, NORTH, None, NORTH, NORTH, None])
    assert (own.arrived_after, own.departed_before) == (day(2), day(12))
    assert json.loads(own.hidden_images) == ["s2", "s4", "s5"]


def test_where_no_image_shows_the_place_there_is_no_bound() -> None:
    found = bounds([NORTH, NORTH, NORTH, None, NORTH, NORTH, NORTH])
    assert (found.arrived_after, found.departed_before) == (None, None)
    assert json.loads(found.hidden_images) == ["s0", "s1", "s2", "s4", "s5", "s6"]


@pytest.mark.parametrize(("usable", "bounding"), [(0.5, False), (0.89, False), (0.95, True)])
def test_without_grids_an_image_bounds_that_shows_nearly_all_of_the_berth(
    usable: float, bounding: bool
) -> None:
    found = bounds([None] * 7, usable=usable, known=False)
    assert (found.arrived_after == day(4)) == bounding
    assert (found.departed_before == day(8)) == bounding


def test_two_tiles_of_one_pass_show_a_place_if_either_does() -> None:
    detections, observations = plain_tables([0.0, 0.001, 4.0], [(2, 90.0)])
    longitude, latitude = TO_DEGREES.transform(LEFT_M + 800, TOP_M - 300)
    detections = detections.assign(longitude=longitude, latitude=latitude)
    texts = [grid(clouded=NORTH), grid(clouded=SOUTH), grid(clouded=None)]
    observations = observations.assign(platform="a", visibility=texts)
    found = visit_bounds(posterior(detections, observations), (0,))
    assert found.arrived_after == day(0)


def test_a_text_that_is_no_grid_is_refused_by_its_scene() -> None:
    detections, observations = plain_tables(DAYS, HULLS)
    texts = [grid(clouded=None)] * 6 + ["[1, 2]"]
    with pytest.raises(TrackError, match=r"visibility of s6 is not a grid .* leave it empty"):
        posterior(detections, observations.assign(visibility=texts))


def test_bounds_of_a_season_are_the_observations_around_each_visit_that_show_its_place() -> None:
    """Brute force over all observations, with grids drawn at random."""
    tracks = month_posterior()
    rng = np.random.default_rng(4)
    grids = tuple(
        (Visibility("EPSG:32652", LEFT_M, TOP_M, 40.0, np.full((9, 9), percent, np.uint8)),)
        for percent in rng.integers(75, 101, len(tracks.data.day))
    )
    middle = TO_DEGREES.transform(LEFT_M + 180, TOP_M - 180)
    place = np.tile(middle, (len(tracks.data.hulls.day), 1))
    data = replace(tracks.data, visibility=grids, places_deg=place)
    assert any_bounds(replace(tracks, data=data), data) >= 3


def any_bounds(tracks: TrackPosterior, data: PortObservations) -> int:
    times = [data.time(d) for d in data.day]
    share = [float(one.seen_percent.mean()) / 100 for (one,) in data.visibility]
    assert 3 < sum(part >= SHOWN for part in share) < len(share) - 3
    for track in tracks.representative:
        found = visit_bounds(tracks, track)
        clear = [t for t, part in zip(times, share, strict=True) if part >= SHOWN]
        assert found.arrived_after == max(
            (t for t in clear if t < found.arrived_before), default=None
        )
        assert found.departed_before == min(
            (t for t in clear if t > found.departed_after), default=None
        )
    return len(tracks.representative)
