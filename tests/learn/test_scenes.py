"""Labelled scenes: read with their outlines, corrected, typed, and simulated with their truth."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from boxes import upright
from drawn_scenes import GRID, drawn_port
from gnomon.datamodel.errors import CatalogError, GnomonError, LabelError
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.shipped import shipped
from gnomon.learn.corrections import read_corrections
from gnomon.learn.outlines import PIXEL_LOOSE, TIGHT
from gnomon.learn.scenes import SHORTEST_M, labelled_scenes, outlines_of, simulated_scenes
from servers import FileServer
from simulated import spec, write_sea


def scene_with_outlines(href: str) -> Scene:
    return Scene(
        id="a",
        collection="test",
        platform="s2a",
        sensor="optical",
        seen_at=datetime(2024, 5, 1, tzinfo=UTC),
        footprint=shapely.box(0, 0, 1, 1),
        gsd_m=10.0,
        outlines_href=href,
    )


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


def test_doubts_hard_negatives_and_what_was_searched_come_from_the_item(tmp_path: Path) -> None:
    catalog = write_sea(tmp_path)
    folder = tmp_path / "april-14"
    (whole,) = labelled_scenes(str(catalog), ports=("-14",))
    outlines = json.loads((folder / "ships.geojson").read_text())
    doubt, wrong, *rest = outlines["features"]
    del rest[0]["properties"]["length_m"]
    for name, features in (("ships", rest), ("uncertain", [doubt]), ("rejected", [wrong])):
        document = {"type": "FeatureCollection", "features": features}
        (folder / f"{name}.geojson").write_text(json.dumps(document))
    with rasterio.open(folder / "blue.tif") as band:
        profile = band.profile | {"dtype": "uint8", "nodata": None}
        mask = np.ones(band.shape, np.uint8)
    mask[:100] = 0
    with rasterio.open(folder / "searched.tif", "w", **profile) as file:
        file.write(mask, 1)
    path = folder / "april-14.json"
    item = json.loads(path.read_text())
    for name, role in (("uncertain", "doubts"), ("rejected", "hard-negatives")):
        item["assets"][name] = {
            "href": f"./{name}.geojson", "roles": [role], "type": "application/geo+json",
        }  # fmt: skip
    item["assets"]["searched"] = {"href": "./searched.tif", "roles": ["data-mask"]}
    path.write_text(json.dumps(item))
    (scene,) = labelled_scenes(str(catalog), ports=("-14",))
    assert scene.ignored.tolist() == [False] * len(rest) + [True]
    assert len(scene.hard_negatives) == 1
    assert scene.unknown is not None
    assert scene.unknown[:100].all()
    assert not scene.unknown[100:].any()
    # Without a length an outline is drawn a pixel too long.
    given, length = whole.boxes.length[2:], scene.boxes.length[: len(rest)]
    assert length[0] == pytest.approx(given[0] - 1, abs=0.01)
    assert length[1:] == pytest.approx(given[1:])
    # Corrections leave both as they are.
    again = scene.corrected(read_corrections(shipped("configs") / "label-corrections.geojson"))
    assert again.ignored.tolist() == scene.ignored.tolist()
    assert again.boxes.length == pytest.approx(scene.boxes.length)


def test_a_mask_on_another_grid_is_refused(tmp_path: Path) -> None:
    catalog = write_sea(tmp_path)
    with rasterio.open(tmp_path / "april-14" / "blue.tif") as band:
        profile = band.profile | {"transform": band.transform @ Affine.translation(1, 0)}
        values = band.read()
    with rasterio.open(tmp_path / "april-14" / "searched.tif", "w", **profile) as file:
        file.write(values)
    path = tmp_path / "april-14" / "april-14.json"
    item = json.loads(path.read_text())
    item["assets"]["searched"] = {"href": "./searched.tif", "roles": ["data-mask"]}
    path.write_text(json.dumps(item))
    with pytest.raises(LabelError, match="april-14: the mask 'searched' is not on the grid"):
        labelled_scenes(str(catalog), ports=("-14",))


def test_at_the_anchorage_what_was_not_searched_is_unknown(shared_data: Path) -> None:
    catalog = shared_data / "s2-anchorage" / "catalog.json"
    if not catalog.is_file():
        pytest.skip("no anchorage there")
    (one,) = labelled_scenes(str(catalog), ports=("20190409",))
    assert one.unknown is not None
    known = ~one.unknown
    assert known.sum() * 1e-4 == pytest.approx(137, abs=1)
    assert one.masks["search"].to_numpy()[known].mean() > 0.99
    assert ((~one.ignored).sum(), one.ignored.sum(), len(one.hard_negatives)) == (61, 5, 4)


def test_outlines_are_read_as_strictly_as_labels(tmp_path: Path) -> None:
    catalog = write_sea(tmp_path)
    path = tmp_path / "april-14" / "ships.geojson"
    document = json.loads(path.read_text())
    first, second, third, *_ = document["features"]
    first["properties"] |= {"type": "tankr", "length_m": "long"}
    second["geometry"] = {"type": "Point", "coordinates": [130, 42]}
    third["properties"]["status"] = "not_ship"
    path.write_text(json.dumps(document))
    with pytest.raises(LabelError) as refused:
        labelled_scenes(str(catalog))
    for why in (
        "feature 1: type is 'tankr'; write one of tanker, bulk",
        "feature 1: length_m is 'long'",
        "feature 2: geometry is a Point, should be a Polygon or MultiPolygon",
        "feature 3: status is 'not_ship'; write one of ship",
    ):
        assert why in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"features": [{"type": NaN}]}', "[" * 100_000, '{"features": 1}', "\xff"],
    ids=["cut", "list", "nan", "deep", "number", "bytes"],
)
def test_what_is_no_collection_of_outlines_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ships.geojson"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(LabelError, match=r"ships\.geojson: (cannot be read as|is not a) GeoJSON"):
        outlines_of(scene_with_outlines(str(path)))


def test_rings_that_touch_themselves_are_outlines(tmp_path: Path) -> None:
    ring = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [2, 2], [2, 1], [3, 1], [3, 3], [0, 3], [0, 0]]
    places = [[x / 1e4 + 130, y / 1e4 + 42] for x, y in ring]
    touching = {"type": "Polygon", "coordinates": [places]}
    assert not shapely.geometry.shape(touching).is_valid
    feature = {"type": "Feature", "properties": {"ship": 1}, "geometry": touching}
    path = tmp_path / "ships.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (outline,) = outlines_of(scene_with_outlines(str(path))).geometry
    assert shapely.get_coordinates(outline).tolist() == places


def test_catalogues_lead_to_the_hosts_that_are_named(sea: Path, tmp_path: Path) -> None:
    shutil.copytree(sea.parent, tmp_path, dirs_exist_ok=True)
    (item,) = (path for path in tmp_path.rglob("*.json") if path.stem == "april-04")
    with FileServer(tmp_path) as server:
        text = item.read_text()
        assert '"./ships.geojson"' in text
        item.write_text(text.replace("./ships.geojson", f"{server.url}/april-04/ships.geojson"))
        catalog = str(tmp_path / "catalog.json")
        with pytest.raises(GnomonError, match=r"private network|no item has outlines"):
            labelled_scenes(catalog, ports=("april-04",))
        (scene,) = labelled_scenes(catalog, ports=("april-04",), hosts=("127.0.0.1",))
    assert len(scene.outlines)


def test_corrections_and_types_reach_the_boxes(sea: Path, tmp_path: Path) -> None:
    (plain,) = labelled_scenes(str(sea), ports=("april-04",))
    first = plain.outlines.geometry.iloc[0]
    path = tmp_path / "corrections.geojson"
    row = {"scene": "april-04", "action": "ignore", "label": 0, "reason": "haze", "doubt": True}
    feature = {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(first)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (scene,) = labelled_scenes(str(sea), ports=("april-04",), corrections=path)
    assert scene.ignored.tolist() == [True] + [False] * (len(plain.outlines) - 1)
    later = tmp_path / "completions.geojson"
    feature["properties"] |= {"action": "fix", "length_m": 90}
    later.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (whole,) = labelled_scenes(str(sea), ports=("april-04",), corrections=path, completions=later)
    assert not whole.ignored.any()
    assert whole.outlines.measured[0]
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
