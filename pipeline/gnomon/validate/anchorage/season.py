"""A season of real pixels: what a run finds at an anchorage beside the ships that are labelled.

The study is ``configs/galveston-2019.toml``, ten dates of Sentinel-2 in true colour. A ship that is
found is right if it meets a labelled outline, one to one (`gnomon.learn.metrics.pairs`). What lies
on an outline that may be a ship, or may be none, counts neither way. Vessels under 50 m are not
labelled with any care: what is found so short, and meets no label, is not counted either, nor what
lies where no one searched.

**Stays.** Two ships of consecutive dates are taken for one hull where the second lies within 250 m
of the first, as far as a ship swings about its anchor, and their lengths differ by no more than
15 m. How many such pairs are chance is measured on pairs of dates that lie two months and more
apart, between which no ship stays: the share of ships that have a partner there is what chance
gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from shapely.geometry import shape

from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.files import read_places
from gnomon.learn.metrics import GROWN_PX, OUT_OF_REACH, SHORT_M, pairs
from gnomon.validate.repeats import METRES

GSD_M = 10.0
SHIP, UNCERTAIN, FALSE = "ship", "uncertain", "false"
"""What a ship that was found is: a labelled one, one that may be one, or none."""
UNKNOWN = "unknown"
"""It meets no label, and is too short or lies where no one searched."""
SWING_M, LONGER_M = 250.0, 15.0
"""Between the middles of one hull on two dates, and between its two lengths."""
STAY_DAYS, APART_DAYS = 10, 60
"""Longest stay that is looked for; from so many days on no ship is taken to have stayed."""
SPOT_M = 100.0
"""False alarms on two dates that lie so close are at one spot."""
SIZES_M = (50.0, 100.0, 200.0, np.inf)


@dataclass(frozen=True)
class RealSeason:
    """Ships found and labels, in metres (EPSG `METRES`); ``date`` is a day."""

    found: gpd.GeoDataFrame
    """Points; of the detections ``detection_id, scene_id, port, score, length_m, heading_deg``, and
    ``verdict``, ``label``: row of the labels, or -1."""
    labels: gpd.GeoDataFrame
    """Outlines; ``kind``: ship, uncertain or rejected; ``port``, ``length_m``, ``moving``,
    ``found``."""

    @property
    def dates(self) -> list[pd.Timestamp]:
        """All dates, sorted."""
        return sorted(self.labels.date.unique())

    @property
    def ships(self) -> gpd.GeoDataFrame:
        """Labelled ships that count."""
        return self.labels[(self.labels.kind == SHIP) & (self.labels.length_m >= SHORT_M)]

    @property
    def counted(self) -> gpd.GeoDataFrame:
        """Ships found that count: not those that are short and meet no label that counts."""
        meets = self.found.label.isin(self.ships.index)
        others = self.found.verdict.isin([FALSE, UNCERTAIN])
        return self.found[meets | others]


def anchorage_labels(folder: Path, ports: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Labels of every date of an anchorage.

    Parameters
    ----------
    folder
        Has ``S2_*/ships.geojson``, and ``uncertain.geojson`` and ``rejected.geojson`` beside it.
    ports
        Areas with their names in ``port``, in any CRS.

    """
    parts = []
    for path in sorted(folder.glob("S2_*/*.geojson")):
        if len(rows := gpd.read_file(path)):
            kind = SHIP if path.stem == "ships" else path.stem
            kept = rows.reindex(columns=["length_m", "moving_or_wake", "geometry"])
            parts.append(kept.assign(kind=kind, scene_id=path.parent.name))
    labels = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs="EPSG:4326").to_crs(METRES)
    labels["moving"] = labels.pop("moving_or_wake").eq(True)
    labels["date"] = _dates(labels)
    middles = gpd.GeoDataFrame(geometry=labels.centroid, crs=METRES)
    near = middles.sjoin_nearest(ports.to_crs(METRES)[["port", "geometry"]])
    return labels.assign(port=near[~near.index.duplicated()].port)


def searched_water(folder: Path) -> shapely.Geometry:
    """Water that was searched by eye, in metres; it is the same on every date."""
    with rasterio.open(min(folder.glob("S2_*/searched.tif"))) as source:
        pieces = rasterio.features.shapes(source.read(1), transform=source.transform)
        return shapely.union_all([shape(piece) for piece, value in pieces if value])


