"""Costs of studies are sums along a line through what was measured, and the page says so."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.shipped import shipped
from gnomon.validate import costs
from gnomon.validate.costs import AreaCost, Figures, Workload
from gnomon.validate.range_server import counted, served

PORTS = shipped("configs") / "ports.geojson"


def figures(*areas: float) -> Figures:
    """Costs that grow by the area and begin at some."""
    measured = [
        AreaCost(
            area_km2=area, seconds=1 + area / 100, bytes_read=1e6 * area, bytes_planned=1e6 * area,
            requests=20, peak_gib=1, stored_bytes=1e3 * area, ships=1,
        )
        for area in areas
    ]  # fmt: skip
    return Figures(made_on=date(2026, 1, 2), machine="a machine", costs=measured)


@given(
    areas=st.lists(st.floats(1, 5000), min_size=1, max_size=5),
    images=st.floats(1, 1000),
)
def test_a_study_costs_the_sum_of_its_images(areas: list[float], images: float) -> None:
    study, made = Workload("some", tuple(areas), images), figures(25, 100, 400)
    seconds = costs.study_cost(made, study, "seconds")
    assert seconds == pytest.approx(sum(images * (1 + area / 100) for area in areas), rel=1e-6)
    volume = costs.study_cost(made, study, "bytes_read")  # for the background too
    assert volume == pytest.approx(2 * images * 1e6 * sum(areas), rel=1e-3)


def test_a_worker_waits_for_requests_and_bytes() -> None:
    total = {"seconds": 100.0, "bytes_read": 100 * costs.BYTES_A_SECOND, "requests": 1000.0}
    assert costs.worker_seconds(total) == pytest.approx(200 + 1000 * costs.LATENCY_S)


def test_the_page_in_the_docs_is_written_from_its_figures() -> None:
    kept = Figures.model_validate_json(costs.FIGURES.read_text())
    assert costs.PAGE.read_text() == costs.page(kept, costs.workloads(PORTS))


def test_a_file_server_counts_what_it_gives(tmp_path: Path) -> None:
    """By the reader of pixels."""

    values = np.arange(256 * 256, dtype="uint16").reshape(1, 256, 256)
    path = tmp_path / "one.tif"
    form = {"driver": "GTiff", "width": 256, "height": 256, "count": 1, "dtype": "uint16"}
    with rasterio.open(path, "w", transform=rasterio.Affine(10, 0, 0, 0, -10, 0), **form) as file:
        file.write(values)
    with served(tmp_path) as url, rasterio.open(f"/vsicurl/{url}/one.tif") as file:
        assert (file.read() == values).all()
        requests, volume = counted(url)
    assert requests >= 2
    assert values.nbytes <= volume <= 2 * path.stat().st_size
