"""Credits: a simulated image names no provider, and a real one is named with its year."""

import pandas as pd
import pytest

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections
from gnomon.report.credits import UNCREDITED, credit_of_rows, image_credit, marked
from run_folders import IDS, day, ship

WHEN = pd.Timestamp("2024-04-06", tz="UTC")


@pytest.mark.parametrize(
    ("collection", "platform", "when", "text"),
    [
        ("sentinel-2-l2a", "sentinel-2a", WHEN, "Contains modified Copernicus Sentinel data 2024"),
        ("sentinel-2-l2a", "sentinel-2a", pd.NaT, "Contains modified Copernicus Sentinel data"),
        ("planet", "planetscope", WHEN, "Image: planetscope, planet, 2024"),
        ("planet", "planetscope", None, "Image: planetscope, planet"),
    ],
)
def test_a_real_image_has_the_credit_of_its_provider(
    collection: str, platform: str, when: pd.Timestamp | None, text: str
) -> None:
    credit = image_credit(collection, platform, when)
    assert (credit.text, credit.simulated) == (text, False)


def test_a_simulated_image_is_never_credited_to_a_provider() -> None:
    credit = image_credit("synthetic-sentinel-2", "sentinel-2a", WHEN)
    assert credit.simulated
    assert "SIMULATED" in credit.text
    assert "Copernicus" not in credit.text


def test_the_credit_of_detections_is_that_of_their_image() -> None:
    rows = table(Detections, [ship(IDS[0], day(0), 130.3)])
    assert credit_of_rows(rows).text == "Contains modified Copernicus Sentinel data 2024"
    assert credit_of_rows(rows.iloc[:0]) == UNCREDITED
    assert credit_of_rows(rows[["score"]]) == UNCREDITED


def test_titles_of_simulated_scenes_say_so() -> None:
    assert marked(["Visits"], simulated=True) == ["Visits (SIMULATED)"]
    assert marked(["Visits"], simulated=False) == ["Visits"]
