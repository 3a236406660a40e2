"""Fits to real ships: where the chips are, a dozen of them against bright pixels and verdicts."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from gnomon.freeboard.hull import PARAMETERS, outline_places
from gnomon.validate import planet

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def chips(shared_data):
    folder = shared_data / "planet-3m"
    if not (folder / "chips.csv").is_file():
        pytest.skip(f"real data absent: {folder}")
    return planet.real_chips(folder, 12)


@pytest.fixture(scope="module")
def readings(chips):
    return planet.fitted(chips)


def overlap(chip, fit, patch):
    """Intersection over union of a fitted outline and a patch, pixel by pixel."""
    fitted = dict(zip(PARAMETERS, fit.ship, strict=True))
    along, aside = outline_places(fitted["bow_length"]).T
    along, aside = along * fitted["length_m"], aside * fitted["beam_m"] / 2
    sine, cosine = np.sin(fitted["heading_rad"]), np.cos(fitted["heading_rad"])
    east = fitted["east_m"] + along * sine + aside * cosine
    north = fitted["north_m"] + along * cosine - aside * sine
    rows, columns = np.indices(patch.pixels.shape)
    x = (columns - (patch.pixels.shape[1] - 1) / 2) * chip.gsd_m
    y = ((patch.pixels.shape[0] - 1) / 2 - rows) * chip.gsd_m
    inside = shapely.contains_xy(shapely.Polygon(np.stack([east, north], 1)), x, y)
    return (inside & patch.pixels).sum() / (inside | patch.pixels).sum()


def test_outlines_lie_on_the_bright_hulls(chips, readings):
    shares = [
        overlap(real.chip, reading.fit, real.patch)
        for real, reading in zip(chips, readings, strict=True)
        if reading.fit
    ]
    # Hatches and shadows on deck are holes in a patch and not in a hull.
    assert np.mean(np.array(shares) > 0.6) >= 0.8
    assert np.median(shares) > 0.7


def test_most_verdicts_are_what_the_flags_say(chips):
    comparison = planet.compare_verdicts(chips, planet.read_verdicts(DOCS / "planet-60.csv"))
    assert comparison.wrong.any()
    assert (comparison.flagged & comparison.wrong).sum() >= comparison.wrong.sum() / 2
    assert (comparison.flagged & ~comparison.wrong).sum() <= 0.2 * (~comparison.wrong).sum()


def test_the_drawing_spreads_over_scenes_and_is_the_same_again(shared_data, chips):
    again = planet.real_chips(shared_data / "planet-3m", 12)
    assert [chip.name for chip in again] == [chip.name for chip in chips]
    assert len({chip.name.split("__")[1] for chip in chips}) == 12


@pytest.mark.slow
def test_the_section_is_written_from_fresh_fits(shared_data, monkeypatch):
    """Twelve and six of the chips: counts of the table are those of the verdicts."""
    folder = shared_data / "planet-3m"
    if not (folder / "chips.csv").is_file():
        pytest.skip(f"real data absent: {folder}")
    monkeypatch.setattr(planet, "COUNT", 12)
    every = planet.read_verdicts(DOCS / "planet-60.csv")
    drawn = [chip.name for chip in planet.real_chips(folder, 17)]
    rest = {"planet-24.csv": drawn[12:15], "planet-41.csv": drawn[15:]}
    monkeypatch.setattr(
        planet,
        "read_verdicts",
        lambda path: every if "60" in path.name else every.loc[rest[path.name]],
    )
    text = planet.planet_section(folder, DOCS)
    names = [chip.name for chip in planet.real_chips(folder, 12)]
    wrong = (every.loc[names].verdict == "wrong").sum()
    assert f"| plainly wrong | {wrong} |" in text
    assert "{" not in text


def test_the_document_has_the_words_of_the_code():
    document = (DOCS / "validation.md").read_text(encoding="utf-8")
    for line in planet._SECTION.splitlines():
        if line and "{" not in line:
            assert line in document
    values = {"seed": planet.SEED, "judged": planet.JUDGED, "count": 60, "more": 24}
    values |= {"judged_last": planet.JUDGED_LAST, "last": 41}
    head = planet._SECTION.partition("| |")[0].format(**values)
    assert head in document


def test_a_comparison_counts_what_is_flagged():
    on = np.array([True, True, False, False])
    one = planet.Comparison(
        wrong=on,
        flagged=np.array([True, False, True, False]),
        no_evidence=np.array([True, True, True, False]),
        determined=np.array([False, False, False, True]),
    )
    cells = [row.split(" | ")[1].rstrip(" |") for row in planet._rows(one)]
    assert cells == ["2", "2", "1 of 2", "2 of 2", "1 of 2", "0 of 2", "1 of 2"]
