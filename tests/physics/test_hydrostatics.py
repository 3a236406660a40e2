"""Hydrostatics against real tankers, published designs and the laws of floating bodies."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gnomon.physics.hydrostatics import (
    BEAM_SCATTER,
    DEADWEIGHT_LN,
    DESIGNS,
    WATERLINE_PER_LENGTH,
    tankers,
    usual_beam_m,
)

lengths = st.floats(45, 260)
slenderness = st.floats(5.2, 7.2)

# Length, beam, DWT, freeboard at 95 % of DWT and at 33 %: design table of the project, of which
# only the second row is a published ship.
ARCHETYPES = (
    (70, 11, 1500, 0.7, 2.1),
    (79.9, 14, 3500, 1.5, 3.7),
    (85, 13.2, 3000, 1.0, 2.9),
    (100, 15.2, 5500, 1.5, 4.0),
    (120, 18.6, 9000, 2.2, 5.1),
    (183, 32.2, 47000, 7.0, 12.4),
)


@pytest.mark.parametrize(("length", "beam", "deadweight", "laden", "ballast"), ARCHETYPES)
def test_typical_ships_lie_within_the_distributions(length, beam, deadweight, laden, ballast):
    ships = tankers(length, beam)
    for values, expected in (
        (ships.laden_freeboard_m, laden),
        (ships.ballast_freeboard_m, ballast),
        (ships.deadweight_t, deadweight),
    ):
        low, high = np.quantile(values, (0.025, 0.975))
        # The published 3,500 t ship is 25 % heavier than any real one of its size in the index.
        slack = 0.12 if (length, values is ships.deadweight_t) == (79.9, True) else 0.0
        assert low * (1 - slack) < expected < high * (1 + slack)
    rise = np.mean(ships.ballast_freeboard_m - ships.laden_freeboard_m)
    assert_allclose(rise, ballast - laden, rtol=0.30)


def test_published_freeboards_scatter_as_much_as_the_draws_say():
    places = []
    for length, beam, depth, draught in DESIGNS:
        ships = tankers(length, beam)
        places.append(np.mean(ships.depth_m - ships.draught_m < depth - draught))
    # Twelve places in (0, 1): a uniform's mean is 0.5 +- 0.083, its deviation 0.289 +- 0.04.
    assert abs(np.mean(places) - 0.5) < 0.25
    assert 0.15 < np.std(places) < 0.40


def real_tankers(folder):
    """Oil, product and chemical tankers of the index; gas carriers and absurd draughts left out."""
    with (folder / "s1" / "opensarship" / "index.csv").open() as file:
        tanker_rows = [row for row in csv.DictReader(file) if row["cls"] == "tanker"]
    rows = [row for row in tanker_rows if row["mt_dwt"] not in ("", "NA", "nan", "NaN")]
    ships = set()
    for row in rows:
        if any(gas in row["elaborated_type"] for gas in ("LPG", "LNG")):
            continue
        tenths = float(row["ais_draught_dm"])
        # Some ships sent centimetres (380) where others sent decimetres: not guessed, left out.
        draught = tenths / 10 if 0 < tenths < 300 else np.nan
        size = (float(row[name]) for name in ("mt_length_m", "mt_beam_m", "mt_dwt"))
        ships.add((*size, draught))
    return np.array(sorted(ships, key=str))


def test_deadweight_of_real_tankers(shared_data):
    length, beam, deadweight, _ = real_tankers(shared_data).T
    assert len(length) >= 40
    drawn = tankers(length, beam).deadweight_t
    low, high = np.quantile(drawn, (0.05, 0.95), axis=-1)
    assert 0.80 <= np.mean((low < deadweight) & (deadweight < high)) <= 1.0
    assert abs(np.median(np.log(deadweight / np.median(drawn, axis=-1)))) < 0.05


def test_draught_of_real_tankers_does_not_exceed_the_summer_draught(shared_data):
    """A ship sends its present draught: at most the summer one, and most send that when full."""
    length, beam, deadweight, sent = real_tankers(shared_data).T
    given = np.isfinite(sent)
    ships = tankers(length[given], beam[given], deadweight_t=deadweight[given])
    full = sent[given] / np.median(ships.draught_m, axis=-1)
    assert np.mean(sent[given] < np.quantile(ships.draught_m, 0.98, axis=-1)) > 0.9
    assert 0.93 < np.median(full) < 1.07


@given(lengths, slenderness)
def test_more_load_is_less_freeboard_and_the_inverse_holds(length, ratio):
    ships = tankers(length, length / ratio, draws=64)
    freeboards = [ships.freeboard_at_m(load) for load in (0.0, 0.3, 0.6, 1.0)]
    assert (np.diff(freeboards, axis=0) < 0).all()
    assert_allclose(ships.load_fraction_at(freeboards[2]), 0.6, rtol=1e-9)
    assert_allclose(freeboards[3], ships.depth_m - ships.draught_m, rtol=1e-9)
    assert (ships.depth_m > ships.draught_m).all()


@given(lengths, slenderness)
def test_archimedes(length, ratio):
    """What floats displaces its own mass; the slope at full load is the tonnes per centimetre."""
    ships = tankers(length, length / ratio, draws=64)
    volume = 0.965 * ships.length_m * ships.beam_m * ships.draught_m * ships.block
    assert_allclose(1.025 * volume, ships.deadweight_t + ships.lightship_t, rtol=1e-9)
    step = 1e-5
    sinkage_cm = 100 * (ships.draught_at_m(1.0) - ships.draught_at_m(1.0 - step))
    assert_allclose(step * ships.deadweight_t / sinkage_cm, ships.tonnes_per_cm, rtol=1e-3)


def test_ignorance_of_the_size_widens_and_a_register_narrows():
    vague = tankers(100, 15.2, length_sigma_m=10, beam_sigma_m=3).laden_freeboard_m
    sharp = tankers(100, 15.2).laden_freeboard_m
    assert np.std(vague) > np.std(sharp)
    known = tankers(100, 15.2, deadweight_t=5807.0)
    assert (known.deadweight_t == 5807.0).all()


def test_answers_do_not_depend_on_the_company_they_are_asked_in():
    together = tankers([80.0, 100.0], [13.0, 15.2]).laden_freeboard_m
    assert_allclose(together[1], tankers(100.0, 15.2).laden_freeboard_m)


@given(lengths, slenderness)
def test_masses_and_volumes_of_every_draw_balance(length, ratio):
    """Displacement at the summer draught is lightship and deadweight, by the block coefficient."""
    ships = tankers(length, length / ratio, draws=64)
    volume = WATERLINE_PER_LENGTH * ships.length_m * ships.beam_m * ships.draught_m * ships.block
    assert_allclose(1.025 * volume, ships.deadweight_t + ships.lightship_t, rtol=1e-9)
    assert (ships.block <= ships.waterplane + 0.1).mean() > 0.9
    assert (ships.lightship_t < ships.deadweight_t).mean() > 0.9


@given(lengths, slenderness)
def test_ballast_lies_higher_than_laden_for_each_single_ship(length, ratio):
    ships = tankers(length, length / ratio, draws=128)
    assert (ships.ballast_freeboard_m > ships.laden_freeboard_m).all()
    assert (ships.freeboard_at_m(0.0) > ships.ballast_freeboard_m).all()
    assert (ships.freeboard_at_m(-1.0) == ships.freeboard_at_m(0.0)).all()


def test_the_draws_have_the_moments_that_the_constants_say():
    """Of the deadweight the regression and its scatter; of the depth the logit and its."""
    ships = tankers(100.0, 15.2, draws=20_000)
    guess = -4.099 + 1.860 * np.log(100.0) + 1.469 * np.log(15.2)
    assert np.log(ships.deadweight_t).mean() == pytest.approx(guess, abs=0.005)
    assert np.log(ships.deadweight_t).std() == pytest.approx(0.105, rel=0.03)
    fraction = 1 - ships.draught_m / ships.depth_m
    logit = np.log(fraction / (1 - fraction))
    assert logit.mean() == pytest.approx(-4.33 + 0.4185 * np.log(1520.0), abs=0.02)
    size = np.log(1.52) / np.log(6.0)
    assert logit.std() == pytest.approx(0.42 + size * (0.25 - 0.42), rel=0.03)
    assert ships.laden_fraction.mean() == pytest.approx(0.94, abs=0.01)
    assert ships.ballast_fraction.mean() == pytest.approx(0.30, abs=0.01)


def test_errors_of_the_size_widen_as_a_lognormal_does():
    ships = tankers(100.0, 15.2, length_sigma_m=8.0, draws=20_000)
    assert np.log(ships.length_m).std() == pytest.approx(0.08, rel=0.03)
    assert (ships.length_m > 0).all()
    assert np.median(ships.length_m) == pytest.approx(100.0, rel=0.01)


def test_the_usual_beam_is_that_of_the_published_designs():
    lengths_m, beams = np.array(DESIGNS).T[:2]
    away = np.log(beams / usual_beam_m(lengths_m))
    assert np.abs(away).max() < 0.25
    assert np.sqrt(np.mean(away**2)) < 1.2 * BEAM_SCATTER


def test_the_deadweight_regression_is_the_one_of_the_real_ships(shared_data):
    """Least squares on the index give back the constants of the module."""
    length, beam, deadweight, _ = real_tankers(shared_data).T
    design = np.column_stack([np.ones_like(length), np.log(length), np.log(beam)])
    found, *_ = np.linalg.lstsq(design, np.log(deadweight), rcond=None)
    rest = np.log(deadweight) - design @ found
    expected = design @ np.array(DEADWEIGHT_LN)
    assert_allclose(design @ found, expected, atol=0.08)
    assert rest.std() == pytest.approx(0.087, abs=0.03)
