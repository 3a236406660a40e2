"""Labelled scenes: read with their outlines, corrected, typed, and simulated with their truth."""

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from boxes import upright
from drawn_scenes import GRID, drawn_port
from gnomon.datamodel.errors import CatalogError, LabelError
from gnomon.learn.outlines import PIXEL_LOOSE, TIGHT
from gnomon.learn.scenes import SHORTEST_M, labelled_scenes, simulated_scenes
from simulated import spec, write_sea


def test_scenes_are_read_with_their_outlines(sea: Path) -> None:
    scenes = labelled_scenes(str(sea))
    assert len(scenes) == 3
    for scene in scenes:
        assert (scene.real, scene.looseness, scene.gsd_m) == (True, PIXEL_LOOSE, 10.0)
        assert len(scene.boxes) == len(scene.outlines) > 0
        # An outline lies over what is brighter than the water around it.
        nir = scene.pixels.nir.to_numpy()
        for polygon in scene.polygons:
            x, y = polygon.centroid.coords[0]
            assert nir[int(y), int(x)] > 1.3 * float(np.median(nir))


def test_only_the_ports_that_are_asked_for_are_read(sea: Path) -> None:
    assert [s.name for s in labelled_scenes(str(sea), ports=("-04", "-24"))] == [
        "april-04",
        "april-24",
    ]


def test_a_catalogue_without_labels_is_refused(season) -> None:
    with pytest.raises(CatalogError, match="no item has outlines of ships"):
        labelled_scenes(season.path)


def test_outlines_that_cannot_be_used_are_refused_by_feature(tmp_path: Path) -> None:
    catalog = write_sea(tmp_path)
    path = tmp_path / "april-14" / "ships.geojson"
    document = json.loads(path.read_text())
    document["features"][1]["geometry"] = {"type": "Point", "coordinates": [130, 42]}
    path.write_text(json.dumps(document))
    with pytest.raises(LabelError, match=r"feature\(s\) 2: should be polygons"):
        labelled_scenes(str(catalog))
    path.write_text("{")
    with pytest.raises(LabelError, match="cannot be read as GeoJSON"):
        labelled_scenes(str(catalog))


def test_corrections_and_types_reach_the_boxes(sea: Path, tmp_path: Path) -> None:
    (plain,) = labelled_scenes(str(sea), ports=("april-04",))
    first = plain.outlines.geometry.iloc[0]
    path = tmp_path / "corrections.geojson"
    row = {"scene": "april-04", "action": "ignore", "label": 0, "reason": "haze", "doubt": True}
    feature = {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(first)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (scene,) = labelled_scenes(str(sea), ports=("april-04",), corrections=path)
    assert scene.ignored.tolist() == [True] + [False] * (len(plain.outlines) - 1)
    types = gpd.GeoDataFrame(
        {"scene_id": ["april-04"], "type": ["tanker"], "sure": [False], "reason": ["deck"]},
        geometry=[first.centroid],
        crs="EPSG:4326",
    )
    assert np.isnan(scene.typed(types).boxes.tanker).all()
    assert scene.typed(types, guesses=True).boxes.tanker[0] == 1


def test_boxes_on_unknown_ground_are_left_out() -> None:
    scene = drawn_port([(100, 50, 20)])
    boxes = upright((50, 50, 12, 0.9), (300, 50, 12, 0.8), (399.9, 199.9, 12, 0.7))
    assert len(scene.known(boxes)) == 3
    unknown = np.zeros(GRID.shape.yx, bool)
    unknown[:, 200:] = True
    known = replace(scene, unknown=unknown).known(boxes)
    assert known.x.tolist() == [50]


def test_simulated_scenes_come_back_from_the_disk_and_are_labelled_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = [spec(4)]
    monkeypatch.setattr("gnomon.learn.scenes.training_specs", lambda n, seed: iter(small[:n]))
    (made,) = simulated_scenes(1, seed=3, cache=tmp_path, without_ships=True)
    (again,) = simulated_scenes(1, seed=3, cache=tmp_path)
    assert made.pixels.equals(again.pixels)
    assert made.outlines.equals(again.outlines)
    assert (made.real, made.looseness) == (False, TIGHT)
    assert len(made.outlines) > 0
    assert np.array_equal(made.ignored, made.outlines.length_m < SHORTEST_M)
    # On another day the same place has water where its ships were.
    nir, bare = (layers["nir"].to_numpy() for layers in (made.pixels, made.without_ships))
    long = [p for p, m in zip(made.polygons, made.outlines.length_m, strict=True) if m > 100]
    places = [(int(p.centroid.y), int(p.centroid.x)) for p in long]
    inside = [(r, c) for r, c in places if 0 <= r < nir.shape[0] and 0 <= c < nir.shape[1]]
    brighter = [nir[place] > bare[place] for place in inside]
    assert len(brighter) > 0
    assert np.mean(brighter) > 0.8
