"""The served page: only its own page can save decisions, and none of them is lost."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from decisions import collection, decision
from gnomon.datamodel.decisions import review_in
from gnomon.datamodel.errors import StoreError
from gnomon.report.page.decisions import (
    read_decisions,
)
from gnomon.report.page.serve import ReviewServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReviewServer]:
    page = tmp_path / "report.html"
    page.write_text("<html><head></head><body></body></html>")
    with ReviewServer(page, tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def request(
    server: ReviewServer, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    given_ = {name.replace("_", "-"): value for name, value in headers.items()}
    text = json.dumps(body) if body is not None and not isinstance(body, str) else body
    connection.request(method, path, text, given_)
    answer = connection.getresponse()
    reply = answer.status, answer.read().decode()
    connection.close()
    return reply


def test_decisions_are_saved_and_served_again(server: ReviewServer) -> None:
    token = {"X_Gnomon_Token": server.token}
    for ship in "ab":
        status, text = request(
            server, "POST", "/review.geojson", collection(decision(ship)), **token
        )
        assert status == 200, text
    assert json.loads(text) == {"saved": 2, "file": "review.geojson"}
    assert [f["properties"]["detection_id"] for f in read_decisions(server.review)] == ["a", "b"]
    assert len(json.loads(request(server, "GET", "/review.geojson")[1])["features"]) == 2
    assert '"detection_id":"a"' in request(server, "GET", "/")[1]


def test_only_the_served_page_may_write(server: ReviewServer) -> None:
    body, own = collection(decision("a")), {"X_Gnomon_Token": server.token}
    assert request(server, "POST", "/review.geojson", body)[0] == 403
    assert request(server, "POST", "/review.geojson", body, X_Gnomon_Token="guess")[0] == 403
    evil = {"Origin": "https://elsewhere.example"}
    assert request(server, "POST", "/review.geojson", body, **own, **evil)[0] == 403
    assert request(server, "GET", "/", None, Host="elsewhere.example")[0] == 403
    assert request(server, "POST", "/run.json", body, **own)[0] == 403
    assert not server.review.exists()


@pytest.mark.parametrize("body", ["", "no json", '{"type": "FeatureCollection"}', "[]"])
def test_a_body_without_decisions_is_not_written(server: ReviewServer, body: str) -> None:
    status, _ = request(server, "POST", "/review.geojson", body, X_Gnomon_Token=server.token)
    assert status in (400, 413)
    assert not server.review.exists()


HOSTILE = {
    "infinity": '"x": Infinity', "too large": '"x": 1e400', "nan": '"x": NaN',
    "half a character": '"x": "\\ud800"', "deep": '"x": ' + "[" * 10**5 + "]" * 10**5,
    "long number": '"x": ' + "9" * 5000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_could_not_be_read_again_is_not_saved(server: ReviewServer, name: str) -> None:
    """The answer is an error of one line, and page and run go on."""
    text = json.dumps(collection(decision("a"))).replace(
        '"decision"', f'{HOSTILE[name]}, "decision"'
    )
    status, answer = request(server, "POST", "/review.geojson", text, X_Gnomon_Token=server.token)
    assert status == 400
    assert "not decisions" in json.loads(answer)["error"]
    assert not server.review.exists()
    assert request(server, "GET", "/")[0] == 200


@pytest.mark.parametrize("geometry", [{}, {"geometry": None}, {"geometry": {}}])
def test_a_decision_without_a_place_is_saved_as_geojson_has_it(
    server: ReviewServer, geometry: dict[str, Any]
) -> None:
    properties = decision("a")["properties"]
    body = collection({"properties": properties | {"detection_id": 7}, **geometry})
    for _ in range(2):
        token = {"X_Gnomon_Token": server.token}
        assert request(server, "POST", "/review.geojson", body, **token)[0] == 200
        (one,) = json.loads(server.review.read_text())["features"]
        assert (one["type"], one["geometry"]) == ("Feature", None)
        more = collection(decision("a"))
        assert request(server, "POST", "/review.geojson", more, **token)[0] == 200
        assert [one.detection_id for one in review_in(server.review.parent)] == ["7", "a"]
        server.review.unlink()


def test_a_decision_that_contradicts_one_of_the_same_moment_is_refused(
    server: ReviewServer,
) -> None:
    token = {"X_Gnomon_Token": server.token}
    assert request(server, "POST", "/review.geojson", collection(decision("a")), **token)[0] == 200
    other = collection(decision("a", decision="reject"))
    status, answer = request(server, "POST", "/review.geojson", other, **token)
    assert status == 400
    assert "at the same moment" in answer
    assert [one.decision for one in review_in(server.review.parent)] == ["accept"]


@pytest.mark.parametrize("path", ["/../run.json", "/run.json", "/etc/passwd", "/%2e%2e/run.json"])
def test_there_is_only_one_page(server: ReviewServer, path: str) -> None:
    (server.page.parent / "run.json").write_text("{}")
    assert request(server, "GET", path)[0] == 404


def test_a_damaged_file_of_decisions_is_left_as_it_is(server: ReviewServer) -> None:
    server.review.write_text("half a fi")
    status, text = request(
        server, "POST", "/review.geojson", collection(decision("a")), X_Gnomon_Token=server.token
    )
    assert status == 500
    assert "correct or move the file" in text
    assert server.review.read_text() == "half a fi"


def test_a_port_in_use_is_one_line(server: ReviewServer, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"port {server.server_port}: .*--port"):
        ReviewServer(server.page, tmp_path, server.server_port)
