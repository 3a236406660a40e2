"""Metadata of an image: which source wins, and values that are refused."""

import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.catalog.local.metadata import ImageMetadata, combined, image_metadata, parse_time
from gnomon.datamodel.errors import CatalogError, StudyError
from own_images import (
    MS,
    NOON,
    VOSTOCHNY,
    made,
    numbers,
    scenes,
    write_image,
    write_planet,
    write_table,
)


def test_the_first_source_that_tells_is_believed(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    write_planet(folder, "a.json", item_type="SkySatScene", cloud_percent=None)
    for place, name in enumerate("abc"):
        write_image(
            folder / f"{name}.tif", numbers(4), corner=(VOSTOCHNY[0] + 900 * place, 4.734e6)
        )
    table = write_table(
        tmp_path,
        {"file": "a.tif", "seen_at": "2020-01-01T03:00Z", "platform": "mine", "bands": MS,
         "view_azimuth_deg": "-80", "view_zenith_deg": "20", "cloud_percent": "3"},
        {"file": "b.tif", "seen_at": "2024-11-05 11:10:00+09:00", "platform": "WorldView 3",
         "bands": "nir;red;green;blue", "scale": "1e-3", "off_nadir_deg": "25"},
    )  # fmt: skip
    answer = made(
        folder, table=table, seen_at="2024-11-06T02:00:00Z", bands="a,b,c,red", scale=1e-4,
        offset=-0.1, platform="any",
    )  # fmt: skip
    found = scenes(answer)
    a, b, c = (found[name] for name in "abc")
    assert (a.seen_at.day, b.seen_at, c.seen_at.day) == (
        5,
        datetime(2024, 11, 5, 2, 10, tzinfo=UTC),
        6,
    )
    assert (a.platform, b.platform, c.platform) == ("skysat-105e", "worldview-3", "any")
    # The table has both angles of the view, Planet only one.
    assert (a.view_azimuth_deg, a.view_zenith_deg) == (280, 20)
    # asin(sin(25) (1 + 600 / 6371)), worked out by hand
    assert b.view_zenith_deg == pytest.approx(27.54, abs=0.01)
    assert (a.cloud_percent, b.cloud_percent) == (7, None)
    assert (a.assets["nir"].band, b.assets["nir"].band, c.assets["red"].band) == (4, 1, 4)
    scaled = [(s.assets["red"].scale, s.assets["red"].offset) for s in (a, b, c)]
    assert scaled == [(1e-4, -0.1), (1e-3, 0), (1e-4, -0.1)]


@given(
    pairs=st.lists(st.tuples(*[st.one_of(st.none(), st.floats(1, 89))] * 2), min_size=1, max_size=4)
)
def test_two_angles_never_come_from_two_sources(
    pairs: list[tuple[float | None, float | None]],
) -> None:
    sources = [ImageMetadata(view_azimuth_deg=a, view_zenith_deg=z) for a, z in pairs]
    merged = combined(sources)
    pair = (merged.view_azimuth_deg, merged.view_zenith_deg)
    assert pair in pairs
    whole = [one for one in pairs if None not in one]
    assert pair == (whole or [one for one in pairs if one != (None, None)] or [(None, None)])[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2024-11-05T11:10:00", "has no zone; write 2024-11-05T11:10:00Z if it is UTC, else"),
        ("2024-11-05", "is a day, not a time; write it 2024-11-05T02:10:00Z"),
        ("5 November", "is not a time; write it 2024-11-05T02:10:00Z"),
        ("1730772600", "is not a time"),
    ],
)
def test_times_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(StudyError, match=why) as raised:
        image_metadata({"seen_at": text})
    assert str(raised.value).startswith("seen_at: ")
    assert "\n" not in str(raised.value)


@given(minutes=st.integers(-14 * 60, 14 * 60), seconds=st.integers(10**8, 17 * 10**8))
def test_any_zone_is_the_same_moment(minutes: int, seconds: int) -> None:
    there = timezone(timedelta(minutes=minutes))
    when = datetime.fromtimestamp(seconds, UTC)
    assert parse_time(when.astimezone(there).isoformat()) == when


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"sun_azimuth_deg": 100.0}, "the sun has only one of azimuth and elevation"),
        ({"sun_azimuth_deg": 100.0, "sun_elevation_deg": -3}, "sun_elevation_deg: .* greater than"),
        ({"view_zenith_deg": "steep"}, "view_zenith_deg: .* valid number"),
        ({"offset": -0.1}, "offset is given without scale"),
        ({"bands": "red,red"}, "bands: red is there twice"),
        ({"scale": 0}, "scale: .* greater than 0"),
        ({"scale": math.inf}, "scale: .* finite"),
        ({"platform": "sentinel-2b"}, "platform: sentinel-2b is a known mission"),
    ],
)
def test_values_that_are_refused(tmp_path: Path, values: dict[str, Any], why: str) -> None:
    write_image(tmp_path / "images" / "a.tif", numbers(1))
    with pytest.raises(StudyError, match=why) as raised:
        made(tmp_path / "images", seen_at=NOON, **values)
    assert "\n" not in str(raised.value)


def test_rows_that_are_faulty_stay_with_their_files(tmp_path: Path) -> None:
    for place, name in enumerate("abcd"):
        write_image(
            tmp_path / "images" / f"{name}.tif", numbers(1), corner=(64e4 + 900 * place, 4.7e6)
        )
    table = write_table(
        tmp_path,
        {"file": "a.tif", "seen_at": "2024-11-05T11:10:00"},
        {"file": "b.tif", "seen_at": NOON},
        {"file": "c.tif", "seen_at": NOON, "cloud_percent": "300"},
        {"file": "d.tif", "seen_at": NOON},
        {"file": "d.tif", "seen_at": NOON},
        {"file": "e.tif", "seen_at": NOON},
    )
    answer = made(tmp_path / "images", table=table)
    assert answer.items == ("b",)
    reported = [str(fault).split(";")[0] for fault in answer.faults]
    assert reported == [
        "a.tif, table.csv line 2: seen_at: 2024-11-05T11:10:00 has no zone",
        "c.tif, table.csv line 4: cloud_percent: Input should be less than or equal to 100",
        "d.tif, table.csv line 6: the file is there twice",
        "e.tif, file: is in the table and not in the folder",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read"),
        ("", "has no column file"),
        ("file;seen_at\na.tif;x\n", "has no column file; .* commas"),
        ("file,sun_elevation\na.tif,3\n", "has unknown columns: sun_elevation; known are"),
    ],
)
def test_tables_that_are_no_tables(tmp_path: Path, text: str | None, why: str) -> None:
    write_image(tmp_path / "images" / "a.tif", numbers(1))
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CatalogError, match=f"table.csv: .*{why}"):
        made(tmp_path / "images", table=path, seen_at=NOON)
