"""What a run would take: against what a run took, over a real server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from shapely.geometry import box

from gnomon.datamodel.study import Study
from gnomon.workflow import forecast as forecasting
from gnomon.workflow.forecast import Forecast, PortForecast, forecast
from gnomon.workflow.run import run
from servers import Fault, FileServer
from simulated import BOX, DAYS


def study(url: str | Path, **sections: object) -> Study:
    return Study.model_validate(
        {"name": "test", "catalog": {"url": str(url), "hosts": ["127.0.0.1"]}, **sections}
    )


@pytest.fixture
def server(sea: Path, tmp_path: Path) -> Iterator[FileServer]:
    shutil.copytree(sea.parent, tmp_path / "served")
    with FileServer(tmp_path / "served") as files:
        yield files


def fetched(server: FileServer) -> int:
    """Bytes of rasters that were asked for."""
    total = 0
    for _, path, span in server.seen:
        if path.endswith(".tif") and span:
            first, last = span.removeprefix("bytes=").split("-")
            total += int(last) - int(first) + 1
    return total


def test_what_was_said_is_what_the_run_then_takes(server: FileServer, tmp_path: Path) -> None:
    chosen = study(f"{server.url}/catalog.json")
    out = tmp_path / "out"
    made = forecast(chosen, out)
    assert not out.exists()
    (port,) = made.ports
    assert (port.port, port.images, port.too_cloudy, port.faulty) == ("everywhere", len(DAYS), 0, 0)
    assert port.first is not None
    assert (port.first.day, port.last and port.last.day) == (DAYS[0], DAYS[-1])
    assert (made.missing, made.failed, made.simulated) == ((), (), True)
    assert made.weights[0].startswith("s2-vessel ")
    with FileServer(server.folder) as another:  # of which nothing is remembered
        outcome = run(study(f"{another.url}/catalog.json"), out, infer=False)
        assert len(outcome.observations) == port.images
        assert port.bytes_to_read is not None
        # The beginning of a file counts as more than a block, and these files are small.
        assert 0.7 < port.bytes_to_read / fetched(another) < 1.8
    kept = sum(file.stat().st_size for file in (out / "store").rglob("*.parquet"))
    assert port.disk_bytes is not None
    assert 0.3 < port.disk_bytes / kept < 3


def test_a_file_that_is_refused_is_said_before_the_run(server: FileServer, tmp_path: Path) -> None:
    for day in DAYS:
        server.faults[f"/april-{day:02d}/green.tif"] = Fault(status=403)
    made = forecast(study(f"{server.url}/catalog.json"), tmp_path / "out")
    ((scene, reason),) = made.failed
    assert scene.startswith("april-")
    assert "403" in reason
    assert made.ports[0].bytes_to_read is None
    assert made.seconds is None


def test_clouds_and_faults_are_counted_and_nothing_is_tried(
    server: FileServer, tmp_path: Path
) -> None:
    path = server.folder / "april-04" / "april-04.json"
    item = json.loads(path.read_text())
    item["properties"]["datetime"] = None
    path.write_text(json.dumps(item))
    made = forecast(
        study(f"{server.url}/catalog.json", period={"end": "2020-01-01"}), tmp_path / "out"
    )
    assert [one.images for one in made.ports] == [0]
    assert made.missing == (
        "images: the catalogue has none; mend the period, ports or collections",
    )
    assert made.ports[0].faulty == 1
    assert not [one for one in server.seen if one[1].endswith(".tif")]


def test_a_folder_that_cannot_be_written_is_missing(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    made = forecast(study(f"{server.url}/catalog.json"), tmp_path / "file" / "out")
    assert [what.split(":")[0] for what in made.missing] == ["a place to write"]


def test_a_large_port_is_tried_in_part_and_scaled(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    observe = forecasting.observe
    monkeypatch.setattr(forecasting, "observe", lambda one: (tried.append(one), observe(one))[1])
    whole = forecast(study(sea), tmp_path)
    monkeypatch.setattr(forecasting, "TRIAL_PX", 100)
    monkeypatch.setattr(forecasting, "TRIAL_HALF_M", 300.0)
    part = forecast(study(sea), tmp_path)
    assert tried[0].port.area is None
    assert tried[1].port.area.area < box(*BOX.geographic_extent.boundingbox).area / 5
    assert part.ports[0].bytes_to_read == whole.ports[0].bytes_to_read
    assert part.ports[0].processor_s is not None
    assert whole.ports[0].processor_s is not None
    assert 0.1 < part.ports[0].processor_s / whole.ports[0].processor_s < 10


def port_of(images: int, bytes_to_read: float | None) -> PortForecast:
    return PortForecast(
        port="a", images=images, too_cloudy=0, faulty=0, first=None, last=None,
        bytes_to_read=bytes_to_read, processor_s=40.0, disk_bytes=1.0, reads_per_image=1,
    )  # fmt: skip


def test_a_total_without_one_part_is_unknown_but_ports_without_images_do_not_count() -> None:
    def made(*ports: PortForecast) -> Forecast:
        return Forecast(
            catalog_notes=(),
            ports=ports, weights=(), processors=4, free_bytes=1, missing=(), failed=(),
            simulated=False,
        )  # fmt: skip

    assert made(port_of(1, 5.0), port_of(0, None)).total("bytes_to_read") == 5.0
    assert made(port_of(1, 5.0), port_of(2, None)).total("bytes_to_read") is None
    assert made(port_of(1, 5.0), port_of(2, 5.0)).seconds == forecasting.START_S + 80 / 4
