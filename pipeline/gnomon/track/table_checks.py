"""Tables are checked before they are believed: faults that no single row shows.

Fractions in per cent, and ships whose time is not that of their image, are refused: a count made of
them is wrong, and nothing in it shows that. What can be mended or only suspected is noted with the
port that it concerns: ships that stand in two images of one satellite pass count once; a table
whose every image has a ship was selected by success; and satellites pass at regular times, so that
a gap in them is an image that somebody left out. Images without ships are the denominator of every
count: half of them lost raises it by a fifth.
"""

import json
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.errors import TrackError
from gnomon.geo.local import local_metres
from gnomon.track.passes import number_passes
from gnomon.track.sightings import positions_deg

Floats = NDArray[np.float64]

FRACTIONS = ("usable_fraction", "covered_fraction")
ROUNDING = 1e-6
"""Above 1 a fraction may be by so much."""
SAME_TIME_MINUTES = 10.0
"""Between the times of a ship and of its image: rounding, and tiles of one pass."""
TWIN_M = 60.0
"""Between two outlines of one ship in two tiles of a pass."""
MANY_IMAGES = 10
"""From so many images of a satellite on it is strange that passes are missing."""
ALL_WITH_SHIPS = 3
"""From so many images on it is noted that each of them has a ship."""
LONG_YEARS, GAP_YEARS = 5.0, 1.0
"""A longer period with a longer gap may rest on a mistyped year."""
STEP_MIN_DAYS = 1.5
"""Satellites whose passes follow each other faster have no step that their gaps would show."""
STEP_ERROR = 0.02
"""By how much of the step gaps may differ from its multiples."""
MISSING_MIN = 0.25
"""Part of a satellite's passes from which on it is noted that they are missing."""


def refuse_tables(detections: pd.DataFrame, observations: pd.DataFrame) -> None:
    """Refuse fractions above 1, and ships at another time than their image.

    Parameters
    ----------
    detections, observations
        Checked tables (`gnomon.track.sightings.check_tables`).

    Raises
    ------
    TrackError
        The first such row is named, and what to do.

    """
    zones = observations.zones.map(_largest) if "zones" in observations else None
    columns = {name: observations[name] for name in FRACTIONS if name in observations}
    for name, values in (columns | ({} if zones is None else {"zones": zones})).items():
        numbers = pd.to_numeric(values, errors="coerce")
        bad = (numbers > 1 + ROUNDING) | (numbers < -ROUNDING)
        if bad.any():
            first = observations[bad].iloc[0]
            raise TrackError(
                f"observations: {name} of {int(bad.sum())} images is not between 0 and 1, first "
                f"{first.scene_id} ({numbers[bad].iloc[0]:g}); divide per cent by 100"
            )
    if "seen_at" in detections:
        _refuse_times(detections, observations)


def _largest(text: object) -> float:
    """Largest fraction of any zone, or the least if that is negative."""
    try:
        parts = json.loads(text) if isinstance(text, str) else {}
        values = [float(part) for part in parts.values() if part is not None]
    except (ValueError, TypeError, AttributeError):
        return np.nan
    return min(values) if values and min(values) < 0 else max(values, default=np.nan)


def _refuse_times(detections: pd.DataFrame, observations: pd.DataFrame) -> None:
    of_image = observations.set_index(["scene_id", "port"]).seen_at
    keys = pd.MultiIndex.from_frame(detections[["scene_id", "port"]])
    own = pd.to_datetime(detections.seen_at, utc=True, errors="coerce")
    images = pd.Series(of_image.reindex(keys).to_numpy(), index=detections.index)
    apart = (own - pd.to_datetime(images, utc=True)).abs() / pd.Timedelta(minutes=1)
    bad = apart > SAME_TIME_MINUTES
    if bad.any():
        row = detections[bad].iloc[0]
        raise TrackError(
            f"detections: {int(bad.sum())} whose seen_at is not that of their image, first one of "
            f"{row.scene_id} ({own[bad].iloc[0]:%Y-%m-%d %H:%M} UTC); correct seen_at or scene_id"
        )


