"""The top of the page in a real browser: what it says of the tables, and what it must not say."""

import re
from pathlib import Path
from typing import Any

import pytest

from browsers import DESK, PHONE, Open, needs_chromium
from run_folders import IDS, OPEN, ROWS, observation, visit, write_effects, write_review
from run_folders import day as day_of
from small_pages import (
    DATES,
    barrels,
    failed,
    port_season,
    seen_ships,
    write_counted_page,
    write_small_page,
)

expect = pytest.importorskip("playwright.sync_api", reason="make test sets it up").expect
pytestmark = [pytest.mark.slow, needs_chromium]


def tiles(tab: Any) -> dict[str, str]:
    """Tiles by name: value and what follows."""
    found = tab.locator(".tile").all()
    return {
        one.locator("dt").inner_text(): one.locator("dd").inner_text().replace("\n", " | ")
        for one in found
    }


def headline(tab: Any) -> str:
    return " ".join(tab.locator("h1").inner_text().split())


def test_the_headline_has_its_period_and_the_interval_before_the_middle(
    opened: Open, tmp_path: Path
) -> None:
    text = headline(opened(write_small_page(tmp_path)))
    assert "358,000 to 685,000 barrels left Rajin from 15 Oct to 24 Dec 2024 (71 days)" in text
    assert "against a cap of 500,000 for all of 2024" in text
    assert text.index("685,000") < text.index("90 % interval") < text.index("middle 490,000")


@pytest.mark.parametrize(
    ("column", "bad", "good", "begins"),
    [
        ("preliminary", True, False, "Preliminary: the calculation for Rajin has not settled"),
        ("fit", 0.01, 0.4, "The data for Rajin do not fit the model"),
    ],
)
def test_what_must_not_be_relied_on_is_said_below_the_headline(
    opened: Open, tmp_path: Path, column: str, bad: object, good: object, begins: str
) -> None:
    for value in (bad, good):
        tab = opened(write_small_page(tmp_path, seasons=[port_season(**{column: value})]))
        said = [one.inner_text() for one in tab.locator(".pending").all()]
        assert [text.startswith(begins) for text in said] == [True] * (value == bad)


def test_which_more_images_would_help_stands_in_a_table(opened: Open, tmp_path: Path) -> None:
    tab = opened(write_small_page(tmp_path))
    part = tab.locator(".further")
    text = " ".join(part.inner_text().split())
    assert "Which more images would help at Rajin" in text
    assert "show 42 % of the visits" in text
    assert "only to ±5.2, half of the 90 % interval; this result is ±6.5" in text
    rows = [" ".join(row.inner_text().split()) for row in part.locator("tbody tr").all()]
    assert rows == [
        "daily 3 m images ±1.4 70 % 20 optical, 3 m paid",
        "a second Sentinel-1 satellite ±2.1 55 % 5 radar, 10 m free",
    ]


def test_where_further_images_are_unknown_there_is_no_table(opened: Open, tmp_path: Path) -> None:
    tab = opened(write_small_page(tmp_path, seasons=[port_season(ideal_half_width=None)]))
    assert tab.locator(".further").count() == 0
    tab = opened(write_small_page(tmp_path / "own tables", with_study=False))
    assert tab.locator(".further tbody tr").count() == 2


def test_a_whole_year_has_no_days(opened: Open, tmp_path: Path) -> None:
    bounds = {"start": day_of(-96), "end": day_of(271)}
    page = write_small_page(tmp_path, ledger=[barrels(**bounds)])
    assert "barrels left Rajin in 2024 (" in headline(opened(page))


@pytest.mark.parametrize(
    ("p_over", "verdict", "tile", "value"),
    [
        (1.0, "The cap was exceeded.", "Cap exceeded on", "16 Dec 2024"),
        (0.7, "more likely exceeded than not", "Cap more likely exceeded, on", "16 Dec 2024"),
        (0.52, "cannot be determined", "Cap, if exceeded, on", "16 Dec 2024"),
        (0.46, "cannot be determined", "Cap exceeded?", "not determined"),
        (0.2, "more likely not exceeded", "Cap exceeded?", "more likely not"),
        (0.0, "not exceeded in this time", "Cap exceeded?", "no"),
    ],
)
def test_a_date_on_which_the_cap_was_exceeded_only_where_it_more_likely_was(
    opened: Open, tmp_path: Path, p_over: float, verdict: str, tile: str, value: str
) -> None:
    """The table has dates whatever the probability, as those of older versions have."""
    tab = opened(write_small_page(tmp_path, ledger=[barrels(p_over, **DATES)]))
    assert verdict in headline(tab)
    found = tiles(tab)
    assert found[tile].startswith(f"{value} |")
    text = tab.locator("#answer").inner_text()
    assert ("Dec 2024" in text.replace("24 Dec 2024", "").replace("25 Dec 2024", "")) == (
        p_over >= 0.5
    )
    assert not re.search(r"\b(0|100) %", text)
    if p_over in (0.0, 1.0):
        share = "over 99 %" if p_over else "under 1 %"
        assert share in found["Over 500,000 in 2024"]


