"""The card of a visit in a real browser: what its own images show, and what is only supposed.

The page is that of a season; each test changes in its data what the card is about, so that the
case stands in the test.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from browsers import DESK, PHONE, Open, needs_chromium
from gnomon.datamodel.ship_types import SHIP_TYPES
from gnomon.report.page import page as report
from gnomon.report.page.shell import embedded
from gnomon.report.sentences import disagreement, own_text, supposed_text, together_text
from gnomon.report.text import tanker_text
from gnomon.report.words import words
from reports import write_season

expect = pytest.importorskip("playwright.sync_api", reason="make test sets it up").expect
pytestmark = [pytest.mark.slow, needs_chromium]

AXE = Path(report.__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
DAY_S = 86400
NOV_4 = 1730685600  # 4 Nov 2024, 02:00 UTC
Data = dict[str, Any]
Change = Callable[[Data], None]


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> str:
    """HTML of the season's page."""
    folder = write_season(tmp_path_factory.mktemp("season"))
    path, _ = report.write_report(folder, pictures=False)
    return path.read_text()


def changed(html: str, folder: Path, **blocks: Change) -> str:
    """Address of the page with its blocks of JSON changed."""
    for name, change in blocks.items():
        found = re.search(
            rf'(<script type="application/json" id="{name}">)(.*?)(</script>)', html, re.DOTALL
        )
        assert found is not None
        data = json.loads(found.group(2))
        change(data)
        html = html[: found.start(2)] + embedded(data) + html[found.end(2) :]
    path = folder / "report.html"
    path.write_text(html)
    return path.as_uri()


def visited(data: Data, loads: list[str], **values: Any) -> Data:
    """The first visit, with these loads in its images of 4 November 2024 and every second day on.

    Its other visits keep what they have.
    """
    visit: Data = data["visits"][0]
    ships = data["ships"]
    ids = [
        name for name in ships["id"] if name not in {i for v in data["visits"] for i in v["ships"]}
    ]
    visit["ships"] = ids[: len(loads)]
    first, last = NOV_4, NOV_4 + 2 * DAY_S * (len(loads) - 1)
    for n, (name, load) in enumerate(zip(visit["ships"], loads, strict=True)):
        k = ships["id"].index(name)
        ships["t"][k], ships["port"][k] = NOV_4 + 2 * DAY_S * n, visit["port"]
        ships["state"][k], ships["reason"][k] = load, None
    visit |= {
        "id": "case", "arrived_before": first, "departed_after": last,
        "arrived_after": first - 5 * DAY_S, "departed_before": last + 5 * DAY_S,
        "arrived_p05": first - 4 * DAY_S, "arrived_p50": first - DAY_S, "arrived_p95": first,
        "departed_p05": last, "departed_p50": last + DAY_S, "departed_p95": last + 4 * DAY_S,
        "image_p_laden_in": None, "image_p_laden_out": None, "hidden_images": [],
    } | values  # fmt: skip
    return visit


LOADED_BY_OTHERS = {"p_laden_in": 0.0, "p_laden_out": 1.0, "p_loaded": 0.9991, "p_unloaded": 0.0,
                    "others_p_laden_in": 0.02, "others_p_laden_out": 0.97}  # fmt: skip
BALLAST_ITSELF = {"image_p_laden_in": 0.02, "image_p_laden_out": 0.04, "contradicts_trade": True}


def the_case(data: Data) -> None:
    """A general cargo ship, in ballast in both of its images, that the port would have loaded."""
    visited(data, ["ballast", "ballast"], **LOADED_BY_OTHERS, **BALLAST_ITSELF)


def card_of(tab: Any) -> Any:
    return tab.get_by_role("dialog")


def test_the_headline_is_what_its_own_images_show(
    opened: Open, season: str, tmp_path: Path
) -> None:
    tab = opened(changed(season, tmp_path, page=the_case) + "#visit-case")
    head = card_of(tab).locator("header")
    expect(head.get_by_role("heading")).to_contain_text(
        "Its 2 images: in ballast on 4 Nov 2024, in ballast on 6 Nov 2024."
    )
    expect(head).to_contain_text("in ballast on arrival (98 %), in ballast on departure (96 %)")
    for word in ("left laden", "over 99 %", "loaded"):
        assert word not in head.inner_text()


