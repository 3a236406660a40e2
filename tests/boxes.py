"""Boxes as tests write them down."""

from hypothesis import strategies as st

from gnomon.datamodel.boxes import OrientedBoxes


def box(
    x: float,
    y: float,
    length: float = 12,
    beam: float = 2,
    angle: float = 30,
    score: float = 0.9,
) -> OrientedBoxes:
    """One box."""
    return OrientedBoxes.of(x, y, length, beam, angle, score=score)


def upright(*rows: tuple[float, float, float, float]) -> OrientedBoxes:
    """Boxes two pixels wide with their axis up, from x, y, length and score."""
    return OrientedBoxes.concatenate(box(x, y, n, 2, 0, score) for x, y, n, score in rows)


one_box = st.builds(
    box,
    st.floats(20, 980, width=32),
    st.floats(20, 980, width=32),
    st.floats(3, 40, width=32),
    st.floats(1, 6, width=32),
    st.floats(0, 179.5, width=32),
    st.floats(0.0625, 1, width=32),
)
several_boxes = st.lists(one_box, min_size=1, max_size=8).map(OrientedBoxes.concatenate)
