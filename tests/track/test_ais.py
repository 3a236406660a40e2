"""AIS beside detections: positions, darkness and names."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gnomon.datamodel.errors import TrackError
from gnomon.track.ais import NO_AIS, AisMatch, ais_names, read_ais
from gnomon.track.ais_matching import AisHulls, match_image
from gnomon.track.fleet import UNNAMED, read_fleet
from tracked_seasons import REGISTER, TRAFFIC

BERTH = {"longitude": 133.066, "latitude": 42.75}
NOON = pd.Timestamp("2024-04-01T12:00Z")


def match_ais(
    frame: pd.DataFrame, *, longitude: float, latitude: float, time: pd.Timestamp
) -> AisMatch:
    """Of one hull, without its probability."""
    hulls = AisHulls(
        longitude_deg=np.array([longitude]), latitude_deg=np.array([latitude]),
        heading_deg=np.array([np.nan]), heading_sigma_deg=np.array([np.nan]),
        radar=False, view_azimuth_deg=np.nan, view_zenith_deg=np.nan,
    )  # fmt: skip
    (match,) = match_image(frame, hulls, time)
    return match._replace(probability=None)


def positions(tmp_path: Path, rows: list[tuple[str, str, float, float]]) -> pd.DataFrame:
    path = tmp_path / "ais.csv"
    frame = pd.DataFrame(rows, columns=["mmsi", "time", "longitude", "latitude"])
    frame.to_csv(path, index=False)
    return read_ais(path)


def table(minutes: list[float], east: list[float], mmsi: str = "1") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "mmsi": mmsi,
            "time": [NOON + pd.Timedelta(minutes=m) for m in minutes],
            "longitude": [BERTH["longitude"] + e for e in east],
            "latitude": BERTH["latitude"],
        }
    )


def test_a_ship_that_sends_is_named_and_its_position_interpolated(tmp_path: Path) -> None:
    found = positions(
        tmp_path,
        [
            ("445001000", "2024-04-01T11:50:00Z", 133.056, 42.75),
            ("445001000", "2024-04-01T12:10:00Z", 133.076, 42.75),
        ],
    )
    assert match_ais(found, **BERTH, time=NOON) == AisMatch("445001000", dark=False)


def test_a_ship_is_dark_only_where_another_was_received(tmp_path: Path) -> None:
    other = ("273000001", "2024-04-01T11:40:00Z", 133.15, 42.70)
    assert match_ais(positions(tmp_path, [other]), **BERTH, time=NOON) == AisMatch(None, dark=True)
    far = ("273000001", "2024-04-01T11:40:00Z", 131.9, 43.1)
    assert match_ais(positions(tmp_path, [far]), **BERTH, time=NOON) == NO_AIS
    early = ("273000001", "2024-04-01T08:00:00Z", 133.15, 42.70)
    assert match_ais(positions(tmp_path, [early]), **BERTH, time=NOON) == NO_AIS
    assert match_ais(positions(tmp_path, []), **BERTH, time=NOON) == NO_AIS


@given(st.floats(-0.004, 0.004), st.floats(-0.003, 0.003))
def test_near_is_400_metres(east: float, north: float) -> None:
    frame = table([0.0], [east]).assign(latitude=BERTH["latitude"] + north)
    metres = Geod(ellps="WGS84").inv(
        *BERTH.values(), frame.longitude.iloc[0], frame.latitude.iloc[0]
    )[2]
    mmsi, *_ = match_ais(frame, **BERTH, time=NOON)
    if abs(metres - 400) > 5:
        assert (mmsi == "1") == (metres < 400)


@given(st.floats(1, 29), st.floats(1, 29))
def test_a_track_is_interpolated_in_time(before: float, after: float) -> None:
    """A ship at constant speed that passes the berth at noon is there."""
    speed = 0.001  # degrees a minute
    frame = table([-before, after], [-before * speed, after * speed])
    assert match_ais(frame, **BERTH, time=NOON).mmsi == "1"
    late = frame.assign(longitude=frame.longitude + 0.02)
    assert match_ais(late, **BERTH, time=NOON).mmsi is None


@pytest.mark.parametrize(
    ("minutes", "known"),
    [([-29.0], True), ([-31.0], False), ([-29.0, 30.9], True), ([-45.0, 40.0], False)],
)
def test_positions_count_for_half_an_hour_or_between_two_within_an_hour(
    minutes: list[float], known: bool
) -> None:
    frame = table(minutes, [0.0] * len(minutes))
    assert (match_ais(frame, **BERTH, time=NOON).mmsi == "1") == known


def test_of_two_ships_the_nearer_one_is_matched() -> None:
    frame = pd.concat([table([0.0], [0.002], "1"), table([0.0], [0.001], "2")])
    assert match_ais(frame.reset_index(drop=True), **BERTH, time=NOON).mmsi == "2"


def test_hulls_get_the_ship_of_their_number_or_name() -> None:
    fleet = read_fleet(REGISTER, TRAFFIC.tankers)
    frame = pd.DataFrame(
        {
            "mmsi": ["1", "1", "1", "2", "3"],
            "name": ["Un Hung", "Chon Ma San", "Chon Ma San", "No Such Ship", None],
            "imo": [None, None, None, None, "8660313.0"],
        }
    )
    matches = [AisMatch(m, dark=False) for m in ("1", "2", "3")] + [NO_AIS]
    ship = fleet.find("Chon Ma San")
    assert ais_names(frame, matches, fleet).ship.tolist() == [ship, UNNAMED, ship, UNNAMED]
    bare = frame.drop(columns=["name", "imo"])
    assert (ais_names(bare, matches, fleet).ship == UNNAMED).all()


def test_parquet_and_csv_are_the_same_positions(tmp_path: Path) -> None:
    rows = [("9", "2024-04-01T12:00:00+09:00", 1.0, 2.0), ("1", "2024-04-02T00:00Z", 3.0, 4.0)]
    by_csv = positions(tmp_path, rows)
    frame = pd.DataFrame(rows, columns=["mmsi", "time", "longitude", "latitude"])
    frame.to_parquet(tmp_path / "ais.parquet")
    pd.testing.assert_frame_equal(read_ais(tmp_path / "ais.parquet"), by_csv)
    assert list(by_csv.mmsi) == ["1", "9"]
    assert by_csv.time.iloc[1] == pd.Timestamp("2024-04-01T03:00Z")


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
    ("text", "message"),
    [
        ("mmsi,when\n1,2\n", "lacks time, longitude, latitude"),
        (
            "mmsi,time,longitude,latitude\n1,2024-04-01T00:00,1,2\n",
            "time 2024-04-01T00:00 has no zone",
        ),
        ("mmsi,time,longitude,latitude\n1,05/04/2024 00:00,1,2\n", "several days"),
    ],
)
def test_faulty_ais_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "ais.csv"
    path.write_text(text)
    with pytest.raises(TrackError, match=message):
        read_ais(path)
    with pytest.raises(TrackError, match="cannot be read as AIS"):
        read_ais(tmp_path / "none.csv")


HEADER = "mmsi,time,longitude,latitude\n"
WHOLE = "1,2024-04-01T00:00Z,130,42\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2024-04-01T00:00Z,x,42", "row 2: longitude is not in degrees"),
        ("1,2024-04-01T00:00Z,inf,42", "row 2: longitude is not in degrees"),
        ("1,2024-04-01T00:00Z,130,", "row 2: latitude is not in degrees"),
        ("1,2024-04-01T00:00Z,130,92", "row 2: latitude is not in degrees"),
        (",2024-04-01T00:00Z,130,42", "row 2: mmsi is no number"),
        ("one,2024-04-01T00:00Z,130,42", "row 2: mmsi is no number"),
        ("1,,130,42", "row 2: time"),
        ("1,0001-01-01T00:00+14:00,130,42", "row 2: time .* is no time"),
    ],
)
def test_a_row_that_is_no_position_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "ais.csv"
    path.write_text(f"{HEADER}{WHOLE}{row}\n")
    with pytest.raises(TrackError, match=message):
        read_ais(path)


def test_places_that_ais_does_not_know_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ais.csv"
    path.write_text(f"{HEADER}{WHOLE}1,2024-04-01T00:01Z,181,91\n")
    assert list(read_ais(path).longitude) == [130]


@given(
    st.integers(0, 3),
    st.one_of(
        st.sampled_from(["nan", "1e400", "\x00", "0001-01-01T00:00Z", "9999-12-31T23:59:59-14:00"]),
        st.text(st.characters(exclude_characters='\r\n,"', codec="utf-8"), max_size=12),
        st.floats().map(str),
    ),
)
def test_any_cell_is_a_position_or_a_fault(column: int, cell: str) -> None:
    row = WHOLE.strip().split(",")
    row[column] = cell
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ais.csv"
        path.write_text(f"{HEADER}{WHOLE}{','.join(row)}\n", encoding="utf-8")
        try:
            positions = read_ais(path)
        except TrackError:
            return
    when = pd.Timestamp("2024-04-01T00:00Z")
    match = match_ais(positions, longitude=130, latitude=42, time=when)
    assert match.dark is not None  # the whole row was received there
