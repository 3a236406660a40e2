"""The page on paper: every visit, every ship, pages with numbers, and the banner on each."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from browsers import Open, needs_chromium
from run_folders import IDS, day, observation, ship, visit
from small_pages import seen_ships, write_small_page

pytest.importorskip("playwright.sync_api", reason="make test sets it up")
pytestmark = [pytest.mark.slow, needs_chromium]
SHIPS, VISITS = 75, 40
MARGINS = """() => [...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
    .filter(rule => rule instanceof CSSPageRule).map(rule => rule.cssText).join(' ')"""
"""As the browser understood them: what it does not know is not there."""


def printed(tab: Any) -> Any:
    """The page as it is when the browser prints it."""
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    return tab


def many(folder: Path, **how: Any) -> str:
    """A page with more ships than the list shows at first, and more visits than a strip holds."""
    ships = [ship(f"S2A_one-{n}", day(0), 130.3) for n in range(SHIPS - 3)]
    ships += [ship(name, day(0), 130.3, log_lr_laden=-0.4) for name in IDS]
    visits = [
        visit() | {"visit_id": f"rajin-{n}", "detections": json.dumps([IDS[0], f"S2A_one-{n}"])}
        for n in range(VISITS)
    ]
    rows = [observation("S2A_one", day(0)), observation("S2B_two", day(3))]
    return write_small_page(
        folder, detections=ships, visits=visits, observations=rows, seen=seen_ships(), **how
    )


def test_paper_has_every_visit_and_every_ship_and_the_screen_gets_its_own_back(
    opened: Open, tmp_path: Path
) -> None:
    tab = opened(many(tmp_path))
    assert tab.locator("table.ships tbody tr").count() < SHIPS
    assert tab.locator(".printed").count() == 0
    printed(tab)
    assert tab.locator("table.ships tbody tr").count() == SHIPS
    assert tab.locator(".printed").count() == VISITS
    assert tab.locator(".printed img").count() == VISITS
    assert tab.locator(".filters").is_hidden()
    assert tab.locator("h1").is_visible()
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    tab.wait_for_function("document.querySelectorAll('.printed').length === 0")
    assert tab.locator("table.ships tbody tr").count() < SHIPS


def test_a_printed_card_has_what_was_seen_apart_from_what_is_supposed(
    opened: Open, tmp_path: Path
) -> None:
    card = printed(opened(many(tmp_path))).locator(".printed").first
    seen = card.locator("ul").inner_text()
    assert "6 Apr 2024, 02:12 UTC" in seen
    assert "cannot be determined" in seen
    supposed = card.locator(".inferred").inner_text()
    assert supposed.startswith("Supposed from the other visits at this port")
    text = card.inner_text()
    assert "95 ± 6 m by 15 ± 1 m" in text
    assert "S2A_one" in text


def test_dates_on_paper_have_their_year_and_times_their_zone(opened: Open, tmp_path: Path) -> None:
    tab = printed(opened(many(tmp_path)))
    months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    for place in ("#printed", "#list", ".tiles", ".scenarios"):
        for text in tab.locator(place).all_text_contents():
            assert not re.search(rf"\d (?:{months})(?! \d{{4}})", text), place
            assert not re.search(r"\d\d:\d\d(?! UTC)", text), place


@pytest.mark.parametrize("simulated", [True, False])
def test_every_printed_page_has_its_number_and_says_if_it_is_simulated(
    opened: Open, tmp_path: Path, simulated: bool
) -> None:
    tab = opened(many(tmp_path, simulated=simulated))
    margins = tab.evaluate(MARGINS)
    assert 'content: "Page " counter(page) " of " counter(pages)' in margins
    assert "@bottom-right" in margins
    assert ("SIMULATED" in margins) == simulated
    assert ("@top-center" in margins) == simulated
    assert "spring" in margins  # the name of the run


def test_the_paper_grows_with_the_visits(opened: Open, tmp_path: Path) -> None:
    """Chromium itself makes the page whole before it prints."""
    pages = {}
    for name, address in (
        ("one", write_small_page(tmp_path / "a")),
        ("many", many(tmp_path / "b")),
    ):
        pdf = opened(address).pdf(prefer_css_page_size=True, print_background=True)
        pages[name] = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    assert pages["one"] >= 2
    assert pages["many"] >= pages["one"] + VISITS // 10


def test_a_name_of_a_run_cannot_break_out_of_the_margin(opened: Open, tmp_path: Path) -> None:
    address = write_small_page(tmp_path)
    page = tmp_path / "report.html"
    text = page.read_text()
    nasty = 'x"; } body { display: none } @page { @top-left { content: "y'
    assert '"name":"spring"' in text
    page.write_text(text.replace('"name":"spring"', f'"name":{json.dumps(nasty)}', 1))
    tab = opened(address)
    assert tab.locator("h1").is_visible()
    assert "@top-left" not in tab.evaluate(MARGINS)