CASES: list[tuple[list[str], dict[str, float | None]]] = [
    (["ballast", "ballast"], LOADED_BY_OTHERS | BALLAST_ITSELF),
    (["laden", "indeterminate"], {"image_p_laden_in": 0.4, "image_p_laden_out": 0.5,
      "p_laden_in": 0.95, "p_laden_out": 0.03, "p_loaded": 0.01, "p_unloaded": 0.93}),
    (["indeterminate"] * 3, {"p_laden_in": 0.5, "p_laden_out": 0.6, "p_loaded": 0.3,
      "p_unloaded": 0.501}),
    (["laden"] * 5 + ["ballast"], {"image_p_laden_in": 0.999, "image_p_laden_out": 0.001,
      "p_laden_in": 1.0, "p_laden_out": 0.0, "p_loaded": 0.0, "p_unloaded": 1.0}),
    (["ballast", "laden"], LOADED_BY_OTHERS | {"image_p_laden_in": 0.03,
      "image_p_laden_out": 0.97}),
]  # fmt: skip


@pytest.mark.parametrize(("loads", "values"), CASES)
def test_page_and_balloons_say_the_same_sentences(
    opened: Open, season: str, tmp_path: Path, loads: list[str], values: dict[str, float | None]
) -> None:
    rows: list[Data] = []
    page = changed(season, tmp_path, page=lambda data: rows.append(visited(data, loads, **values)))
    days = [NOV_4 + 2 * DAY_S * n for n in range(len(loads))]
    ships = pd.DataFrame({
        "load_state": loads, "seen_at": pd.to_datetime(days, unit="s", utc=True),
    })  # fmt: skip
    card = card_of(opened(f"{page}#visit-case"))
    expect(card.locator("#card-head")).to_contain_text(f"{own_text(ships)}.")
    if together := together_text(rows[0]):
        expect(card.locator(".own")).to_have_text(f"All its images together: {together}.")
    supposed = supposed_text(rows[0])
    expect(card.locator(".supposition")).to_contain_text(f"{supposed[:1].upper()}{supposed[1:]}.")
    if differ := disagreement(rows[0], ships):
        expect(card.locator(".differ")).to_have_text(differ)
    else:
        expect(card.locator(".differ")).to_have_count(0)


def test_what_is_supposed_stands_below_in_other_words_colour_and_line(
    opened: Open, season: str, tmp_path: Path
) -> None:
    tab = opened(changed(season, tmp_path, page=the_case) + "#visit-case")
    supposed = card_of(tab).get_by_role(
        "region", name="Supposed from the other visits at this port"
    )
    expect(supposed).to_contain_text("It came in ballast and left laden (chance over 99 %).")
    expect(supposed.locator(".differ")).to_have_text(
        "The two disagree: its own images say that it was in ballast on departure, the other "
        "visits that it was laden."
    )
    head = card_of(tab).locator("header")
    assert supposed.bounding_box()["y"] > head.bounding_box()["y"] + head.bounding_box()["height"]
    style = "one => { const s = getComputedStyle(one); return [s.color, s.borderLeftStyle]; }"
    (colour, line), (ink, _) = supposed.evaluate(style), head.evaluate(style)
    assert line == "dashed"
    assert colour != ink


@pytest.mark.parametrize(
    ("loads", "headline"),
    [
        (["indeterminate"] * 3, "Load cannot be determined in its 3 images."),
        (["indeterminate"], "Load cannot be determined in its one image, of 4 Nov 2024."),
        (["laden"], "Its one image: laden on 4 Nov 2024."),
        (["ballast", "indeterminate", "laden"],
         ("Its 3 images: in ballast on 4 Nov 2024, laden on 8 Nov 2024; cannot be determined in "
         "the other.")),
        (["laden"] * 5 + ["ballast"],
         ("Its 6 images: laden in 5 images from 4 Nov 2024 to 12 Nov 2024, in ballast on "
         "14 Nov 2024.")),
    ],
)  # fmt: skip
def test_every_image_counts_for_itself(
    opened: Open, season: str, tmp_path: Path, loads: list[str], headline: str
) -> None:
    address = changed(season, tmp_path, page=lambda data: visited(data, loads, p_loaded=0.999))
    tab = opened(f"{address}#visit-case")
    expect(card_of(tab).locator("#card-head")).to_contain_text(headline)