def without_twins(
    detections: pd.DataFrame, observations: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Count a ship once that stands in two images of one satellite pass.

    Parameters
    ----------
    detections, observations
        Checked tables, sorted by port and time.

    Returns
    -------
    detections, notes
        Without the less certain of two outlines of one ship; by port, how many went.

    """
    degrees = positions_deg(detections)
    if degrees is None or not len(detections):
        return detections, {}
    passes = pd.Series(index=pd.MultiIndex.from_frame(observations[["scene_id", "port"]]), data=0)
    for _, own in observations.groupby("port", sort=False):
        day = (own.seen_at - own.seen_at.min()).dt.total_seconds().to_numpy() / 86_400
        passes[pd.MultiIndex.from_frame(own[["scene_id", "port"]])] = number_passes(own, day)
    number = passes.reindex(pd.MultiIndex.from_frame(detections[["scene_id", "port"]])).to_numpy()
    score = pd.to_numeric(detections.get("score", pd.Series(0.5, detections.index))).fillna(0.5)
    gone: list[int] = []
    for _, rows in detections.groupby([detections.port, number], sort=False):
        if len(rows) > 1:
            places = rows.index.to_numpy()
            x, y = (values[places] for values in degrees)
            gone += _twins(rows, x, y, score[places])
    counts = detections.loc[gone].port.value_counts()
    notes = {
        str(port): f"{n} ships stand in two images of one satellite pass and count once"
        for port, n in counts.items()
    }
    return detections.drop(index=gone).reset_index(drop=True), notes


def _twins(rows: pd.DataFrame, x: Floats, y: Floats, score: pd.Series) -> Iterator[int]:
    """Rows of one pass that are another outline of a ship with a higher score."""
    east, north = local_metres(x, y, origin=(float(x.mean()), float(y.mean())))
    scenes = rows.scene_id.to_numpy()
    kept: list[int] = []
    for n in np.argsort(-score.to_numpy(), kind="stable"):
        apart = [np.hypot(east[n] - east[k], north[n] - north[k]) for k in kept]
        pairs = zip(kept, apart, strict=True)
        if any(scenes[k] != scenes[n] and gap < TWIN_M for k, gap in pairs):
            yield int(rows.index[n])
        else:
            kept.append(int(n))


def denominator_notes(detections: pd.DataFrame, observations: pd.DataFrame) -> dict[str, str]:
    """Notes on images that seem to have been left out, by port.

    Parameters
    ----------
    detections
        Of any ports.
    observations
        All of them, also those that were skipped or failed.

    """
    notes: dict[str, list[str]] = defaultdict(list)
    times = pd.to_datetime(observations.seen_at, utc=True, errors="coerce", format="ISO8601")
    observations = observations.assign(seen_at=times)[times.notna()]
    for port, own in observations.groupby("port", sort=True):
        done = own[own.status == "observed"] if "status" in own else own
        with_ships = done.scene_id.isin(detections.scene_id[detections.port == port])
        if len(done) >= ALL_WITH_SHIPS and with_ships.all():
            notes[str(port)].append(
                f"each of its {len(done)} images shows a ship: if images without ships were left "
                "out, the counts are too high (add a row for each)"
            )
        notes[str(port)] += _unusable_with_ships(done[with_ships])
        notes[str(port)] += _missing_passes(own)
        notes[str(port)] += _long_gap(own.seen_at)
    return {port: "; ".join(texts) for port, texts in notes.items() if texts}


def _unusable_with_ships(images: pd.DataFrame) -> Iterator[str]:
    if "usable_fraction" not in images:
        return
    none = images[pd.to_numeric(images.usable_fraction, errors="coerce") == 0]
    if len(none):
        yield (
            f"usable_fraction of {len(none)} images that show a ship is 0, first "
            f"{none.scene_id.iloc[0]}: write what part of the image could be used"
        )


def _long_gap(times: pd.Series) -> Iterator[str]:
    """Note a period of many years in which whole years have no image."""
    sorted_times = times.sort_values()
    years = (sorted_times.diff() / pd.Timedelta(days=365.25)).fillna(0.0)
    if years.sum() > LONG_YEARS and years.max() > GAP_YEARS:
        end = int(years.to_numpy().argmax())
        before, after = sorted_times.iloc[end - 1], sorted_times.iloc[end]
        yield (
            f"its images span {years.sum():.1f} years, with none from {before:%Y-%m-%d} to "
            f"{after:%Y-%m-%d}: is a year mistyped?"
        )


def _missing_passes(own: pd.DataFrame) -> Iterator[str]:
    if "platform" not in own:
        return
    for platform, rows in own.groupby("platform", sort=True):
        times = rows.seen_at.sort_values()
        days = ((times - times.min()) / pd.Timedelta(days=1)).to_numpy(float)
        gaps = np.diff(days)
        gaps = gaps[gaps > 0.01]  # tiles of one pass
        if len(gaps) + 1 < MANY_IMAGES or gaps.min() < STEP_MIN_DAYS:
            continue
        steps = gaps / gaps.min()
        if np.abs(steps - np.round(steps)).max() > STEP_ERROR * np.round(steps).max():
            continue
        expected = int(np.round(steps).sum()) + 1
        missing = expected - len(steps) - 1
        if missing > MISSING_MIN * expected:
            yield (
                f"{platform} passes every {gaps.min():.3g} days, and {missing} of its {expected} "
                "passes are not in the table: images without ships or under cloud count too (add "
                "their rows)"
            )
