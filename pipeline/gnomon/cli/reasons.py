"""Why something could not be determined or read, counted, each with what helps.

One table for the reasons of loads (``load_reason``), one for those of images that failed, were left
out, or lacked something. A reason of an image that no row of its table knows keeps its own words:
errors of gnomon end with what to do, after a semicolon.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gnomon.workflow.run import Results

EXAMPLES = 5
"""Named of each reason; the tables have them all."""


class Remedy(NamedTuple):
    """What a reason means, and what helps."""

    meaning: str
    remedy: str


LOADS = {
    "no_geometry": Remedy(
        "the sun's or the view's angles are none that can be used", "see docs/providers.md"
    ),
    "view_unknown": Remedy(
        "no view angles",
        "give --view-zenith and --view-azimuth to gnomon catalog; see docs/providers.md",
    ),
    "unfamiliar": Remedy(
        "the image is unlike any that gnomon was trained on", "look at it: gnomon show"
    ),
    "misfit": Remedy(
        "the pixels are not those of a ship as it was read", "look at it: gnomon show"
    ),
    "sun_high": Remedy("the sun stood too high for a shadow", "images of autumn and winter"),
    "sun_along_hull": Remedy(
        "the sun shone along the hull", "an image of another hour, from another satellite"
    ),
    "too_small": Remedy(
        "too small for these pixels", "images of 3 m and finer; [load] length_min_m is the limit"
    ),
    "alongside": Remedy("a quay or pier catches the shadow", "an image of it at anchor"),
    "neighbour": Remedy("another hull is too near", "an image of another day"),
    "edge": Remedy("hull or shadow runs off the image", "an image that holds all of it"),
    "cloud": Remedy("cloud, ice, or no pixels there", "an image of another day"),
    "sar": Remedy("radar shows no shadow on water", "optical images"),
    "weak_evidence": Remedy(
        "the pixels fit laden and ballast alike", "images of 3 m and finer, or of a lower sun"
    ),
}
"""By ``load_reason``."""
_AGAIN = "run the same command again: only these are read again"
_ACCOUNT = "the provider wants an account or a key; see docs/providers.md"
_S3_KEY = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; see docs/providers.md"
_RADAR = "leave its collection out (--collections, or [catalog] collections)"
IMAGES = {
    r"pip install gnomon\[planetary\]": Remedy(
        "Planetary Computer's files must be signed", "pip install 'gnomon[planetary]'"
    ),
    r"did not sign": Remedy("Planetary Computer did not sign the file", _AGAIN),
    r"AWS_SECRET_ACCESS_KEY|Invalid ?Credentials|InvalidAccessKey": Remedy(
        "no key for s3:// files", _S3_KEY
    ),
    r"HTTP response code: (401|403)|Access ?Denied|Forbidden|Unauthorized": Remedy(
        "the server refuses the file ({0})", _ACCOUNT
    ),
    r"HTTP response code: (404|410)|the file is not there|NoSuchKey": Remedy(
        "the file is not there", "search again later, or choose another catalogue"
    ),
    r"HTTP response code: (429|5\d\d)": Remedy("the server is busy or broken ({0})", _AGAIN),
    r"[Tt]imed? ?out|[Cc]ould ?n.t (?:resolve|connect)|CURL error|Connection": Remedy(
        "the server does not answer", f"check the network, then {_AGAIN}"
    ),
    r"is in radar geometry": Remedy("radar has no pixels on a map", _RADAR),
    r"files behind s3:// need a library": Remedy(
        "XML behind s3:// needs a library", "pip install 'gnomon[s3]'"
    ),
    r"there is no key; set AWS": Remedy("no key for s3:// files", _S3_KEY),
    r"^\d+ % cloud$": Remedy("cloudier than the study allows", "raise [catalog] max_cloud_percent"),
    r"^view angles unknown$": LOADS["view_unknown"],
}
"""By a pattern of the reason; the first that is found counts, with its group in the meaning."""
_OWN_ADDRESS = re.compile(r"\S+://\S+|/\S+")
_OWN_NUMBER = re.compile(r"[-+]?\d[\d.]{3,}")


@dataclass(frozen=True, kw_only=True)
class ReasonCount:
    """How often something happened, why, and what helps."""

    count: int
    reason: str
    remedy: str
    examples: tuple[str, ...]
    """Names of a few."""

    def text(self, thing: str, what: str = "") -> str:
        """One line: how many of a thing (in the singular), what of them, why, what helps."""
        things = thing if self.count == 1 else f"{thing}s"
        head = f"{self.count} {things} {what}".rstrip()
        return f"{head}: {self.reason}" + (f"; {self.remedy}" if self.remedy else "")

    def named(self) -> str:
        """Names of a few, and how many more there are."""
        more = self.count - len(self.examples)
        return ", ".join(self.examples) + (f" and {more} more" if more > 0 else "")


def results_reasons(results: "Results") -> dict[str, list[ReasonCount]]:
    """Why images failed or were left out, what others lacked, and why loads are unknown."""
    rows = results.observations
    counts = {
        status: image_reasons(zip(own.scene_id, own.status, own.reason, strict=True))
        for status in ("failed", "skipped", "observed")
        for own in [rows[rows.status == status]]
    }
    ships = results.detections
    return counts | {"loads": load_reasons(zip(ships.detection_id, ships.load_reason, strict=True))}


def load_reasons(reasons: Iterable[tuple[str, object]]) -> list[ReasonCount]:
    """Count the reasons of loads that cannot be determined, given as (detection_id, reason)."""
    known = ((name, LOADS[reason]) for name, reason in reasons if isinstance(reason, str))
    return _counted(known)


def image_reasons(reasons: Iterable[tuple[str, str, object]]) -> list[ReasonCount]:
    """Count why images failed, were left out or lacked something: (scene_id, status, reason)."""
    return _counted(
        (name, _remedy(part))
        for name, status, reason in reasons
        if isinstance(reason, str)
        for part in _parts(name, status, reason)
    )


def _parts(name: str, status: str, reason: str) -> list[str]:
    """What an observed image lacked, thing by thing; the one reason of another."""
    return reason.split("; ") if status == "observed" else [reason.removeprefix(name).lstrip(",: ")]


def _counted(found: Iterable[tuple[str, Remedy]]) -> list[ReasonCount]:
    groups: dict[Remedy, list[str]] = defaultdict(list)
    for name, remedy in found:
        groups[remedy].append(name)
    counts = [
        ReasonCount(
            count=len(names),
            reason=remedy.meaning,
            remedy=remedy.remedy,
            examples=tuple(dict.fromkeys(names))[:EXAMPLES],
        )
        for remedy, names in groups.items()
    ]
    return sorted(counts, key=lambda one: (-one.count, one.reason))


def _remedy(text: str) -> Remedy:
    for pattern, known in IMAGES.items():
        if found := re.search(pattern, text):
            code = f"HTTP {found[1]}" if found.re.groups and found[1] else "no access"
            return known._replace(meaning=known.meaning.format(code))
    why, _, remedy = text.rpartition("; ") if "; " in text else (text, "", "")
    # Without what differs from image to image.
    return Remedy(_OWN_NUMBER.sub("..", _OWN_ADDRESS.sub("its file", why)), remedy)
