"""The STAC catalogue, validated by the specification's own schemas, without a network."""

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pystac
import pytest
from pystac.validation import validate_dict

from gnomon.catalog.search import find_scenes
from gnomon.datamodel.files import read_table
from gnomon.datamodel.study import CatalogOptions
from gnomon.report.export.stac import write_stac
from gnomon.report.load_tables import read_run
from run_folders import day, observation, ship, write_run

SOURCES = {
    "S2A_one": "https://anna:pass@stac.example.org/v1/one?sig=secret",
    "S2B_two": "/home/anna/scenes/two.json",
}


def written(run: Path, out: Path) -> list[Path]:
    read = read_run(run)
    return write_stac(
        out,
        {"observations": read.observations, "detections": read.detections},
        name="spring",
        about="A spring",
        sources=SOURCES,
        citation="../CITATION.txt",
        version="0.1.0",
        simulated=read.simulated,
        made_at=datetime(2024, 12, 1, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def stac(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stac")
    written(write_run(folder / "run"), folder / "stac")
    return folder / "stac"


def test_every_document_is_valid_by_the_schemas_of_stac_1_1(stac: Path) -> None:
    paths = [stac / "collection.json", *stac.glob("*/*.json")]
    assert len(paths) == 4
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["stac_version"] == "1.1.0"
        # The schemas of the core come with pystac; that of the view extension would be fetched.
        assert validate_dict(document, extensions=[], href=str(path))
        broken = document | {"links": "none"}
        with pytest.raises(pystac.STACValidationError):
            validate_dict(broken, extensions=[])


def test_the_view_extension_has_the_angles_of_the_observation(stac: Path) -> None:
    item = pystac.Item.from_file(str(stac / "S2A_one-rajin" / "S2A_one-rajin.json"))
    assert item.stac_extensions == ["https://stac-extensions.github.io/view/v1.0.0/schema.json"]
    assert item.ext.view.sun_azimuth == 157.1
    assert item.ext.view.sun_elevation == 51.3
    assert item.ext.view.incidence_angle is None


def test_every_observation_is_an_item_with_its_ships(stac: Path) -> None:
    collection = pystac.Collection.from_file(str(stac / "collection.json"))
    items = {item.id: item for item in collection.get_items(recursive=True)}
    assert list(items) == ["S2A_one-rajin", "S2B_two-rajin", "S2B_empty-everywhere"]
    counts = {}
    for name, item in items.items():
        found = gpd.read_file(item.assets["detections"].get_absolute_href())
        counts[name] = len(found)
        assert item.properties["gnomon:detections"] == len(found)
        if len(found):
            assert set(found.scene_id) == {item.properties["gnomon:scene_id"]}
    assert counts == {"S2A_one-rajin": 2, "S2B_two-rajin": 1, "S2B_empty-everywhere": 0}
    links = {
        name: [link.href for link in item.links if link.rel == "derived_from"]
        for name, item in items.items()
    }
    assert links == {
        "S2A_one-rajin": ["https://stac.example.org/v1/one"],
        "S2B_two-rajin": [],
        "S2B_empty-everywhere": [],
    }
    named = {name: item.properties.get("gnomon:source") for name, item in items.items()}
    assert named == {
        "S2A_one-rajin": None, "S2B_two-rajin": "scenes/two.json", "S2B_empty-everywhere": None,
    }  # fmt: skip
    assert items["S2B_two-rajin"].properties["gnomon:scene_id"] == "S2B_two"
    assert items["S2A_one-rajin"].datetime == day(0)
    assert collection.extent.temporal.intervals == [[day(0), day(6)]]
    assert collection.extent.spatial.bboxes == [[130.2, 42.1, 130.4, 42.3]]
    (licence,) = [link.href for link in collection.links if link.rel == "license"]
    assert licence == "../CITATION.txt"
    for name in ("observations", "detections"):
        asset = collection.assets[name]
        assert asset.media_type == "application/vnd.apache.parquet"
        assert (
            len(read_table(asset.get_absolute_href())) == {"observations": 4, "detections": 3}[name]
        )


def test_the_catalogue_opens_wherever_it_is_moved(stac: Path) -> None:
    for path in [stac / "collection.json", *stac.glob("*/*.json")]:
        assert str(stac) not in path.read_text(encoding="utf-8")


def test_gnomon_searches_it_and_names_items_without_pixels(stac: Path) -> None:
    found = find_scenes(CatalogOptions(url=str(stac / "collection.json")), area=None)
    assert found.scenes == ()
    assert {fault.item for fault in found.faults} == {
        "S2A_one-rajin", "S2B_two-rajin", "S2B_empty-everywhere",
    }  # fmt: skip


def test_ids_are_safe_and_unique(tmp_path: Path) -> None:
    observations = [
        observation("a b", day(0), port="x/../y"),
        observation("a?b", day(1), port="x/../y"),
        observation("a b", day(0), port=None, geometry=None),
    ]
    ships = [ship("a b-1", day(0), 130.3, port="x/../y", scene_id="a b")]
    run = write_run(tmp_path / "run", observations=observations, detections=ships)
    written(run, tmp_path / "stac")
    names = sorted(path.name for path in (tmp_path / "stac").iterdir() if path.is_dir())
    assert [name.rpartition("-")[0] for name in names] == [
        "a-b-everywhere", "a-b-x-..-y", "a-b-x-..-y",
    ]  # fmt: skip
    assert len(set(names)) == 3
    for path in (tmp_path / "stac").glob("*/*.json"):
        validate_dict(json.loads(path.read_text(encoding="utf-8")), extensions=[])


def test_observations_of_unknown_area_extend_over_the_globe(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", observations=[observation("a", day(0), geometry=None)], detections=[]
    )
    written(run, tmp_path / "stac")
    document = json.loads((tmp_path / "stac" / "collection.json").read_text(encoding="utf-8"))
    assert document["extent"]["spatial"]["bbox"] == [[-180.0, -90.0, 180.0, 90.0]]
    validate_dict(document, extensions=[])


def test_without_observations_there_is_no_catalogue(tmp_path: Path) -> None:
    observations = [observation("S2A_broken", day(0), status="failed", reason="x")]
    run = write_run(tmp_path / "run", observations=observations, detections=[])
    assert written(run, tmp_path / "stac") == []
    assert not (tmp_path / "stac").exists()


def test_every_link_leads_into_the_export_or_to_an_address(stac: Path) -> None:
    for path in [stac / "collection.json", *stac.glob("*/*.json")]:
        document = json.loads(path.read_text(encoding="utf-8"))
        hrefs = [one["href"] for one in (*document["links"], *document["assets"].values())]
        for href in hrefs:
            inside = (path.parent / href).resolve().is_relative_to(stac.parent)
            assert href.startswith("https://") or inside


def test_titles_of_a_simulated_run_say_so(tmp_path: Path) -> None:
    rows = [observation("SYN", day(0), collection="synthetic-sentinel-2", detections=0)]
    run = write_run(tmp_path / "run", observations=rows, detections=[])
    written(run, tmp_path / "stac")
    collection = json.loads((tmp_path / "stac" / "collection.json").read_text())
    (item,) = [json.loads(path.read_text()) for path in (tmp_path / "stac").glob("*/*.json")]
    assert collection["title"] == "gnomon: spring (SIMULATED)"
    assert item["properties"]["title"] == "SYN over rajin (SIMULATED)"
