"""The columns of every table that leaves a stage; this is the documentation of the Parquet files.

Geometries are EPSG:4326. Times are UTC. Lengths are metres, angles degrees clockwise from north.
A ``*_sigma`` column is the standard deviation of the error of its neighbour. Null means "not
measured", never zero.
"""

from typing import Annotated, Any, Literal, cast, get_args

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from gnomon.datamodel.ship_types import SHIP_TYPES

Time = Annotated[pd.DatetimeTZDtype, "us", "UTC"]
CRS = "EPSG:4326"

LOAD_STATES = ("laden", "ballast", "indeterminate")
LOAD_REASONS = (
    "sun_high", "sun_along_hull", "too_small", "alongside", "neighbour",
    "cloud", "sar", "no_geometry", "weak_evidence",
)  # fmt: skip

Status = Literal["unreviewed", "ship", "not_ship"]
STATUSES: tuple[Status, ...] = get_args(Status)
LabelLoad = Literal["laden", "ballast", "unknown"]
LABEL_LOADS: tuple[LabelLoad, ...] = get_args(LabelLoad)


def angle(below: float, *, nullable: bool = False) -> Any:
    """Field of an angle in degrees, from 0 to below ``below``."""
    return pa.Field(ge=0, lt=below, nullable=nullable)


class Table(pa.DataFrameModel):
    """The parent of every table: these columns, in this order, and no others."""

    class Config:
        """Strict, and types are made right where that loses nothing."""

        strict = True
        coerce = True
        ordered = True


class Detections(Table):
    """One row per hull, sorted by port, time and place."""

    detection_id: Series[str] = pa.Field(unique=True)
    """Made from scene and place: the same pixels, options and weights give the same id."""
    scene_id: Series[str]
    collection: Series[str]
    platform: Series[str]
    sensor: Series[str] = pa.Field(isin=("optical", "sar"))
    seen_at: Series[Time]
    port: Series[str] = pa.Field(nullable=True)
    """Null where a whole footprint was examined."""
    zone: Series[str] = pa.Field(nullable=True)
    """Name of the berth or anchorage, or ``roads`` for the rest of the port's area."""
    geometry: GeoSeries[Geometry]
    """Centre of the hull, a point."""
    footprint: GeoSeries[Geometry]
    """Hull as an oriented rectangle."""
    score: Series[float] = pa.Field(ge=0, le=1)
    """Calibrated probability that this is a vessel."""
    p_tanker: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    length_m: Series[float] = pa.Field(gt=0)
    length_sigma_m: Series[float] = pa.Field(gt=0)
    beam_m: Series[float] = pa.Field(gt=0)
    beam_sigma_m: Series[float] = pa.Field(gt=0)
    heading_deg: Series[float] = angle(360)
    """Axis of the hull, 0 to 180, unless the bow is known."""
    heading_sigma_deg: Series[float] = pa.Field(gt=0)
    freeboard_m: Series[float] = pa.Field(nullable=True)
    freeboard_sigma_m: Series[float] = pa.Field(gt=0, nullable=True)
    freeboard_p05_m: Series[float] = pa.Field(nullable=True)
    freeboard_p95_m: Series[float] = pa.Field(nullable=True)
    log_lr_laden: Series[float] = pa.Field(nullable=True)
    """Log likelihood of the pixels under laden over under ballast, natural logarithm."""
    p_laden: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    load_state: Series[str] = pa.Field(isin=LOAD_STATES, nullable=True)
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
    """Of the options, inputs and weights that this row came from."""


class Observations(Table):
    """One row per scene and port that was examined, whatever was found: the denominator.

    Of an item that could not be used only what it said is known; the rest of its row is null.
    """

    scene_id: Series[str]
    collection: Series[str]
    platform: Series[str]
    sensor: Series[str] = pa.Field(isin=("optical", "sar"), nullable=True)
    seen_at: Series[Time] = pa.Field(nullable=True)
    port: Series[str] = pa.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pa.Field(nullable=True)
    """What was asked for: the port's area within the scene's footprint."""
    status: Series[str] = pa.Field(isin=("observed", "skipped", "failed"))
    """``skipped`` is a scene too cloudy by its provider's word; ``failed`` one that broke."""
    reason: Series[str] = pa.Field(nullable=True)
    """Why a look was skipped or failed, and what a look had to do without (bands, angles)."""
    covered_fraction: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Of the port's area that holds data in this scene."""
    usable_fraction: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """Of the port's water that was free of cloud, ice and nodata."""
    usable_water_km2: Series[float] = pa.Field(ge=0, nullable=True)
    zones: Series[str] = pa.Field(nullable=True)
    """Usable fraction of each berth and anchorage by name, as a JSON object: QGIS, DuckDB and
    pandas all read text, and not all of them read nested columns."""
    detections: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    sun_azimuth_deg: Series[float] = angle(360, nullable=True)
    sun_elevation_deg: Series[float] = pa.Field(ge=-90, le=90, nullable=True)
    view_azimuth_deg: Series[float] = angle(360, nullable=True)
    view_zenith_deg: Series[float] = pa.Field(ge=0, lt=90, nullable=True)
    gsd_m: Series[float] = pa.Field(gt=0, nullable=True)
    run_digest: Series[str]