def test_an_open_direction_is_told_under_its_conditions(opened: Open, tmp_path: Path) -> None:
    """Nowhere at the top stands the middle of two humps."""
    unclear = port_season(p_exports=0.48, loaded_p50=0.0, loaded_p05=0.0, loaded_p95=61.0)
    tab = opened(write_small_page(tmp_path, ledger=[barrels(**OPEN)], seasons=[unclear]))
    text = headline(tab)
    assert text.endswith(
        "Whether the cap was exceeded cannot be determined. If ships load at Rajin, 838,000 to "
        "1,280,000 barrels left Rajin from 15 Oct to 24 Dec 2024 (71 days) (90 % interval; middle "
        "1,070,000); if they unload, none. The images do not decide whether ships load or unload "
        "at Rajin (chance that they load: 48 %). If they load, chance over 99 % that a cap of "
        "500,000 for all of 2024 was exceeded."
    )
    found = tiles(tab)
    assert found["Barrels, if ships load at Rajin"].startswith("838,000 to 1,280,000")
    assert found["Over 500,000 in 2024"].startswith("47 %")
    assert found["Over 500,000 in 2024"].endswith("if ships load at Rajin, over 99 %")
    assert found["Direction of trade at Rajin"] == "unclear | chance 48 % that ships load"
    assert "if ships load at Rajin" in tab.locator(".cumulative h2").inner_text()
    assert "middle 0" not in tab.locator("#answer").inner_text()


def test_where_every_image_failed_no_image_could_be_used(opened: Open, tmp_path: Path) -> None:
    page = write_small_page(
        tmp_path, observations=failed(12), detections=[], visits=[], ledger=[], seasons=[]
    )
    assert headline(opened(page)) == "No image could be used: 12 failed."


def test_a_run_that_counts_ships_says_nothing_of_loads_and_visits(
    opened: Open, tmp_path: Path
) -> None:
    tab = opened(write_counted_page(tmp_path, (2, 0, 3)))
    assert headline(tab) == (
        "0 to 3 ships found in an image, 5 in all 3. A ship that stays counts in every image that "
        "shows it. Visits were not inferred."
    )
    drawn = tab.locator(".first svg[role=img]").last.get_attribute("aria-label")
    assert re.findall(r"Rajin \d+ \w+ 2024 (\d+)", drawn) == ["2", "0", "3"]
    assert tab.locator(".thumbs li").count() == 5
    assert "is gnomon surer" in tab.locator(".strongest figcaption").inner_text()
    outside = tab.locator("main > section:not(#words)")
    said = " ".join(one.inner_text() for one in outside.all()).lower()
    assert not re.findall("laden|ballast|freeboard|is missing|barrel", said)
    tab.locator(".thumbs a").first.click()
    assert "Visits were not inferred" in tab.locator("dialog").inner_text()
    image = opened(f"{tab.url.partition('#')[0]}#observation-S2A_2@rajin")
    labels = [one.inner_text() for one in image.locator(".chips.small li").all()]
    assert [label.splitlines()[-1] for label in labels] == ["is a ship: 90 %"] * 3


def test_failed_and_clouded_images_stand_beside_those_that_could_be_used(
    opened: Open, tmp_path: Path
) -> None:
    clear = [observation(f"S2B_{n}", day_of(n)) for n in range(3)]
    cloud = observation("S2B_grey", day_of(4), usable_fraction=0.0, zones='{"pier 1": 0.0}')
    skipped = observation("S2B_white", day_of(5), status="skipped", reason="100 % cloud",
                          usable_fraction=None, covered_fraction=None)  # fmt: skip
    left = observation("S2B_other", day_of(6), status="skipped", reason="no weights for radar")
    rows = [*clear, cloud, skipped, left, *failed(4)]
    tab = opened(write_small_page(tmp_path, observations=rows, detections=[], visits=[]))
    counts = tab.locator(".counts").inner_text()
    assert counts == "3 images could be used; 4 failed, 2 hidden by cloud, 1 left out."


