"""Who made the images of a run: the credit of their provider, or that they are simulated.

What shows a simulated scene says so in the pixels themselves, because a picture travels without its
page.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from gnomon.datamodel.simulated import PREFIX, is_simulated

SIMULATED = "SIMULATED"
WARNING = "These scenes are SIMULATED: they show the method, not the world."
COPERNICUS = "Contains modified Copernicus Sentinel data"


@dataclass(frozen=True)
class ImageCredit:
    """What a picture must say of its images."""

    text: str
    """A line; empty if nothing is known."""
    simulated: bool = False


UNCREDITED = ImageCredit("")
"""Of an image of which nothing is known."""


def image_credit(collection: str, platform: str, seen_at: pd.Timestamp | None) -> ImageCredit:
    """Credit of one image.

    Parameters
    ----------
    collection, platform, seen_at
        As in `gnomon.datamodel.tables.Detections`.

    """
    if is_simulated(collection):
        return ImageCredit(WARNING, simulated=True)
    year = "" if seen_at is None or pd.isna(seen_at) else f" {seen_at:%Y}"
    if platform.startswith("sentinel-"):
        return ImageCredit(f"{COPERNICUS}{year}")
    return ImageCredit(f"Image: {platform}, {collection},{year}".rstrip(","))


def credit_of_rows(rows: pd.DataFrame) -> ImageCredit:
    """Credit of the image of some detections; without rows nothing is known."""
    for row in rows.itertuples():
        if hasattr(row, "collection"):
            return image_credit(str(row.collection), str(row.platform), row.seen_at)
    return UNCREDITED


def image_credits(observations: pd.DataFrame) -> list[str]:
    """Credit lines that providers of the observed images require."""
    seen = observations[(observations.status == "observed") & observations.seen_at.notna()]
    simulated = seen.collection.astype("str").str.startswith(PREFIX)
    real = seen[seen.platform.astype("str").str.startswith("sentinel-") & ~simulated]
    years = sorted({str(time.year) for time in real.seen_at})
    return [f"{COPERNICUS} {', '.join(years)}."] if years else []


def marked(names: Iterable[str], *, simulated: bool) -> list[str]:
    """Titles, each with the mark of simulated scenes behind it where it applies."""
    return [f"{name} ({SIMULATED})" if simulated else name for name in names]
