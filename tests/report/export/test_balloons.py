"""Balloons: sentences for readers without statistics, and never markup from a table."""

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import LOAD_REASONS, Detections, Observations, Visits, Voyages
from gnomon.report.export.balloons import (
    PICTURES_MAX,
    escaped,
    image_balloon,
    ship_balloon,
    visit_balloon,
    voyage_balloon,
)
from gnomon.report.words import words
from run_folders import IDS, day, observation, ship, visit, voyage

PICTURE = [("pictures/1.png", "6 Apr 2024")]
OWN = {"image_p_laden_in": None, "image_p_laden_out": 0.02, "others_p_laden_out": 0.96,
       "contradicts_trade": True, "p_laden_out": 0.995, "p_laden_in": 0.01,
       "p_loaded": 0.995, "p_unloaded": 0.0}  # fmt: skip


def visited(*loads: str | None, **changed: Any) -> str:
    """Balloon of a visit whose images show these loads."""
    rows = [ship(f"a-{n}", day(n), 130.3, load_state=one) for n, one in enumerate(loads)]
    ships = table(Detections, rows)
    (row,) = table(Visits, [visit() | changed]).to_dict("records")
    return visit_balloon(row, ships, PICTURE, simulated=False)


def detected(**changed: Any) -> str:
    (row,) = table(Detections, [ship(IDS[0], day(0), 130.3) | changed]).to_dict("records")
    return ship_balloon(row | changed, [], simulated=False)


def image(**changed: Any) -> str:
    (row,) = table(Observations, [observation("a", day(0)) | changed]).to_dict("records")
    return image_balloon(row, simulated=False)


