"""Ships that lie in the same place on two dates."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from gnomon.validate.repeats import anchored_ships, repeated_ships


def ships(*rows: tuple[str, float, float, float, float]) -> gpd.GeoDataFrame:
    """Of date, metres east, length, freeboard and its error."""
    frame = pd.DataFrame(rows, columns=["date", "east", "length_m", "freeboard_m", "sigma"])
    frame["date"] = pd.to_datetime(frame.date)
    frame["freeboard_sigma_m"] = frame.pop("sigma")
    places = gpd.points_from_xy(frame.pop("east"), np.zeros(len(frame)))
    return gpd.GeoDataFrame(frame, geometry=places, crs=32615)


def test_a_pair_lies_in_one_place_with_like_lengths_on_dates_that_follow() -> None:
    found = repeated_ships(
        ships(
            ("2019-04-09", 0, 150, 4.0, 3.0),
            ("2019-04-09", 5000, 150, 4.0, 1.0),  # gone
            ("2019-04-09", 9000, 150, 4.0, 1.0),  # another of another length
            ("2019-04-14", 80, 155, 6.0, 4.0),
            ("2019-04-14", 9010, 220, 6.0, 1.0),
            ("2019-09-01", 80, 155, 9.0, 1.0),  # months later
        )
    )
    (pair,) = found.to_dict("records")
    assert (pair["freeboard_m"], pair["freeboard_after_m"]) == (4.0, 6.0)
    assert pair["sigma_m"] == pytest.approx(5.0)
    assert pair["z"] == pytest.approx(0.4)


def test_ships_without_a_freeboard_make_no_pair() -> None:
    nothing = float("nan")
    both = ships(("2019-04-09", 0, 150, nothing, nothing), ("2019-04-14", 0, 150, 4.0, 1.0))
    assert len(repeated_ships(both)) == 0


def test_outlines_of_the_anchorage_are_whole_ships_at_anchor(shared_data: Path) -> None:
    found = anchored_ships(shared_data / "s2-anchorage")
    assert len(found) > 300
    assert found.detection_id.is_unique
    assert found.scene_id.nunique() == 10