def ships_of_run(run: Path) -> gpd.GeoDataFrame:
    """Ships that a run found."""
    rows = read_places(run / "detections.parquet").to_crs(METRES)
    return rows.assign(date=_dates(rows))


def _dates(rows: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(rows.scene_id.astype("str").str[-8:])


def compare_season(
    found: gpd.GeoDataFrame, labels: gpd.GeoDataFrame, searched: shapely.Geometry
) -> RealSeason:
    """Compare ships with labels, date by date.

    Parameters
    ----------
    found
        From `ships_of_run`.
    labels
        From `anchorage_labels`.
    searched
        Water in which an unlabelled ship is a false alarm, in metres.

    """
    found, labels = found.reset_index(drop=True), labels.reset_index(drop=True)
    label = pd.Series(-1, found.index)
    judged = (found.length_m >= SHORT_M) & found.within(searched)
    verdict = pd.Series(np.where(judged, FALSE, UNKNOWN), found.index)
    for date, rows in found.groupby("date"):
        own = labels[labels.date == date]
        ships, doubts = own[own.kind == SHIP], own[own.kind == UNCERTAIN]
        if len(doubts):
            apart = rows.distance(doubts.union_all())
            verdict[rows.index[apart <= GROWN_PX * GSD_M]] = UNCERTAIN
        mine, theirs = pairs(_boxes(rows), _in_pixels(ships), GSD_M)
        label[rows.index[mine]] = ships.index[theirs]
        verdict[rows.index[mine]] = SHIP
    return RealSeason(
        found.assign(verdict=verdict, label=label),
        labels.assign(found=labels.index.isin(label)),
    )


def _boxes(rows: gpd.GeoDataFrame) -> OrientedBoxes:
    x, y = rows.geometry.x / GSD_M, rows.geometry.y / GSD_M
    return OrientedBoxes.of(x, y, rows.length_m / GSD_M, 1.0, 0.0, score=rows.score)


def _in_pixels(ships: gpd.GeoDataFrame) -> list[shapely.Geometry]:
    return list(shapely.transform(ships.geometry.to_numpy(), lambda xy: xy / GSD_M))


def counts_by_date(season: RealSeason, port: str | None = None) -> pd.DataFrame:
    """Ships by date: ``labelled, found, right, missed, false, uncertain``."""
    ships, found = season.ships, season.counted
    if port is not None:
        ships, found = ships[ships.port == port], found[found.port == port]
    right = found.label >= 0
    by_date = {
        "labelled": ships.groupby("date").size(),
        "found": found.groupby("date").size(),
        "right": found[right].groupby("date").size(),
        "missed": ships[~ships.found].groupby("date").size(),
        "false": found[found.verdict == FALSE].groupby("date").size(),
        "uncertain": found[found.verdict == UNCERTAIN].groupby("date").size(),
    }
    return pd.DataFrame(by_date, index=pd.Index(season.dates)).fillna(0).astype(int)


def repeated_spots(season: RealSeason) -> list[gpd.GeoDataFrame]:
    """False alarms of two dates and more that lie at one spot."""
    false = season.found[season.found.verdict == FALSE]
    if not len(false):
        return []
    grown = gpd.GeoSeries([false.buffer(SPOT_M / 2).union_all()], crs=METRES).explode()
    groups = (false[false.within(area)] for area in grown)
    return [group for group in groups if len(set(group.date)) > 1]


def possible_stays(ships: gpd.GeoDataFrame, days: int = STAY_DAYS) -> pd.DataFrame:
    """Pairs of ships of consecutive dates that may be one hull.

    Parameters
    ----------
    ships
        In metres, with ``date`` and ``length_m``.
    days
        Most days between the dates.

    Returns
    -------
    DataFrame
        ``date, after``: index of the ships; ``metres`` between their middles.

    """
    rows = []
    for date, after in pairwise(sorted(ships.date.unique())):
        if (after - date).days <= days:
            rows += _pairs_of(ships[ships.date == date], ships[ships.date == after])
    return pd.DataFrame(rows, columns=["date", "after", "metres"])


def _pairs_of(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> list[tuple[int, int, float]]:
    """One to one, most pairs first and the nearest in sum."""
    apart = cdist(*(shapely.get_coordinates(each.centroid.to_numpy()) for each in (one, other)))
    longer = np.abs(one.length_m.to_numpy()[:, None] - other.length_m.to_numpy())
    alike = (apart <= SWING_M) & (longer <= LONGER_M)
    rows, columns = linear_sum_assignment(np.where(alike, apart, OUT_OF_REACH))
    return [
        (one.index[row], other.index[column], float(apart[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if alike[row, column]
    ]


def chance_share(ships: gpd.GeoDataFrame) -> float:
    """Share of the ships of the emptier date that have a partner by chance."""
    made = possible = 0
    for date, after in combinations(sorted(ships.date.unique()), 2):
        if (after - date).days >= APART_DAYS:
            one, other = ships[ships.date == date], ships[ships.date == after]
            made += len(_pairs_of(one, other))
            possible += min(len(one), len(other))
    return made / max(possible, 1)


def _day(date: pd.Timestamp) -> str:
    """A day that no table breaks into two lines."""
    return f"{date.day}\N{NO-BREAK SPACE}{date:%b}\N{NO-BREAK SPACE}{date.year}"


def count_lines(season: RealSeason) -> Iterator[str]:
    """Ships by date."""
    yield "| date | labelled | found | of these labelled | missed | false alarms | undecided |"
    yield "|---|" + "---:|" * 6
    table = counts_by_date(season)
    for date, row in table.iterrows():
        yield f"| {_day(date)} | {' | '.join(map(str, row))} |"
    yield f"| all | {' | '.join(map(str, table.sum()))} |"


def size_lines(season: RealSeason) -> Iterator[str]:
    """Ships by length, and those under way."""
    yield "| labelled ships | number | found |"
    yield "|---|---:|---:|"
    ships = season.ships
    groups = [
        (f"{least:.0f} m and more" if np.isinf(most) else f"{least:.0f} to {most:.0f} m",
         ships[ships.length_m.between(least, most, inclusive="left")])
        for least, most in pairwise(SIZES_M)
    ]  # fmt: skip
    groups.append(("of all these: under way, or with a wake", ships[ships.moving]))
    for name, rows in groups:
        share = f"{rows.found.mean():.0%}" if len(rows) else "-"
        yield f"| {name} | {len(rows)} | {rows.found.sum()} ({share}) |"


def spot_lines(season: RealSeason) -> Iterator[str]:
    """False alarms, and those that repeat at one spot."""
    false = season.found[season.found.verdict == FALSE]
    rejected = season.labels[season.labels.kind == "rejected"]
    known = sum(
        rows.distance(rejected[rejected.date == date].union_all()).le(GROWN_PX * GSD_M).sum()
        for date, rows in false.groupby("date")
        if (rejected.date == date).any()
    )
    yield f"Of {len(false)} false alarms of 50 m and more {known} lie on what was rejected by eye."
    found = repeated_spots(season)
    yield f"At one spot on two dates or more: {len(found)}."
    for rows in found:
        place = rows.to_crs("EPSG:4326").geometry.iloc[0]
        days = ", ".join(_day(date) for date in sorted(rows.date))
        yield f"- {place.y:.4f} N, {-place.x:.4f} W: {days}"


def stay_lines(season: RealSeason) -> Iterator[str]:
    """Pairs of dates, how many ships may have stayed, and how many would by chance."""
    yield "| from | to | days | found, may be the same hull | by chance | labelled | by chance |"
    yield "|---|---|" + "---:|" * 5
    kinds = (season.counted, season.ships)
    shares = [chance_share(ships) for ships in kinds]
    for date, after in pairwise(season.dates):
        if (after - date).days > STAY_DAYS:
            continue
        cells = []
        for ships, share in zip(kinds, shares, strict=True):
            two = ships[ships.date.isin([date, after])]
            fewer = min((two.date == each).sum() for each in (date, after))
            cells += [str(len(possible_stays(two))), f"{share * fewer:.1f}"]
        days = (after - date).days
        yield f"| {_day(date)} | {_day(after)} | {days} | {' | '.join(cells)} |"
