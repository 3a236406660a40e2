"""Windows and seams: nothing is read twice, and nothing is left out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gnomon.geo.tiles import SLACK_PX, framed, windows

sides = st.integers(1, 300)


@given(rows=sides, columns=sides, core=st.integers(1, 128), halo=st.integers(0, 64))
def test_cores_cover_the_raster_exactly_once(rows: int, columns: int, core: int, halo: int) -> None:
    count = np.zeros((rows, columns), int)
    for window in windows((rows, columns), core_px=core, halo_px=halo):
        count[window.core] += 1
    assert (count == 1).all()


@given(rows=sides, columns=sides, core=st.integers(16, 128), halo=st.integers(0, 64))
def test_a_halo_is_as_wide_as_asked_or_ends_with_the_raster(
    rows: int, columns: int, core: int, halo: int
) -> None:
    for window in windows((rows, columns), core_px=core, halo_px=halo):
        for inner, outer, size in zip(window.core, window.halo, (rows, columns), strict=True):
            assert outer.start == max(inner.start - halo, 0)
            assert outer.stop == min(inner.stop + halo, size)


@given(
    x=st.floats(0, 299.99),
    y=st.floats(0, 199.99),
    error=st.tuples(st.floats(-SLACK_PX, SLACK_PX), st.floats(-SLACK_PX, SLACK_PX)),
)
def test_a_centre_with_a_small_error_is_still_claimed(
    x: float, y: float, error: tuple[float, float]
) -> None:
    """The window that owns a centre claims it also when it is off by the slack."""
    for window in windows((200, 300), core_px=64, halo_px=16):
        rows, columns = window.core
        if columns.start <= x < columns.stop and rows.start <= y < rows.stop:
            shifted = np.array([x + error[0] * 0.999]), np.array([y + error[1] * 0.999])
            assert window.claims(*shifted).all()
            return
    raise AssertionError("no window owns the centre")


@given(rows=sides, columns=sides, top=st.integers(0, 299), left=st.integers(0, 299))
def test_a_frame_lies_in_the_raster_and_holds_its_core(
    rows: int, columns: int, top: int, left: int
) -> None:
    core = (slice(top % rows, top % rows + 64), slice(left % columns, left % columns + 64))
    window = framed(core, (rows, columns), halo_px=9)
    for asked, inner, outer, size in zip(
        core, window.core, window.halo, (rows, columns), strict=True
    ):
        assert inner.start == asked.start
        assert 0 <= outer.start <= inner.start < inner.stop <= outer.stop <= size
        assert inner.stop == min(asked.stop, size)
