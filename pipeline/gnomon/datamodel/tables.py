"""The columns of every table that leaves a stage; this is the documentation of the Parquet files.

Geometries are in EPSG:4326 and times in UTC. Lengths are in metres; azimuths in degrees clockwise
from true north; the direction of sun and sensor is that from the ship towards them. ``x_sigma`` is
the standard deviation of the error of ``x``; ``x_p05``, ``x_p50`` and ``x_p95`` are quantiles of
its posterior, and the first and the last bound a 90 % interval. Null means that a value was not
measured or is not known, never zero.
"""

from typing import Literal, get_args

import pandas as pd
import pandera.pandas as pa
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from gnomon.datamodel import decision_tables
from gnomon.datamodel.scene import Sensor
from gnomon.datamodel.schema import Table, Time, angle
from gnomon.datamodel.ship_types import SHIP_TYPES

LOAD_STATES = ("laden", "ballast", "indeterminate")
LOAD_REASONS = (
    "sun_high", "sun_along_hull", "too_small", "alongside", "neighbour",
    "edge", "cloud", "sar", "no_geometry", "view_unknown", "misfit", "unfamiliar",
    "weak_evidence",
)  # fmt: skip

Status = Literal["unreviewed", "ship", "not_ship"]
STATUSES: tuple[Status, ...] = get_args(Status)
LabelLoad = Literal["laden", "ballast", "unknown"]
DecisionEffects = decision_tables.DecisionEffects
TankerBasis = Literal["size alone", "size and images", "analyst"]
LABEL_LOADS: tuple[LabelLoad, ...] = get_args(LabelLoad)


class Detections(Table):
    """One row per hull, sorted by port, time and place."""

    detection_id: Series[str] = pa.Field(unique=True)
    """Made of scene and place: the same pixels, options and weights give the same id."""
    scene_id: Series[str]
    collection: Series[str]
    platform: Series[str]
    sensor: Series[str] = pa.Field(isin=get_args(Sensor))
    seen_at: Series[Time]
    """Time of acquisition."""
    port: Series[str] = pa.Field(nullable=True)
    """Null where whole footprints are observed."""
    zone: Series[str] = pa.Field(nullable=True)
    """Name of the berth or anchorage, or ``roads`` for the rest of the port's area."""
    geometry: GeoSeries[Geometry]
    """Centre of the hull, a point."""
    footprint: GeoSeries[Geometry]
    """Hull as an oriented rectangle."""
    score: Series[float] = pa.Field(ge=0, le=1)
    """Calibrated probability that this is a vessel."""
    p_tanker: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Probability that it is a tanker, given that it is a vessel."""
    length_m: Series[float] = pa.Field(gt=0)
    length_sigma_m: Series[float] = pa.Field(gt=0)
    beam_m: Series[float] = pa.Field(gt=0)
    beam_sigma_m: Series[float] = pa.Field(gt=0)
    heading_deg: Series[float] = angle(360)
    """Axis of the hull, 0 to 180, unless the bow is known."""
    heading_sigma_deg: Series[float] = pa.Field(gt=0)
    freeboard_m: Series[float] = pa.Field(ge=0, nullable=True)
    """Height of the deck above the water amidships: mean of the posterior."""
    freeboard_sigma_m: Series[float] = pa.Field(gt=0, nullable=True)
    freeboard_p05_m: Series[float] = pa.Field(ge=0, nullable=True)
    freeboard_p95_m: Series[float] = pa.Field(ge=0, nullable=True)
    log_lr_laden: Series[float] = pa.Field(nullable=True)
    """Natural logarithm of the likelihood ratio of the pixels, laden over ballast. It has no prior;
    those of several images of one ship add up."""
    p_laden: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Probability of laden if laden and ballast are equally likely beforehand."""
    load_state: Series[str] = pa.Field(isin=LOAD_STATES, nullable=True)
    """``laden`` above 0.90 of ``p_laden``, ``ballast`` below 0.10, else ``indeterminate``."""
    load_reason: Series[str] = pa.Field(isin=LOAD_REASONS, nullable=True)
    """Why the load state is indeterminate."""
    sun_azimuth_deg: Series[float] = angle(360, nullable=True)
    sun_elevation_deg: Series[float] = pa.Field(ge=-90, le=90, nullable=True)
    view_azimuth_deg: Series[float] = angle(360, nullable=True)
    view_zenith_deg: Series[float] = pa.Field(ge=0, lt=90, nullable=True)
    gsd_m: Series[float] = pa.Field(gt=0)
    quayside: Series[bool]
    """Land, a quay or a pier lies within 40 m of the hull."""
    model: Series[str]
    """Name of the weights and the beginning of their digest."""
    run_digest: Series[str]
    """Digest of the options, inputs and weights that this row came from."""