def test_without_a_readable_study_no_port_is_claimed(opened: Open, tmp_path: Path) -> None:
    tab = opened(write_small_page(tmp_path, with_study=False))
    assert "at which ports is not known" in headline(tab)
    assert not [name for name in tiles(tab) if "Rajin" in name]


def test_only_the_ports_that_the_ledger_counts_from_have_tiles(
    opened: Open, tmp_path: Path
) -> None:
    """Also where another port comes first in the table."""
    seasons = [port_season("chongjin", visits_p50=9.0, visits_p05=8.0), port_season()]
    other = observation("S2A_other", day_of(7), port="chongjin")
    images = {"observations": [*ROWS["observations"][1], other]}
    found = tiles(opened(write_small_page(tmp_path / "both", seasons=seasons, **images)))
    assert [name for name in found if name.startswith("Visits")] == ["Visits at Rajin"]
    assert found["Visits at Rajin"].startswith("17 to 30 | 90 % interval; middle 22; 1 of them")
    alone = write_small_page(tmp_path / "one", seasons=seasons[:1], **images)
    assert not [name for name in tiles(opened(alone)) if name.startswith("Visits")]


def test_the_same_number_is_the_same_wherever_it_stands(opened: Open, tmp_path: Path) -> None:
    tab = opened(write_small_page(tmp_path))
    found = tiles(tab)
    text = headline(tab)
    for part in ("358,000 to 685,000", "middle 490,000"):
        assert part in text
        assert part in found["Barrels"]
    row = tab.locator(".scenarios tbody tr").first.inner_text()
    assert "358,000 \N{EN DASH} 685,000" in row
    assert "middle 490,000" in row
    tab.locator(".fold summary").click()
    ports = tab.locator(".fold tbody tr").first.inner_text()
    assert "17 \N{EN DASH} 30" in ports
    assert "middle 22" in ports
    label = tab.locator(".cumulative svg[role=img]").get_attribute("aria-label")
    assert "358,000 to 685,000, 90 % interval, middle 490,000" in label


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_stands_at_every_heading_and_in_the_title(
    opened: Open, tmp_path: Path, simulated: bool
) -> None:
    tab = opened(write_small_page(tmp_path, simulated=simulated, seen=seen_ships()))
    heads = tab.locator("h1, section > h2, .first h2, .visits h2, .changes h2").all_text_contents()
    assert len(heads) >= 8
    assert [("SIMULATED" in text) for text in heads] == [simulated] * len(heads)
    assert ("SIMULATED" in tab.title()) == simulated
    assert ("SIMULATED" in tab.locator(".strongest figcaption").inner_text()) == simulated
    assert ("SIMULATED" in tab.locator("body").inner_text()) == simulated


def test_the_strongest_picture_says_what_it_shows_and_opens_its_evidence(
    opened: Open, tmp_path: Path
) -> None:
    tab = opened(write_small_page(tmp_path, seen=seen_ships()))
    picture = tab.locator(".strongest")
    box = picture.locator("img").bounding_box()
    assert box["y"] + box["height"] < DESK["height"]  # above the fold
    text = picture.inner_text()
    for part in ("6 Apr 2024, 02:12 UTC", "Rajin", "cannot be determined", "4.2 ± 1.0 m",
                 "98 ± 12 m long", "Contains modified Copernicus Sentinel data 2024"):  # fmt: skip
        assert part in text, part
    length = picture.locator(".measure line").bounding_box()
    assert length["width"] == pytest.approx(box["width"] * 80 / 180, abs=4)
    hull = picture.locator("polygon.hull").bounding_box()
    assert length["y"] > hull["y"] + hull["height"] - 1  # the shadow lies to the north
    picture.get_by_role("link").click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    assert f"visit-rajin-{IDS[0]}" in tab.evaluate("decodeURIComponent(location.hash)")


def test_every_visit_has_a_thumbnail_that_opens_its_card(opened: Open, tmp_path: Path) -> None:
    other = visit() | {"visit_id": "rajin-other", "detections": f'["{IDS[1]}"]'}
    page = write_small_page(tmp_path, seen=seen_ships(), visits=[visit(), other])
    tab = opened(page)
    links = tab.locator(".thumbs a")
    assert links.count() == 2
    texts = links.all_inner_texts()
    assert [("no picture" in text) for text in texts].count(True) == 1
    links.nth([("no picture" in text) for text in texts].index(True)).click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    assert "visit-rajin-other" in tab.evaluate("location.hash")


