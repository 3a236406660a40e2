"""Maps in a real browser: at their true place and scale, and every label to be read."""

import itertools
import math
import re
from pathlib import Path
from typing import Any

import pytest

from browsers import DESK, PHONE, Open, needs_chromium
from gnomon.datamodel.ports import read_ports
from gnomon.datamodel.shipped import shipped
from gnomon.report.page.evidence import PageEvidence
from small_pages import port_picture, write_small_page

pytest.importorskip("playwright.sync_api", reason="make test sets it up")
pytestmark = [pytest.mark.slow, needs_chromium]
TEXTS = """() => [...document.querySelectorAll('.map:not([hidden]) svg')].map(svg =>
    [...svg.querySelectorAll('.furniture text')].map(node => {
        const b = node.getBoundingClientRect(), s = svg.getBoundingClientRect();
        return {text: node.textContent, x: b.x, y: b.y, right: b.right, bottom: b.bottom,
                inside: b.x >= s.x - 1 && b.right <= s.right + 1 && b.y >= s.y - 1
                        && b.bottom <= s.bottom + 1};
    }))"""


def area_of(name: str) -> tuple[float, float, float, float]:
    port = read_ports(shipped("configs") / "ports.geojson")[name]
    assert port.area is not None
    return port.area.bounds


def mapped(opened: Open, folder: Path, **how: Any) -> Any:
    """A page with a map of Rajin on a picture of just its area."""
    bounds = area_of("rajin")
    seen = PageEvidence(ports={"rajin": port_picture(*bounds)})
    tab = opened(write_small_page(folder, seen=seen), **how)
    tab.evaluate("document.querySelector('#maps').scrollIntoView()")
    tab.wait_for_selector(".map .furniture")
    return tab


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_label_lies_over_another_or_beyond_the_edge(
    opened: Open, tmp_path: Path, size: dict[str, int]
) -> None:
    tab = mapped(opened, tmp_path, viewport=size)
    maps = tab.evaluate(TEXTS)
    assert maps
    for labels in maps:
        assert [one["text"] for one in labels if not one["inside"]] == []
        for one, other in itertools.combinations(labels, 2):
            apart = (
                one["right"] <= other["x"] + 1
                or other["right"] <= one["x"] + 1
                or one["bottom"] <= other["y"] + 3  # the box of a letter is taller than it
                or other["bottom"] <= one["y"] + 3
            )
            assert apart, (one["text"], other["text"])


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_map_has_its_zones_north_degrees_scale_and_credit(
    opened: Open, tmp_path: Path, size: dict[str, int]
) -> None:
    tab = mapped(opened, tmp_path, viewport=size)
    texts = {one["text"] for one in tab.evaluate(TEXTS)[0]}
    port = read_ports(shipped("configs") / "ports.geojson")["rajin"]
    zones = {"anchorage" if zone.name == "roads" else zone.name for zone in port.zones}
    assert zones <= {text.removesuffix(" (approximate)") for text in texts}
    assert "N" in texts
    for pattern, least in ((r"\d+\.\d+° E", 2), (r"\d+\.\d+° N", 2), (r"\d+ k?m", 1)):
        assert len([text for text in texts if re.fullmatch(pattern, text)]) >= least, pattern
    credit = tab.locator(".map .credit").first.text_content()
    assert "Contains modified Copernicus Sentinel data 2024" in credit
    assert "Image of 6 Apr 2024, 02:12 UTC" in credit


def test_picture_scale_and_graticule_agree_with_the_ground(opened: Open, tmp_path: Path) -> None:
    """Metres by the sphere, longitudes by the rule of three."""
    tab = mapped(opened, tmp_path)
    west, south, east, north = area_of("rajin")
    found = tab.locator(".map svg").first.evaluate(
        """svg => {
            const box = node => (b => [b.x, b.y, b.width, b.height])(node.getBBox());
            const texts = [...svg.querySelectorAll('.furniture text')];
            const at = end => texts.filter(t => t.textContent.endsWith(end))
                .map(t => [parseFloat(t.textContent), +t.getAttribute('x')]);
            const lines = [...svg.querySelectorAll('.grid')].map(l => +l.getAttribute('x1'));
            return {picture: box(svg.querySelector('image')), bar: box(svg.querySelector('.bar')),
                    scale: texts.map(t => t.textContent).find(t => /^\\d+ k?m$/.test(t)),
                    east: at('E'), lines};
        }"""
    )
    x, _, width, _ = found["picture"]
    across_m = math.radians(east - west) * 6_371_009 * math.cos(math.radians((south + north) / 2))
    number, unit = found["scale"].split()
    metres = float(number) * (1000 if unit == "km" else 1)
    assert found["bar"][2] / width == pytest.approx(metres / across_m, rel=0.02)
    for degrees, place in found["east"]:
        line = min(found["lines"], key=lambda one: abs(one - place))
        assert (line - x) / width == pytest.approx((degrees - west) / (east - west), abs=0.005)


def test_a_port_without_a_picture_says_so(opened: Open, tmp_path: Path) -> None:
    tab = opened(write_small_page(tmp_path))
    tab.evaluate("document.querySelector('#maps').scrollIntoView()")
    assert "keeps no clear image" in tab.locator(".map .credit").first.text_content()
    assert tab.locator(".map image").count() == 0
