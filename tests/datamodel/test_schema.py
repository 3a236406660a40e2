"""What every table shares: angles below a full turn, order of rows and columns, safe copies."""

import pandas as pd
import pandera.errors
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.schema import Table, angle, table


class Berths(Table):
    name: pa.typing.Series[str] = pa.Field(unique=True)
    depth_m: pa.typing.Series[float] = pa.Field(gt=0, nullable=True)


def test_angles_end_below_the_full_turn():
    class Turned(pa.DataFrameModel):
        angle: pa.typing.Series[float] = angle(360)

    assert len(Turned.to_schema().validate(pd.DataFrame({"angle": [0.0, 359.99]}))) == 2
    with pytest.raises(pandera.errors.SchemaError):
        Turned.to_schema().validate(pd.DataFrame({"angle": [360.0]}))


@given(st.lists(st.tuples(st.uuids().map(str), st.floats(0.1, 40)), min_size=1, max_size=8))
def test_rows_keep_their_order_and_columns_the_schemas(berths):
    rows = [{"depth_m": depth, "name": name} for name, depth in berths]
    made = table(Berths, rows)
    assert [*made] == ["name", "depth_m"]
    assert [*zip(made["name"], made.depth_m, strict=True)] == berths


def test_what_is_done_to_one_table_without_rows_is_not_seen_in_the_next():
    first = table(Berths, [])
    first["colour"] = []
    del first["depth_m"]
    assert [*table(Berths, [])] == ["name", "depth_m"]
    assert len(table(Berths, [])) == 0


def test_a_column_that_the_schema_lacks_is_refused():
    made = table(Berths, [{"name": "west", "depth_m": 9.0}]).assign(colour="red")
    with pytest.raises(pandera.errors.SchemaErrors):
        Berths.to_schema().validate(made)
