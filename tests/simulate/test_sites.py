"""Harbours of the embedded study: their zones, and ships in their places."""

import itertools

import numpy as np
import pytest
import shapely
from odc.geo.geom import Geometry

from gnomon.simulate.calls import PIER, PLACES, QUAY, ROADS, Call
from gnomon.simulate.pixels.coast import shore_distance
from gnomon.simulate.pixels.scene import grid
from gnomon.simulate.pixels.ships import sample_ship
from gnomon.simulate.sites import FENDER_M, Site, sites

SITES = sites(seed=2034)
LENGTHS = {PIER: 112.0, QUAY: 155.0, ROADS: 220.0}
"""The longest that the embedded study draws."""


def call(site: Site, zone: str, spot: int, *, turned: bool = False) -> Call:
    light, full = (
        sample_ship(
            np.random.default_rng(spot), kind="general", length_m=LENGTHS[zone], laden=laden
        )
        for laden in (False, True)
    )
    return Call(
        ship="x", light=light, full=full, port=str(site.port.name), zone=zone, arrive_day=0,
        depart_day=1, laden=(False, True), spot=spot, turned=turned,
    )  # fmt: skip


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.port.name)
def test_every_place_lies_in_its_zone_and_ships_in_all_of_them_fit(site: Site) -> None:
    zones = {zone.name: zone.geometry for zone in site.port.zones}
    hulls = []
    for zone, count in PLACES.items():
        outline = Geometry(zones[zone], "EPSG:4326").to_crs(site.epsg).geom
        for spot in range(count):
            ship = site.lying(call(site, zone, spot), 0.5, wind_deg=30)
            assert outline.contains(ship.polygon().centroid), (zone, spot)
            hulls.append(ship.polygon())
    for one, two in itertools.combinations(hulls, 2):
        assert one.distance(two) > 5


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.port.name)
def test_a_berthed_ship_touches_its_fender_and_no_quay(site: Site) -> None:
    made = shapely.union_all([quay.outline for quay in site.coast.quays])
    for zone in (PIER, QUAY):
        for spot in range(PLACES[zone]):
            ship = site.lying(call(site, zone, spot), 0.5, wind_deg=0)
            assert ship.berthed
            assert ship.polygon().distance(made) > 0.9 * FENDER_M
    alongside = site.lying(call(site, QUAY, 0), 0.5, wind_deg=0)
    assert alongside.polygon().distance(made) < FENDER_M + 0.1


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.port.name)
def test_a_ship_may_lie_the_other_way_round_in_the_same_place(site: Site) -> None:
    one, other = (
        site.lying(call(site, QUAY, 1, turned=turned), 0.5, wind_deg=0) for turned in (False, True)
    )
    assert (one.heading_deg - other.heading_deg) % 360 == pytest.approx(180)
    assert (one.east_m, one.north_m) == (other.east_m, other.north_m)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.port.name)
def test_anchored_ships_swing_with_the_wind_on_open_water(site: Site) -> None:
    west, north = site.pier[0] - 6000, site.pier[1] + 6000
    box = grid(epsg=site.epsg, west_m=west, north_m=north, shape=(600, 600), gsd_m=20)
    shore = shore_distance(site.coast, box)
    for spot in range(PLACES[ROADS]):
        one, other = (
            site.lying(call(site, ROADS, spot), 0.5, wind_deg=wind) for wind in (10.0, 100.0)
        )
        assert (other.heading_deg - one.heading_deg) % 360 == pytest.approx(90)
        column, row = (int(v) for v in ~box.affine @ (one.east_m, one.north_m))
        assert shore[row, column] > 150


def test_a_seed_draws_the_same_harbours() -> None:
    for one, other in zip(SITES, sites(seed=2034), strict=True):
        assert one.coast.land.equals(other.coast.land)
        assert one.pier == other.pier
