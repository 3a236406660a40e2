"""`gnomon catalog`: options become metadata of images that have none of their own."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import called
from gnomon.cli.catalog import ImageDefaults
from own_images import MS, NOON, numbers, write_image

ANGLE = st.one_of(st.none(), st.floats(0, 90))


@given(ANGLE, ANGLE, ANGLE, ANGLE, st.one_of(st.none(), st.text()))
def test_angles_are_named_with_their_unit_and_nothing_else_changes(
    sun_azimuth: float | None,
    sun_elevation: float | None,
    view_azimuth: float | None,
    view_zenith: float | None,
    platform: str | None,
) -> None:
    defaults = ImageDefaults(
        sun_azimuth=sun_azimuth, sun_elevation=sun_elevation, view_azimuth=view_azimuth,
        view_zenith=view_zenith, platform=platform,
    )  # fmt: skip
    assert defaults.metadata() == {
        "seen_at": None, "sun_azimuth_deg": sun_azimuth, "sun_elevation_deg": sun_elevation,
        "view_azimuth_deg": view_azimuth, "view_zenith_deg": view_zenith, "bands": None,
        "platform": platform, "scale": None, "offset": None,
    }  # fmt: skip


def test_options_are_read_back_by_pystac(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "images" / "a.tif", numbers(4))
    options = {
        "seen-at": NOON, "sun-azimuth": 165.5, "sun-elevation": 30.25, "view-azimuth": 98.0,
        "view-zenith": 12.5, "bands": MS, "platform": "dove-1", "scale": "1e-4",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    out = tmp_path / "catalog"
    assert called(monkeypatch, "catalog", tmp_path / "images", "--out", out, *words) == 0
    path, count = capsys.readouterr().out.splitlines()
    assert count == "1 image, 0 left out"
    (item,) = pystac.Catalog.from_file(path).get_items(recursive=True)
    assert item.datetime == datetime.fromisoformat(NOON).astimezone(UTC)
    assert item.properties["view:sun_azimuth"] == 165.5
    assert item.properties["view:sun_elevation"] == 30.25
    assert item.properties["platform"] == "dove-1"
    assert "1e-4" in json.dumps(item.to_dict()) or "0.0001" in json.dumps(item.to_dict())


def test_an_image_left_out_is_named_and_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "images" / "good.tif", numbers(4))
    (tmp_path / "images" / "bad.tif").write_bytes(b"no tiff")
    words = ("catalog", tmp_path / "images", "--out", tmp_path / "out", "--seen-at", NOON)
    assert called(monkeypatch, *words, "--bands", MS, "--scale", "1e-4") == 3
    output = capsys.readouterr()
    assert [line.split(":")[0] for line in output.err.splitlines()] == ["note", "left out"]
    assert "bad.tif" in output.err
    assert output.out.splitlines()[-1] == "1 image, 1 left out"
