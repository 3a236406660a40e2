"""Tables of detections and observations, checked at the border and made into arrays for one port.

Required of a detection: ``scene_id``, ``port``, ``length_m``. Of an observation: ``scene_id``,
``port``, ``seen_at``. Anything else that is missing has a consequence, which is noted with the
result:

==================  ================================================================
missing             consequence
==================  ================================================================
``length_sigma_m``  8 m
``beam_m``          the beam usual for the length, 20 % off
``score``           0.8
``p_tanker``        only size separates tankers from other ships
``log_lr_laden``    the direction of trade stays open
``usable_fraction`` every observation covers the whole berth
``sensor, gsd_m``   optical, 10 m
``recall``          ships are found as often as the class of sensor usually finds them
position            all berths are one position
==================  ================================================================

An ``identity`` (a name or an IMO number) makes that ship a candidate of the visit.

Observations of one satellite pass (`gnomon.track.passes`) are one, whose usable fractions add up.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnomon.datamodel.decisions import BY_EYE, LOAD_P_WRONG, TYPE_BY_EYE
from gnomon.datamodel.errors import TrackError
from gnomon.datamodel.recall import Recall
from gnomon.datamodel.times import utc_time
from gnomon.datamodel.visibility import Visibility
from gnomon.geo.local import local_metres
from gnomon.track.detectors import detector_cards, sensor_classes
from gnomon.track.marks import Hulls
from gnomon.track.passes import by_pass, number_passes, visibility_by_pass

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BEAM_SIGMA_SHARE = 0.2
"""Of a beam that was not measured."""
USABLE_WHERE_DETECTED = 0.05
"""Least usable fraction of an observation with a detection."""
DEFAULTS = {"length_sigma_m": 8.0, "score": 0.8, "p_tanker": np.nan, "log_lr_laden": np.nan}
CONSEQUENCES = {
    "length_sigma_m": "no length_sigma_m: 8 m assumed",
    "beam_m": "no beam_m: the beam usual for the length assumed, 20 % off",
    "score": "no score: 0.8 assumed",
    "p_tanker": "no p_tanker: only size separates small tankers from other ships",
    "log_lr_laden": "no log_lr_laden: nothing separates laden from ballast",
    "position": "no geometry: ships at one berth are separated by size and time alone",
    "usable_fraction": "no usable_fraction: every image is taken to cover the whole berth",
}


@dataclass(frozen=True)
class PortObservations:
    """One port's observations, sorted by time, and the hulls detected in them."""

    port: str
    start: datetime
    end: datetime
    day: Floats
    """Of observations, since start."""
    sensor_class: Ints
    """Places in `gnomon.track.presence.SENSOR_CLASSES`."""
    detector: Ints
    """Which observations share a probability of detection: the place in ``SENSOR_CLASSES``, and
    beyond those the number of the card."""
    cards: tuple[Recall, ...]
    """Of detectors whose recall was measured."""
    usable: Floats
    """Usable fraction of what counts as the port."""
    hulls: Hulls
    rows: Ints
    """Of each hull in the table of detections."""
    notes: tuple[str, ...]
    """Consequences of what the tables lack."""
    identity: tuple[str, ...]
    """Of each hull, where an analyst named the ship; empty elsewhere."""
    places_deg: Floats | None
    """Longitude and latitude of each hull, (hulls, 2); None where the table has none."""
    scenes: tuple[tuple[str, ...], ...]
    """Of each observation."""
    visibility: tuple[tuple[Visibility, ...], ...]
    """Of each observation, what its scenes show; empty where the table does not say."""

    @property
    def days(self) -> float:
        """Length of the period."""
        return (self.end - self.start) / timedelta(days=1)

    def time(self, day: float) -> datetime:
        """Time of a day since start, to the second."""
        return self.start + timedelta(seconds=round(86_400 * day))


def rename_columns(frame: pd.DataFrame, columns: dict[str, str], table: str) -> pd.DataFrame:
    """Give a user's columns our names.

    Parameters
    ----------
    frame
        A user's table.
    columns
        Our name of a column = theirs.
    table
        Its name in error messages.

    Raises
    ------
    TrackError
        A mapped column is missing.

    """
    if absent := [theirs for theirs in columns.values() if theirs not in frame.columns]:
        raise TrackError(
            f"{table}: has no column {', '.join(absent)}; it has {', '.join(frame.columns)}"
        )
    return frame.rename(columns={theirs: ours for ours, theirs in columns.items()})


