"""The evidence page in a real browser: what a reader does, and what the page must not do.

Debian's chromium, driven by Playwright. Where it is absent these tests skip and say so.
"""

import json
import re
import shutil
import statistics
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from browsers import DESK, PHONE, Open, needs_chromium
from gnomon.report.page import page as report
from gnomon.report.page.decisions import read_decisions
from gnomon.report.page.serve import ReviewServer
from reports import NASTY, write_crowd, write_season

expect = pytest.importorskip(
    "playwright.sync_api", reason="playwright is absent: make test sets it up"
).expect
"""Waits until the page says so: a click is answered in a task of its own."""
AXE = Path(report.__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
EVERYTHING = "407 images and 95 ships in view"
TRIES = 6
pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The season's page, with HTML in names and notes wherever a run takes text."""
    folder = write_season(tmp_path_factory.mktemp("season"))
    ships = gpd.read_parquet(folder / "detections.parquet")
    ships["zone"] = NASTY
    ships.to_parquet(folder / "detections.parquet")
    values = json.loads((folder / "run.json").read_text())
    values["study"]["description"] = NASTY
    values["weights"] = {"name": NASTY}
    (folder / "run.json").write_text(json.dumps(values))
    report.write_report(folder, pictures=False)
    return folder


AT_TIMELINE = """() => new Promise(done => {
    document.querySelector('.timeline').scrollIntoView({behavior: 'instant'});
    const frames = n => n ? requestAnimationFrame(() => frames(n - 1)) : done();
    frames(5);
})"""
"""Scroll there, and wait until what was not drawn before has its true height."""


def address(folder: Path, part: str = "") -> str:
    return (folder / "report.html").as_uri() + part


def first_ship(folder: Path) -> str:
    return str(gpd.read_parquet(folder / "detections.parquet").detection_id.iloc[0])


def test_the_answer_is_there_at_once(opened: Open, season: Path) -> None:
    tab = opened(address(season))
    assert "barrels left Vostochny from 1 Mar to 30 Nov 2024" in tab.locator("h1").inner_text()
    tiles = tab.locator(".tile dt").all_inner_texts()
    for name in (
        "Visits at Vostochny",
        "Direction of trade at Vostochny",
        "Different ships",
        "Tonnes",
        "Barrels",
        "Over 500,000 in 2024",
        "Cap exceeded on",
    ):
        assert name in tiles
    assert tab.locator("table.scenarios tbody tr").count() == 4
    assert (
        tab.locator(".changes svg[role=img]")
        .get_attribute("aria-label")
        .startswith("Barrels from 1 Mar to 30 Nov 2024")
    )
    assert "SIMULATED" in tab.locator(".simulated").inner_text()


def test_every_image_is_on_the_timeline(opened: Open, season: Path) -> None:
    tab = opened(address(season))
    observations = gpd.read_parquet(season / "observations.parquet")
    drawn = tab.locator(".timeline :is(.part0, .part1, .part2) > *").count()
    assert drawn == len(observations)
    ships = gpd.read_parquet(season / "detections.parquet")
    assert tab.locator(".timeline :is(.part5, .part6, .part7, .part8) > *").count() == len(ships)


def test_filters_and_zoom(opened: Open, season: Path) -> None:
    tab = opened(address(season))
    counts = tab.locator(".filters output")
    expect(counts).to_have_text(EVERYTHING)
    tab.get_by_role("checkbox", name="daily, 3 m").uncheck(force=True)
    expect(counts).not_to_have_text(EVERYTHING)
    expect(tab.locator(".track:visible")).to_have_count(2 + 4)
    tab.get_by_role("checkbox", name="laden", exact=True).uncheck(force=True)
    expect(tab.locator(".timeline .part5").first).to_be_hidden()
    tab.get_by_label("Ship", exact=True).fill("Yu Son")
    expect(counts).to_contain_text("0 images")
    tab.get_by_role("button", name="Show all").click()
    expect(counts).to_have_text(EVERYTHING)
    tab.get_by_label("from", exact=True).fill("2024-06-01")
    tab.get_by_label("to", exact=True).fill("2024-06-30")
    expect(counts).to_have_text(re.compile(r"^[1-9]\d? images"))
    tab.get_by_role("button", name="whole time").click()
    box = tab.locator(".strip").bounding_box()
    tab.mouse.move(box["x"] + 500, box["y"] + 30)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 700, box["y"] + 30)
    tab.mouse.up()
    expect(counts).not_to_have_text(EVERYTHING)


def test_a_click_opens_the_evidence_and_its_address_can_be_cited(
    opened: Open, season: Path
) -> None:
    tab = opened(address(season))
    tab.evaluate(AT_TIMELINE)
    tab.locator(".timeline .part4 > *").first.click(force=True)
    card = tab.get_by_role("dialog")
    expect(card.get_by_role("heading", name="Visit at Vostochny")).to_be_visible()
    for part in (
        "Supposed from the other visits at this port",
        "Which ship it may be",
        "How strongly each image speaks",
        "Where the image comes from",
        "Your decision",
    ):
        expect(card.get_by_role("heading", name=part)).to_be_visible()
    hash_ = tab.evaluate("location.hash")
    assert hash_.startswith("#visit-")
    again = opened(address(season, hash_))
    title = card.get_by_role("heading").first.text_content()
    expect(again.get_by_role("dialog").get_by_role("heading").first).to_have_text(title)
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.wait_for_function("location.hash === ''")  # `close` fires after the dialog has gone