def test_images_that_leave_it_open_say_so_with_their_chance(
    opened: Open, season: str, tmp_path: Path
) -> None:
    weak = {"image_p_laden_in": 0.4, "image_p_laden_out": 0.5}
    case = changed(season, tmp_path, page=lambda data: visited(data, ["ballast"], **weak))
    expect(card_of(opened(f"{case}#visit-case")).locator(".own")).to_have_text(
        "All its images together: load on arrival cannot be determined (chance laden 40 %), load "
        "on departure cannot be determined."
    )


def test_agreement_and_silence_are_said_too(opened: Open, season: str, tmp_path: Path) -> None:
    seen = {"image_p_laden_in": 0.03, "image_p_laden_out": 0.97}
    agreeing = changed(
        season, tmp_path,
        page=lambda data: visited(data, ["ballast", "laden"], **LOADED_BY_OTHERS, **seen),
    )  # fmt: skip
    card = card_of(opened(f"{agreeing}#visit-case"))
    expect(card.locator(".supposition")).to_contain_text("Its own images say the same.")
    expect(card.locator(".differ")).to_have_count(0)
    silent = changed(
        season, tmp_path, page=lambda data: visited(data, ["ballast"], **LOADED_BY_OTHERS)
    )
    card = card_of(opened(f"{silent}#visit-case"))
    expect(card.locator(".differ")).to_have_text(
        "None of its own images shows it laden: that rests on the other visits alone."
    )


def test_the_timeline_draws_seen_solid_and_supposed_dashed(
    opened: Open, season: str, tmp_path: Path
) -> None:
    def case(data: Data) -> None:
        visited(data, ["ballast", "laden"], **LOADED_BY_OTHERS)
        data["visits"] = data["visits"][:1]

    tab = opened(changed(season, tmp_path, page=case))

    def of(part: str) -> list[tuple[str, str]]:
        """Colour, as the style sheet names it, and dashes of each line of a part."""
        group = tab.locator(f".timeline .{part}").first
        dashes = group.get_attribute("stroke-dasharray") or ""
        colour = group.get_attribute("stroke")
        lines = group.locator("> *").all()
        return [(str(line.get_attribute("stroke") or colour), dashes) for line in lines]

    assert of("part4") == [("var(--ballast)", ""), ("var(--laden)", "")]
    assert of("part3") == [("var(--supposed)", "4,3")]
    expect(tab.locator(".legend")).to_contain_text("what its own images show")
    expect(tab.locator(".legend")).to_contain_text("supposed, not seen")
    assert "dashed lines: supposed" in tab.get_by_role("application").get_attribute("aria-label")
    tab.locator(".strip").focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(".status")).to_contain_text(
        "Its 2 images: in ballast on 4 Nov 2024, laden on 6 Nov 2024. Supposed from the other "
        "visits at this port: it came in ballast and left laden (chance over 99 %)."
    )


@pytest.mark.parametrize(
    ("p", "basis"),
    [(0.98, "size alone"), (0.98, "size and images"), (0.05, "analyst"), (0.5, "size alone"),
     (1.0, "size and images"), (0.0, "analyst"), (0.4996, "size alone"), (None, None)],
)  # fmt: skip
def test_the_chance_of_a_tanker_says_what_it_rests_on_as_the_exports_do(
    opened: Open, season: str, tmp_path: Path, p: float | None, basis: str | None
) -> None:
    address = changed(
        season, tmp_path,
        page=lambda data: visited(data, ["laden"], p_tanker=p, p_tanker_basis=basis),
    )  # fmt: skip
    card = card_of(opened(f"{address}#visit-case"))
    assert fact(card, "Small tanker") == tanker_text(p, basis)


