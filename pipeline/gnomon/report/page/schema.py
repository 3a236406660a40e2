"""The JSON that Python writes into the page and the page's script reads.

The same interfaces, with the same names, are in ``web/src/data.ts``; a test compares the two.
Times are seconds since the epoch, places degrees, unknown values null. Large tables are columns
(one list per name), small ones are rows.
"""

from typing import TypedDict

from gnomon.report.page.curves import BarrelCurve, PosteriorCurve

Number = float | None
Ring = list[list[float]]
"""Longitude and latitude of each corner, or metres east and north in a picture."""
GeoJson = dict[str, object]
"""A GeoJSON object of any kind."""


class IfLoading(TypedDict):
    """Quantities of a row of the ledger if ships load."""

    seen: Number
    deliveries: list[Number]
    tonnes: list[Number]
    barrels: list[Number]
    p_over: Number


class OpenDirection(TypedDict):
    """Ports whose images do not decide whether ships load there, and barrels either way."""

    ports: list[str]
    p_loading: Number
    loading: IfLoading | None
    """Null where they load in too few draws."""
    otherwise: list[Number]
    """Barrels if they do not load: 5, 50 and 95 % quantiles."""


class Scenario(TypedDict):
    """One row of the ledger; quantities are the 5, 50 and 95 % quantiles.

    The dates on which the cap was exceeded are null unless that is more likely than not.
    """

    name: str
    seen: Number
    deliveries: list[Number]
    tonnes: list[Number]
    barrels: list[Number]
    p_over: Number
    passed: list[int | None]
    open: OpenDirection | None


class Swing(TypedDict):
    """Barrels if one assumption were different: a bar of the figure, and a sentence."""

    what: str
    low: float
    high: float
    text: str


class Year(TypedDict):
    """The ledger of a year, and the part of it that its numbers cover (the end not included)."""

    year: int
    start: int | None
    end: int | None
    cap: Number
    reported: Number
    scenarios: list[Scenario]
    swings: list[Swing]
    curve: BarrelCurve | None


class FurtherImages(TypedDict):
    """One row of further_passes.parquet; the half-width is that with these passes too."""

    passes: str
    sensor: str
    gsd_m: Number
    a_month: Number
    free: bool
    p_seen: Number
    half_width: Number


class Season(TypedDict):
    """One row of seasons.parquet, and those of further_passes.parquet of its port."""

    port: str
    notes: list[str]
    start: int | None
    end: int | None
    observations: Number
    usable_observations: Number
    visits_p05: Number
    visits_p50: Number
    visits_p95: Number
    seen_p50: Number
    p_seen: Number
    ideal_half_width: Number
    further: list[FurtherImages]
    horvitz_thompson: Number
    horvitz_thompson_sigma: Number
    little: Number
    little_sigma: Number
    chapman: Number
    chapman_sigma: Number
    dwell_days: Number
    dwell_sigma_days: Number
    loaded_p05: Number
    loaded_p50: Number
    loaded_p95: Number
    unloaded_p05: Number
    unloaded_p50: Number
    unloaded_p95: Number
    p_exports: Number
    preliminary: bool
    """Whether the calculation has not settled."""
    misfit: bool
    """Whether the data do not fit the model."""


class Vessels(TypedDict):
    """Ships identified by name with their probabilities, and the most in port at one time."""

    named: list[tuple[str, float]]
    at_once: int


class Answer(TypedDict):
    """All that is above the timeline."""

    loading: list[str]
    product: str | None
    seasons: list[Season]
    years: list[Year]
    vessels: Vessels
    visits: int


class PortZone(TypedDict):
    """A zone of a port."""

    name: str
    kind: str
    provisional: bool
    rings: list[Ring]


class PortPicture(TypedDict):
    """The clearest image of a port: a data URL, its edges in degrees, and what it was taken from.

    Its rows are even in Web Mercator.
    """

    src: str
    west: float
    south: float
    east: float
    north: float
    scene: str
    collection: str
    t: int | None
    credit: str
    """Whom to name beside it; that it is simulated, if it is."""


class PortOutline(TypedDict):
    """A port with its zones, and the land and the picture that an image shows."""

    name: str
    area: list[Ring]
    zones: list[PortZone]
    coast: list[Ring]
    picture: PortPicture | None


class ObservationColumns(TypedDict):
    """observations.parquet, column by column."""

    scene: list[str | None]
    collection: list[str | None]
    platform: list[str | None]
    sensor: list[str | None]
    t: list[int | None]
    port: list[str | None]
    status: list[str | None]
    reason: list[str | None]
    usable: list[Number]
    covered: list[Number]
    zones: list[dict[str, float]]
    sun: list[Number]
    sun_az: list[Number]
    view: list[Number]
    gsd: list[Number]
    digest: list[str | None]