def test_by_keyboard_alone(opened: Open, season: Path) -> None:
    tab = opened(address(season))
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.locator(".strip").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight"):
        tab.keyboard.press(key)
    expect(tab.locator(".status")).to_contain_text("Vostochny")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.get_by_role("radio", name="reject").focus()
    tab.keyboard.press("Space")
    tab.get_by_role("button", name="Save decision").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".decided")).to_contain_text("Rejected")
    tab.keyboard.press("Escape")
    expect(tab.locator(".strip")).to_be_focused()


def test_decisions_survive_a_reload_and_are_downloaded_as_a_file(
    opened: Open, season: Path, browser: Any
) -> None:
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    ship = first_ship(season)
    tab = opened(address(season, f"#ship-{ship}"), context=context)
    card = tab.get_by_role("dialog")
    card.get_by_role("radio", name="accept").check(force=True)
    card.get_by_label("Type").select_option("tanker")
    card.get_by_label("Load in this image").select_option("laden")
    card.get_by_label("How sure you are").select_option("probable")
    card.get_by_label("Name of the ship").fill(NASTY)
    card.get_by_label("Note").fill(NASTY)
    card.get_by_label("Reviewer").fill("A. Analyst")
    card.get_by_role("button", name="Save decision").click()
    expect(card.locator(".decided")).to_contain_text("Accepted by A. Analyst")
    tab.reload()
    tab.wait_for_selector("dialog .decided")
    expect(tab.get_by_label("Note")).to_have_value(NASTY)
    tab.keyboard.press("Escape")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download review-SIMULATED.geojson").click()
    feature = json.loads(Path(download.value.path()).read_text())["features"][0]
    assert feature["properties"] == {
        "detection_id": ship, "visit_id": feature["properties"]["visit_id"],
        "scene_id": ship.rsplit("-", 1)[0], "decision": "accept", "type": "tanker",
        "load_state": "laden", "certainty": "probable", "identity": NASTY, "note": NASTY,
        "reviewer": "A. Analyst",
        "decided_at": feature["properties"]["decided_at"],
    }  # fmt: skip
    assert feature["properties"]["decided_at"].endswith("Z")
    assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]
    assert tab.evaluate("window.hit") is None


def test_html_in_names_is_never_executed(opened: Open, season: Path) -> None:
    tab = opened(address(season, f"#ship-{first_ship(season)}"))
    expect(tab.get_by_role("dialog")).to_contain_text(NASTY)
    assert tab.locator("img[onerror]").count() == 0
    assert tab.evaluate("window.hit") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_there_are_no_serious_barriers_to_access(
    opened: Open, season: Path, scheme: str, size: dict[str, int]
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is absent: make page sets it up")
    ship = first_ship(season)
    for part in ("", f"#ship-{ship}"):
        tab = opened(address(season, part), viewport=size, color_scheme=scheme, bypass_csp=True)
        tab.add_script_tag(path=str(AXE))
        found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
        violations = [
            (one["id"], one["impact"], [n["html"][:120] for n in one["nodes"][:3]])
            for one in found["violations"]
        ]
        assert [one for one in violations if one[1] in ("serious", "critical")] == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


FILTER = """name => new Promise(done => {
    const box = document.querySelector(`input[value="${name}"]`), start = performance.now();
    box.click();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""
"""Milliseconds from a click on a filter until its frame is painted."""


def timed(tab: Any) -> tuple[float, float]:
    """First contentful paint, and the median of filters, milliseconds."""
    first = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    names = ["laden", "rajin", "daily-3m", "cloudy", "indeterminate", "nampo"]
    return first, statistics.median(tab.evaluate(FILTER, name) for name in names * 2)


def test_five_thousand_ships(opened: Open, season: Path, tmp_path: Path) -> None:
    write_crowd(season, tmp_path)
    report.write_report(tmp_path, pictures=False)
    times = []
    for _ in range(TRIES):  # others may be using this machine: the best try is the page's own
        tab = opened(address(tmp_path))
        expect(tab.locator(".filters output")).to_contain_text("and 5,000 ships in view")
        times.append(timed(tab))
        if times[-1] < (2000, 100) and times[-1][1] < 100:
            break
    first, filtered = (min(column) for column in zip(*times, strict=True))
    sys.stderr.write(f"5,000 ships: first view {first:.0f} ms, a filter {filtered:.0f} ms\n")
    assert first < 2000, times
    assert filtered < 100, times


@pytest.fixture
def desk(season: Path, tmp_path: Path) -> Iterator[ReviewServer]:
    page = Path(shutil.copy(season / "report.html", tmp_path / "report.html"))
    with ReviewServer(page, tmp_path) as desk:
        thread = threading.Thread(target=desk.serve_forever)
        thread.start()
        yield desk
        desk.shutdown()
        thread.join()


def test_a_served_page_saves_each_decision(opened: Open, season: Path, desk: ReviewServer) -> None:
    ship = first_ship(season)
    tab = opened(f"{desk.url}#ship-{ship}")
    tab.get_by_role("radio", name="reject").check(force=True)
    tab.get_by_role("button", name="Save decision").click()
    tab.get_by_text("Saved: 1 decision in review.geojson.").first.wait_for()
    kept = read_decisions(desk.review)
    assert [one["properties"]["detection_id"] for one in kept] == [ship]
    other = opened(f"{desk.url}#ship-{ship}")  # another browser knows it from the server
    expect(other.locator(".decided")).to_contain_text("Rejected")


def test_it_prints(opened: Open, season: Path, tmp_path: Path) -> None:
    tab = opened(address(season))
    tab.pdf(path=tmp_path / "page.pdf", format="A4", print_background=True)
    assert (tmp_path / "page.pdf").stat().st_size > 20_000
    tab.emulate_media(media="print")
    expect(tab.locator(".filters")).to_be_hidden()
    expect(tab.locator("h1")).to_be_visible()