def test_an_image_that_tells_no_type_says_so(opened: Open, season: str, tmp_path: Path) -> None:
    def case(data: Data) -> None:
        visit = visited(data, ["laden", "laden"])
        first, second = (data["ships"]["id"].index(name) for name in visit["ships"])
        data["ships"]["tanker"][first] = None
        data["ships"]["tanker"][second] = 0.503

    tab = opened(changed(season, tmp_path, page=case) + "#visit-case")
    assert fact(card_of(tab), "Is a tanker") == "type not determined from this image"
    card_of(tab).locator(".chips button").nth(1).click()
    expect(card_of(tab).locator(".facts")).to_have_count(3)
    assert fact(card_of(tab), "Is a tanker").startswith("not determined")


def fact(card: Any, name: str) -> str:
    """Value beside a name on a card."""
    named = card.page.locator("dt", has_text=re.compile(f"^{name}"))
    row = card.locator(".facts > div").filter(has=named)
    return str(row.locator("dd").inner_text())


def test_images_that_hid_the_place_bound_nothing(opened: Open, season: str, tmp_path: Path) -> None:
    """6 Nov: cloud over the berth; the picture "before" is never of such an image."""

    def case(data: Data) -> None:
        visit = visited(data, ["laden"], arrived_before=NOV_4 + 4 * DAY_S,
                        departed_after=NOV_4 + 4 * DAY_S)  # fmt: skip
        images = data["observations"]
        port = [k for k, name in enumerate(images["port"]) if name == visit["port"]][:2]
        for k, (day, covered) in zip(port, [(2, 1.0), (6, 0.6)], strict=True):
            images["t"][k], images["covered"][k] = NOV_4 + day * DAY_S, covered
        visit["hidden_images"] = [images["scene"][k] for k in port]
        data["hidden"] = visit["hidden_images"][0]
        zones = next(one for one in data["ports"] if one["name"] == visit["port"])["zones"]
        data["ships"]["zone"][data["ships"]["id"].index(visit["ships"][0])] = zones[0]["name"]
        zones[0]["kind"] = "berth"
        scenes.append(visit["hidden_images"][0])

    def pictures(evidence: Data) -> None:
        chip = {"src": PNG, "half": 100, "gsd": 3, "hull": None, "shadow": None, "detected": None}
        evidence["chips"] = {
            "before:case": chip | {"scene": scenes[0]}, "after:case": chip | {"scene": "clear"},
        }  # fmt: skip

    scenes: list[str] = []
    card = card_of(opened(changed(season, tmp_path, page=case, evidence=pictures) + "#visit-case"))
    arrived, departed = fact(card, "Arrived"), fact(card, "Departed")
    assert (
        "between the images of 30 Oct 2024, 02:00 UTC and 8 Nov 2024, 02:00 UTC, which show its "
        "place" in arrived
    )
    assert "6 Nov 2024: cloud over the berth" in arrived
    assert "10 Nov 2024: cloud or the edge of the image over the berth" in departed
    ends = card.locator(".chips .empty")
    expect(ends.nth(0).locator("img")).to_have_count(0)
    expect(ends.nth(0)).to_contain_text("6 Nov 2024: cloud over the berth")
    expect(ends.nth(1).locator("img")).to_have_count(1)


def test_every_time_on_a_card_has_its_year_and_says_utc(
    opened: Open, season: str, tmp_path: Path
) -> None:
    card = card_of(opened(changed(season, tmp_path, page=the_case) + "#visit-case"))
    text = card.inner_text()
    assert re.findall(r"\d\d:\d\d(?! UTC)", text) == []
    months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    assert re.findall(rf"\b\d+ (?:{months})\b(?! \d{{4}})", text) == []
    assert re.findall(r"(?<![\d,.])(?:0|100) %|certainly", text) == []