class ShipColumns(TypedDict):
    """detections.parquet, column by column."""

    id: list[str | None]
    scene: list[str | None]
    collection: list[str | None]
    platform: list[str | None]
    sensor: list[str | None]
    t: list[int | None]
    port: list[str | None]
    zone: list[str | None]
    state: list[str | None]
    reason: list[str | None]
    model: list[str | None]
    digest: list[str | None]
    quay: list[bool | None]
    lon: list[Number]
    lat: list[Number]
    outline: list[Ring | None]
    score: list[Number]
    tanker: list[Number]
    length: list[Number]
    length_s: list[Number]
    beam: list[Number]
    beam_s: list[Number]
    heading: list[Number]
    heading_s: list[Number]
    fb: list[Number]
    fb_s: list[Number]
    fb05: list[Number]
    fb95: list[Number]
    lr: list[Number]
    laden: list[Number]
    sun_az: list[Number]
    sun: list[Number]
    view_az: list[Number]
    view: list[Number]
    gsd: list[Number]


class Onward(TypedDict):
    """A possible next port, or null for one that was not observed."""

    to: str | None
    visit: str | None
    p: Number


class VisitRow(TypedDict):
    """One row of visits.parquet, and the voyages that begin there."""

    id: str
    port: str
    place: list[Number] | None
    mmsi: str | None
    dark: bool | None
    ships: list[str]
    candidates: list[tuple[str, Number]]
    onward: list[Onward]
    arrived_after: int | None
    arrived_before: int | None
    departed_after: int | None
    departed_before: int | None
    arrived_p05: int | None
    arrived_p50: int | None
    arrived_p95: int | None
    departed_p05: int | None
    departed_p50: int | None
    departed_p95: int | None
    p_visit: Number
    p_tanker: Number
    p_tanker_basis: str | None
    hidden_images: list[str]
    """Scenes in which the ship's own place was hidden."""
    length_m: Number
    length_sigma_m: Number
    beam_m: Number
    beam_sigma_m: Number
    log_lr_laden_in: Number
    log_lr_laden_out: Number
    image_p_laden_in: Number
    """By its own images alone."""
    image_p_laden_out: Number
    others_p_laden_in: Number
    """By the other visits of the port alone."""
    others_p_laden_out: Number
    contradicts_trade: bool | None
    """Its own images show another load than the other visits make likely."""
    p_laden_in: Number
    """Given its own images and the other visits of the port."""
    p_laden_out: Number
    p_loaded: Number
    p_unloaded: Number
    deadweight_t: Number
    deadweight_log_sigma: Number


class DecisionEffect(TypedDict):
    """What a decision of an analyst changed; each value before and after it."""

    ship: str
    decision: str
    visit: list[str | None]
    tanker: list[Number]
    loaded: list[Number]


class JointEffect(TypedDict):
    """What all decisions together changed."""

    barrels: list[Number]
    noise: Number
    """A difference in barrels of no more than this is sampling noise."""
    deliveries: list[Number]


class RunSection(TypedDict):
    """What the run is and what it was made with."""

    name: str
    description: str
    made_at: str | None
    shown_at: str
    versions: dict[str, str]
    weights: dict[str, str]
    catalog: str | None
    credits: list[str]
    """Lines that providers of its images require; that they are simulated, if they are."""
    simulated: bool
    clear: float
    notes: list[str]


class PagePicture(TypedDict):
    """A small picture, and outlines in metres east and north of its middle."""

    src: str
    """Data URL."""
    half: float
    """Half of its side, metres."""
    gsd: float
    scene: str
    hull: Ring | None
    """As fitted."""
    shadow: Ring | None
    """Edge of the shadow of the fitted hull."""
    detected: Ring | None


class Strongest(TypedDict):
    """The picture that says most of its ship's load; it stands above the fold."""

    ship: str
    chip: PagePicture
    credit: str


class PageEvidenceData(TypedDict):
    """Pictures and posteriors by detection; ``before:`` and ``after:`` with the id of a visit."""

    chips: dict[str, PagePicture]
    posteriors: dict[str, PosteriorCurve]


class PageData(TypedDict):
    """Everything that the page shows except pictures and posteriors."""

    format: int
    run: RunSection
    answer: Answer
    ports: list[PortOutline]
    observations: ObservationColumns
    ships: ShipColumns
    visits: list[VisitRow]
    register: dict[str, dict[str, str]]
    items: dict[str, str]
    review: GeoJson
    reviewed: list[str]
    """Detections of whose decisions in the review the numbers take account."""
    effects: list[DecisionEffect]
    together: JointEffect | None
    strongest: Strongest | None
