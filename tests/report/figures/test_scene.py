"""Pictures: they show what was found, and never fail for want of a band or of light."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest

from boxes import box
from conftest import Season
from detect.test_cfar import sea as water
from detections import DETECTOR, GRID, SCENE
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.ports import Port
from gnomon.datamodel.schema import table
from gnomon.datamodel.study import CatalogOptions
from gnomon.datamodel.tables import Detections
from gnomon.report.figures.scene import draw, picture
from gnomon.workflow.rows import detection_rows


def cyan(png: bytes) -> int:
    """Pixels of the outline's colour."""
    image = matplotlib.image.imread(BytesIO(png))
    return int(((image[..., 0] < 0.2) & (image[..., 1] > 0.8) & (image[..., 2] > 0.9)).sum())


def test_a_hull_is_outlined_and_an_empty_look_is_not(tmp_path: Path) -> None:
    pixels = water()
    grid = pixels.odc.geobox
    rows = detection_rows(
        box(200, 150), grid, SCENE, Port(None, None), detector=DETECTOR, run_digest=""
    )
    ships = table(Detections, rows)
    shown = picture(pixels, ships, path=tmp_path / "one.png")._repr_png_()
    assert cyan(shown) > 50
    assert cyan(picture(pixels, table(Detections, []))._repr_png_()) == 0
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert GRID.crs == grid.crs


@pytest.mark.parametrize("value", [np.nan, 0.0, 2.0])
def test_nothing_dark_and_saturated_pixels_are_drawn(value: float) -> None:
    pixels = water()
    pixels["nir"][:] = np.float32(value)
    assert picture(pixels)._repr_png_().startswith(b"\x89PNG")


def test_no_id_of_an_item_leads_out_of_the_folder(season: Season, tmp_path: Path) -> None:
    """A hostile catalogue names its item like a path upwards."""
    (scene, *_) = find_scenes(CatalogOptions(url=season.path), area=None).scenes
    scene = replace(scene, id="../../../evil")
    rows = detection_rows(
        box(20, 15), water().odc.geobox, SCENE, Port(None, None), detector=DETECTOR, run_digest="d"
    )
    planned = SimpleNamespace(scene=scene, port=Port(None, None), digest="d")
    run = SimpleNamespace(planned=(planned,), detections=table(Detections, rows))
    folder = draw(run, tmp_path / "a" / "b" / "c" / "pictures")  # type: ignore[arg-type]
    (written,) = tmp_path.rglob("*.png")
    assert written.parent == folder