def test_an_analyst_chooses_a_type_of_the_vocabulary_and_how_sure(
    opened: Open, season: str, tmp_path: Path
) -> None:
    tab = opened(changed(season, tmp_path, page=the_case) + "#visit-case")
    card = card_of(tab)
    values = "all => all.map(one => one.value)"
    types = card.get_by_label("Type").locator("option").evaluate_all(values)
    assert types == ["", *SHIP_TYPES, "none"]
    sure = card.get_by_label("How sure you are")
    assert sure.input_value() == "sure"
    assert sure.locator("option").evaluate_all(values) == ["sure", "probable", "possible"]
    card.get_by_role("radio", name="accept").check(force=True)
    sure.select_option("possible")
    card.get_by_label("Type").select_option("general")
    card.get_by_role("button", name="Save decision").click()
    expect(card.locator(".decided")).to_contain_text(": general cargo ship (possible)")
    kept = tab.evaluate("Object.values(localStorage).join()")
    assert json.loads(kept)["features"][0]["properties"]["certainty"] == "possible"


def test_the_page_shows_what_decisions_changed(opened: Open, season: str, tmp_path: Path) -> None:
    def case(data: Data) -> None:
        visit = visited(data, ["ballast", "ballast"])
        data["effects"] = [
            {"ship": visit["ships"][0], "decision": "type general, sure", "visit": ["case", None],
             "tanker": [0.98, 0.004], "loaded": [0.9991, None]},
            {"ship": visit["ships"][1], "decision": "load ballast, possible",
             "visit": ["case", "case"], "tanker": [0.98, 0.98], "loaded": [0.7, 0.6]},
        ]  # fmt: skip
        data["together"] = {"barrels": [489000, 452000], "noise": 7400, "deliveries": [22, 21]}

    address = changed(season, tmp_path, page=case)
    tab = opened(f"{address}#visit-case")
    changes = card_of(tab).get_by_role("list", name="What this decision changed")
    expect(changes).to_contain_text("its visit is no longer counted")
    expect(changes).to_contain_text("chance of a small tanker 98 % → under 1 %")
    expect(changes).to_contain_text("chance that it loaded here over 99 % → not counted")
    tab.keyboard.press("Escape")
    joint = tab.locator("#decisions .together")
    expect(joint).to_contain_text("barrels 489,000 → 452,000, deliveries 22 → 21.")
    expect(joint).to_contain_text("Differences of up to 7,400 barrels are sampling noise.")
    expect(joint.get_by_role("link")).to_have_text(
        [re.compile("4 Nov 2024, 02:00 UTC"), re.compile("6 Nov 2024, 02:00 UTC")]
    )
    expect(joint).to_contain_text("02:00 UTC: type general, sure")
    expect(joint).to_contain_text("chance of a small tanker stays 98 %")


def test_simulated_stands_on_card_picture_and_timeline(
    opened: Open, season: str, tmp_path: Path
) -> None:
    def pictures(evidence: Data) -> None:
        chip = {"src": PNG, "half": 100, "gsd": 3, "hull": None, "shadow": None, "detected": None}
        evidence["chips"] = {"after:case": chip | {"scene": "any"}}

    address = changed(season, tmp_path, page=the_case, evidence=pictures)
    tab = opened(f"{address}#visit-case")
    card = card_of(tab)
    expect(card.locator("header .tag")).to_contain_text("SIMULATED")
    assert card.locator(".frame img").get_attribute("alt").startswith("SIMULATED: ")
    tab.keyboard.press("Escape")
    expect(tab.locator(".timeline .port h3").first).to_contain_text("SIMULATED")
    assert tab.get_by_role("application").get_attribute("aria-label").startswith("SIMULATED")
    expect(tab.get_by_role("button", name="review-SIMULATED.geojson")).to_be_visible()


def test_real_scenes_are_not_called_simulated(opened: Open, season: str, tmp_path: Path) -> None:
    def real(data: Data) -> None:
        the_case(data)
        data["run"]["simulated"] = False

    tab = opened(changed(season, tmp_path, page=real) + "#visit-case")
    assert "SIMULATED" not in card_of(tab).inner_text()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Download review.geojson")).to_be_visible()


