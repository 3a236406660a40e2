"""Rows of the ledger and of its cumulative curve, before they become tables."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Quantiles(NamedTuple):
    """Mean and 5, 50, 95 % quantiles over samples."""

    mean: float
    p05: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Deliveries:
    """Deliveries of a calendar year, in all samples or in some of them."""

    seen_p50: float
    deliveries: Quantiles
    tonnes: Quantiles
    barrels: Quantiles
    p_over_cap: float


class CapDates(NamedTuple):
    """5, 50, 95 % quantiles of the time when the cap was passed, in the samples in which it was.

    Nothing where it was passed in fewer than half of them: a date would then say that it was.
    """

    p05: datetime | None
    p50: datetime | None
    p95: datetime | None


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One calendar year and scenario of load."""

    year: int
    scenario: str
    start: datetime
    end: datetime
    deliveries_seen_p50: float
    deliveries: Quantiles
    tonnes: Quantiles
    barrels: Quantiles
    reported_barrels: float
    cap_barrels: float
    p_over_cap: float
    passed: CapDates
    open_ports: tuple[str, ...]
    p_loading: float
    if_loading: Deliveries | None
    """In the samples in which ships load; None where they hardly ever do."""
    otherwise: Deliveries | None
    """In the other samples."""

    def columns(self) -> dict[str, object]:
        """Row of `gnomon.datamodel.ledger_tables.Ledger`."""
        loads, rest = self.if_loading, self.otherwise
        names = ("deliveries", "tonnes", "barrels")
        groups = {name: getattr(self, name) for name in (*names, "passed")}
        if loads:
            groups |= {f"{name}_if_loading": getattr(loads, name) for name in names}
        if rest:
            groups["barrels_otherwise"] = rest.barrels
        quantiles = {
            f"{name}_{q}": value
            for name, group in groups.items()
            for q, value in group._asdict().items()
        }
        conditional = {
            "deliveries_seen_if_loading_p50": loads.seen_p50 if loads else None,
            "p_over_cap_if_loading": loads.p_over_cap if loads else None,
        }
        return vars(self) | quantiles | conditional | {"open_ports": json.dumps(self.open_ports)}


@dataclass(frozen=True)
class CumulativeRow:
    """A row of `gnomon.datamodel.ledger_tables.Cumulative`."""

    year: int
    day: datetime
    barrels_p05: float
    barrels_p50: float
    barrels_p95: float
    p_over_cap: float
    barrels_if_loading_p05: float | None
    barrels_if_loading_p50: float | None
    barrels_if_loading_p95: float | None
