"""Schemas: what they refuse, what they convert, and that every column is documented."""

import ast
import inspect
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pandera.errors
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel import ledger_tables, tables
from gnomon.datamodel.ledger_tables import Ledger
from gnomon.datamodel.schema import Table, table
from gnomon.datamodel.tables import Detections, Observations, Seasons

WHEN = datetime(2024, 5, 1, 2, 10, tzinfo=UTC)
PLACE = shapely.Point(132.8, 42.8)
HULL = {
    "detection_id": "a-e600000-n4740000",
    "scene_id": "a",
    "collection": "sentinel-2-l2a",
    "platform": "sentinel-2b",
    "sensor": "optical",
    "seen_at": WHEN,
    "geometry": PLACE,
    "footprint": PLACE.buffer(0.001),
    "score": 0.9,
    "length_m": 100.0,
    "length_sigma_m": 8.0,
    "beam_m": 16.0,
    "beam_sigma_m": 3.0,
    "heading_deg": 30.0,
    "heading_sigma_deg": 4.0,
    "freeboard_m": 3.0,
    "freeboard_p05_m": 2.0,
    "freeboard_p95_m": 4.0,
    "gsd_m": 10.0,
    "quayside": False,
    "model": "s2-vessel 0123",
    "run_digest": "0123",
}
MODELS = [
    value
    for value in [*vars(tables).values(), *vars(ledger_tables).values()]
    if inspect.isclass(value) and issubclass(value, Table) and value is not Table
]


def test_a_row_with_nulls_passes_and_gets_every_column():
    frame = table(Detections, [HULL])
    assert list(frame.columns) == list(Detections.to_schema().columns)
    assert frame.crs == "EPSG:4326"
    assert frame.p_laden.isna().all()
    assert str(frame.seen_at.dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    "fault",
    [
        {"score": 1.2},
        {"heading_deg": 360.0},
        {"length_m": 0.0},
        {"length_sigma_m": None},
        {"sensor": "infrared"},
        {"load_state": "half"},
        {"load_reason": "lazy"},
        {"freeboard_m": -0.5},
        {"freeboard_p05_m": 4.5},
        {"view_zenith_deg": 90.0},
        {"sun_elevation_deg": -91.0},
        {"colour": "red"},
    ],
)
def test_a_value_out_of_its_range_is_refused(fault):
    frame = table(Detections, [HULL])
    for name, value in fault.items():
        frame[name] = pd.Series([value], dtype=object)
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        Detections.to_schema().validate(frame)


def test_two_hulls_cannot_have_one_id():
    with pytest.raises(pandera.errors.SchemaError):
        table(Detections, [HULL, HULL])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_table_without_rows_has_its_columns_and_types(model):
    empty = table(model, [])
    assert list(empty.columns) == list(model.to_schema().columns)
    assert empty.empty
    model.to_schema().validate(empty)


QUANTILES = [f"{name}_{part}" for name in ("deliveries", "tonnes", "barrels")
             for part in ("p05", "p50", "p95")]  # fmt: skip


@given(st.lists(st.floats(0, 1e6), min_size=9, max_size=9))
def test_quantiles_ascend_or_are_refused(values):
    row = {"year": 2024, "scenario": "inferred", "reported_barrels": 0.0, "cap_barrels": 5e5}
    row |= {f"{name}_mean": 1.0 for name in ("deliveries", "tonnes", "barrels")}
    row |= {"deliveries_seen_p50": 1.0, "start": WHEN, "end": WHEN}
    row |= {"open_ports": "[]", "p_loading": 1.0}
    row |= {"p_over_cap": 0.5} | dict(zip(QUANTILES, values, strict=True))
    ordered = all((np.diff(values[k : k + 3]) >= 0).all() for k in (0, 3, 6))
    if ordered:
        assert len(table(Ledger, [row])) == 1
    else:
        with pytest.raises(pandera.errors.SchemaError):
            table(Ledger, [row])


def test_times_are_quantiles_too_and_null_ones_pass():
    season = {"port": "a", "start": WHEN, "end": WHEN, "observations": 0,
              "usable_observations": 0.0}  # fmt: skip
    assert len(table(Seasons, [season])) == 1
    assert len(table(Seasons, [season | {"visits_p05": 2.0, "visits_p95": 3.0}])) == 1
    with pytest.raises(pandera.errors.SchemaError):
        table(Seasons, [season | {"visits_p05": 4.0, "visits_p95": 3.0}])


def test_an_observation_that_failed_is_a_row():
    row = {"scene_id": "a", "collection": "c", "platform": "p", "status": "failed",
           "reason": "cannot be read", "run_digest": "0"}  # fmt: skip
    frame = table(Observations, [row])
    assert frame.detections.isna().all()
    with pytest.raises(pandera.errors.SchemaError):
        table(Observations, [row | {"status": "looked"}])


def test_naive_times_become_utc_and_others_keep_their_moment():
    tokyo = pd.Timestamp("2024-05-01 11:10", tz="Asia/Tokyo")
    frame = table(Detections, [HULL | {"seen_at": tokyo}])
    assert frame.seen_at[0] == pd.Timestamp(WHEN)


UNITS = ("_m", "_deg", "_sigma", "_t", "_nm", "_kn", "_days", "_km2", "_p05", "_p50", "_p95",
         "_mean", "_fraction", "_id")  # fmt: skip


def test_a_column_has_its_unit_in_its_name_or_a_text():
    """This module is the documentation of the Parquet files."""
    tree = ast.parse(inspect.getsource(tables))
    plain = {"port", "collection", "platform", "model", "score", "type", "note", "zone", "start",
             "end", "year", "sensor", "origin", "rows", "columns", "crs"}  # fmt: skip
    bare = []
    for klass in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for one, following in zip(klass.body, [*klass.body[1:], None], strict=True):
            if not isinstance(one, ast.AnnAssign):
                continue
            documented = isinstance(following, ast.Expr)
            name = one.target.id
            if not documented and not name.endswith(UNITS) and name not in plain:
                bare.append(f"{klass.name}.{name}")
    allowed = {"Detections.seen_at", "Observations.seen_at", "Detections.quayside"}
    assert len(set(bare) - allowed) <= 24, bare
