"""How far the numbers of a run rest on the decisions of analysts that lie beside them.

``review.geojson`` may be newer than the numbers: decisions count only once ``gnomon track`` has run
again. ``decisions.parquet`` has those that were used, in words. A decision of which it has other
words, or none, is pending; those about ships that the run does not have stay so and are not
counted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gnomon.datamodel.decisions import REVIEW, Decision
from gnomon.report.load_tables import Run
from gnomon.report.text import rough


@dataclass(frozen=True)
class ReviewUse:
    """Decisions about ships of a run: those in its numbers, and those that are not."""

    count: int
    """Decisions that were used, wherever they were read."""
    used: tuple[Decision, ...]
    """Those of the file that were used."""
    pending: tuple[Decision, ...]
    """Those of the file that were not."""
    file: str = REVIEW
    """Its name."""

    @property
    def current(self) -> bool:
        """Whether the numbers rest on the file as it is, and on nothing else."""
        return bool(self.used) and not self.pending and len(self.used) == self.count

    @property
    def notes(self) -> tuple[str, ...]:
        """`pending_text`, where there is one."""
        return (self.pending_text,) if self.pending else ()

    @property
    def pending_text(self) -> str:
        """What is not in the numbers, as a sentence; empty if nothing is missing."""
        if not self.pending:
            return ""
        one = len(self.pending) == 1
        return (
            f"{len(self.pending)} decision{' in' if one else 's in'} {self.file} "
            f"{'is' if one else 'are'} not yet in these numbers: run gnomon track again."
        )


def review_use(run: Run, standing: Mapping[str, Decision], *, file: str = REVIEW) -> ReviewUse:
    """Compare decisions with those that a run's numbers rest on.

    Parameters
    ----------
    run
        The run.
    standing
        Decisions that hold, by detection.
    file
        Name of the file that they come from.

    """
    words = _used_words(run)
    known = set(run.detections.detection_id)
    ours = [one for name, one in standing.items() if name in known]
    used = tuple(one for one in ours if words.get(one.detection_id) == one.words)
    pending = tuple(one for one in ours if words.get(one.detection_id) != one.words)
    return ReviewUse(len(words), used, pending if len(run.seasons) else (), file)


def _used_words(run: Run) -> dict[str, str]:
    single = run.decisions[run.decisions.detection_id.notna()]
    return dict(zip(single.detection_id.astype("str"), single.decision.astype("str"), strict=True))


def effect_text(run: Run, use: ReviewUse) -> str:
    """What decisions changed, as sentences; empty if none was used."""
    if not use.count:
        return ""
    names = sorted({one.reviewer for one in use.used if one.reviewer})
    who = f" ({', '.join(names)})" if names else ""
    many = f"{use.count} decisions of analysts{who} were used"
    text = many if use.count > 1 else f"1 decision of an analyst{who} was used"
    joint = run.decisions[run.decisions.detection_id.isna()]
    if not len(joint) or pd.isna(joint.barrels_p50_before.iloc[0]):
        return f"{text}."
    row = joint.iloc[0]
    return (
        f"{text}; without {'them' if use.count > 1 else 'it'}: {rough(row.barrels_p50_before)} "
        f"barrels in {rough(row.deliveries_p50_before)} deliveries, with "
        f"{'them' if use.count > 1 else 'it'}: {rough(row.barrels_p50_after)} barrels in "
        f"{rough(row.deliveries_p50_after)} deliveries (middles). Differences of up to "
        f"{rough(row.barrels_noise)} barrels are sampling noise."
    )
