"""The card of weights that were retrained: what they rest on, and what is known of them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from gnomon.detect.weights import Model
from gnomon.learn.compare import Comparison, Row, Split
from gnomon.learn.samples import Lesson


def card(
    model: Model,
    base: Model,
    parts: Split,
    told: Comparison,
    *,
    options: Mapping[str, object],
    minutes: float,
) -> str:
    """Write the card of retrained weights, in Markdown."""
    return "\n".join(
        [
            f"# {model.name} {model.version}",
            "",
            f"Retrained from {base.name} {base.version} (`{base.label}`) on labelled chips.",
            "",
            *_taught([*parts.taught, *parts.held]),
            (
                f"- **p_tanker** is {'given' if model.calibration.tanker else 'null'}: it is given "
                "where tankers held back came out above others by more than chance."
            ),
            f"- **Options** {', '.join(f'{k} {v}' for k, v in options.items())}.",
            f"- **Took** {minutes:.0f} minutes.",
            "",
            "## How good it is",
            "",
            *(_measured(parts, told) if parts.held else _unmeasured()),
            "",
            f"Threshold {model.calibration.threshold:.2f}. {_calibration(told, base)}",
            "",
        ]
    )


def _taught(lessons: Sequence[Lesson]) -> list[str]:
    ships = sum(len(x.ships) for x in lessons)
    hard = sum(len(x.hard) for x in lessons)
    scenes = {x.scene_id for x in lessons}
    ports = sorted({x.port for x in lessons if x.port})
    area = sum(float((~x.unknown).sum()) * (x.gsd_m / 1000) ** 2 for x in lessons)
    types = Counter(str(kind) for x in lessons for kind in x.ships["type"])
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(types.items()))
    where = f" of {', '.join(ports)}" if ports else ""
    return [
        (
            f"- **Taught** {ships} ships and {hard} outlines that are none, in {len(scenes)} "
            f"scenes{where}; {area:.0f} km2 of chips. What nobody had decided on was left out."
        ),
        f"- **Types** {told or 'none'}; they teach p_tanker.",
    ]


def _measured(parts: Split, told: Comparison) -> list[str]:
    held = sorted({str(x.port) if parts.by == "port" else x.scene_id for x in parts.held})
    return [
        (
            f"Measured on chips of whole {parts.by}s that were held back, not chosen at random: "
            f"{', '.join(held)}. The numbers are those of a first training without them; the "
            "weights here were then trained on all chips. Ships of 30 m or more. `simulated` are "
            "scenes that neither was trained on: what was learned before should not be lost there."
        ),
        "",
        "| weights | scenes | ships | AP | precision | recall | F1 |",
        "|---|---|---|---|---|---|---|",
        *map(_line, told.rows),
        *_doubts(told),
    ]


def _line(row: Row) -> str:
    return (
        f"| {row.weights} | {row.scenes} | {row.ships} | {row.average_precision:.3f} "
        f"| {row.precision:.2f} | {row.recall:.2f} | {row.f1:.2f} |"
    )


def _doubts(told: Comparison) -> list[str]:
    ships = min(row.ships for row in told.rows if row.scenes != "simulated")
    few = f"{ships} ships are few: one more or less found moves recall by {1 / max(ships, 1):.2f}."
    chosen = "The threshold was chosen on these chips, which flatters precision and recall."
    return ["", *([few] if ships < 50 else []), *([chosen] if told.calibrated else [])]


def _unmeasured() -> list[str]:
    return [
        (
            "Not known. There is one scene with ships in the chips, so nothing could be held back: "
            "neighbouring chips of a scene are no proof. Label chips of another port or day "
            "and train again."
        )
    ]


def _calibration(told: Comparison, base: Model) -> str:
    if told.calibrated:
        return "Scores and errors were calibrated on the chips that were held back."
    return (
        f"Scores, threshold and errors are calibrated as those of {base.name}: there were too few "
        "ships to do it anew, so `score` is no tested probability."
    )
