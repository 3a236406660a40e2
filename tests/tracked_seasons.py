"""Small inputs of tracking: hulls, registers, priors, and simulated seasons tracked."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd

from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import PeriodOptions, TrackOptions
from gnomon.datamodel.traffic import read_traffic
from gnomon.simulate.season.campaign import ZONE, SimulatedSeason, simulate_season, trade_2024
from gnomon.track.classes import DWELL_KINDS
from gnomon.track.fleet import Fleet, read_fleet
from gnomon.track.marks import Hulls
from gnomon.track.off_berth import EndTimes
from gnomon.track.posterior import TrackPosterior, track_posterior
from gnomon.track.presence import PriorSample
from gnomon.track.sightings import PortObservations, check_tables, port_observations
from gnomon.track.tracking import TrackResult, track_visits
from gnomon.workflow.infer import deadweight_of

START = datetime(2024, 4, 1, tzinfo=UTC)
REGISTER = shipped("configs") / "fleet.csv"
TRAFFIC = read_traffic("small-tankers")


def options(**changed: object) -> TrackOptions:
    """Few draws, the berth of the simulated seasons."""
    return TrackOptions.model_validate({"zones": [ZONE], "draws": 60, "members": 64, **changed})


def period(made: SimulatedSeason) -> PeriodOptions:
    start, end = made.period
    return PeriodOptions(start=start.date(), end=(end - pd.Timedelta(days=1)).date())


def tracked(
    made: SimulatedSeason, chosen: TrackOptions | None = None, **more: object
) -> TrackResult:
    """A season's visits, from its tables or from others given by name."""
    values: dict[str, object] = {
        "detections": made.detections,
        "observations": made.observations,
        "options": chosen or options(),
        "period": period(made),
        "traffic": TRAFFIC,
        "fleet": read_fleet(REGISTER, TRAFFIC.tankers),
        "deadweight": deadweight_of,
    }
    return track_visits(**(values | more))


@cache
def year_2024() -> SimulatedSeason:
    return simulate_season(np.random.default_rng(3), trade_2024())


@cache
def month() -> SimulatedSeason:
    """Forty days of 2024, with all sensors."""
    return simulate_season(np.random.default_rng(5), trade_2024(calls=(), days=40, visits=8.0))


@cache
def month_posterior() -> TrackPosterior:
    return track_posterior(berth(month()), options(), TRAFFIC)


def berth(made: SimulatedSeason) -> PortObservations:
    start, end = (time.to_pydatetime() for time in made.period)
    tables = check_tables(made.detections, made.observations)
    return port_observations(
        "vostochny", *tables, zones=(ZONE,), beam_per_length=0.157, start=start, end=end
    )


def prior_of(mean: float, phases: int, p: float) -> PriorSample:
    """A prior of one member, the same for all ships and sensors."""
    kinds = len(DWELL_KINDS)
    return PriorSample(
        np.full((1, kinds), mean),
        np.full((1, kinds), phases),
        np.full((1, 4), p),
        np.full((1, 2), p),
    )


def hulls_of(
    observation: list[int], day: list[float], *, type_by_eye: bool = False, **columns: object
) -> Hulls:
    """Hulls of small tankers at one berth; columns may be given."""
    count = len(observation)
    defaults = {
        "east_m": 0.0, "north_m": 0.0, "length_m": 85.0, "length_sigma_m": 3.0, "beam_m": 13.3,
        "beam_sigma_m": 2.0, "score": 0.9, "p_tanker": np.nan, "log_lr_laden": np.nan,
    }  # fmt: skip
    values = {name: np.broadcast_to(v, count) for name, v in (defaults | columns).items()}
    return Hulls(
        observation=np.array(observation, np.int64),
        day=np.array(day, float),
        type_by_eye=np.full(count, type_by_eye),
        load_p_wrong=np.full(count, np.nan),
        **{name: np.array(v, float) for name, v in values.items()},
    )


def fleet_of(lengths: list[float], deadweight_t: list[float] | None = None) -> Fleet:
    """A register of ships of known length."""
    count = len(lengths)
    return Fleet(
        name=tuple(f"ship {n}" for n in range(count)),
        names=tuple((f"ship {n}",) for n in range(count)),
        imo=("",) * count,
        deadweight_t=np.array(deadweight_t or [np.nan] * count, float),
        length_m=np.array(lengths),
        length_sigma_m=np.full(count, 0.5),
        beam_m=np.full(count, np.nan),
        usual=TRAFFIC.tankers,
    )


def ends_at(arrive: np.ndarray, depart: np.ndarray) -> EndTimes:
    """Ends of visits that are known exactly."""
    return EndTimes(np.repeat(arrive[:, None], 5, 1), np.repeat(depart[:, None], 5, 1))


def plain_tables(
    days: list[float], hulls: list[tuple[int, float]], port: str = "vostochny"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Detections, by the number of their observation and length, and observations on days."""
    names = [f"s{n}" for n in range(len(days))]
    observations = pd.DataFrame(
        {
            "scene_id": names,
            "port": port,
            "seen_at": pd.DatetimeIndex([START + timedelta(days=d) for d in days]),
        }
    )
    detections = pd.DataFrame(
        {
            "scene_id": [names[n] for n, _ in hulls],
            "port": port,
            "length_m": [length for _, length in hulls],
        }
    )
    return detections, observations
