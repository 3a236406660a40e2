"""Curves in the page: interfaces beside those of `gnomon.report.page.schema`."""

from typing import TypedDict


class BarrelCurve(TypedDict):
    """Cumulative barrels at the end of each day: 5, 50 and 95 % quantiles.

    If ships load, where images do not decide whether they do.
    """

    t: list[int | None]
    low: list[float | None]
    middle: list[float | None]
    high: list[float | None]


class PosteriorCurve(TypedDict):
    """Posterior of a freeboard; each curve has its peak at 1."""

    x: list[float]
    """Freeboard, metres."""
    post: list[float]
    like: list[float]
    """Likelihood of the pixels alone; empty if there is none."""
    laden: list[float]
    """Ends of the 90 % interval of tankers of this size."""
    ballast: list[float]
    fitted: bool
    """False if only the table was there, and the curve is a normal distribution."""
