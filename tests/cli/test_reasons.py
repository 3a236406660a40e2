"""Reasons: every one is in one table with what helps, counted by kind and not line by line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.reasons import EXAMPLES, IMAGES, LOADS, image_reasons, load_reasons
from gnomon.datamodel.errors import AssetError
from gnomon.datamodel.tables import LOAD_REASONS


def test_every_load_reason_of_the_tables_has_a_remedy() -> None:
    assert set(LOADS) == set(LOAD_REASONS)
    assert all(one.meaning and one.remedy for one in LOADS.values())


def test_ships_are_counted_by_reason_with_what_helps() -> None:
    given = [*(("a", "view_unknown"),) * 43, ("b", "cloud"), ("c", None), ("d", float("nan"))]
    first, second = load_reasons(given)
    assert first.text("ship") == (
        "43 ships: no view angles; give --view-zenith and --view-azimuth to gnomon catalog; "
        "see docs/providers.md"
    )
    assert second.text("ship").startswith("1 ship: cloud")


@given(st.lists(st.sampled_from([*LOAD_REASONS, None])))
def test_no_ship_is_counted_twice_or_lost(reasons: list[str | None]) -> None:
    counts = load_reasons([(str(k), reason) for k, reason in enumerate(reasons)])
    assert sum(one.count for one in counts) == sum(reason is not None for reason in reasons)
    assert [one.count for one in counts] == sorted((one.count for one in counts), reverse=True)
    assert all(len(one.examples) == min(one.count, EXAMPLES) for one in counts)


def failed(scene: str, why: str) -> tuple[str, str, str]:
    return scene, "failed", str(AssetError(scene, "nir", why))


@pytest.mark.parametrize(
    ("why", "meaning", "remedy"),
    [
        (
            "https://x.org/{0}/B08.tif cannot be read (HTTP response code: 403); try again",
            r"refuses the file \(HTTP 403\)",
            "account or a key; see docs/providers.md",
        ),
        (
            "https://x.org/{0}/B08.tif cannot be read (HTTP response code: 503); try again",
            r"busy or broken \(HTTP 503\)",
            "run the same command again",
        ),
        (
            "https://x.org/{0}.tif cannot be read (HTTP response code: 404); x",
            "not there",
            "search",
        ),
        (
            "s3://eodata/{0}.jp2 cannot be read (The AWS_SECRET_ACCESS_KEY variable is not set); x",
            "no key for s3:// files",
            "AWS_SECRET_ACCESS_KEY",
        ),
        (
            "Planetary Computer signs its files; install the extra: pip install gnomon[planetary]",
            "must be signed",
            r"gnomon\[planetary\]",
        ),
        ("is in radar geometry and not on a map; x", "radar", "--collections"),
        (
            "s3://{0}/a.xml cannot be read (files behind s3:// need a library; pip install x)",
            "XML behind s3://",
            r"gnomon\[s3\]",
        ),
        (
            "/data/{0}/B08.tif has a hole; fetch it once more",
            "its file has a hole",
            "fetch it once",
        ),
    ],
)
def test_a_failure_of_many_scenes_is_one_line(why: str, meaning: str, remedy: str) -> None:
    rows = [failed(f"S2A_{day:02d}", why.format(f"S2A_{day:02d}")) for day in range(1, 13)]
    (one,) = image_reasons(rows)
    assert one.count == 12
    assert re.search(meaning, one.reason)
    assert re.search(remedy, one.remedy)
    assert one.named() == "S2A_01, S2A_02, S2A_03, S2A_04, S2A_05 and 7 more"
    assert one.text("image", "failed").startswith("12 images failed: ")


def test_what_an_observed_image_lacked_is_counted_thing_by_thing() -> None:
    rows = [
        ("a", "observed", "without swir16; view angles unknown"),
        ("b", "observed", "view angles unknown"),
        ("c", "observed", None),
    ]
    counts = {one.reason: one for one in image_reasons(rows)}
    assert {name: one.count for name, one in counts.items()} == {
        "no view angles": 2,
        "without swir16": 1,
    }
    assert "--view-zenith" in counts["no view angles"].remedy


def test_clouds_of_any_amount_are_one_reason() -> None:
    rows = [(f"scene-{k}", "skipped", f"{k} % cloud") for k in range(96, 101)]
    (one,) = image_reasons(rows)
    assert (one.count, one.remedy) == (5, "raise [catalog] max_cloud_percent")


def test_every_pattern_of_an_image_has_a_remedy() -> None:
    assert all(one.meaning and one.remedy for one in IMAGES.values())
