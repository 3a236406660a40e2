"""What planning takes: items of a server on this machine, read, named, and written as tasks.

The server is a process of its own and answers searches as a STAC API does, page by page, with items
of the size of Earth Search's (22 kB): as many as asked for over each of several ports, none of them
another's duplicate. What is measured is `gnomon plan --tasks` without its trials, in this process:
processor time, so that a busy machine counts little, what Python's own parser of JSON takes for the
same pages, and peak memory.
"""

import json
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shapely.geometry import box, mapping, shape

from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.study import Study
from gnomon.validate.range_server import serving
from gnomon.workflow.batch import TaskList
from gnomon.workflow.plan import Names, plan_ports
from gnomon.workflow.tasks import write_tasks

COLLECTION = "sentinel-2-c1-l2a"
CONFORMS = tuple(
    f"https://api.stacspec.org/v1.0.0/{part}" for part in ("core", "collections", "item-search")
)
BANDS = (
    "red", "green", "blue", "nir", "swir16", "scl", "visual", "rededge1", "rededge2",
    "rededge3", "nir08", "nir09", "swir22", "coastal", "aot", "wvp", "cloud", "snow",
)  # fmt: skip
PAGE, EVERY = 100, timedelta(hours=5)
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
ITEM_BYTES = 22_000


def measure_plan(items: str, ports: str) -> dict[str, float]:
    """Plan some items over each of some ports, and write their tasks."""
    with tempfile.TemporaryDirectory() as folder, serving(_serve, int(items)) as url:
        study = _study(url, Path(folder), int(ports))
        names, versions = Names(study), VersionReader(study.catalog)
        floor, started = _Floor(), time.process_time()
        with TaskList(Path(folder) / "run") as listed:
            for found in plan_ports(study, names, versions, floor.between):
                listed.add(found)
            count = write_tasks(listed.texts({}, str), Path(folder) / "tasks.jsonl")
        taken = time.process_time() - started - floor.seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    total = int(items) * int(ports)
    parsed = floor.seconds * total / max(floor.parsed, 1)
    return {"items": total, "tasks": count, "seconds": taken, "floor": parsed, "gib": peak}


class _Floor:
    """What `json.loads` takes for the same pages, a page of them after each that was planned.

    So both are slowed down alike by whatever else the machine does.
    """

    def __init__(self) -> None:
        item = json.dumps(_item()).replace('"@GEOMETRY@"', json.dumps(mapping(box(20, 40, 21, 41))))
        self._page = f'{{"type":"FeatureCollection","features":[{",".join([item] * PAGE)}]}}'
        self._calls = self.parsed = 0
        self.seconds = 0.0

    def between(self, *_progress: object) -> None:
        """Parse a page after each hundred items; they are given one by one."""
        self._calls += 1
        if self._calls % PAGE == 0:
            started = time.process_time()
            json.loads(self._page)
            self.seconds += time.process_time() - started
            self.parsed += PAGE


def _study(url: str, folder: Path, count: int) -> Study:
    names = [f"port-{number}" for number in range(count)]
    features = [
        {
            "type": "Feature",
            "geometry": mapping(box(20 + 0.5 * n, 40, 20.2 + 0.5 * n, 40.2)),
            "properties": {"port": name, "kind": "area", "zone": "all"},
        }
        for n, name in enumerate(names)
    ]
    path = folder / "ports.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return Study.model_validate(
        {
            "name": "bench",
            "catalog": {
                "url": url,
                "ask_files": False,
                "total_timeout_s": 86_400,
                "limits": {"items": 10_000_000, "pages": 1_000_000},
            },
            "ports": {"file": str(path), "names": names},
        }
    )


def _serve(pipe: Connection, items: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    _Api.items, _Api.template = items, json.dumps(_item())
    pipe.send(server.server_port)
    server.serve_forever()


def _item() -> dict[str, Any]:
    """An item whose id, time and outline are still to be filled in."""
    assets = {
        name: {
            "href": f"https://example.org/S2/@ID@/{name}.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "title": f"{name} band, bottom of atmosphere reflectance",
            "roles": ["data", "reflectance"],
            "gsd": 10 if name in BANDS[:4] else 20,
            "eo:bands": [{"name": name, "common_name": name, "center_wavelength": 0.665}],
            "raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 1e-4, "offset": -0.1}],
            "proj:shape": [10980, 10980],
            "proj:transform": [10, 0, 399960, 0, -10, 4900020],
            "file:checksum": "1220" + "ab" * 32,
            "file:size": 123_456_789,
        }
        for name in BANDS
    }
    properties = {
        "datetime": "@TIME@", "platform": "sentinel-2a", "constellation": "sentinel-2",
        "eo:cloud_cover": 12.5, "view:sun_azimuth": 160.1, "view:sun_elevation": 40.2,
        "view:azimuth": 104.0, "view:incidence_angle": 4.0, "s2:processing_baseline": "05.11",
    }  # fmt: skip
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": "@ID@", "collection": COLLECTION,
        "geometry": "@GEOMETRY@", "bbox": [20, 40, 21, 41], "properties": properties,
        "links": [], "assets": assets,
    }  # fmt: skip
    properties["description"] = "x" * (ITEM_BYTES - len(json.dumps(item)))
    return item


class _Api(BaseHTTPRequestHandler):
    """Answers each search with the same number of items over the place that is asked for."""

    protocol_version = "HTTP/1.1"
    items = 0
    template = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/search":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._page(int(asked["page"]), float(asked["west"]))
        elif parts.path == "/collections":
            self._answer(json.dumps({"collections": [self._collection()], "links": []}))
        else:
            links = [
                {
                    "rel": "search",
                    "href": f"{self._root}/search",
                    "method": "POST",
                    "type": "application/geo+json",
                },
                {"rel": "data", "href": f"{self._root}/collections"},
            ]
            own = {"type": "Catalog", "id": "bench", "stac_version": "1.0.0", "description": "d"}
            self._answer(json.dumps({**own, "conformsTo": CONFORMS, "links": links}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._page(0, shape(body["intersects"]).bounds[0])

    @property
    def _root(self) -> str:
        return f"http://{self.headers['Host']}"

    def _collection(self) -> dict[str, Any]:
        extent = {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[None, None]]},
        }
        return {"type": "Collection", "id": COLLECTION, "stac_version": "1.0.0", "license": "other",
                "description": "d", "extent": extent, "links": []}  # fmt: skip

    def _page(self, page: int, west: float) -> None:
        outline = json.dumps(mapping(box(west - 0.4, 39.5, west + 0.6, 40.5)))
        shaped = self.template.replace('"@GEOMETRY@"', outline)
        numbers = range(page * PAGE, min((page + 1) * PAGE, self.items))
        found = ",".join(
            shaped.replace("@ID@", f"S2_{west:.1f}_{number}").replace(
                "@TIME@", f"{FIRST + number * EVERY:%Y-%m-%dT%H:%M:%SZ}"
            )
            for number in numbers
        )
        again = f"{self._root}/search?page={page + 1}&west={west}"
        links = [{"rel": "next", "href": again}] if numbers.stop < self.items else []
        self._answer(
            f'{{"type":"FeatureCollection","features":[{found}],"links":{json.dumps(links)}}}'
        )

    def _answer(self, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Nothing: the table is what is printed."""