def test_a_downloaded_review_of_simulated_scenes_says_so(
    opened: Open, browser: Any, season: str, tmp_path: Path
) -> None:
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    tab = opened(changed(season, tmp_path, page=the_case) + "#visit-case", context=context)
    card_of(tab).get_by_role("radio", name="accept").check(force=True)
    card_of(tab).get_by_role("button", name="Save decision").click()
    expect(card_of(tab).locator(".decided")).to_be_visible()
    tab.keyboard.press("Escape")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "review-SIMULATED.geojson"
    assert json.loads(Path(download.value.path()).read_text())["simulated"] is True


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_meanings_open_by_keyboard_and_stay_on_the_screen(
    opened: Open, season: str, tmp_path: Path, size: dict[str, int]
) -> None:
    tab = opened(changed(season, tmp_path, page=the_case) + "#visit-case", viewport=size)
    terms = card_of(tab).locator(".term button")
    assert terms.count() > 10
    for term in terms.all():
        term.focus()
        meaning = tab.locator(".meaning:popover-open")
        expect(meaning).to_have_count(1)
        box = meaning.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= size["width"]
        assert 0 <= box["y"] <= box["y"] + box["height"] <= size["height"]
    tab.keyboard.press("Escape")  # closes the meaning alone
    expect(tab.locator(".meaning:popover-open")).to_have_count(0)
    expect(card_of(tab)).to_be_visible()
    tab.keyboard.press("Escape")
    expect(card_of(tab)).to_have_count(0)


def test_a_meaning_shows_under_the_pointer_and_describes_its_word(
    opened: Open, season: str, tmp_path: Path
) -> None:
    tab = opened(changed(season, tmp_path, page=the_case) + "#visit-case")
    word = card_of(tab).get_by_role("button", name="Freeboard").first
    word.hover()
    meaning = words()["glossary"]["freeboard"]
    expect(tab.locator(".meaning:popover-open")).to_have_text(meaning)
    expect(word).to_have_accessible_description(meaning)
    tab.mouse.move(5, 5)
    expect(tab.locator(".meaning:popover-open")).to_have_count(0)


def test_the_page_ends_with_every_word_and_its_meaning(
    opened: Open, season: str, tmp_path: Path
) -> None:
    tab = opened(changed(season, tmp_path))
    section = tab.locator("main > section").last
    expect(section.get_by_role("heading")).to_contain_text("What the words mean")
    glossary = words()["glossary"]
    assert section.locator("dt").all_inner_texts() == list(glossary)
    assert section.locator("dd").all_inner_texts() == list(glossary.values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_card_of_a_visit_has_no_serious_barriers(
    opened: Open, season: str, tmp_path: Path, scheme: str, size: dict[str, int]
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is absent: make page sets it up")
    address = changed(season, tmp_path, page=the_case) + "#visit-case"
    tab = opened(address, viewport=size, color_scheme=scheme, bypass_csp=True)
    tab.locator(".supposition .term button").focus()  # a meaning is open
    tab.add_script_tag(path=str(AXE))
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = "one => one.scrollWidth - one.clientWidth"
    assert card_of(tab).evaluate(wide) <= 0


def test_the_sections_explain_their_words_where_they_first_stand(
    opened: Open, season: str, tmp_path: Path
) -> None:
    def lacking(data: Data) -> None:
        data["answer"]["seasons"][0]["notes"] = ["no p_tanker: only size separates tankers"]

    tab = opened(changed(season, tmp_path, page=lacking))
    interval = tab.locator("h1").get_by_role("button", name="90 % interval")
    expect(interval).to_have_accessible_description(words()["glossary"]["90 % interval"])
    interval.focus()
    expect(tab.locator(".meaning:popover-open")).to_have_text(words()["glossary"]["90 % interval"])
    expect(tab.locator(".remarks")).to_contain_text(
        "no image shows the type of a ship: only size separates tankers"
    )
    for part in tab.locator("main p, main h1, main li").all():
        names = part.locator(".term button").all_text_contents()
        assert len(names) == len(set(names))


JARGON = (
    "log likelihood ratio", "posterior", "likelihood", "prior", "quantile", "sigma", "p_tanker",
    "detection", "observation", "normal distribution", "even odds", "Monte Carlo", "roads",
)  # fmt: skip


def test_no_word_of_statistics_stands_on_a_card(opened: Open, season: str, tmp_path: Path) -> None:
    card = card_of(opened(changed(season, tmp_path, page=the_case) + "#visit-case"))
    text = card.inner_text()
    assert [word for word in JARGON if re.search(rf"\b{word}", text, re.IGNORECASE)] == []
