"""Raster files that mean harm: they lead to no other file, and cost no more than allowed."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping, shape

from catalogs import EPSG, GTIFF, quick_options, write_raster
from gnomon.catalog.gateway import Patience
from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.scene import Asset, FileVersion, Scene
from gnomon.datamodel.trust import Trust
from gnomon.imagery import rasters
from gnomon.imagery.rasters import _open, raster_of, reading
from gnomon.imagery.read import geobox_of, read_pixels, read_window
from hostile import (
    Answer,
    Handler,
    Hostile,
    asked,
    body,
    drip,
    drip_part,
    endless,
    endless_part,
    first,
    parts,
    redirect,
    status,
    torn_part,
)
from servers import LOOPBACK, FileServer

TRANSFORM = Affine(10, 0, 500_000, 0, -10, 4_740_000)
SECRET = 4711
OUTLINE = transform_geom(
    f"EPSG:{EPSG}", "EPSG:4326", mapping(box(500_000, 4_739_360, 500_640, 4_740_000))
)


def scene(href: str | Path, trust: Trust = LOOPBACK, kind: str | None = GTIFF) -> Scene:
    """A scene of one file."""
    green = Asset(href=str(href), name="green", media_type=kind, nodata=0)
    return Scene(
        id="x", collection="c", platform="p", sensor="optical", gsd_m=10, trust=trust,
        seen_at=datetime(2024, 4, 3, tzinfo=UTC), footprint=shape(OUTLINE), assets={"green": green},
    )  # fmt: skip


def refused(one: Scene, why: str) -> None:
    with pytest.raises(AssetError, match=why) as raised:
        read_pixels(one, None, bands=("green",))
    assert "\n" not in str(raised.value)
    assert "; " in str(raised.value)


def of_ones(path: Path, **profile: Any) -> Path:
    return write_raster(path, np.ones((64, 64), "uint16"), transform=TRANSFORM, **profile)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A raster of the user's that no catalogue leads to."""
    values = np.full((64, 64), SECRET, "uint16")
    return write_raster(tmp_path / "own" / "secret.tif", values, transform=TRANSFORM)


@pytest.fixture
def victim() -> Iterator[Hostile]:
    """A service on this machine that no one asked."""
    with Hostile({"/": body(b"x")}) as server:
        yield server


def vrt_of(address: str | Path) -> str:
    return (
        '<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>EPSG:32652</SRS><GeoTransform>500000,'
        '10,0,4740000,0,-10</GeoTransform><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        f"<SourceFilename>{address}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )


@pytest.mark.parametrize("kind", [GTIFF, "image/jp2", None])
def test_a_description_of_another_raster_is_no_raster(
    kind: str | None, secret: Path, tmp_path: Path
) -> None:
    path = tmp_path / "served" / "green.tif"
    path.parent.mkdir()
    path.write_text(vrt_of(secret))
    with rasterio.open(path) as file:  # as GDAL would have it
        assert file.read(1)[0, 0] == SECRET
    refused(scene(path, kind=kind), "not recognized")
    with FileServer(path.parent) as server:
        refused(scene(f"{server.url}/green.tif", kind=kind), "not recognized")


def test_no_tag_of_a_file_names_another_file(victim: Hostile, secret: Path, tmp_path: Path) -> None:
    """GDAL opens what a tag names as overviews, in any format and over the network."""
    path = of_ones(tmp_path / "green.tif", driver="GTiff")
    for target in (str(secret), f"/vsicurl/{victim.url}/"):
        with rasterio.open(path, "r+") as file:
            file.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=target)
        refused(scene(path), "names another file")
    assert victim.seen == []


@pytest.mark.parametrize(
    "href",
    [
        "{secret}", "file://{secret}", "/vsicurl/{victim}/", "{vrt}", "vrt://{secret}", "{victim}/",
        "/vsisubfile/0_100,{secret}", "GTIFF_DIR:1:{secret}", "/./vsicurl/{victim}/",
    ],
)  # fmt: skip
def test_a_catalogue_of_a_server_leads_to_no_file_and_no_other_server(
    href: str, victim: Hostile, secret: Path
) -> None:
    trust = Trust(catalog="http://127.0.0.1:1/catalog.json", private=True)
    place = href.format(secret=secret, victim=victim.url, vrt=vrt_of(secret))
    refused(scene(place, trust), "is not opened")
    assert victim.seen == []


def test_no_redirect_of_a_file_leads_to_another_server(victim: Hostile) -> None:
    with Hostile() as server:
        trust = Trust(catalog=f"{server.url}/catalog.json", private=True)
        server.answers["/green.tif"] = redirect(f"{victim.url}/")
        refused(scene(f"{server.url}/green.tif", trust), "is not opened")
    assert victim.seen == []


