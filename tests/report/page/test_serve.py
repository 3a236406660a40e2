"""Decisions: the later one holds, nobody else can write them, and nothing of them is lost."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.errors import StoreError
from gnomon.report.page.decisions import (
    decision_features,
    merge_decisions,
    read_decisions,
    write_decisions,
)
from gnomon.report.page.serve import ReviewServer
from gnomon.report.page.shell import is_current


def decision(ship: str, when: str | None = "2024-12-01T00:00:00Z", **told: Any) -> dict[str, Any]:
    properties = {"detection_id": ship, "decision": "accept", "decided_at": when, **told}
    return {"type": "Feature", "geometry": None, "properties": properties}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


TIMES = st.sampled_from(
    ["2024-12-01T00:00:00Z", "2024-12-01T09:00:00+09:00", "2024-12-02T00:00:00.500Z"]
)
DECISIONS = st.lists(st.builds(decision, st.sampled_from("abc"), TIMES, note=st.text()))


@given(DECISIONS, DECISIONS)
def test_merging_loses_nothing_and_settles(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    both = merge_decisions(one, other)
    told = {(f["properties"]["detection_id"], moment(f)) for f in [*one, *other]}
    assert [(f["properties"]["detection_id"], moment(f)) for f in both] == sorted(told)
    assert merge_decisions(both, both) == both
    assert all(feature in [*one, *other] for feature in both)


def moment(feature: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(feature["properties"]["decided_at"]).astimezone(UTC)


def test_an_earlier_decision_stays_as_history() -> None:
    early = decision("a", "2024-12-01T23:59:00+09:00", note="early")
    late = decision("a", "2024-12-01T15:00:00Z", note="late")
    assert merge_decisions([late], [early]) == [early, late]


@pytest.mark.parametrize(
    "value",
    [[], {"type": "Feature"}, {"type": "FeatureCollection"}, collection({"properties": {}}),
     collection(decision("a", decision="maybe")), collection(decision("a", None)),
     collection(decision("a", "2024-12-01T00:00:00"))],
)  # fmt: skip
def test_what_is_no_decision_is_refused(value: Any) -> None:
    with pytest.raises(
        ValueError,
        match=r"FeatureCollection|features|detection_id|accept|decided_at|valid dict|timezone",
    ):
        decision_features(value)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ReviewServer]:
    page = tmp_path / "report.html"
    page.write_text("<html><head></head><body></body></html>")
    with ReviewServer(page, tmp_path) as desk:
        thread = threading.Thread(target=desk.serve_forever)
        thread.start()
        yield desk
        desk.shutdown()
        thread.join()


def asked(
    desk: ReviewServer, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", desk.server_port, timeout=10)
    given_ = {name.replace("_", "-"): value for name, value in headers.items()}
    text = json.dumps(body) if body is not None and not isinstance(body, str) else body
    connection.request(method, path, text, given_)
    answer = connection.getresponse()
    told = answer.status, answer.read().decode()
    connection.close()
    return told


def test_decisions_are_added_and_given_back(desk: ReviewServer) -> None:
    token = {"X_Gnomon_Token": desk.token}
    for ship in "ab":
        status, text = asked(desk, "POST", "/review.geojson", collection(decision(ship)), **token)
        assert status == 200, text
    assert json.loads(text) == {"saved": 2, "file": "review.geojson"}
    assert [f["properties"]["detection_id"] for f in read_decisions(desk.review)] == ["a", "b"]
    assert len(json.loads(asked(desk, "GET", "/review.geojson")[1])["features"]) == 2
    assert '"detection_id":"a"' in asked(desk, "GET", "/")[1]


def test_only_its_own_page_may_write(desk: ReviewServer) -> None:
    body, own = collection(decision("a")), {"X_Gnomon_Token": desk.token}
    assert asked(desk, "POST", "/review.geojson", body)[0] == 403
    assert asked(desk, "POST", "/review.geojson", body, X_Gnomon_Token="guess")[0] == 403
    evil = {"Origin": "https://elsewhere.example"}
    assert asked(desk, "POST", "/review.geojson", body, **own, **evil)[0] == 403
    assert asked(desk, "GET", "/", None, Host="elsewhere.example")[0] == 403
    assert asked(desk, "POST", "/run.json", body, **own)[0] == 403
    assert not desk.review.exists()


@pytest.mark.parametrize("body", ["", "no json", '{"type": "FeatureCollection"}', "[]"])
def test_what_is_not_a_decision_is_not_written(desk: ReviewServer, body: str) -> None:
    status, _ = asked(desk, "POST", "/review.geojson", body, X_Gnomon_Token=desk.token)
    assert status in (400, 413)
    assert not desk.review.exists()


@pytest.mark.parametrize("path", ["/../run.json", "/run.json", "/etc/passwd", "/%2e%2e/run.json"])
def test_there_is_only_one_page(desk: ReviewServer, path: str) -> None:
    (desk.page.parent / "run.json").write_text("{}")
    assert asked(desk, "GET", path)[0] == 404


def test_a_damaged_file_of_decisions_is_left_as_it_is(desk: ReviewServer) -> None:
    desk.review.write_text("half a fi")
    status, text = asked(
        desk, "POST", "/review.geojson", collection(decision("a")), X_Gnomon_Token=desk.token
    )
    assert status == 500
    assert "correct or move it" in text
    assert desk.review.read_text() == "half a fi"


def test_a_taken_port_is_one_line(desk: ReviewServer, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"port {desk.server_port}: .*--port"):
        ReviewServer(desk.page, tmp_path, desk.server_port)


def test_a_page_older_than_its_tables_is_not_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path)
    (tmp_path / "report.html").write_text("")
    assert is_current(tmp_path)
    write_decisions([decision("a")], tmp_path / "review.geojson")
    assert is_current(tmp_path)  # decisions are put in when the page is given out
    (tmp_path / "observations.parquet").write_text("")
    later = (tmp_path / "report.html").stat().st_mtime + 10
    os.utime(tmp_path / "observations.parquet", (later, later))
    assert not is_current(tmp_path)