class Observations(Table):
    """One row per observation, a scene over a port, with or without ships: the denominator.

    Of an item that could not be used only its own metadata are known; the rest of its row is null.
    """

    scene_id: Series[str]
    collection: Series[str]
    platform: Series[str]
    sensor: Series[str] = pa.Field(isin=get_args(Sensor), nullable=True)
    seen_at: Series[Time] = pa.Field(nullable=True)
    port: Series[str] = pa.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pa.Field(nullable=True)
    """The port's area within the scene's footprint."""
    status: Series[str] = pa.Field(isin=("observed", "skipped", "failed"))
    """``skipped`` for more cloud than the study allows, by the provider's estimate; ``failed`` for
    an error in reading."""
    reason: Series[str] = pa.Field(nullable=True)
    """Why the scene was skipped or failed; or which bands or angles an observed one lacks."""
    covered_fraction: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Part of the port's area with data in this scene."""
    usable_fraction: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Part of the port's water free of cloud and ice and with data."""
    usable_water_km2: Series[float] = pa.Field(ge=0, nullable=True)
    zones: Series[str] = pa.Field(nullable=True)
    """Usable fraction of each berth and anchorage by name, as a JSON object: QGIS, DuckDB and
    pandas all read text, and not all of them read nested columns."""
    visibility: Series[str] = pa.Field(nullable=True)
    """Share of each cell of about 40 m that was seen, as JSON: a grid in the scene's CRS, its
    percents as bytes, row by row, packed by zlib and base64; of a port, not of a whole scene."""
    recall: Series[str] = pa.Field(nullable=True)
    """How many of the ships that are there the detector finds, as JSON: ``detector``, its label;
    ``places``, ports that it was measured at; ``between_places``, the standard deviation of the
    logit from port to port; and for ``quay`` and ``open_water`` bands of length with ``length_m``,
    ``labels`` and ``found``."""
    detections: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    """Number of detections."""
    sun_azimuth_deg: Series[float] = angle(360, nullable=True)
    sun_elevation_deg: Series[float] = pa.Field(ge=-90, le=90, nullable=True)
    view_azimuth_deg: Series[float] = angle(360, nullable=True)
    view_zenith_deg: Series[float] = pa.Field(ge=0, lt=90, nullable=True)
    gsd_m: Series[float] = pa.Field(gt=0, nullable=True)
    run_digest: Series[str]


