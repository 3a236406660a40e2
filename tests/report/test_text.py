"""Numbers and days as text: the page, which another language writes, says the same."""

import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.report import text
from gnomon.report.text import (
    UNKNOWN,
    chance_text,
    days_text,
    moment_text,
    percent,
    port_text,
    rough,
    tanker_text,
    whole,
)
from gnomon.report.words import words

GRID = [*(k / 2000 for k in range(2001)), 1e-9, 1 - 1e-9, 0.0049999, 0.9949999, math.nan]
SOURCE = (Path(text.__file__).parent / "web" / "src" / "text.ts").read_text(encoding="utf-8")
NUMBERS = [0.0, 0.4, 0.5, 2.5, 22.5, 99.5, 999.5, 1234.5, 9996.0, 390_824.45, 1_080_621.0, 5e7]


@pytest.fixture(scope="module")
def page() -> Callable[[str, list[float]], list[str]]:
    """Call a function of the page's text.ts with each of some numbers."""
    types = re.compile(r": (number|string)( \| null)?( \| undefined)?")
    heads = ("const integer =", "export const whole =", "export const percent =")
    parts = [types.sub("", declared(head)) for head in (*heads, "export function rough")]
    code = "\n".join(part.removeprefix("export ") for part in parts)

    def call(name: str, values: list[float]) -> list[str]:
        given = json.dumps([None if math.isnan(value) else value for value in values])
        return evaluated(f"{code}\nconst answer = {given}.map((v) => {name}(v));")

    return call


def declared(head: str) -> str:
    """Declaration of the page's text.ts that begins with these words."""
    kept = ""
    for line in SOURCE[SOURCE.index(f"\n{head}") + 1 :].splitlines():
        kept += line + "\n"
        if kept.count("{") == kept.count("}") and line.endswith((";", "}")):
            break
    return kept


def evaluated(code: str) -> list[str]:
    """``answer`` of a script, by node if it is here, else by the browser."""
    if node := shutil.which("node"):
        script = f"{code}\nconsole.log(JSON.stringify(answer));"
        run = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
        return json.loads(run.stdout)
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"))
        answer = browser.new_page().evaluate(f"() => {{ {code}\n return answer; }}")
        browser.close()
    return list(answer)


def test_chances_are_those_of_the_page(page: Callable[..., list[str]]) -> None:
    assert [percent(p) for p in GRID] == page("percent", GRID)


def test_numbers_are_those_of_the_page(page: Callable[..., list[str]]) -> None:
    values = [*NUMBERS, math.nan]
    assert [rough(value) for value in values] == page("rough", values)
    assert [whole(value) for value in values] == page("whole", values)


def test_the_page_and_the_exports_have_one_file_of_words() -> None:
    assert 'import words from "../../words.json";' in SOURCE
    for name in ("words.reasons", "words.loads"):
        assert name in SOURCE


@pytest.mark.parametrize("p", [None, math.nan, 0.5, 0.4951, 0.5049])
def test_one_half_is_no_knowledge(p: float | None) -> None:
    assert chance_text(p) == tanker_text(p, "size alone") == "not determined"


@given(st.floats(0, 1), st.sampled_from(["size alone", "size and images", "analyst"]))
def test_a_chance_of_a_tanker_names_what_it_rests_on(p: float, basis: str) -> None:
    text = tanker_text(p, basis)
    assert text == "not determined" or text == f"{percent(p)}, {words()['tanker_basis'][basis]}"
    assert tanker_text(p, None) == chance_text(p)


@given(st.floats(0, 1))
def test_no_chance_is_ever_0_or_100_percent(chance: float) -> None:
    words = percent(chance)
    assert words not in ("0 %", "100 %")
    number = float(re.sub(r"\D", "", words))
    assert abs(number - 100 * chance) <= (1 if " 1 " in words or "99" in words else 0.5 + 1e-9)


@given(st.floats(1e-3, 1e12))
def test_rough_numbers_have_three_significant_digits(value: float) -> None:
    words = rough(value)
    assert float(words.replace(",", "")) == pytest.approx(value, rel=0.00501, abs=0.5)
    assert len(words.replace(",", "").rstrip("0")) <= 3


def test_days_name_their_month_and_their_year() -> None:
    first, last = (pd.Timestamp(day, tz="UTC") for day in ("2024-10-15", "2024-12-24"))
    assert days_text(first, last) == "15 Oct to 24 Dec 2024"
    assert days_text(first, first) == "15 Oct 2024"
    assert days_text(first, last + pd.Timedelta(30, "D")) == "15 Oct 2024 to 23 Jan 2025"
    assert days_text(pd.NaT, last) == f"{UNKNOWN} to 24 Dec 2024"
    east = pd.Timestamp("2024-04-06T01:12:13+09:00")
    assert moment_text(east) == "5 Apr 2024, 16:12 UTC"


def test_names_are_written_as_names() -> None:
    assert [port_text(one) for one in ("port-alfa", "everywhere", "Rajin")] == [
        "Port Alfa", "Whole scene", "Rajin",
    ]  # fmt: skip
