"""Side files of radar items: every recorded one, other layouts, and names that mislead."""

from pathlib import Path
from typing import Any

import pytest

from gnomon.imagery.sentinel1.annotation import parse_annotation
from gnomon.imagery.sentinel1.calibration import parse_calibration, parse_noise
from sentinel1_products import COG, SmallImage, radar_item
from stac_items import described, read_item

XML = "application/xml"


def item_of(assets: dict[str, str]) -> dict[str, Any]:
    listed = {
        key: {"href": href, "type": COG if href.endswith("tiff") else XML}
        for key, href in assets.items()
    }
    return radar_item(SmallImage(), listed)


def test_every_recorded_radar_item(shared_data: Path) -> None:
    """The annotation is listed by no name; its place follows from that of the others."""
    items = [read_item(file) for file in sorted((shared_data / "stac-items").glob("*.json"))]
    radar = [one for one in items if one.get("collection") == "sentinel-1-grd"]
    assert [one["id"] for one in radar] == [
        "S1A_IW_GRDH_1SSH_20250731T135608_20250731T135637_060328_077F7E"
    ]
    scene = described(radar[0])
    listed = {key: asset["href"] for key, asset in radar[0]["assets"].items()}
    assert scene.relative_orbit == 56
    assert scene.radar.keys() == scene.assets.keys() == {"hh"}
    assert listed["schema-product-hh"].endswith("/annotation/rfi/rfi-iw-hh.xml")
    files = scene.radar["hh"]
    folder = listed["schema-product-hh"].removesuffix("/rfi/rfi-iw-hh.xml")
    assert files.annotation.href == f"{folder}/iw-hh.xml"
    assert files.calibration.href == listed["schema-calibration-hh"]
    assert files.noise.href == listed["schema-noise-hh"]


def test_optical_items_have_none_and_keep_the_names_of_their_results(shared_data: Path) -> None:
    for file in sorted((shared_data / "stac-items").glob("*_S2*.json")):
        scene = described(read_item(file))
        assert scene.radar == {}
        assert "radar" not in scene.inputs
        assert "relative_orbit" not in scene.inputs["scene"]


def test_a_real_product_is_found_whole(shared_data: Path) -> None:
    """In the layout of the public bucket, listed as Earth Search lists it."""
    (folder,) = (shared_data / "s1" / "safe").glob("S1A_EW*")
    assets, beside = {}, f"{folder}/annotation/calibration"
    for band in ("hh", "hv"):
        assets |= {
            f"schema-product-{band}": f"{folder}/annotation/rfi/rfi-ew-{band}.xml",
            f"schema-calibration-{band}": f"{beside}/calibration-ew-{band}.xml",
            f"schema-noise-{band}": f"{beside}/noise-ew-{band}.xml",
            band: f"{folder}/measurement/ew-{band}.tiff",
        }
    scene = described(item_of(assets))
    for band, files in scene.radar.items():
        headers = [
            parse(Path(file.href).read_bytes()).header
            for parse, file in (
                (parse_annotation, files.annotation),
                (parse_calibration, files.calibration),
                (parse_noise, files.noise),
            )
        ]
        assert [one.polarisation for one in headers] == [band.upper()] * 3
    assert scene.radar.keys() == {"hh", "hv"}


@pytest.mark.parametrize("listed", ["annotation", "calibration", "noise", "rfi"])
def test_one_file_leads_to_the_others(listed: str) -> None:
    name = "s1c-s4-grd-hv-20250118t171404-20250118t171421-000638-000538-002"
    paths = {
        "annotation": f"/x.SAFE/annotation/{name}.xml",
        "calibration": f"/x.SAFE/annotation/calibration/calibration-{name}.xml",
        "noise": f"/x.SAFE/annotation/calibration/noise-{name}.xml",
        "rfi": f"/x.SAFE/annotation/rfi/rfi-{name}.xml",
    }
    scene = described(item_of({"anything": paths[listed], "hv": "/x.SAFE/measurement/a.tiff"}))
    found = {kind: file.href for kind, file in vars(scene.radar["hv"]).items()}
    assert found == {kind: path for kind, path in paths.items() if kind != "rfi"}


def test_addresses_that_say_nothing_go_by_the_name_of_the_asset() -> None:
    assets = {
        "schema-product-vv": "https://example.org/v1/Products(1)/Nodes(a)/$value",
        "schema-calibration-vv": "https://example.org/v1/Products(1)/Nodes(b)/$value",
        "schema-noise-vv": "https://example.org/v1/Products(1)/Nodes(c)/$value",
        "vv": "https://example.org/v1/a.tiff",
        "vh": "https://example.org/v1/b.tiff",
    }
    scene = described(item_of(assets))
    assert scene.radar.keys() == {"vv"}
    assert scene.radar["vv"].noise.href == assets["schema-noise-vv"]
    del assets["schema-noise-vv"]
    assert described(item_of(assets)).radar == {}


def test_radar_has_its_files_in_the_name_of_a_result() -> None:
    before = described(item_of({"n": "/a/annotation/iw-vv.xml", "vv": "/a/b.tiff"})).inputs
    after = described(item_of({"n": "/c/annotation/iw-vv.xml", "vv": "/a/b.tiff"})).inputs
    assert before["radar"]["vv"]["annotation"]["href"] == "/a/annotation/iw-vv.xml"
    assert before["radar"] != after["radar"]
    assert before["scene"]["relative_orbit"] == 32
