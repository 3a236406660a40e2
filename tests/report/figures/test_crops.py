"""Pictures of ships for balloons, from the pixels of a run."""

import json
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import matplotlib.image as mpl_image
import numpy as np
import pytest
import shapely

from gnomon.datamodel.study import Study
from gnomon.report.figures.crops import SIDE_PX, crops
from gnomon.report.figures.scene import OUTLINE
from gnomon.workflow.run import Outcome, run_study


def of(catalog: Path) -> Study:
    return Study.model_validate(
        {"name": "t", "catalog": {"url": str(catalog)}, "load": {"enabled": False}}
    )


@pytest.fixture(scope="module")
def found(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_study(of(sea), tmp_path_factory.mktemp("run"))


def test_every_ship_is_in_the_middle_of_her_picture(sea: Path, found: Outcome) -> None:
    ships = found.detections
    told: list[tuple[int, int, str]] = []
    made = crops(ships, of(sea).catalog, progress=lambda *words: told.append(words))
    assert set(made.pictures) == set(ships.detection_id)
    assert made.notes == ()
    assert [count for count, _, _ in told] == [1, 2, 3]
    assert set(made.items) == set(ships.scene_id)
    cyan = np.array(mpl.colors.to_rgb(OUTLINE))
    whole = 0
    for row in ships.itertuples():
        image = mpl_image.imread(BytesIO(made.pictures[row.detection_id]))[..., :3]
        assert 0.7 * SIDE_PX < max(image.shape[:2]) < 1.5 * SIDE_PX
        line = np.abs(image - cyan).max(-1) < 0.01
        rows, columns = np.nonzero(line)
        if row.geometry.distance(edge(found, row.scene_id)) < 0.004:
            continue  # cut by the scene's edge
        whole += 1
        middle = np.array([rows.min() + rows.max(), columns.min() + columns.max()]) / 2
        assert np.abs(middle - np.array(image.shape[:2]) / 2).max() < SIDE_PX / 12
        inside = image[
            int(middle[0]) - 3 : int(middle[0]) + 3, int(middle[1]) - 3 : int(middle[1]) + 3
        ]
        assert inside.mean() > np.median(image) + 0.02  # a deck is brighter than the sea
    assert whole > len(ships) / 3


def edge(found: Outcome, scene: str) -> shapely.Geometry:
    return found.observations[found.observations.scene_id == scene].geometry.iloc[0].boundary


def test_a_scene_that_broke_costs_its_own_pictures(
    sea: Path, found: Outcome, tmp_path: Path
) -> None:
    (tmp_path / "links").mkdir()
    links = []
    for number, path in enumerate(sorted(sea.parent.glob("april-*/april-*.json"))):
        item = json.loads(path.read_text())
        for name, asset in item["assets"].items():
            gone = number == 0 and name == "red"
            asset["href"] = "/none.tif" if gone else str(path.parent / asset["href"])
        (tmp_path / path.name).write_text(json.dumps(item))
        links.append({"rel": "item", "href": f"./{path.name}"})
    catalog = tmp_path / "catalog.json"
    document = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d"}
    catalog.write_text(json.dumps(document | {"links": links[:2]}))
    made = crops(found.detections, of(catalog).catalog)
    ids = found.detections[found.detections.scene_id == "april-14"].detection_id
    assert set(made.pictures) == set(ids)
    assert len(made.notes) == 2
    assert "april-24: the catalogue does not have it" in made.notes[0]
    assert made.notes[1].startswith("no pictures of april-04: april-04, red:")


def test_without_ships_nothing_is_asked(found: Outcome) -> None:
    made = crops(found.detections.iloc[:0], of(Path("/none.json")).catalog)
    assert (made.pictures, made.notes) == ({}, ())