class Visits(Table):
    """One row per visit of what is likely a small tanker, seen at least once.

    The looks bound a visit (``arrived_after`` is the last clear look without it, and no proof that
    it was not there); the quantiles are what dwell and detection make of them.
    """

    visit_id: Series[str] = pa.Field(unique=True)
    port: Series[str]
    geometry: GeoSeries[Geometry] = pa.Field(nullable=True)
    """Mean place of its detections."""
    observations: Series[int] = pa.Field(ge=1)
    """In which it was told."""
    arrived_after: Series[Time] = pa.Field(nullable=True)
    arrived_before: Series[Time]
    departed_after: Series[Time]
    departed_before: Series[Time] = pa.Field(nullable=True)
    arrived_p05: Series[Time]
    arrived_p50: Series[Time]
    arrived_p95: Series[Time]
    departed_p05: Series[Time]
    departed_p50: Series[Time]
    departed_p95: Series[Time]
    p_visit: Series[float] = pa.Field(ge=0, le=1)
    """Share of the posterior in which just these detections are one visit."""
    p_tanker: Series[float] = pa.Field(ge=0, le=1)
    """That it was a small tanker, and neither another ship nor nothing."""
    length_m: Series[float] = pa.Field(gt=0)
    length_sigma_m: Series[float] = pa.Field(gt=0)
    beam_m: Series[float] = pa.Field(gt=0)
    beam_sigma_m: Series[float] = pa.Field(gt=0)
    log_lr_laden_in: Series[float]
    """Of the load at arrival: log likelihood of the looks at the berth if laden over if in
    ballast."""
    log_lr_laden_out: Series[float]
    p_laden_in: Series[float] = pa.Field(ge=0, le=1)
    """Given the evidence of all visits of the port, and of looks elsewhere."""
    p_laden_out: Series[float] = pa.Field(ge=0, le=1)
    p_loaded: Series[float] = pa.Field(ge=0, le=1)
    """Came in ballast and left laden."""
    p_unloaded: Series[float] = pa.Field(ge=0, le=1)
    candidates: Series[str]
    """Names of ships of the register with their probabilities, as a JSON object."""
    deadweight_t: Series[float] = pa.Field(gt=0)
    """Median."""
    deadweight_log_sigma: Series[float] = pa.Field(ge=0)
    mmsi: Series[str] = pa.Field(nullable=True)
    """Of the AIS track that lay where the ship lay."""
    dark: Series[pd.BooleanDtype] = pa.Field(nullable=True)
    """No AIS where AIS showed other ships; null where it showed none, or was not given."""
    detections: Series[str]
    """Their ids, as a JSON array."""


class Seasons(Table):
    """One row per port: how many visits of small tankers, seen and unseen."""

    port: Series[str]
    start: Series[Time]
    end: Series[Time]
    observations: Series[int] = pa.Field(ge=0)
    usable_observations: Series[float] = pa.Field(ge=0)
    """Each look counted by its usable fraction. Where it is 0 nothing is known."""
    visits_mean: Series[float] = pa.Field(ge=0, nullable=True)
    visits_p05: Series[float] = pa.Field(ge=0, nullable=True)
    visits_p50: Series[float] = pa.Field(ge=0, nullable=True)
    visits_p95: Series[float] = pa.Field(ge=0, nullable=True)
    seen_mean: Series[float] = pa.Field(ge=0, nullable=True)
    horvitz_thompson: Series[float] = pa.Field(nullable=True)
    horvitz_thompson_sigma: Series[float] = pa.Field(nullable=True)
    little: Series[float] = pa.Field(nullable=True)
    little_sigma: Series[float] = pa.Field(nullable=True)
    chapman: Series[float] = pa.Field(nullable=True)
    chapman_sigma: Series[float] = pa.Field(nullable=True)
    dwell_days: Series[float] = pa.Field(nullable=True)
    """Mean stay of small tankers."""
    dwell_sigma_days: Series[float] = pa.Field(nullable=True)
    loaded_mean: Series[float] = pa.Field(ge=0, nullable=True)
    """Visits that came in ballast and left laden."""
    unloaded_mean: Series[float] = pa.Field(ge=0, nullable=True)
    p_exports: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    """That more visits loaded than unloaded."""
    notes: Series[str] = pa.Field(nullable=True)
    """What the tables lacked, and what was supposed instead."""


