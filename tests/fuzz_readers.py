"""Every reader of what others write, with small sound files for it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import torch
from safetensors.torch import save
from shapely.geometry import box, mapping

from catalogs import quick_options, write_catalog, write_scene
from decisions import collection, decision
from fuzzing import Reader
from gnomon.catalog.angles import granule_angles
from gnomon.catalog.http import HttpReader, Request
from gnomon.catalog.local.metadata import read_image_table
from gnomon.catalog.local.planet import read_sidecar
from gnomon.catalog.providers import providers_with
from gnomon.catalog.search import Found, find_scenes
from gnomon.datamodel.decisions import read_review
from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.files import read_table
from gnomon.datamodel.geojson import strict_json
from gnomon.datamodel.ports import read_ports
from gnomon.datamodel.recall import Recall, RecallBand, read_recall
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions, read_study, read_track_study
from gnomon.datamodel.traffic import read_traffic
from gnomon.datamodel.weights_files import read_tensors
from gnomon.detect.weights import read_model
from gnomon.imagery.read import read_pixels
from gnomon.imagery.sentinel1.annotation import parse_annotation
from gnomon.imagery.sentinel1.calibration import parse_calibration, parse_noise, sigma0_of
from gnomon.imagery.sentinel1.geolocation import Geolocation, incidence_table
from gnomon.imagery.sentinel1.lookup import GridWindow
from gnomon.imagery.sentinel1.metadata import ProductFileError
from gnomon.learn.calibrate import read_calibration
from gnomon.learn.checking import COUNTERS
from gnomon.learn.chips import chip_path, chip_pixels, open_chip, write_chip
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.formats import read_any, write_any
from gnomon.learn.labels import (
    add_features,
    feature_of,
    published_outlines,
    read_features,
    read_labels,
    write_labels,
)
from gnomon.learn.sources import source_of
from gnomon.learn.type_labels import read_types
from gnomon.report.page.decisions import decision_features, merge_decisions
from gnomon.track.ais import read_ais
from gnomon.track.fleet import read_fleet
from gnomon.track.further_passes import read_further_passes
from gnomon.workflow.checking import check_files
from gnomon.workflow.digests import digest
from gnomon.workflow.tasks import ObserveInputs, ObserveTask, TaskLine, task_text
from gnomon.workflow.user_tables.reading import FOR_TRACK, read_detections, read_observations
from sentinel1_products import SmallImage
from stac_items import cdse_item, own_item
from user_tables import IMAGES, SHIPS, csv_text

RADAR = SmallImage(lines=20, samples=90)
WINDOW = GridWindow(0, 0, 20, 90)
ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
SERVER = "http://127.0.0.1:9"
GRANULE = b"""<?xml version="1.0"?><Tile><Tile_Angles>
<Mean_Sun_Angle><ZENITH_ANGLE>50.5</ZENITH_ANGLE><AZIMUTH_ANGLE>160</AZIMUTH_ANGLE></Mean_Sun_Angle>
<Viewing_Incidence_Angles_Grids bandId="0" detectorId="1">
<Zenith><COL_STEP>5000</COL_STEP><Values_List><VALUES>8 8 NaN</VALUES></Values_List></Zenith>
<Azimuth><COL_STEP>5000</COL_STEP><Values_List><VALUES>104 104 NaN</VALUES></Values_List></Azimuth>
</Viewing_Incidence_Angles_Grids>
<Mean_Viewing_Incidence_Angle_List><Mean_Viewing_Incidence_Angle bandId="0">
<ZENITH_ANGLE>8</ZENITH_ANGLE><AZIMUTH_ANGLE>104</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>
</Mean_Viewing_Incidence_Angle_List></Tile_Angles></Tile>"""
AIS = b"""mmsi,time,longitude,latitude,imo,name
445001000,2024-04-01T11:50:00Z,133.056,42.75,9000001,A
273000001,2024-04-01T12:10:00+09:00,133.076,42.75,,
"""
NMEA = (
    b"2024-04-01T11:50:00Z !AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0*5C\n"
    b"2024-04-01T11:51:00Z !AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n"
)
PLANET = {
    "type": "Feature",
    "id": "20240401_021200_00_2222",
    "geometry": mapping(box(130, 42, 130.1, 42.1)),
    "properties": {
        "acquired": "2024-04-01T02:12:00.5Z", "item_type": "PSScene", "satellite_id": "2222",
        "sun_azimuth": 160.2, "sun_elevation": 40.1, "view_angle": 4.9, "satellite_azimuth": 98.5,
        "cloud_cover": 0.02, "cloud_percent": 2, "pixel_resolution": 3,
    },
}  # fmt: skip
IMAGE_TABLE = b"""file,seen_at,sun_azimuth_deg,sun_elevation_deg,off_nadir_deg,bands,scale
a.tif,2024-11-05T02:10:00Z,160,40,5,"blue,green,red,nir",0.0001
"""

BAND = RecallBand(length_m=75.0, labels=19, found=6)
CARD = Recall(places=12, between_places=1.3, quay=(BAND,), open_water=(BAND,))


def readers(folder: Path) -> dict[str, Reader]:
    """All readers by name; their files come and go in a folder."""
    made = [
        *_of_catalogues(folder), *_of_tables(folder), *_of_features(folder), *_of_toml(folder),
        *_of_labels(folder), *_of_rasters(folder),
    ]  # fmt: skip
    return {reader.name: reader for reader in made}


def _filed(folder: Path, file: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of a file, given its bytes."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)

    def written(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return written


def _of(
    folder: Path, name: str, file: str, read: Callable[[Path], object], *sound: bytes
) -> Reader:
    return Reader(name, sound, _filed(folder / name, file, read))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _of_catalogues(folder: Path) -> list[Reader]:
    place = folder / "static"
    item = write_scene(place, "april", seen_at="2024-04-03T02:12:00Z", shape_px=(8, 8))
    root = write_catalog(place, [item])
    options = quick_options(root)
    kinds = {"catalog": root, "collection": place / "collection.json",
             "item": place / "april" / "april.json"}  # fmt: skip
    whole = {name: path.read_bytes() for name, path in kinds.items()}

    def walked(name: str) -> Callable[[bytes], object]:
        def read(data: bytes) -> Found:
            for kind, path in kinds.items():
                path.write_bytes(data if kind == name else whole[kind])
            return find_scenes(options, area=None)

        return read

    static = [Reader(f"static-{name}", (text,), walked(name)) for name, text in whole.items()]
    searched = _json({"type": "FeatureCollection", "features": [cdse_item(), own_item()],
                      "links": [{"rel": "next", "href": f"{SERVER}/search?page=2"}]})  # fmt: skip
    return [
        *static,
        Reader("api-page", (searched,), _searched),
        Reader("task", (_task_text(_scene(folder / "task")),), _task_inputs),
        Reader("granule", (GRANULE,), granule_angles, (ValueError,)),
        Reader("s1-annotation", (RADAR.product().encode(),), _located, (ProductFileError,)),
        Reader("s1-calibration", (RADAR.calibration().encode(),), _calibrated, (ProductFileError,)),
        Reader("s1-noise", (RADAR.noise().encode(),), _noise, (ProductFileError,)),
        _of(folder, "planet", "a_metadata.json", lambda p: read_sidecar(p, p), _json(PLANET)),
        _of(folder, "image-table", "images.csv", read_image_table, IMAGE_TABLE),
    ]


def _located(xml: bytes) -> object:
    """Whatever an annotation is used for."""
    annotation = parse_annotation(xml)
    geolocation = Geolocation(annotation)
    geolocation.pixels(*geolocation.places([1.0, 2.0], [3.0, 4.0]))
    return geolocation.steps_m(1, 2), incidence_table(annotation.tie_points).on(WINDOW)


def _calibrated(xml: bytes) -> object:
    dn = np.ones((WINDOW.lines, WINDOW.samples), np.uint16)
    return sigma0_of(dn, WINDOW, parse_calibration(xml), None)


def _noise(xml: bytes) -> object:
    return parse_noise(xml).on(WINDOW)


def _task_text(scene: Scene) -> bytes:
    task = ObserveTask(
        task="observe", command="gnomon", digest="0" * 16, inputs=ObserveInputs(scene=scene)
    )
    return task_text(task).encode()


def _task_inputs(line: bytes) -> str:
    """Read a line of a batch as far as its digest, before which nothing of it is opened."""
    task = TaskLine(line, "line").task
    return digest(task.inputs.scene.inputs) if isinstance(task, ObserveTask) else task.digest


def _searched(page: bytes) -> Found:
    """A search whose server answers with a page, whatever it is asked."""
    part = "https://api.stacspec.org/v1.0.0"
    conforms = [f"{part}/core", f"{part}/collections", f"{part}/item-search"]
    links = [{"rel": "search", "href": f"{SERVER}/search", "method": "POST"},
             {"rel": "data", "href": f"{SERVER}/collections"}]  # fmt: skip
    root = {"type": "Catalog", "id": "a", "stac_version": "1.0.0", "description": "d",
            "conformsTo": conforms, "links": links}  # fmt: skip
    left = [page]

    def answer(_: HttpReader, request: Request) -> bytes:
        if request.address.rstrip("/") == SERVER:
            return _json(root)
        if request.address.endswith("/collections"):
            everywhere = {"spatial": {"bbox": [[-180, -90, 180, 90]]},
                          "temporal": {"interval": [[None, None]]}}  # fmt: skip
            listed = {"type": "Collection", "id": "sentinel-2-l2a", "description": "d",
                      "stac_version": "1.0.0", "license": "other", "links": [],
                      "extent": everywhere}  # fmt: skip
            return _json({"collections": [listed], "links": []})
        return left.pop() if left else b'{"type": "FeatureCollection", "features": []}'

    options = CatalogOptions(url=SERVER, collections=("sentinel-2-l2a",), hosts=("127.0.0.1",))
    with patch.object(HttpReader, "read", answer):
        return find_scenes(options, area=None)


def _of_tables(folder: Path) -> list[Reader]:
    more = {"port": ["rajin"] * 3, "p_laden": ["0.2", "", "0.9"], "heading_deg": ["1", "2", "359"],
            "score": ["0.9", "0.8", "1"]}  # fmt: skip
    wkt = {"wkt": [f"POINT ({x} 42.2)" for x in (130.3, 130.31, 130.32)]}
    placeless = {
        name: cells for name, cells in (SHIPS | more).items() if name not in ("lon", "lat")
    }
    ships = [csv_text(SHIPS | more), csv_text(placeless | wkt, delimiter=";")]
    cells = {"usable_fraction": ["1", "0.4", ""], "cloud_percent": ["0"] * 3,
             "zones": ['{"pier": 0.5}'] * 3, "recall": [CARD.text("s2")] * 3,
             "status": ["observed", "skipped", "failed"]}  # fmt: skip
    images = [csv_text(IMAGES | cells), csv_text(IMAGES | cells, delimiter=";")]
    spots = gpd.points_from_xy([130.3, 130.31, 130.32], [42.2, 42.21, 42.22], crs=4326)
    frame = gpd.GeoDataFrame(placeless, geometry=spots).assign(length_m=[98.5, 101, 80.25])
    timed = pd.DataFrame(IMAGES).assign(seen_at=lambda t: pd.to_datetime(t.seen_at))
    geojson, parquet = frame.to_json().encode(), _parquet(folder, frame)

    usual = read_traffic("small-tankers").tankers

    def tracked(path: Path) -> object:
        return read_detections(path, needs=FOR_TRACK)

    return [
        _of(folder, "ships-csv", "ships.csv", tracked, *(text.encode() for text in ships)),
        _of(folder, "ships-geojson", "ships.geojson", tracked, geojson),
        _of(folder, "ships-parquet", "ships.parquet", tracked, parquet),
        _of(folder, "ships-geopackage", "ships.gpkg", read_detections, _geopackage(folder, frame)),
        _of(folder, "images-csv", "images.csv", read_observations, *(t.encode() for t in images)),
        _of(folder, "images-parquet", "images.parquet", read_observations, _parquet(folder, timed)),
        _of(folder, "own-table", "table.parquet", read_table, parquet),
        _of(folder, "check", "any", lambda path: check_files([path], study=None, readers=COUNTERS),
            ships[0].encode(), images[0].encode(), geojson),
        _of(folder, "ais-csv", "ais.csv", read_ais, AIS),
        _of(folder, "ais-nmea", "ais.nmea", read_ais, NMEA),
        _of(folder, "ais-parquet", "ais.parquet", read_ais, _parquet(folder, _positions())),
        _of(folder, "fleet", "fleet.csv", lambda path: read_fleet(path, usual),
            (CONFIGS / "fleet.csv").read_bytes()),
    ]  # fmt: skip


def _positions() -> pd.DataFrame:
    times = pd.to_datetime(["2024-04-01T11:50:00Z", "2024-04-01T12:10:00Z"])
    return pd.DataFrame({"mmsi": ["1", "2"], "time": times, "longitude": 133.0, "latitude": 42.7})


def _parquet(folder: Path, frame: pd.DataFrame) -> bytes:
    path = folder / "sound.parquet"
    frame.to_parquet(path, index=False)
    return path.read_bytes()


def _geopackage(folder: Path, frame: gpd.GeoDataFrame) -> bytes:
    path = folder / "sound.gpkg"
    frame.to_file(path, layer="detections", driver="GPKG")
    return path.read_bytes()


def _of_features(folder: Path) -> list[Reader]:
    decisions = _json(collection(
        decision("a", note="seen"), decision("b", decision="reject")
    ))  # fmt: skip

    def posted(data: bytes) -> object:
        return merge_decisions([], decision_features(strict_json(data), []))

    ports = (CONFIGS / "embedded.geojson").read_bytes()
    known = _first_features(CONFIGS / "ship-types.geojson")
    return [
        _of(folder, "ports", "ports.geojson", read_ports, ports),
        _of(folder, "review", "review.geojson", read_review, decisions),
        Reader("posted-decisions", (decisions,), posted, (GnomonError, ValueError)),
        Reader("recall", (CARD.text("s2").encode(),), lambda data: read_recall(data.decode()),
               (ValueError,)),
        _of(folder, "corrections", "c.geojson", read_corrections,
            _first_features(CONFIGS / "label-corrections.geojson")),
        _of(folder, "types", "t.geojson", read_types, known),
        Reader("outlines", (_first_features(CONFIGS / "casablanca" / "ships.geojson"),),
               lambda data: published_outlines(data, "ships.geojson")),
    ]  # fmt: skip


def _first_features(path: Path, count: int = 4) -> bytes:
    document = json.loads(path.read_text(encoding="utf-8"))
    return _json(document | {"features": document["features"][:count]})


def _of_toml(folder: Path) -> list[Reader]:
    study = (CONFIGS / "embedded.toml").read_bytes()
    passes, folds = (
        (CONFIGS / name).read_bytes() for name in ("further-passes.toml", "folds.toml")
    )
    traffic = (CONFIGS / "traffic" / "small-tankers.toml").read_bytes()
    sensors = (ROOT / "pipeline" / "gnomon" / "catalog" / "providers.toml").read_bytes()
    model = (ROOT / "models" / "s2-vessel" / "model.toml").read_bytes()
    tensors = save({"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.int32)})
    for name in ("embedded.geojson", "embedded-fleet.csv"):
        (folder / "study").mkdir(exist_ok=True)
        shutil.copy(CONFIGS / name, folder / "study" / name)
    return [
        _of(folder, "study", "study.toml", lambda path: read_study(path).places(), study),
        _of(folder, "track-study", "study.toml", read_track_study, study),
        _of(folder, "traffic", "traffic.toml", lambda path: read_traffic(str(path)), traffic),
        _of(folder, "sensors", "providers.toml", providers_with, sensors),
        _of(folder, "passes", "passes.toml", read_further_passes, passes),
        _of(folder, "folds", "folds.toml", read_folds, folds),
        _of(folder, "model", "model.toml", lambda path: read_model(str(path.parent)), model),
        _of(folder, "calibration", "model.toml", read_calibration, model),
        _of(folder, "tensors", "weights.safetensors", read_tensors, tensors),
    ]


def _scene(folder: Path) -> Scene:
    item = write_scene(folder, "one", seen_at="2024-04-03T02:12:00Z", shape_px=(64, 64))
    (found,) = find_scenes(quick_options(write_catalog(folder, [item])), area=None).scenes
    return found


def _of_labels(folder: Path) -> list[Reader]:
    place = folder / "labels"
    scene = _scene(folder / "scene")
    pixels = read_pixels(scene, None)
    chip = write_chip(chip_path(place, scene.id, (0, 0)), pixels, scene, "rajin")
    middle = shapely.affinity.scale(chip.outline, 0.2, 0.05)
    own = feature_of(middle, label_id="a", chip=chip.name, scene_id=scene.id, status="ship")
    path = place / "labels.geojson"
    write_labels([own], path)
    labels = path.read_bytes()
    table, _ = read_any(path)
    write_any(table, place, "coco", folder / "coco.json")
    write_any(table, place, "yolo-obb", folder / "yolo")
    (line,) = (folder / "yolo").rglob("*_r*.txt")
    run = place / "run"
    _parquet(
        folder,
        gpd.GeoDataFrame(
            {"detection_id": ["a"], "scene_id": ["a"], "port": ["rajin"]},
            geometry=[middle],
            crs=4326,
        ),
    )
    run.mkdir()
    for name in ("detections", "observations"):
        shutil.copy(folder / "sound.parquet", run / f"{name}.parquet")
    summary = _json({"study": {"catalog": {"url": SERVER, "hosts": ["a.lab:9000"]}}})

    own_place = shutil.copytree(place, folder / "damaged-labels")

    def labels_in(path: Path) -> object:
        read_labels(own_place)
        return add_features(read_features(path), [own])

    def converted(data: bytes) -> object:
        (place / "coco.json").write_bytes(data)
        return read_any(place / "coco.json", place)

    return [
        Reader("labels", (labels,), _filed(own_place, "labels.geojson", labels_in)),
        Reader("coco", ((folder / "coco.json").read_bytes(),), converted),
        *_of_yolo(folder, line, place),
        Reader("run", (summary,), _filed(run, "run.json", lambda _: source_of(run))),
        _of(folder, "chip", chip.path.name, lambda path: chip_pixels(open_chip(path)),
            chip.path.read_bytes()),
    ]  # fmt: skip


def _of_yolo(folder: Path, line: Path, chips: Path) -> list[Reader]:
    def read(_: Path) -> object:
        return read_any(folder / "yolo", chips)

    names = folder / "yolo" / "data.yaml"
    return [
        Reader("yolo", (line.read_bytes(),), _filed(line.parent, line.name, read)),
        Reader("yolo-names", (names.read_bytes(),), _filed(names.parent, names.name, read)),
    ]


def _of_rasters(folder: Path) -> list[Reader]:
    made = []
    for name, suffix, profile in (
        ("geotiff", ".tif", {}),
        ("geotiff-in-strips", ".tif", {"driver": "GTiff", "blockysize": 16, "compress": "lzw"}),
        ("jpeg-2000", ".jp2", {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}),
    ):  # fmt: skip
        place = folder / name
        item = write_scene(place, "one", seen_at="2024-04-03T02:12:00Z", shape_px=(64, 64),
                           suffix=suffix, profile=profile, bands=("green",))  # fmt: skip
        (scene,) = find_scenes(quick_options(write_catalog(place, [item])), area=None).scenes
        path = Path(scene.assets["green"].href)
        made.append(Reader(name, (path.read_bytes(),), _pixels_of(scene, path)))
    return made


def _pixels_of(scene: Scene, path: Path) -> Callable[[bytes], object]:
    return _filed(path.parent, path.name, lambda _: read_pixels(scene, None, bands=("green",)))