class Visits(Table):
    """One row per visit of a likely small tanker that was detected at least once.

    Observations bound a visit: ``arrived_after`` is the last one that shows the ship's own place
    without it, which is no proof that it was absent. The quantiles also use the dwell times and
    the detection rate.
    """

    visit_id: Series[str] = pa.Field(unique=True)
    port: Series[str]
    geometry: GeoSeries[Geometry] = pa.Field(nullable=True)
    """Mean place of its detections."""
    observations: Series[int] = pa.Field(ge=1)
    """Number of observations in which it was detected."""
    arrived_after: Series[Time] = pa.Field(nullable=True)
    arrived_before: Series[Time]
    departed_after: Series[Time]
    departed_before: Series[Time] = pa.Field(nullable=True)
    hidden_images: Series[str]
    """Scenes from ``arrived_after`` to ``departed_before`` in which cloud, ice or the edge of the
    data hid the ship's own place, as a JSON array: whether it lay there is unknown."""
    arrived_p05: Series[Time]
    arrived_p50: Series[Time]
    arrived_p95: Series[Time]
    departed_p05: Series[Time]
    departed_p50: Series[Time]
    departed_p95: Series[Time]
    p_visit: Series[float] = pa.Field(ge=0, le=1)
    """Probability that exactly these detections are one visit."""
    p_tanker: Series[float] = pa.Field(ge=0, le=1)
    """Probability that it was a small tanker, and neither another ship nor a false alarm."""
    p_tanker_basis: Series[str] = pa.Field(isin=get_args(TankerBasis))
    """What ``p_tanker`` rests on beside the traffic of the port: the size alone, size and what
    images say about the type, or an analyst's word."""
    length_m: Series[float] = pa.Field(gt=0)
    length_sigma_m: Series[float] = pa.Field(gt=0)
    beam_m: Series[float] = pa.Field(gt=0)
    beam_sigma_m: Series[float] = pa.Field(gt=0)
    log_lr_laden_in: Series[float]
    """Log likelihood ratio, laden over ballast at arrival, of the observations at the berth."""
    log_lr_laden_out: Series[float]
    """Likewise at departure."""
    image_p_laden_in: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Probability of laden at arrival by its own images of the berth alone, if laden and ballast
    are equally likely beforehand; null where none of them has a load."""
    image_p_laden_out: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Likewise at departure."""
    others_p_laden_in: Series[float] = pa.Field(ge=0, le=1)
    """Probability of laden at arrival by the trade of the port's other visits alone."""
    others_p_laden_out: Series[float] = pa.Field(ge=0, le=1)
    """Likewise at departure."""
    contradicts_trade: Series[pd.BooleanDtype] = pa.Field(nullable=True)
    """At an end its own images show one load (beyond 0.9) and the other visits make the other
    likely (beyond 0.9): it may be one that does not follow the trade. Null where its images show
    no load."""
    p_laden_in: Series[float] = pa.Field(ge=0, le=1)
    """Inferred: probability of laden at arrival, given the evidence of all visits of the port and
    of observations off the berth."""
    p_laden_out: Series[float] = pa.Field(ge=0, le=1)
    p_loaded: Series[float] = pa.Field(ge=0, le=1)
    """Arrived in ballast and left laden."""
    p_unloaded: Series[float] = pa.Field(ge=0, le=1)
    candidates: Series[str]
    """Names of ships of the register with their probabilities, as a JSON object."""
    deadweight_t: Series[float] = pa.Field(gt=0)
    """Median, tonnes."""
    deadweight_log_sigma: Series[float] = pa.Field(ge=0)
    """Standard deviation of its natural logarithm, without the error that all deadweights by size
    share (`deadweight_sigma` of the ledger's options)."""
    mmsi: Series[str] = pa.Field(nullable=True)
    """Of the AIS track at the ship's place and time."""
    dark: Series[pd.BooleanDtype] = pa.Field(nullable=True)
    """No AIS track although others were received there; null where none was received or given."""
    detections: Series[str]
    """Their ids, as a JSON array."""


class Seasons(Table):
    """One row per port: how many visits of small tankers there were, detected or not."""

    port: Series[str]
    start: Series[Time]
    end: Series[Time]
    observations: Series[int] = pa.Field(ge=0)
    usable_observations: Series[float] = pa.Field(ge=0)
    """Observations, each weighted by its usable fraction; with 0 nothing is known of the port."""
    visits_mean: Series[float] = pa.Field(ge=0, nullable=True)
    visits_p05: Series[float] = pa.Field(ge=0, nullable=True)
    visits_p50: Series[float] = pa.Field(ge=0, nullable=True)
    visits_p95: Series[float] = pa.Field(ge=0, nullable=True)
    p_no_visit: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Probability that no small tanker called."""
    seen_p50: Series[float] = pa.Field(ge=0, nullable=True)
    """Visits that were detected."""
    p_seen: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Probability that a visit is detected at least once, as the images of the season came."""
    ideal_half_width: Series[float] = pa.Field(ge=0, nullable=True)
    """Half of the 90 % interval of visits that an observer would have with the same images who knew
    the rates, dwell times and chances of detection: no method can have less on average."""
    horvitz_thompson: Series[float] = pa.Field(ge=0, nullable=True)
    """Horvitz-Thompson estimate of the visits, as a check."""
    horvitz_thompson_sigma: Series[float] = pa.Field(ge=0, nullable=True)
    little: Series[float] = pa.Field(ge=0, nullable=True)
    """Estimate by Little's law, ships present over mean dwell time, as a check."""
    little_sigma: Series[float] = pa.Field(ge=0, nullable=True)
    chapman: Series[float] = pa.Field(ge=0, nullable=True)
    """Chapman's capture-recapture estimate, as a check."""
    chapman_sigma: Series[float] = pa.Field(ge=0, nullable=True)
    dwell_days: Series[float] = pa.Field(gt=0, nullable=True)
    """Mean dwell time of small tankers."""
    dwell_sigma_days: Series[float] = pa.Field(ge=0, nullable=True)
    loaded_p05: Series[float] = pa.Field(ge=0, nullable=True)
    """Visits that arrived in ballast and left laden."""
    loaded_p50: Series[float] = pa.Field(ge=0, nullable=True)
    loaded_p95: Series[float] = pa.Field(ge=0, nullable=True)
    unloaded_p05: Series[float] = pa.Field(ge=0, nullable=True)
    """Visits that arrived laden and left in ballast."""
    unloaded_p50: Series[float] = pa.Field(ge=0, nullable=True)
    unloaded_p95: Series[float] = pa.Field(ge=0, nullable=True)
    p_exports: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Probability that more visits loaded than unloaded."""
    r_hat: Series[float] = pa.Field(ge=0, nullable=True)
    """Whether the chains of the sampler agree on the number of visits: 1 where they do
    (rank-normalised split R-hat); infinite where each has another number throughout."""
    effective_size: Series[float] = pa.Field(gt=0, nullable=True)
    """Independent draws that would give as sure a mean number of visits (bulk effective size)."""
    preliminary: Series[pd.BooleanDtype] = pa.Field(nullable=True)
    """``effective_size`` is below 100 or ``r_hat`` above 1.05: more draws may change the row."""
    fit: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Posterior predictive probability that images miss what lies in port together, as haze does
    that no mask marks, as much as these do. About 0.5 where the model holds; below 0.05 the data
    do not fit it."""
    notes: Series[str] = pa.Field(nullable=True)
    """What the input tables lacked, what was assumed instead, whether the row is preliminary, and
    whether the data fit the model."""


