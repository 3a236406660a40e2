"""Notes on images that go in, and what no longer goes in: on real files."""

from pathlib import Path

import numpy as np
import pytest

from commands import called
from gnomon.catalog.local.notes import NAMED
from own_images import MS, NOON, made, numbers, write_image

VIEW = {"view_azimuth_deg": 284.0, "view_zenith_deg": 4.0}


def notes(folder: Path, values: np.ndarray, **metadata: object) -> list[str]:
    write_image(folder / "images" / "a.tif", values)
    answer = made(folder / "images", seen_at=NOON, **metadata)
    assert answer.faults == ()
    return [note.removeprefix("a.tif: ") for note in answer.notes]


def test_an_image_that_lacks_nothing_has_no_note(tmp_path: Path) -> None:
    assert notes(tmp_path, numbers(4), bands=MS, scale=1e-4, **VIEW) == []


@pytest.mark.parametrize(
    "view", [{}, {"view_zenith_deg": 4.0}, {"view_azimuth_deg": 4.0}], ids=["none", "zenith", "az"]
)
def test_without_both_view_angles_fewer_loads_can_be_determined(
    tmp_path: Path, view: dict[str, float]
) -> None:
    (note,) = notes(tmp_path, numbers(4), bands=MS, scale=1e-4, **view)
    assert note.endswith("fewer loads can be determined; give --view-zenith and --view-azimuth")


def test_without_infrared_fewer_ships_are_found(tmp_path: Path) -> None:
    (note,) = notes(tmp_path, numbers(3), bands="red,green,blue", scale=1e-4, **VIEW)
    assert note.startswith("no near infrared, so water is found by its texture in red, green and ")


def test_without_infrared_and_colour_ships_cannot_be_found(tmp_path: Path) -> None:
    (note,) = notes(tmp_path, numbers(2), bands="red,green", scale=1e-4, **VIEW)
    assert note.startswith("no near infrared, and not all of red, green and blue, so water and ")


@pytest.mark.parametrize(
    ("values", "scale", "start"),
    [
        (numbers(4), None, "no scale is given"),
        (numbers(4).astype("float32"), None, "no scale is given"),
        (numbers(4).astype("float32") / 1e4, 1e-4, "with this scale"),
        (numbers(4), 1.0, "with this scale"),
        (numbers(4, data_type="uint8"), 1e-4, "with this scale"),
    ],
)
def test_numbers_that_are_no_reflectances_are_noted(
    tmp_path: Path, values: np.ndarray, scale: float | None, start: str
) -> None:
    (note,) = notes(tmp_path, values, bands=MS, scale=scale, **VIEW)
    assert note.startswith(start)
    assert "--scale" in note


def test_reflectances_as_floats_need_no_scale(tmp_path: Path) -> None:
    assert notes(tmp_path, numbers(4).astype("float32") / 1e4, bands=MS, **VIEW) == []


def test_many_images_are_one_note(tmp_path: Path) -> None:
    for place in range(NAMED + 2):
        corner = (640_000.0 + 900 * place, 4_734_000.0)
        write_image(tmp_path / "images" / f"{place}.tif", numbers(4), corner=corner)
    (note,) = made(tmp_path / "images", seen_at=NOON, bands=MS, scale=1e-4).notes
    assert note.startswith("0.tif, 1.tif, 2.tif and 2 more: no view angles")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.full((4, 40, 60), np.nan, "float32"), "pixels: are all nodata; leave the file out"),
        (
            np.zeros((4, 40, 60), "uint16"),
            "pixels: are all 0, and show nothing; leave the file out",
        ),
    ],
)
def test_images_that_show_nothing_are_left_out(
    tmp_path: Path, values: np.ndarray, why: str
) -> None:
    write_image(tmp_path / "images" / "a.tif", values)
    answer = made(tmp_path / "images", seen_at=NOON, bands=MS)
    assert [str(fault).startswith(f"a.tif, {why}") for fault in answer.faults] == [True]
    assert answer.path is None


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--seen-at", "2124-11-05T02:10:00Z", "before 1972 or to come; check the year"),
        ("--seen-at", "05.11.2024 10:00", "is not a time; write it 2024-11-05T02:10:00Z"),
        ("--seen-at", "2024-11-05T02:10", "has no zone"),
        ("--sun-azimuth", "999", "less than or equal to 360"),
        ("--view-zenith", "95", "less than 90"),
        ("--scale", "0", "greater than 0"),
        ("--bands", "blue,blue", "blue is there twice"),
    ],
)
def test_a_value_out_of_bounds_is_named_as_it_was_typed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    why: str,
) -> None:
    write_image(tmp_path / "images" / "a.tif", numbers(4))
    words = ("catalog", tmp_path / "images", "--out", tmp_path / "out", option, value)
    assert called(monkeypatch, *words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gnomon: {option} {value}")
    assert why in line
    assert not (tmp_path / "out").exists()