def check_tables(
    detections: pd.DataFrame, observations: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refuse tables that cannot be right; sort them by content, not by their order.

    Raises
    ------
    TrackError
        Columns are missing, times have no zone, an observation is there twice, or a detection has
        none.

    """
    for frame, table, required in (
        (detections, "detections", ("scene_id", "port", "length_m")),
        (observations, "observations", ("scene_id", "port", "seen_at")),
    ):
        if absent := [name for name in required if name not in frame.columns]:
            raise TrackError(
                f"{table}: lack {', '.join(absent)}; map columns in the study's [track]"
            )
    observations = _check_observations(observations)
    key = pd.MultiIndex.from_frame(detections[["scene_id", "port"]])
    _check_detections(detections)
    lost = ~key.isin(pd.MultiIndex.from_frame(observations[["scene_id", "port"]]))
    if lost.any():
        first = detections[lost].iloc[0]
        raise TrackError(
            f"detections: {int(lost.sum())} without an observation, first {first.scene_id} at "
            f"{first.port}; add its row to the observations, the denominator of every count"
        )
    bad = ~(pd.to_numeric(detections.length_m, errors="coerce") > 0)
    if bad.any():
        raise TrackError(f"detections: {int(bad.sum())} without a positive length_m")
    order = [c for c in ("length_m", "beam_m", "detection_id") if c in detections.columns]
    hulls = detections.sort_values(["port", "scene_id", *order], ignore_index=True)
    return hulls, observations.sort_values(["port", "seen_at", "scene_id"], ignore_index=True)


def _check_detections(detections: pd.DataFrame) -> None:
    """Refuse ships that are there twice, and places that are no degrees."""
    if "detection_id" in detections:
        twice = detections.detection_id[detections.detection_id.duplicated()].unique()
        if len(twice):
            names = ", ".join(map(str, twice[:10]))
            raise TrackError(f"detections: detection_id {names} is there twice; keep one row each")
    crs = getattr(detections, "crs", None) if "geometry" in detections else None
    if crs is not None and not crs.is_geographic:
        raise TrackError(f"detections: are in {crs.name}; give degrees, with to_crs(4326)")


def _check_observations(observations: pd.DataFrame) -> pd.DataFrame:
    """Observations that took place, with aware times."""
    if not len(observations):
        raise TrackError("observations: the table is empty; check period and catalogue")
    if "status" in observations:
        unclear = ~observations.status.isin(("observed", "skipped", "failed"))
        if unclear.any():
            first = observations[unclear].iloc[0]
            raise TrackError(
                f"observations: {int(unclear.sum())} whose status is not observed, skipped or "
                f"failed, first {first.scene_id} at {first.port} ({first.status})"
            )
        observations = observations[observations.status == "observed"]
    observations = observations.assign(seen_at=_times(observations.seen_at))
    twice = observations[observations.duplicated(["scene_id", "port"])]
    if len(twice):
        raise TrackError(
            f"observations: {twice.scene_id.iloc[0]} at {twice.port.iloc[0]} is there twice "
            f"({len(twice)} such); keep one row per scene and port"
        )
    return observations


def _times(values: pd.Series) -> pd.Series:
    """Times as aware UTC."""
    if values.isna().any():
        raise TrackError("observations: seen_at is empty in some rows")
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.tz_convert("UTC")
    try:
        times = [utc_time(value) for value in values]
    except (TypeError, ValueError) as error:
        raise TrackError(f"observations: seen_at {error}") from error
    return pd.Series(pd.DatetimeIndex(times, tz="UTC"), index=values.index)


def port_observations(
    port: str,
    detections: pd.DataFrame,
    observations: pd.DataFrame,
    *,
    zones: tuple[str, ...],
    beam_per_length: float,
    start: datetime,
    end: datetime,
) -> PortObservations:
    """Arrays of one port, from checked tables.

    Parameters
    ----------
    port
        Its name.
    detections, observations
        Checked tables, of any ports.
    zones
        Names of zones that count; empty for the whole port.
    beam_per_length
        Of hulls whose beam was not measured.
    start, end
        The period; observations outside are left out.

    """
    observations = observations[
        (observations.port == port)
        & (observations.seen_at >= start)
        & (observations.seen_at <= end)
    ]
    usable, notes = _usable(observations, zones)
    day = ((observations.seen_at - pd.Timestamp(start)).dt.total_seconds() / 86_400).to_numpy()
    classes = sensor_classes(observations)
    detector, cards = detector_cards(observations, classes)
    passes = number_passes(observations, day)
    first = np.unique(passes, return_index=True)[1]
    joined = np.minimum(np.bincount(passes, weights=usable), 1.0) if len(passes) else usable
    rows = detections[(detections.port == port) & detections.scene_id.isin(observations.scene_id)]
    if zones and "zone" in rows:
        rows = rows[rows.zone.isin(zones)]
    observation = passes[pd.Index(observations.scene_id).get_indexer(rows.scene_id)]
    order = np.argsort(observation, kind="stable")
    rows, observation = rows.iloc[order], observation[order]
    # An observation with a detection was usable at least there.
    np.maximum.at(joined, observation, USABLE_WHERE_DETECTED)
    hulls, lacking = _hulls(rows, observation, day[first], beam_per_length)
    return PortObservations(
        port=port,
        start=start,
        end=end,
        day=day[first],
        sensor_class=classes[first],
        detector=detector[first],
        cards=cards,
        usable=joined,
        hulls=hulls,
        rows=rows.index.to_numpy(),
        notes=notes + lacking,
        identity=_identities(rows),
        places_deg=_places_deg(rows),
        scenes=by_pass(observations.scene_id, passes, len(first)),
        visibility=visibility_by_pass(observations, passes, len(first)),
    )


def _places_deg(rows: pd.DataFrame) -> Floats | None:
    degrees = positions_deg(rows)
    return None if degrees is None else np.column_stack(degrees)


def _identities(rows: pd.DataFrame) -> tuple[str, ...]:
    if "identity" not in rows:
        return ("",) * len(rows)
    return tuple("" if pd.isna(name) else str(name).strip() for name in rows.identity)


def _usable(observations: pd.DataFrame, zones: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    """Usable fraction of what counts, in each observation."""
    whole = observations.get("usable_fraction")
    notes = () if whole is not None else (CONSEQUENCES["usable_fraction"],)
    of_port = np.ones(len(observations)) if whole is None else whole.fillna(1.0).to_numpy(float)
    if not zones or "zones" not in observations:
        return of_port.copy(), notes
    out = of_port.copy()
    for n, text in enumerate(observations.zones):
        by_zone = json.loads(text) if isinstance(text, str) else {}
        fractions = [by_zone[zone] for zone in zones if by_zone.get(zone) is not None]
        if fractions:
            out[n] = float(np.mean(fractions))
    return np.clip(out, 0.0, 1.0), notes


def _hulls(
    rows: pd.DataFrame, observation: Ints, day: Floats, beam_per_length: float
) -> tuple[Hulls, tuple[str, ...]]:
    notes = [CONSEQUENCES[name] for name in (*DEFAULTS, "beam_m") if _lacks(rows, name)]
    columns = {name: _numbers(rows, name, value) for name, value in DEFAULTS.items()}
    length = rows.length_m.to_numpy(float)
    beam, beam_sigma = _numbers(rows, "beam_m", np.nan), _numbers(rows, "beam_sigma_m", np.nan)
    unknown = np.isnan(beam)
    beam = np.where(unknown, beam_per_length * length, beam)
    beam_sigma = np.where(np.isnan(beam_sigma) | unknown, BEAM_SIGMA_SHARE * beam, beam_sigma)
    position = _positions(rows)
    if position is None:
        notes.append(CONSEQUENCES["position"])
        position = np.zeros(len(rows)), np.zeros(len(rows))
    east, north = position
    return Hulls(
        observation=observation,
        day=day[observation] if len(observation) else np.zeros(0),
        east_m=east,
        north_m=north,
        length_m=length,
        length_sigma_m=columns["length_sigma_m"],
        beam_m=beam,
        beam_sigma_m=beam_sigma,
        score=columns["score"],
        p_tanker=columns["p_tanker"],
        log_lr_laden=columns["log_lr_laden"],
        type_by_eye=(
            rows[TYPE_BY_EYE].to_numpy(bool) if TYPE_BY_EYE in rows else np.zeros(len(rows), bool)
        ),
        load_p_wrong=_numbers(rows, LOAD_P_WRONG, np.nan),
    ), tuple(notes if len(rows) else ())


def _lacks(rows: pd.DataFrame, name: str) -> bool:
    """Whether a column is missing; an analyst's values for a few rows do not supply it."""
    table = rows[~rows[BY_EYE]] if BY_EYE in rows and not rows[BY_EYE].all() else rows
    return name not in table or bool(table[name].isna().all())


def _numbers(rows: pd.DataFrame, name: str, default: float) -> Floats:
    if name not in rows:
        return np.full(len(rows), default)
    numbers: Floats = pd.to_numeric(rows[name], errors="coerce").fillna(default).to_numpy(float)
    return numbers


def _positions(rows: pd.DataFrame) -> tuple[Floats, Floats] | None:
    """East and north in metres of each hull from the middle of all; None where there are none."""
    degrees = positions_deg(rows)
    if degrees is None:
        return None
    x, y = degrees
    if not len(x):
        return x, y
    return local_metres(x, y, origin=(float(x.mean()), float(y.mean())))


def positions_deg(rows: pd.DataFrame) -> tuple[Floats, Floats] | None:
    """Longitudes and latitudes of detections, by geometry or columns; None where they lack."""
    if "geometry" in rows and len(rows) and rows.geometry.notna().all():
        return rows.geometry.x.to_numpy(float), rows.geometry.y.to_numpy(float)
    if "longitude" in rows and "latitude" in rows:
        return rows.longitude.to_numpy(float), rows.latitude.to_numpy(float)
    return None
