"""What every test may use. Sockets are closed except to this machine (pyproject.toml)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import torch

from catalogs import with_addresses, write_catalog, write_scene
from radar_scenes import radar_spec, write_radar
from servers import FileServer, stac_api
from simulated import write_sea

# How long a law takes says nothing about whether it holds: machines are shared. The same code gets
# the same examples, so that a failure is of the change; --hypothesis-profile=new draws others.
for name, same in (("gnomon", True), ("new", False)):
    hypothesis.settings.register_profile(
        name,
        deadline=None,
        derandomize=same,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile("gnomon")


# The networks and fits of the tests are small: two threads would only wait for each other, and ten
# times as long where anything else runs.
torch.set_num_threads(1)


def pytest_configure(config: pytest.Config) -> None:
    """Warnings are errors (pyproject.toml), but for those of odc-geo about its own libraries."""
    for kind in ("PendingDeprecationWarning", "DeprecationWarning"):
        config.addinivalue_line("filterwarnings", rf"ignore::{kind}:odc\.geo")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pixels and metadata, which do not travel with the repository."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("GNOMON_DATA", default))
    if not (folder / "s2-ports").is_dir():
        pytest.skip(f"real data absent at {folder}: set GNOMON_DATA")
    return folder


@dataclass(frozen=True)
class Season:
    """Four small scenes, as a static catalogue on disk; the first two are neighbours in time."""

    folder: Path
    items: tuple[dict[str, Any], ...]

    @property
    def path(self) -> str:
        return str(self.folder / "catalog.json")


@pytest.fixture(scope="session")
def season(tmp_path_factory: pytest.TempPathFactory) -> Season:
    """Scenes of March to May 2024 over one bay, the last one cloudy, one far away."""
    folder = tmp_path_factory.mktemp("season")
    far = (600_000.0, 4_740_000.0)
    items = (
        write_scene(folder, "march", seen_at="2024-03-04T02:12:00Z"),
        write_scene(folder, "april", seen_at="2024-04-03T02:12:10Z"),
        write_scene(folder, "elsewhere", seen_at="2024-04-03T02:12:12Z", corner=far),
        write_scene(
            folder, "may", seen_at="2024-05-03T02:12:00Z", properties={"eo:cloud_cover": 99.0}
        ),
    )
    write_catalog(folder, list(items))
    return Season(folder, items)


@pytest.fixture
def file_server(season: Season) -> Iterator[FileServer]:
    """The season behind HTTP, with faults to switch on."""
    with FileServer(season.folder) as server:
        yield server


@pytest.fixture(scope="session")
def season_api(
    season: Season, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, FileServer]]:
    """The season in a real STAC API, its files behind HTTP."""
    with FileServer(season.folder) as files:
        listed = [with_addresses(item, files.url) for item in season.items]
        with stac_api(listed, tmp_path_factory.mktemp("api")) as url:
            yield url, files


@pytest.fixture(scope="session")
def sea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalogue of three simulated scenes of open water with ships at anchor."""
    return write_sea(tmp_path_factory.mktemp("sea"))


@pytest.fixture(scope="session")
def radar_sea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalogue of one simulated radar scene with three ships off a coast."""
    return write_radar(tmp_path_factory.mktemp("radar"), [radar_spec()])