def test_barrels_cross_the_cap_where_the_table_says(opened: Open, tmp_path: Path) -> None:
    """Heights in the figure against the rule of three."""
    tab = opened(write_small_page(tmp_path))
    figure = tab.locator(".cumulative svg[role=img]")
    marks = figure.evaluate(
        """svg => {
            const all = name => [...svg.querySelectorAll(name)];
            const box = node => (b => [b.x, b.y, b.width, b.height])(node.getBBox());
            const long = all('path').filter(p => p.getAttribute('d').length > 300);
            return {lines: long.map(box), texts: all('text').map(t => t.textContent),
                    rules: all('line').map(box)};
        }"""
    )
    text = " ".join(marks["texts"])
    for part in ("cap 500,000 for the year", "middle", "upper end", "lower end",
                 "no images before 15 Oct 2024"):  # fmt: skip
        assert part in text, part
    heights = sorted(round(height, 1) for _, _, _, height in marks["lines"])
    low, middle, high = heights[0], heights[1], heights[-1]
    assert high / middle == pytest.approx(685 / 490, rel=0.01)
    assert low / middle == pytest.approx(358 / 490, rel=0.01)
    bottom = max(y + height for _, y, _, height in marks["lines"])
    cap = bottom - middle * 500 / 490
    assert any(y == pytest.approx(cap, abs=1) and height < 1 for _, y, _, height in marks["rules"])


def test_without_the_table_of_days_a_note_stands_in_place_of_the_curve(
    opened: Open, tmp_path: Path
) -> None:
    tab = opened(write_small_page(tmp_path, with_curve=False))
    assert tab.locator(".cumulative").count() == 0
    assert "cumulative.parquet is missing" in tab.locator(".remarks").inner_text()


LABELS = """() => [...document.querySelectorAll(
    '.first svg text, .changes svg text, .tile dt, .first figcaption, .counts, .hint, .thumbs b')]
    .filter(node => node.getClientRects().length).map(node => node.textContent.trim())"""


def test_a_phone_shows_every_label_that_a_desk_shows(opened: Open, tmp_path: Path) -> None:
    page = write_small_page(tmp_path, seen=seen_ships())
    desk, phone = (opened(page, viewport=size).evaluate(LABELS) for size in (DESK, PHONE))
    numbers = re.compile(r"[\d.,]+[kM]?|\d+ \w{3}(\d{4})?")
    words = [{text for text in found if not numbers.fullmatch(text)} for found in (desk, phone)]
    assert len(words[0]) > 15
    assert words[0] - words[1] == set()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_scrolls_sideways(opened: Open, tmp_path: Path, size: dict[str, int]) -> None:
    tab = opened(write_small_page(tmp_path, seen=seen_ships(), simulated=True), viewport=size)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_decisions_that_the_numbers_do_not_have_stand_at_the_headline(
    opened: Open, tmp_path: Path
) -> None:
    words = "1 decision in review.geojson is not yet in these numbers: run gnomon track again."
    write_review(tmp_path)
    tab = opened(write_small_page(tmp_path))
    expect(tab.locator("#answer .pending")).to_have_text(words)
    review = tab.locator("#decisions")
    expect(review).to_contain_text("1 decision in review.geojson is not yet in visits and barrels")
    expect(review).not_to_contain_text("in this browser")


def test_decisions_that_the_numbers_have_are_not_called_unsaved(
    opened: Open, tmp_path: Path
) -> None:
    write_review(tmp_path)
    write_effects(tmp_path)
    tab = opened(write_small_page(tmp_path))
    review = tab.locator("#decisions")
    expect(review).to_contain_text("1 decision is in the visits and barrels of this page.")
    expect(review).not_to_contain_text("in this browser")
    expect(review).not_to_contain_text("run gnomon track again")
    expect(tab.locator(".pending")).to_have_count(0)


def test_a_decision_of_the_browser_alone_stays_there_and_is_not_in_the_file(
    opened: Open, tmp_path: Path
) -> None:
    tab = opened(write_small_page(tmp_path) + f"#ship-{IDS[1]}")
    tab.get_by_role("radio", name="accept").check(force=True)
    tab.get_by_role("button", name="Save decision").click()
    expect(tab.locator(".decided").first).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.locator("#decisions")).to_contain_text(
        "1 decision stays in this browser until you download it"
    )
    expect(tab.locator(".pending")).to_have_count(0)
