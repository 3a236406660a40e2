"""Pictures of ships for balloons, from the pixels of a run."""

from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.image as mpl_image
import numpy as np
import pytest
import shapely

from gnomon.datamodel.study import Study
from gnomon.report.figures import load, scene
from gnomon.report.figures.crops import SIDE_PX, crops
from gnomon.report.figures.scene import OUTLINE
from gnomon.workflow.run import Results, run


def of(catalog: Path) -> Study:
    return Study.model_validate(
        {"name": "t", "catalog": {"url": str(catalog)}, "load": {"enabled": False}}
    )


@pytest.fixture(scope="module")
def found(sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(of(sea), tmp_path_factory.mktemp("run"))


def test_every_ship_is_in_the_middle_of_its_picture(found: Results) -> None:
    ships = found.detections
    steps: list[tuple[int, int, str]] = []
    made = crops(ships, found.files[0].parent, on_progress=lambda *words: steps.append(words))
    assert set(made.pictures) == set(ships.detection_id)
    assert made.notes == ()
    assert [count for count, _, _ in steps] == [1, 2, 3]
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


def edge(found: Results, scene: str) -> shapely.Geometry:
    return found.observations[found.observations.scene_id == scene].geometry.iloc[0].boundary


def test_evidence_that_is_not_there_costs_its_own_pictures(found: Results) -> None:
    ships = found.detections
    lost = ships.scene_id == "april-04"
    other = ships.assign(run_digest=ships.run_digest.where(~lost, "0" * 16))
    made = crops(other, found.files[0].parent)
    assert set(made.pictures) == set(ships.detection_id[~lost])
    assert made.notes == (
        f"{lost.sum()} of {len(ships)} ships have no picture: the run kept no evidence of them",
    )


def test_pictures_of_a_simulated_run_are_marked_and_those_of_the_world_are_not(
    found: Results,
) -> None:
    ships, folder = found.detections.iloc[:2], found.files[0].parent
    name = ships.detection_id.iloc[0]
    real = ships.assign(collection="sentinel-2-l2a", platform="sentinel-2a")
    marks, none = crops(ships, folder).pictures, crops(real, folder).pictures
    bare, marked = (mpl_image.imread(BytesIO(made[name]))[..., :3] for made in (none, marks))
    assert (bare[: len(marked)] != marked).any(-1).mean() > 0.02
    assert len(bare) > len(marked)  # by a line of credit


@pytest.mark.parametrize("module", [load, scene])
def test_figures_of_a_simulated_run_are_marked(
    found: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    """`gnomon show` and ``--pictures``; test_marks.py has what the mark does to the pixels."""
    marks: list[bool] = []
    mark = module.credit_figure

    def recorded(figure: Any, axes: Any, credit: Any) -> None:
        marks.append(credit.simulated)
        mark(figure, axes, credit)

    monkeypatch.setattr(module, "credit_figure", recorded)
    name, out = found.detections.detection_id.iloc[0], tmp_path / "show.png"
    if module is load:
        load.show_load(name, run=found.files[0].parent, out=out)
    else:
        scene.draw(found, tmp_path)
    assert marks
    assert all(marks)


def test_without_ships_nothing_is_read(found: Results) -> None:
    made = crops(found.detections.iloc[:0], Path("/none"))
    assert (made.pictures, made.notes) == ({}, ())