class Voyages(Table):
    """One row per pair of a departure and an arrival that may be one voyage."""

    departure: Series[str]
    """Id of the visit that it began with."""
    arrival: Series[str] = pa.Field(nullable=True)
    """Id of the visit that it ended with; null for "to no port that was seen"."""
    origin: Series[str]
    destination: Series[str] = pa.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pa.Field(nullable=True)
    """The sea route."""
    distance_nm: Series[float] = pa.Field(ge=0, nullable=True)
    speed_kn: Series[float] = pa.Field(gt=0, nullable=True)
    """Between the median times."""
    probability: Series[float] = pa.Field(ge=0, le=1)
    """Of all voyages from this departure."""
    p_laden: Series[float] = pa.Field(ge=0, le=1)


class Ledger(Table):
    """One row per calendar year and scenario of load."""

    year: Series[int]
    scenario: Series[str]
    """``inferred``, or the part of deadweight that a precedent supposes."""
    deliveries_seen_mean: Series[float] = pa.Field(ge=0)
    deliveries_mean: Series[float] = pa.Field(ge=0)
    deliveries_p05: Series[float]
    deliveries_p50: Series[float]
    deliveries_p95: Series[float]
    tonnes_mean: Series[float] = pa.Field(ge=0)
    tonnes_p05: Series[float]
    tonnes_p50: Series[float]
    tonnes_p95: Series[float]
    barrels_mean: Series[float] = pa.Field(ge=0)
    barrels_p05: Series[float]
    barrels_p50: Series[float]
    barrels_p95: Series[float]
    reported_barrels: Series[float] = pa.Field(ge=0)
    """Of others, counted against the same cap."""
    cap_barrels: Series[float] = pa.Field(gt=0)
    p_over_cap: Series[float] = pa.Field(ge=0, le=1)
    passed_p05: Series[Time] = pa.Field(nullable=True)
    """When the cap was passed, in the samples in which it was."""
    passed_p50: Series[Time] = pa.Field(nullable=True)
    passed_p95: Series[Time] = pa.Field(nullable=True)


class Labels(Table):
    """One row per outline that a person decides on; ``labels.geojson`` beside the chips."""

    label_id: Series[str] = pa.Field(unique=True)
    chip: Series[str]
    """Path of the chip that shows it, relative to the file of labels."""
    scene_id: Series[str]
    detection_id: Series[str] = pa.Field(nullable=True)
    """Null for an outline that a person drew, and for the frame of a chip without detections."""
    status: Series[str] = pa.Field(isin=STATUSES)
    """What nobody has decided on teaches nothing: neither a ship nor the lack of one."""
    type: Series[str] = pa.Field(isin=SHIP_TYPES)
    length_m: Series[float] = pa.Field(gt=0, nullable=True)
    """Where a person knows it better than the outline tells."""
    load_state: Series[str] = pa.Field(isin=LABEL_LOADS)
    note: Series[str] = pa.Field(nullable=True)
    score: Series[float] = pa.Field(nullable=True)
    """Of the detection."""
    geometry: GeoSeries[Geometry]
    """Outline of the hull, a polygon."""


def table(model: type[Table], rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows to a checked table; columns that no row has are null, also when there is no row.

    Raises
    ------
    pandera.errors.SchemaError
        A row breaks the schema: a fault of ours, not of the user.

    """
    schema = model.to_schema()
    columns = {name: _column(name, [row.get(name) for row in rows]) for name in schema.columns}
    if "geometry" not in columns:
        return cast("gpd.GeoDataFrame", schema.validate(pd.DataFrame(columns)))
    frame = gpd.GeoDataFrame(columns, geometry="geometry", crs=CRS)
    return cast("gpd.GeoDataFrame", schema.validate(frame))


def _column(name: str, values: list[Any]) -> gpd.GeoSeries | pd.Series:
    if name in ("geometry", "footprint"):
        return gpd.GeoSeries(values, crs=CRS)
    return pd.Series(values, dtype=object)