def test_a_name_of_pixels_that_resolves_to_another_place_is_cut_off(
    victim: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnomon.catalog.vetting._resolved", lambda *_: ["192.0.32.8"])
    address = victim.url.replace("127.0.0.1", "localhost")
    refused(scene(f"{address}/", Trust(catalog="https://192.0.32.8/v1")), "is not opened")
    assert victim.seen == []


def test_a_redirect_is_followed_where_it_may_lead(tmp_path: Path) -> None:
    path = of_ones(tmp_path / "green.tif")
    with FileServer(tmp_path) as files, Hostile() as server:
        server.answers["/a"] = redirect(f"{files.url}/green.tif")
        there = read_pixels(scene(f"{server.url}/a"), None, bands=("green",))
    assert there.identical(read_pixels(scene(path), None, bands=("green",)))


def test_no_file_beside_a_file_is_looked_at(tmp_path: Path) -> None:
    path = of_ones(tmp_path / "green.tif")
    alone = read_pixels(scene(path), None, bands=("green",))
    other = of_ones(tmp_path / "green.tif.msk", driver="GTiff", nodata=None)
    with rasterio.open(other, "r+") as file:
        file.write(np.zeros((1, 64, 64), "uint16"))
        file.update_tags(INTERNAL_MASK_FLAGS_1=2)
    (tmp_path / "green.tif.ovr").write_text(vrt_of(other))
    (tmp_path / "green.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    (tmp_path / "green.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>1</NoDataValue></PAMRasterBand>'
        "<GeoTransform>0,1,0,0,0,-1</GeoTransform></PAMDataset>"
    )
    path.touch()  # it is opened anew
    assert read_pixels(scene(path), None, bands=("green",)).identical(alone)
    with FileServer(tmp_path) as server:
        far = read_pixels(scene(f"{server.url}/green.tif"), None, bands=("green",))
        assert {name for _, name, _ in server.seen} == {"/green.tif"}
    assert far.identical(alone)


def test_a_block_that_would_fill_the_memory_is_not_decoded(tmp_path: Path) -> None:
    """A file of a few bytes whose one tile has 0.8 GB."""
    path = tmp_path / "green.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=20_000, height=20_000, count=1, dtype="uint16",
        crs=f"EPSG:{EPSG}", transform=TRANSFORM, tiled=True, blockxsize=20_000, blockysize=20_000,
        compress="deflate", SPARSE_OK=True,
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 1000
    refused(scene(path), r"20,000 x 20,000 pixels, more than \[catalog.limits\] block_bytes")


def test_a_window_of_more_pixels_than_allowed_is_not_read(tmp_path: Path) -> None:
    one = scene(of_ones(tmp_path / "green.tif"))
    few = replace(one, trust=replace(one.trust, limits=Limits(pixels=64 * 64 - 1)))
    refused(few, r"64 x 64 pixels, more than \[catalog.limits\] pixels, 4,095")
    assert read_pixels(one, None, bands=("green",)).green.shape == (64, 64)


def test_complex_numbers_are_no_reflectance(tmp_path: Path) -> None:
    values = np.ones((64, 64), "complex64")
    path = write_raster(
        tmp_path / "green.tif", values, transform=TRANSFORM, driver="GTiff", nodata=None
    )
    refused(scene(path), "complex numbers")


def test_a_pipe_is_no_raster() -> None:
    refused(scene("/dev/zero"), "device or a pipe")


@pytest.mark.parametrize("answer", [endless, drip], ids=["endless", "drip"])
def test_a_server_without_parts_of_files_is_left_at_once(answer: Any) -> None:
    with Hostile({"/green.tif": answer}) as server:
        refused(scene(f"{server.url}/green.tif"), "gives no parts of files")
        assert server.sent < 20 * 10**6


def served(path: Path) -> bytes:
    """A file whose pixels lie beyond what is read at once."""
    values = np.random.default_rng(0).integers(1, 9999, (192, 192), "uint16")
    return write_raster(path, values, transform=TRANSFORM).read_bytes()


def lured(server: Hostile, data: bytes, then: Answer) -> Scene:
    """A scene of a server that is honest until it is trusted."""
    server.answers["/green.tif"] = first(parts(data), then)
    return scene(f"{server.url}/green.tif", Trust(catalog=f"{server.url}/c.json", private=True))


@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("target", ["{victim}/", "file:///etc/hostname", "http://[::1]:9/"])
def test_no_redirect_of_pixels_leads_to_another_server(
    code: int, target: str, victim: Hostile, tmp_path: Path
) -> None:
    data = served(tmp_path / "green.tif")
    with Hostile() as server:
        away = redirect(target.format(victim=victim.url), code)
        refused(lured(server, data, away), "x, green: is not opened")
        assert server.seen == ["GET /green.tif"] * 2
    assert victim.seen == []


ELSEWHERE = {"Content-Range": "bytes 0-999/1000"}


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (lambda _: endless, "no parts of files"),
        (body, "no parts of files"),
        (endless_part, "more bytes than it is asked for"),
        (lambda data: body(data[:1000], 206, **ELSEWHERE), "other bytes than it is asked for"),
        (lambda data: parts(data + b" "), "has changed while it was read"),
        (torn_part, "broke off"),
        (drip_part, "time limit is used up"),
        (lambda _: status(404), "404"),
        (lambda _: status(503), "503"),
    ],
)
def test_pixels_that_do_not_come_are_a_fault_of_their_file(
    then: Callable[[bytes], Answer], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one line, after little time and memory, however often GDAL asks."""
    monkeypatch.setattr(rasters, "PATIENCE", Patience(timeout_s=0.4, retries=0))
    data = served(tmp_path / "green.tif")
    with Hostile() as server:
        refused(lured(server, data, then(data)), f"x, green: .*{why}")
        assert server.sent < 20 * 10**6
        assert len(server.seen) == 2


TILE = 128


@pytest.fixture
def tiled(tmp_path: Path) -> Path:
    """Eight rows of eight tiles."""
    values = np.random.default_rng(0).integers(1, 9999, (8 * TILE, 8 * TILE), "uint16")
    tiles = {"tiled": True, "blockxsize": TILE, "blockysize": TILE}
    return write_raster(
        tmp_path / "green.tif", values, transform=TRANSFORM, driver="GTiff", **tiles
    )


def read_tiles(one: Scene, rows: int) -> xr.Dataset:
    """Read from three tiles of each of some rows."""
    down, along = slice(TILE + 5, rows * TILE + 20), slice(TILE + 5, 3 * TILE + 20)
    return read_window(one, geobox_of(one)[down, along], bands=("green",))


def test_tiles_side_by_side_are_one_request_and_few_bytes_are_read_in_vain(tiled: Path) -> None:
    spans: list[tuple[int, int]] = []
    data = tiled.read_bytes()

    def noted(one: Handler) -> None:
        spans.append(asked(one, len(data)))
        parts(data)(one)

    with Hostile({"/green.tif": noted}) as server:
        far = read_tiles(scene(f"{server.url}/green.tif"), 4)
    assert far.identical(read_tiles(scene(tiled), 4))
    assert len(spans) == 1 + 4
    assert sum(stop - start for start, stop in spans[1:]) <= 1.05 * 4 * 3 * TILE * TILE * 2


def test_ranges_are_asked_for_at_once(tiled: Path) -> None:
    """Each waits for the other, so that one after the other would never end."""
    data, both = tiled.read_bytes(), Barrier(2, timeout=10)

    def together(one: Handler) -> None:
        if asked(one, len(data))[0] > 0:
            both.wait()
        parts(data)(one)

    with Hostile({"/green.tif": together}) as server:
        far = read_tiles(scene(f"{server.url}/green.tif"), 2)
    assert far.identical(read_tiles(scene(tiled), 2))


def test_a_proxy_is_asked_for_pixels_and_not_for_the_gateway(
    tiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hostile({"http://192.0.32.8/green.tif": parts(tiled.read_bytes())}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        far = read_tiles(scene("http://192.0.32.8/green.tif"), 2)
        assert set(proxy.seen) == {"GET http://192.0.32.8/green.tif"}
    assert far.identical(read_tiles(scene(tiled), 2))


def test_a_file_is_the_same_for_whoever_may_open_it(tmp_path: Path) -> None:
    """What was opened for one catalogue is not handed to another one that may not lead there."""
    path = of_ones(tmp_path / "green.tif")
    near = scene(path)
    with reading(near, near.assets["green"]):
        raster_of(near, near.assets["green"])
    refused(scene(path, Trust(catalog="https://192.0.32.8/v1")), "is not opened")


def of_version(one: Scene, **known: Any) -> Scene:
    asset = replace(one.assets["green"], version=FileVersion(**known))
    return replace(one, assets={"green": asset})


def test_a_file_that_is_not_the_catalogues_is_refused(tmp_path: Path) -> None:
    """By its size over HTTP, by size and checksum on the own disk."""
    path = of_ones(tmp_path / "green.tif")
    size, other = path.stat().st_size, "1220" + "ab" * 32
    own = "1220" + hashlib.sha256(path.read_bytes()).hexdigest()
    with FileServer(tmp_path) as server:
        for href in (str(path), f"{server.url}/green.tif"):
            wrong = f"x, green: has {size:,} bytes and not the {size + 1:,} that its catalogue"
            refused(of_version(scene(href), size=size + 1), wrong)
            right = read_pixels(of_version(scene(href), size=size, checksum=own), None)
            assert (right.green == 1).all()
        refused(of_version(scene(path), size=size, checksum=other), "x, green: has the checksum")


def test_a_file_that_changes_after_the_search_is_refused(tmp_path: Path) -> None:
    of_ones(tmp_path / "green.tif")
    with FileServer(tmp_path) as server:
        address = f"{server.url}/green.tif"
        (known,) = VersionReader(quick_options(server.url)).with_versions([scene(address)])
        assert (read_pixels(known, None).green == 1).all()
        twos = np.full((64, 64), 2, "uint16")
        write_raster(tmp_path / "green.tif", twos, transform=TRANSFORM)
        _open.cache_clear()  # as another process, or a quarter of an hour later
        refused(known, "x, green: has changed since the catalogue was searched; run again")
        (fresh,) = VersionReader(quick_options(server.url)).with_versions([scene(address)])
        assert (read_pixels(fresh, None).green == 2).all()
