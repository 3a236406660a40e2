"""What a visit's own images show of its load, and what is supposed, as sentences.

The cards of the page say the same (``web/src/own.ts``). The two are kept apart: what the pixels of
this ship say comes first, and alone; what the other visits at its port make likely is a supposition
with that word before it.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from gnomon.report.text import chance_text, day_text
from gnomon.report.words import words

SURE = 0.9
"""Chance from which a load is stated, as for the load states of images."""
MANY = 3
"""From so many images in a row with one load they are summed up."""


def known_load(chance: float | None) -> str | None:
    """``laden`` or ``ballast`` where a chance is clear enough, else None."""
    if chance is None or pd.isna(chance):
        return None
    return "laden" if chance > SURE else "ballast" if chance < 1 - SURE else None


def own_text(ships: pd.DataFrame) -> str:
    """What each image of a visit shows of its load.

    Parameters
    ----------
    ships
        Detections of the visit in the order of time.

    """
    count = len(ships)
    if not count:
        return "None of its images is in this run"
    shown = list(_runs(ships))
    left = int((~ships.load_state.isin(["laden", "ballast"])).sum())
    if not shown:
        which = f"its one image, of {day_text(ships.seen_at.iloc[0])}"
        return f"Load cannot be determined in {which if count == 1 else f'its {count} images'}"
    its = "Its one image" if count == 1 else f"Its {count} images"
    rest = f"; cannot be determined in the other{f' {left}' if left > 1 else ''}" if left else ""
    return f"{its}: {', '.join(shown)}{rest}"


def _runs(ships: pd.DataFrame) -> Iterator[str]:
    """Images that show a load, those in a row with the same load together."""
    loads = words()["loads"]
    clear = ships[ships.load_state.isin(["laden", "ballast"])]
    pairs = zip(clear.load_state, clear.seen_at, strict=True)
    for load, group in itertools.groupby(pairs, key=lambda pair: str(pair[0])):
        days = [day_text(time) for _, time in group]
        if len(days) > MANY:
            yield f"{loads[load]} in {len(days)} images from {days[0]} to {days[-1]}"
            continue
        for day in dict.fromkeys(days):
            count = days.count(day)
            yield f"{loads[load]} on {day}{f' ({count} images)' if count > 1 else ''}"


def together_text(visit: Mapping[Any, Any]) -> str:
    """What its images together say of arrival and departure; empty if they determine nothing."""
    ends = {"on arrival": "image_p_laden_in", "on departure": "image_p_laden_out"}
    return ", ".join(
        _state(float(visit[column]), when)
        for when, column in ends.items()
        if pd.notna(visit.get(column))
    )


def _state(chance: float, when: str) -> str:
    if load := known_load(chance):
        clear = chance if load == "laden" else 1 - chance
        return f"{words()['loads'][load]} {when} ({chance_text(clear)})"
    text = chance_text(chance)
    known = "" if text == words()["undetermined"] else f" (chance laden {text})"
    return f"load {when} cannot be determined{known}"


def supposed_text(visit: Mapping[Any, Any]) -> str:
    """The change of load that the port's other visits make likely."""
    loaded, unloaded = visit.get("p_loaded"), visit.get("p_unloaded")
    if loaded is not None and loaded > SURE:
        return f"it came in ballast and left laden (chance {chance_text(loaded)})"
    if unloaded is not None and unloaded > SURE:
        return f"it came laden and left in ballast (chance {chance_text(unloaded)})"
    return (
        f"whether it loaded or unloaded is open (chance that it loaded {chance_text(loaded)}, that "
        f"it unloaded {chance_text(unloaded)})"
    )


def disagreement(visit: Mapping[Any, Any], ships: pd.DataFrame) -> str | None:
    """One sentence where its images contradict or do not show what is supposed; else None."""
    loads = words()["loads"]
    contradicts = visit.get("contradicts_trade")
    for when, end in (("on departure", "out"), ("on arrival", "in")):
        own = known_load(visit.get(f"image_p_laden_{end}"))
        others = known_load(visit.get(f"others_p_laden_{end}"))
        if pd.notna(contradicts) and contradicts and own and others and own != others:
            return (
                f"The two disagree: its own images say that it was {loads[own]} {when}, the other "
                f"visits that it was {loads[others]}."
            )
    seen = set(ships.load_state) & {"laden", "ballast"}
    for end in ("out", "in"):
        supposed = known_load(visit.get(f"p_laden_{end}"))
        if supposed and seen and supposed not in seen:
            return (
                f"None of its own images shows it {loads[supposed]}: that rests on the other "
                "visits alone."
            )
    return None


def seen_text(visit: Mapping[Any, Any]) -> str:
    """Days on which images show it."""
    first, last = day_text(visit["arrived_before"]), day_text(visit["departed_after"])
    return f"seen on {first}" if first == last else f"seen from {first} to {last}"
