"""The benchmark measures what it names: the same pixels for floor and product, and no set-up."""

import time
from pathlib import Path
from typing import Any

import pytest
import rasterio

from gnomon.datamodel.shipped import shipped
from gnomon.validate import bench, planning

CATALOG = str(shipped("configs") / "casablanca" / "catalog.json")


@pytest.fixture
def pixels(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Files that are read, with how many pixels."""
    read: list[tuple[str, int]] = []
    reader = rasterio.io.DatasetReader.read

    def counted(self: Any, *args: Any, **more: Any) -> Any:
        values = reader(self, *args, **more)
        read.append((Path(self.name).stem, values.size))
        return values

    monkeypatch.setattr(rasterio.io.DatasetReader, "read", counted)
    return read


@pytest.mark.parametrize("where", ["tile", "port"])
def test_the_floor_reads_the_bands_that_the_product_reads(
    pixels: list[tuple[str, int]], where: str
) -> None:
    floor = bench.measured("decode", CATALOG, where)
    decoded = dict(pixels)
    pixels.clear()
    product = bench.measured("find", CATALOG, where)
    observed = dict(pixels)
    assert floor["ships"] == 0
    assert product["ships"] > 0
    assert set(decoded) == set(bench.BANDS)
    for band, size in decoded.items():
        # A port is read with a halo; no band is read twice.
        assert observed[band] >= size
        assert [name for name, _ in pixels].count(band) == 1
    assert product["seconds"] > 0
    assert floor["seconds"] > 0


def test_loads_are_measured_without_the_drawing_of_ships() -> None:
    started = time.perf_counter()
    measured = bench.TASKS["hulls"]("10", "3")
    assert measured["hulls"] == 3
    assert 0 < measured["seconds"] < time.perf_counter() - started
    assert 0.05 < measured["gib"] < 8


def test_a_season_counts_its_observations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "infer_season", lambda _: time.sleep(0.01))
    short, long = (bench.season(days) for days in ("60", "180"))
    assert 0.01 <= short["seconds"] < 5
    assert 2 * short["observations"] < long["observations"] < 4 * short["observations"]


def test_a_part_that_is_not_there_is_named() -> None:
    with pytest.raises(
        SystemExit, match="there is no part all; there are plan, memory, scene, loads, seasons"
    ):
        bench.main("all")


def test_a_plan_is_measured_of_every_item_of_every_port() -> None:
    made = planning.measure_plan("120", "2")
    assert (made["items"], made["tasks"]) == (240, 240 + 2)  # and a background of each port
    assert made["seconds"] > 0