class FurtherPasses(Table):
    """One row per port and kind of satellite passes that could be had beside those of the study.

    Rows of a port are sorted by what narrows the number of visits most;
    ``further_passes.parquet``.
    """

    port: Series[str]
    passes: Series[str]
    """In words."""
    sensor: Series[str] = pa.Field(isin=get_args(Sensor))
    gsd_m: Series[float] = pa.Field(gt=0)
    passes_a_month: Series[float] = pa.Field(gt=0)
    free: Series[bool]
    """Whether anybody gets the images without payment."""
    p_seen: Series[float] = pa.Field(ge=0, le=1)
    """Probability that a visit is detected at least once, with these passes too."""
    visits_half_width_now: Series[float] = pa.Field(ge=0)
    """``ideal_half_width`` of the season."""
    visits_half_width_then: Series[float] = pa.Field(ge=0)
    """Likewise, with these passes too."""


class Voyages(Table):
    """One row per pair of a departure and an arrival that may be one voyage."""

    departure: Series[str]
    """Id of the visit that it began with."""
    arrival: Series[str] = pa.Field(nullable=True)
    """Id of the visit that it ended with; null for a voyage to no observed port."""
    origin: Series[str]
    destination: Series[str] = pa.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pa.Field(nullable=True)
    """The sea route."""
    distance_nm: Series[float] = pa.Field(ge=0, nullable=True)
    speed_kn: Series[float] = pa.Field(gt=0, nullable=True)
    """Between the median times."""
    probability: Series[float] = pa.Field(ge=0, le=1)
    """Among all voyages from this departure."""
    p_laden: Series[float] = pa.Field(ge=0, le=1)


class Labels(Table):
    """One row per outline to be reviewed; ``labels.geojson`` beside the chips."""

    label_id: Series[str] = pa.Field(unique=True)
    chip: Series[str]
    """Path of the chip that shows it, relative to the file of labels."""
    scene_id: Series[str]
    detection_id: Series[str] = pa.Field(nullable=True)
    """Null for an outline that a person drew, and for the frame of a chip without detections."""
    status: Series[str] = pa.Field(isin=STATUSES)
    """``unreviewed`` outlines take no part in training, neither as ships nor as background."""
    type: Series[str] = pa.Field(isin=SHIP_TYPES)
    length_m: Series[float] = pa.Field(gt=0, nullable=True)
    """Where it is known better than from the outline."""
    load_state: Series[str] = pa.Field(isin=LABEL_LOADS)
    note: Series[str] = pa.Field(nullable=True)
    score: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Of the detection."""
    geometry: GeoSeries[Geometry]
    """Outline of the hull, a polygon."""
