"""The measurement: its counts against brute force and by hand, and the whole of it, thinned."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import odc.geo.xr
import pandas as pd
import pytest
import shapely
import xarray as xr
from hypothesis import example, given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from boxes import upright
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import StudyError, WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.learn.catalogs import Marked, marked_scenes
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval import report
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.crossval.matches import (
    Account,
    Counted,
    account,
    calibration_error,
    counted,
    errors,
    false_alarms,
    port_of,
)
from gnomon.learn.crossval.measure import Options, measure
from gnomon.learn.fit import TrainOptions
from gnomon.learn.metrics import match
from gnomon.learn.type_labels import read_types

GRID = GeoBox.from_bbox((500_000, 4_700_000, 504_000, 4_702_000), "EPSG:32653", resolution=10)
ROWS, COLUMNS = 200, 400


def scene(
    ships: list[tuple[float, float, float]], *, land_to: int = 0, ignored: tuple[int, ...] = ()
) -> Marked:
    """A port of 4 by 2 km: upright ships by column, row and length in pixels, land on the left."""
    shape = (ROWS, COLUMNS)
    land = np.zeros(shape, bool)
    land[:, :land_to] = True
    layers = {"land": land, "water": ~land, "search": np.ones(shape, bool)}
    masks = xr.Dataset({k: odc.geo.xr.wrap_xr(v, GRID) for k, v in layers.items()})
    pixels = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.zeros(shape, np.float32), GRID)})
    outlines = [
        shapely.box(
            500_000 + 10 * (x - 1.5), 4_702_000 - 10 * (y + n / 2),
            500_000 + 10 * (x + 1.5), 4_702_000 - 10 * (y - n / 2),
        )
        for x, y, n in ships
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(geometry=outlines, crs="EPSG:32653").assign(
        measured=True, ignored=[k in ignored for k in range(len(ships))]
    )
    return Marked("S2_port_of_it_20230101", pixels, masks, frame)


places = st.tuples(st.floats(60, 390), st.floats(30, 170), st.floats(3, 25))


@given(
    ships=st.lists(places, max_size=6),
    found=st.lists(st.tuples(places, st.floats(0.01, 0.99)), max_size=8),
    on_ships=st.lists(st.floats(0.01, 0.99), max_size=4),
    least=st.sampled_from([50.0, 100.0]),
    threshold=st.floats(0, 1),
    ignored=st.sets(st.integers(0, 5)),
)
@example(  # a score that is the threshold itself
    ships=[(60.0, 30.0, 5.0)],
    found=[],
    on_ships=[0.01],
    least=50.0,
    threshold=0.01,
    ignored=set(),
)
def test_counts_are_those_of_the_matching(
    ships: list, found: list, on_ships: list, least: float, threshold: float, ignored: set
) -> None:
    marked = scene(ships, ignored=tuple(ignored))
    rows = [(*place, score) for place, score in found]
    rows += [(x, y, n, score) for (x, y, n), score in zip(ships, on_ships, strict=False)]
    these = upright(*rows)
    plain = match(
        these, marked.polygons, marked.truth, gsd_m=10.0, length_min_m=least, ignored=marked.ignored
    )
    told = counted(account([marked], [these]), least)
    assert told.labels == len(plain.truth)
    assert told.average_precision() == pytest.approx(plain.average_precision())
    at = plain.at(threshold)
    assert told.at(threshold) == pytest.approx((at["precision"], at["recall"], at["f1"]))


def port() -> tuple[Marked, OrientedBoxes]:
    """Two ships at a quay, one of them ignored, three at sea, one of them a boat."""
    marked = scene(
        [(44, 40, 20), (44, 100, 16), (150, 50, 12), (250, 50, 30), (300, 150, 4)],
        land_to=40,
        ignored=(1,),
    )
    found = upright(
        (44, 40, 21, 0.9),  # right, at the quay
        (44, 100, 16, 0.8),  # meets what is ignored: neither
        (43, 104, 15, 0.8),  # so does this, there may be two
        (150, 50, 11, 0.7),  # right, at sea
        (42, 160, 15, 0.6),  # false, at the quay
        (350, 100, 15, 0.3),  # false, at sea
        (350, 30, 4, 0.3),  # too short to be false
        (300, 150, 6, 0.3),  # meets a boat: neither
    )
    return marked, found


def test_a_port_that_a_person_can_count() -> None:
    one = account(*[[part] for part in port()])
    assert one.labels.quay.tolist() == [True, True, False, False, False]
    assert counted(one, 50).at(0.5) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert counted(one, 50, quay=True).at(0.5) == pytest.approx((1 / 2, 1.0, 2 / 3))
    assert counted(one, 50, quay=False).at(0.5) == pytest.approx((1.0, 1 / 2, 2 / 3))
    # 3.6 by 2 km of water, of which 40 m lie along the quay.
    assert one.water.all_km2.item() == pytest.approx(7.2)
    assert one.water.open_km2.item() == pytest.approx(7.12)
    assert false_alarms(one, 0.5, 50) == pytest.approx((0.0, 100 / 7.2))
    assert false_alarms(one, 0.2, 50) == pytest.approx((100 / 7.12, 200 / 7.2))


def test_errors_are_those_of_hulls_that_were_found() -> None:
    told = errors(account(*[[part] for part in port()]), 0.5, 50)
    assert told.hulls == 2
    assert told.length_m == pytest.approx(10, abs=1)
    assert told.length_bias_m == pytest.approx(0, abs=1)
    assert told.beam_bias_m == pytest.approx(-10, abs=1)
    assert told.heading_within_10 == 1


def test_ports_apart_are_the_ports_of_the_whole() -> None:
    (here, these), (there, those) = port(), port()
    there = Marked("S2_elsewhere_20230101", there.pixels, there.masks, there.outlines)
    both = account([here, there], [these, those])
    apart = both.of(["Elsewhere"])
    alone = account([there], [those])
    assert counted(apart, 50).at(0.5) == counted(alone, 50).at(0.5)
    pd.testing.assert_frame_equal(apart.hulls, alone.hulls)
    pd.testing.assert_frame_equal(apart.labels, alone.labels)


def test_a_score_that_is_true_has_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    score = rng.uniform(0.05, 1, 40_000)
    right = rng.random(40_000) < score
    assert calibration_error(Counted(score, right, 0)) < 0.01
    assert calibration_error(Counted(score**2, right, 0)) > 0.1
    # Of ten hulls of 0.75 five are ships: off by a quarter.
    five = Counted(np.full(10, 0.75), np.arange(10) < 5, 0)
    assert calibration_error(five) == pytest.approx(0.25)


def test_names_of_ports_are_read_off_their_items() -> None:
    assert port_of("S2_port_of_it_20230101") == "Port Of It"
    assert port_of("S2_genoa_20230710") == "Genoa"


def test_the_shipped_folds_name_every_port_once() -> None:
    folds = read_folds(shipped("configs") / "folds.toml")
    assert len(folds) == 5
    assert sum(len(fold.ports) for fold in folds) == 12
    assert folds[0].holds("S2_athens_20230818")
    assert not folds[0].holds("S2_genoa_20230710")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fold = 3", "should have tables"),
        ("[[fold]]\nports = ['a']", "two folds"),
        ("[[fold]]\nports = ['a']\n[[fold]]\nports = ['b', 'a']", "a in more than one"),
        ("[[fold]]\nports = ['a']\n[[fold]]\nports = []", "each with a port"),
        ("][", "should have tables"),
    ],
)
def test_a_bad_file_of_folds_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "folds.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=fault):
        read_folds(path)


def test_only_what_stands_between_the_markers_is_written(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"before\n{report.START}\nold\n{report.END}\nafter\n")
    report.written(card, "new")
    report.written(card, "newer")
    assert card.read_text() == f"before\n{report.START}\n\nnewer\n\n{report.END}\nafter\n"
    card.write_text("no markers")
    with pytest.raises(WeightsError, match="to write between"):
        report.written(card, "new")


@pytest.mark.slow
def test_the_whole_measurement_thinned(sea: Path, tmp_path: Path) -> None:
    path = tmp_path / "folds.toml"
    names = ("april-04", "april-14", "april-24")
    path.write_text("".join(f"[[fold]]\nports = ['{name}']\n" for name in names))
    nothing = tmp_path / "nothing.geojson"
    nothing.write_text('{"type": "FeatureCollection", "features": []}')
    options = Options(
        train=TrainOptions(steps=100, batch=4, average=0.9),
        simulated=1,
        judging=1,
        rival_folds=(2,),
        rival_seconds=4.0,
    )
    said: list[str] = []

    def whole() -> str:
        measured = measure(
            marked_scenes(str(sea)),
            read_folds(path),
            tmp_path / "states",
            corrections=read_corrections(nothing),
            types=read_types(nothing),
            options=options,
            say=said.append,
        )
        report.figure(measured).savefig(tmp_path / "evaluation.png")
        assert isinstance(measured.corrected, Account)
        return report.block(measured)

    text = whole()
    for row in (
        "average precision",
        "... quay-side",
        "synthetic truth",
        "contrast alone",
        "R-CNN",
        "p_tanker",
    ):
        assert row in text
    assert sum("step 0, loss" in line for line in said) == 3
    # Nothing is trained twice, and what is measured again is the same but for seconds.
    again = whole()
    assert sum("step 0, loss" in line for line in said) == 3
    assert again.split("| detector")[0] == text.split("| detector")[0]