def shown(balloon: str) -> str:
    """Text of a balloon without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", " ", balloon))


def paragraphs(balloon: str) -> list[str]:
    return re.findall(r"<p[^>]*>.*?</p>", balloon)


def test_what_its_own_images_show_comes_first_and_what_is_supposed_below_and_apart() -> None:
    made = paragraphs(visited("ballast", "ballast", **OWN))
    own, supposed = (next(k for k, p in enumerate(made) if w in p) for w in ("own images show",
                     words()["supposed"]))  # fmt: skip
    assert own == 0 < supposed
    assert "in ballast on 6 Apr 2024, in ballast on 7 Apr 2024" in shown(made[own])
    assert "laden" not in shown(made[own])
    assert "style=" in made[supposed]
    assert "style=" not in made[own]
    assert "it came in ballast and left laden (chance over 99 %)" in shown(made[supposed])
    assert (
        "The two disagree: its own images say that it was in ballast on departure" in made[supposed]
    )


def test_a_visit_whose_images_determine_nothing_says_so() -> None:
    made = visited("indeterminate", None, image_p_laden_out=None, image_p_laden_in=None)
    assert "Load cannot be determined in its 2 images." in shown(made)
    assert "Together they say" not in made
    assert "disagree" not in made


@pytest.mark.parametrize("share", [0.0, 1e-9, 1 - 1e-9, 1.0])
def test_no_chance_is_0_or_100_percent(share: float) -> None:
    chances = dict.fromkeys(
        ("p_visit", "p_tanker", "p_laden_in", "p_laden_out", "p_loaded", "p_unloaded",
         "image_p_laden_in", "image_p_laden_out"), share,
    )  # fmt: skip
    (route,) = table(Voyages, [voyage("b") | {"probability": share, "p_laden": share}]).to_dict(
        "records"
    )
    names = json.dumps({"Un Hung": share, "unregistered": 1 - share})
    for made in (
        visited("laden", candidates=names, **chances),
        detected(score=share, p_tanker=share, p_laden=share, freeboard_m=2.0),
        voyage_balloon(route, simulated=False),
    ):
        assert not re.search(r"(?<![\d.])(0|100) ?%", shown(made))
        assert re.search(r"(under 1|over 99) %", shown(made))


@pytest.mark.parametrize(
    ("chance", "basis", "text"),
    [
        (0.985, "size alone", "small tanker: 99 %, from its size alone"),
        (0.95, "analyst", "small tanker: 95 %, an analyst decided."),
        (0.5, "size alone", "small tanker: not determined."),
    ],
)
def test_a_chance_of_a_tanker_is_named_by_what_it_rests_on(
    chance: float, basis: str, text: str
) -> None:
    assert text in shown(visited("laden", p_tanker=chance, p_tanker_basis=basis))


def test_a_type_that_the_image_does_not_show_is_not_determined() -> None:
    assert "Type not determined from this image." in detected(p_tanker=None)
    assert "tanker, by this image: 97 %." in detected(p_tanker=0.97)


@pytest.mark.parametrize("reason", LOAD_REASONS)
def test_why_a_load_is_uncertain_is_said(reason: str) -> None:
    made = detected(load_state="indeterminate", load_reason=reason)
    assert f"load cannot be determined from this image: {words()['reasons'][reason]}." in made
    assert "load not measured." in detected(load_state=None, load_reason=None)


def test_an_image_that_shows_nothing_does_not_say_that_there_was_no_ship() -> None:
    assert "This image shows no ship. 83 % of the water is visible." in image(detections=0)
    assert "This image shows 2 ships." in image(detections=2)
    failed = image(status="failed", reason="red: <broken>", detections=None)
    assert "could not be read: red: &lt;broken&gt;. It says nothing about ships." in failed
    assert "no ship" not in failed


def test_bounds_name_the_images_and_what_hid_the_place() -> None:
    made = shown(visited("laden", arrived_after=None, hidden_images='["x", "y"]'))
    assert "Arrived before 6 Apr 2024; no earlier image shows its place clearly" in made
    assert "Left between the images of 9 Apr 2024 and 12 Apr 2024" in made
    assert "In 2 images in between, cloud or the edge of the data hid its place." in made


def test_decisions_of_an_analyst_are_quoted() -> None:
    made = detected(
        review_decision="accept", review_type="tanker", review_reviewer="A", review_note="<rust>",
        review_decided_at=pd.Timestamp("2024-12-02", tz="UTC"),
    )  # fmt: skip
    assert 'Analyst A decided on 2 Dec 2024: accept; tanker; note "<rust>".' in shown(made)
    assert "<rust>" not in made


@pytest.mark.parametrize("simulated", [True, False])
def test_every_balloon_of_a_simulated_run_says_so(*, simulated: bool) -> None:
    rows = {
        "v": table(Visits, [visit()]).to_dict("records")[0],
        "d": table(Detections, [ship(IDS[0], day(0), 130.3)]).to_dict("records")[0],
        "o": table(Observations, [observation("a", day(0))]).to_dict("records")[0],
        "y": table(Voyages, [voyage("b")]).to_dict("records")[0],
    }
    nothing = table(Detections, [])
    for made in (
        visit_balloon(rows["v"], nothing, [], simulated=simulated),
        ship_balloon(rows["d"], [], simulated=simulated),
        image_balloon(rows["o"], simulated=simulated),
        voyage_balloon(rows["y"], simulated=simulated),
    ):
        assert ("SIMULATED" in made) == simulated


def test_a_few_pictures_are_shown_with_their_days() -> None:
    (row,) = table(Visits, [visit()]).to_dict("records")
    many = [(f"pictures/{n}.png", f"{n} Apr 2024") for n in range(1, 9)]
    made = visit_balloon(row, table(Detections, []), many, simulated=False)
    assert made.count("<img ") == PICTURES_MAX
    assert '<img src="pictures/1.png" width="260"><br>1 Apr 2024' in made


class Balance(HTMLParser):
    """Whether every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.text(max_size=30))
def test_text_of_tables_is_never_markup(text: str) -> None:
    made = detected(zone=text, review_decision="accept", review_note=text, platform=text)
    assert not Balance(made).open
    tags = set(re.findall(r"<(\w+)", made))
    assert tags <= {"h3", "p", "b", "br"}


@given(st.text())
def test_any_text_is_shown_as_it_is_but_for_what_xml_cannot_hold(text: str) -> None:
    made = escaped(text)
    assert not set(made.replace("<br>", "")) & set("<>\"'$")
    again = html.unescape(made.replace("<br>", "\n"))
    kept = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    assert again == html.unescape(html.escape(kept))


def test_of_many_candidates_the_likeliest_are_named() -> None:
    names = json.dumps({f"ship {n}": (n + 1) / 100 for n in range(12)})
    text = shown(visited("laden", candidates=names))
    assert "Which ship it may be: ship 11 12 %, ship 10 11 %, " in text
    assert "ship 7 8 %, and 7 others." in text
