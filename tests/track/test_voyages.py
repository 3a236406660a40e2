"""Voyages over the sea and not over land, and AIS beside detections."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, Polygon

from gnomon import cli
from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.files import write_table
from gnomon.datamodel.ports import read_ports
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.tables import Voyages, table
from gnomon.simulate.season.campaign import as_tables, season, trade_2024
from gnomon.track.ais import match, read_ais
from gnomon.track.sea_routes import LEGS, POINTS, distance_nm, route
from gnomon.track.voyages import Call, link

PORTS = {name: POINTS[name] for name in ("vostochny", "chongjin", "rajin", "nampo")}
# Land well inside the coast, by hand from a chart.
KOREA = Polygon(
    [
        (130.3, 42.4), (129.4, 41.4), (129.2, 40.9), (128.2, 40.1), (127.3, 39.75), (127.2, 39.2),
        (128.2, 38.5), (129.1, 37.2), (129.2, 36.0), (129.0, 35.4), (128.0, 35.1), (126.8, 34.7),
        (126.6, 35.6), (126.8, 36.8), (126.9, 37.6), (125.5, 38.1), (125.6, 38.6), (125.6, 39.4),
        (124.9, 39.9), (127.0, 41.5), (129.5, 42.4),
    ]
)  # fmt: skip
HONSHU = Polygon([(131.0, 34.1), (132.6, 35.2), (135.5, 35.3), (135.5, 34.8), (132.5, 34.4)])
JEJU = Polygon([(126.3, 33.3), (126.9, 33.45), (126.7, 33.3)])
T0 = datetime(2024, 4, 1, tzinfo=UTC)


def call(
    port: str, name: str, day: float, stay: float = 2.0, length: float = 85.0, laden: float = 0.5
) -> Call:
    arrive, leave = (T0 + timedelta(days=d) for d in (day, day + stay))
    half = timedelta(hours=6)
    return Call(
        visit_id=name,
        port=port,
        arrive=(arrive - half, arrive, arrive + half),
        depart=(leave - half, leave, leave + half),
        length_m=length,
        length_sigma_m=2.0,
        p_laden_in=laden,
        p_laden_out=1 - laden,
    )


def linked(*calls: Call) -> dict[tuple[str, str | None], float]:
    rows = link(list(calls), PORTS, speed_min_kn=4.0, speed_max_kn=14.0)
    table(Voyages, rows)
    return {(row["departure"], row.get("arrival")): row["probability"] for row in rows}


def test_no_leg_crosses_land() -> None:
    for one, two in LEGS:
        leg = LineString([POINTS[one], POINTS[two]])
        assert not any(leg.intersects(land) for land in (KOREA, HONSHU, JEJU)), (one, two)


def test_distances_are_those_of_a_sphere_and_known_voyages() -> None:
    geod = Geod(a=6_371_000, b=6_371_000)
    for one, two in LEGS:
        metres = geod.inv(*POINTS[one], *POINTS[two])[2]
        assert distance_nm(POINTS[one], POINTS[two]) == pytest.approx(metres / 1852, rel=1e-3)
    # "About 300 km" to Chongjin; to Nampo around Korea five to seven days at eight knots.
    near, far = (route(PORTS["vostochny"], PORTS[p]) for p in ("chongjin", "nampo"))
    assert near is not None
    assert far is not None
    assert 290 < near.distance_nm * 1.852 < 340
    assert 5 < far.distance_nm / 8 / 24 < 7


@given(st.sampled_from(sorted(POINTS)), st.sampled_from(sorted(POINTS)))
def test_a_way_is_as_long_as_its_legs_and_the_same_both_ways(one: str, two: str) -> None:
    there, back = route(POINTS[one], POINTS[two]), route(POINTS[two], POINTS[one])
    assert there is not None
    assert back is not None
    assert there.distance_nm == pytest.approx(back.distance_nm)
    legs = sum(distance_nm(a, b) for a, b in pairwise(there.line.coords))
    assert there.distance_nm == pytest.approx(legs)
    assert there.distance_nm >= distance_nm(POINTS[one], POINTS[two]) - 1e-6


def test_every_shipped_port_of_the_finding_joins_the_lanes() -> None:
    ports = read_ports(shipped("configs") / "ports.geojson")
    for name in ("vostochny", "rajin", "chongjin", "nampo", "wonsan", "hungnam"):
        middle = ports[name].area.centroid
        assert route((middle.x, middle.y), POINTS["vostochny"]) is not None, name
    assert route((18.6, 54.5), POINTS["vostochny"]) is None  # Gdynia


def test_a_departure_leads_to_the_arrival_of_the_same_ship() -> None:
    found = linked(
        call("vostochny", "out", 0, length=85, laden=0.02),
        call("chongjin", "right", 3.2, length=86, laden=0.98),
        call("chongjin", "other size", 3.1, length=110, laden=0.98),
        call("chongjin", "too soon", 2.1, length=85, laden=0.98),
        call("chongjin", "too late", 9.0, length=85, laden=0.98),
        call("chongjin", "came empty", 3.3, length=86, laden=0.02),
    )
    assert found["out", "right"] > 0.6
    assert ("out", "too soon") not in found
    assert ("out", "too late") not in found
    assert found.get(("out", "other size"), 0) < 0.05
    assert found.get(("out", "came empty"), 0) < 0.1


def test_probabilities_of_a_departure_add_up_and_alternatives_are_kept() -> None:
    found = linked(
        call("vostochny", "out", 0),
        call("chongjin", "one", 3.2),
        call("rajin", "two", 3.0),
    )
    mine = {arrival: p for (departure, arrival), p in found.items() if departure == "out"}
    assert sum(mine.values()) == pytest.approx(1, abs=0.03)
    assert set(mine) >= {"one", "two"}


def test_one_arrival_ends_one_voyage() -> None:
    found = linked(
        call("vostochny", "a", 0), call("vostochny", "b", 0.1), call("chongjin", "c", 3.1)
    )
    assert found["a", "c"] + found["b", "c"] <= 1.02


# --- AIS ---------------------------------------------------------------------------------------


def positions(tmp_path: Path, rows: list[tuple[str, str, float, float]]) -> pd.DataFrame:
    path = tmp_path / "ais.csv"
    frame = pd.DataFrame(rows, columns=["mmsi", "time", "longitude", "latitude"])
    frame.to_csv(path, index=False)
    return read_ais(path)


BERTH = {"longitude": 133.066, "latitude": 42.75}
NOON = pd.Timestamp("2024-04-01T12:00Z")


def test_a_ship_that_sends_is_named_and_its_place_interpolated(tmp_path: Path) -> None:
    found = positions(
        tmp_path,
        [
            ("445001000", "2024-04-01T11:50:00Z", 133.056, 42.75),
            ("445001000", "2024-04-01T12:10:00Z", 133.076, 42.75),
        ],
    )
    assert match(found, **BERTH, time=NOON) == ("445001000", False)


def test_dark_only_where_others_were_heard(tmp_path: Path) -> None:
    other = ("273000001", "2024-04-01T11:40:00Z", 133.15, 42.70)
    assert match(positions(tmp_path, [other]), **BERTH, time=NOON) == (None, True)
    far = ("273000001", "2024-04-01T11:40:00Z", 131.9, 43.1)
    assert match(positions(tmp_path, [far]), **BERTH, time=NOON) == (None, None)
    early = ("273000001", "2024-04-01T08:00:00Z", 133.15, 42.70)
    assert match(positions(tmp_path, [early]), **BERTH, time=NOON) == (None, None)
    assert match(positions(tmp_path, []), **BERTH, time=NOON) == (None, None)


@given(st.floats(-0.004, 0.004), st.floats(-0.003, 0.003))
def test_near_means_400_metres(east: float, north: float) -> None:
    frame = pd.DataFrame(
        {
            "mmsi": ["1"],
            "time": [NOON],
            "longitude": [BERTH["longitude"] + east],
            "latitude": [BERTH["latitude"] + north],
        }
    )
    metres = Geod(ellps="WGS84").inv(
        *BERTH.values(), frame.longitude.iloc[0], frame.latitude.iloc[0]
    )[2]
    mmsi, _ = match(frame, **BERTH, time=NOON)
    if abs(metres - 400) > 5:
        assert (mmsi == "1") == (metres < 400)


def test_nmea_sentences_are_positions(tmp_path: Path) -> None:
    pytest.importorskip("pyais")
    path = tmp_path / "ais.nmea"
    path.write_text(
        "2024-04-01T11:58:00Z !AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\n"
        "2024-04-01T11:59:00Z not a sentence\n"
    )
    found = read_ais(path)
    assert list(found.mmsi) == ["477553000"]
    assert found.latitude.iloc[0] == pytest.approx(47.5828, abs=1e-3)
    assert found.longitude.iloc[0] == pytest.approx(-122.3458, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mmsi,when\n1,2\n", "lacks time, longitude, latitude"),
        ("mmsi,time,longitude,latitude\n1,2024-04-01T00:00,1,2\n", "times without a zone"),
    ],
)
def test_wrong_ais_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "ais.csv"
    path.write_text(text)
    with pytest.raises(TrackError, match=said):
        read_ais(path)
    with pytest.raises(TrackError, match="cannot be read as AIS"):
        read_ais(tmp_path / "none.csv")


# --- the command -------------------------------------------------------------------------------


def test_the_command_starts_from_tables_and_fits_80_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = season(np.random.default_rng(1), trade_2024())
    hulls, observations = as_tables(made)
    write_table(observations, tmp_path / "observations.parquet")
    own = hulls.assign(longitude=hulls.geometry.x, latitude=hulls.geometry.y)
    own = own.drop(columns=["geometry", "footprint"]).rename(columns={"length_m": "LOA"})
    own.to_csv(tmp_path / "hulls.csv", index=False)
    positions(tmp_path, [("273000001", "2024-04-01T11:40:00Z", 133.15, 42.70)])
    (tmp_path / "study.toml").write_text(
        'name = "own"\n[catalog]\nurl = "none"\n[period]\nstart = 2024-03-01\nend = 2024-11-30\n'
        '[ports]\nnames = ["vostochny", "chongjin"]\n[track]\ndraws = 50\nmembers = 64\n'
        'ais = "ais.csv"\n[track.detection_columns]\nlength_m = "LOA"\n'
    )
    words = ["--detections", tmp_path / "hulls.csv"]
    words += ["--observations", tmp_path / "observations.parquet"]
    words += ["--study", tmp_path / "study.toml", "--out", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", ["gnomon", "track", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0
    said = capsys.readouterr().out
    told = [line for line in said.splitlines() if not line.startswith(str(tmp_path))]
    assert max(map(len, told)) <= 80
    assert "they load" in said
    assert "P(over 500,000) = " in said
    for name in ("visits", "seasons", "voyages", "ledger"):
        assert (tmp_path / "out" / f"{name}.parquet").exists()
