"""A sensor as data: the example in providers.toml, given by a user, reads a Landsat-like scene."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping, shape

from gnomon.catalog.providers import providers, providers_with
from gnomon.catalog.search import find_scenes
from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import CatalogOptions, MaskOptions, read_study
from gnomon.imagery.read import read_pixels
from gnomon.imagery.water import usable_water

SIDE_PX, GSD_M, EPSG = 90, 30.0, 32652
NORTH_WEST = (500_010.0, 4_740_000.0)
ASSETS = ("blue", "green", "red", "nir08", "swir16", "qa_pixel")
SEA, LAND, CLOUD, FILL = 21952, 21824, 22280, 1
REFLECTANCE = {  # blue, green, red, near and shortwave infrared
    SEA: (0.05, 0.05, 0.03, 0.012, 0.006),
    LAND: (0.08, 0.11, 0.13, 0.24, 0.27),
    CLOUD: (0.60, 0.60, 0.60, 0.62, 0.45),
}


def example() -> str:
    """The Landsat profile that the head of providers.toml gives, without its comment marks."""
    text = files("gnomon.catalog").joinpath("providers.toml").read_text(encoding="utf-8")
    head = text[: text.index("\n[[profiles]]")]
    lines = head[head.index("#   [[profiles]]") :].splitlines()
    return "\n".join(line.removeprefix("#") for line in lines)


def quality() -> np.ndarray:
    """QA_PIXEL of open sea with land in the east, a cloud over the sea and a corner of fill."""
    numbers = np.full((SIDE_PX, SIDE_PX), SEA, np.uint16)
    numbers[:, 60:] = LAND
    numbers[20:45, 10:40] = CLOUD
    numbers[70:, :15] = FILL
    return numbers


def write_landsat(folder: Path) -> Path:
    """A static catalogue of one scene in the form of Collection 2 Level 2."""
    numbers = quality()
    affine = Affine(GSD_M, 0, NORTH_WEST[0], 0, -GSD_M, NORTH_WEST[1])
    layers = {"qa_pixel": numbers}
    for place, name in enumerate(ASSETS[:5]):
        layers[name] = np.zeros_like(numbers)
        for kind, reflectance in REFLECTANCE.items():
            layers[name][numbers == kind] = round((reflectance[place] + 0.2) / 2.75e-05)
    for name, values in layers.items():
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", width=SIDE_PX, height=SIDE_PX, count=1,
            dtype="uint16", crs=f"EPSG:{EPSG}", transform=affine,
        ) as file:  # fmt: skip
            file.write(values, 1)
    span = SIDE_PX * GSD_M
    corner = box(NORTH_WEST[0], NORTH_WEST[1] - span, NORTH_WEST[0] + span, NORTH_WEST[1])
    outline = transform_geom(f"EPSG:{EPSG}", "EPSG:4326", mapping(corner))
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": "LC09_L2SP_113030_20241105_02_T1",
        "collection": "landsat-c2-l2", "geometry": outline, "bbox": list(shape(outline).bounds),
        "properties": {
            "datetime": "2024-11-05T02:05:00Z", "platform": "landsat-9",
            "view:sun_azimuth": 162.0, "view:sun_elevation": 29.6, "view:off_nadir": 0,
        },
        "assets": {
            name: {"href": f"./{name}.tif", "type": "image/tiff; application=geotiff"}
            for name in ASSETS
        },
        "links": [],
    }  # fmt: skip
    root = {
        "type": "Catalog", "stac_version": "1.0.0", "id": "test", "description": "made by a test",
        "links": [{"rel": "child", "href": "./collection.json"}],
    }  # fmt: skip
    collection = {
        "type": "Collection", "stac_version": "1.0.0", "id": "landsat-c2-l2", "license": "other",
        "description": "made by a test", "links": [{"rel": "item", "href": "./item.json"}],
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]},
                   "temporal": {"interval": [[None, None]]}},
    }  # fmt: skip
    for name, document in (("item", item), ("collection", collection), ("catalog", root)):
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder / "catalog.json"


@pytest.fixture
def options(tmp_path: Path) -> CatalogOptions:
    profiles = tmp_path / "sensors.toml"
    profiles.write_text(example())
    return CatalogOptions(url=str(write_landsat(tmp_path)), providers=profiles)


@pytest.fixture
def scene(options: CatalogOptions) -> Scene:
    found = find_scenes(options, area=None)
    assert found.faults == ()
    (scene,) = found.scenes
    return scene


def test_a_profile_describes_an_item_that_does_not_describe_itself(scene: Scene) -> None:
    assert (scene.platform, scene.gsd_m) == ("landsat-9", 30)
    assert {name: asset.name for name, asset in scene.assets.items()} == {
        "blue": "blue", "green": "green", "red": "red", "nir": "nir08", "swir16": "swir16",
        "quality": "qa_pixel",
    }  # fmt: skip
    green = scene.assets["green"]
    assert (green.scale, green.offset, green.nodata) == (2.75e-05, -0.2, 0)
    assert (scene.sun_azimuth_deg, scene.view_zenith_deg) == (162, None)
    assert scene.assets["quality"].nodata is None  # 0 may be clear land in a layer of bits


def test_its_numbers_become_reflectance_and_its_bits_masks(scene: Scene) -> None:
    pixels = read_pixels(scene, None)
    numbers = quality()
    for kind, reflectance in REFLECTANCE.items():
        for band, expected in zip(("blue", "green", "red", "nir", "swir16"), reflectance,
                                  strict=True):  # fmt: skip
            values = pixels[band].to_numpy()[numbers == kind]
            np.testing.assert_allclose(values, expected, atol=1.5e-05)
    assert np.isnan(pixels["green"].to_numpy()[numbers == FILL]).all()
    masks = usable_water(pixels, MaskOptions())
    np.testing.assert_array_equal(masks["valid"], numbers != FILL)
    cloud = masks["cloud"].to_numpy()
    assert cloud[numbers == CLOUD].all()
    assert not cloud[:, 60:].any()
    water = masks["water"].to_numpy()
    assert water[numbers == SEA].mean() > 0.8
    assert not water[numbers != SEA].any()


def test_without_the_profile_the_bits_are_not_read(options: CatalogOptions) -> None:
    plain = find_scenes(options.model_copy(update={"providers": None}), area=None)
    assert all("quality" not in scene.assets for scene in plain.scenes)


def test_a_study_names_the_file_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "sensors.toml").write_text(example())
    (tmp_path / "study.toml").write_text(
        'name = "x"\n[catalog]\nurl = "catalog.json"\nproviders = "sensors.toml"\n'
    )
    study = read_study(tmp_path / "study.toml")
    assert study.catalog.providers == tmp_path / "sensors.toml"
    assert providers_with(study.catalog.providers).profiles[0].name == "landsat-c2-l2"


def test_a_profile_of_ones_own_comes_before_the_known_ones(tmp_path: Path) -> None:
    text = example().replace('"landsat-c2-l2"]', '"sentinel-2-l2a"]')
    text += '\n[properties]\nproduct = ["my:product"]\n'
    (tmp_path / "sensors.toml").write_text(text)
    known = providers_with(tmp_path / "sensors.toml")
    assert known.profile(collection="sentinel-2-l2a").gsd_m == 30
    assert known.profile(collection="sentinel-2-c1-l2a").gsd_m == 10
    assert known.properties["product"] == ("my:product", *providers().properties["product"])
    assert known.profile(collection=None) == providers().profiles[-1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[profiles]\n", "cannot be read as TOML"),
        ('[[profiles]]\nname = "x"\n', r"profiles\.0\.sensor: Field required"),
        (example() + "\nlava = [9]\n", r"profiles\.0\.quality\.lava"),
        (example().replace("gsd_m", "gsd"), r"profiles\.0\.gsd: Extra inputs"),
    ],
)
def test_a_faulty_file_is_refused_with_its_name_and_the_key(
    tmp_path: Path, text: str, why: str
) -> None:
    path = tmp_path / "sensors.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=rf"sensors\.toml: .*{why}"):
        providers_with(path)
    with pytest.raises(StudyError, match=r"no-such\.toml: cannot be read"):
        providers_with(tmp_path / "no-such.toml")


def test_no_two_profiles_claim_a_collection_and_the_last_takes_the_rest() -> None:
    profiles = providers().profiles
    names = [name for profile in profiles for name in profile.collections]
    assert len(names) == len(set(names))
    assert profiles[-1].collections == ()
    assert tomllib.loads(example())["profiles"][0]["quality"]["bits"] is True
