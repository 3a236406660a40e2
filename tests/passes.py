"""Passes over one bay where a ship lies for a while, and weights that know nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import torch

from gnomon.detect import weights
from gnomon.detect.calibration import UNCALIBRATED, Curve
from gnomon.detect.centernet.network import Network, NetworkOptions
from gnomon.simulate.pixels.catalog import write_catalog, write_scene
from gnomon.simulate.pixels.light import Light
from gnomon.simulate.pixels.scene import SceneSpec, grid, simulate
from gnomon.simulate.pixels.sea import Weather
from gnomon.simulate.pixels.ships import Ship

BOX = grid(epsg=32652, west_m=600_000, north_m=4_670_000, shape=(80, 96), gsd_m=10.0)
STAYER = Ship(
    type="tanker",
    length_m=180,
    beam_m=30,
    heading_deg=70,
    freeboard_m=8,
    house_height_m=15,
    east_m=600_450,
    north_m=4_669_600,
)
PASSES, STAYS = 15, range(3, 13)


def spec(number: int) -> SceneSpec:
    seen_at = datetime(2024, 4, 1, 2, 22, tzinfo=UTC) + timedelta(days=2 * number)
    return SceneSpec(
        id=f"pass-{number:02d}",
        seed=number,
        geobox=BOX,
        seen_at=seen_at,
        light=Light(sun_azimuth_deg=157, sun_elevation_deg=45),
        weather=Weather(haze=0.01 * (number % 4)),
        ships=(STAYER,) if number in STAYS else (),
    )


def write_passes(folder: Path) -> Path:
    """A static catalogue of all of them."""
    items = [write_scene(folder, s, *simulate(s)) for s in map(spec, range(PASSES))]
    return write_catalog(folder, items, description="made by a test")


def tiny(folder: Path, *, background: bool) -> str:
    """Weights that know nothing, and say something everywhere."""
    torch.manual_seed(0)
    network = Network(NetworkOptions(widths=(4, 4, 4, 4), blocks=(1, 1, 1), background=background))
    with torch.no_grad():
        network.heads.bias[0] = 0.0
    curve = Curve(slope=5.0, intercept=15.0)
    calibration = UNCALIBRATED.model_copy(update={"ship": curve})
    weights.save(folder, network, version="0", calibration=calibration)
    return str(folder)
