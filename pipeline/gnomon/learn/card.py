"""The card of finetuned weights: what they were trained on, and how good they are known to be."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gnomon.detect.weights import Model
from gnomon.learn.compare import ComparisonRow, Split, WeightsComparison
from gnomon.learn.scenes import LabelledScene

FEW_SHIPS = 50
"""Fewer ships in the holdout get a warning."""


def card(
    model: Model,
    base: Model,
    parts: Split,
    comparison: WeightsComparison,
    *,
    options: Mapping[str, object],
    minutes: float,
) -> str:
    """Write the card of finetuned weights, in Markdown."""
    lines = [
        f"# {model.name} {model.version}",
        "",
        f"Finetuned from {base.name} {base.version} (`{base.label}`) on labelled chips.",
        "",
        *_trained_on([*parts.train, *parts.holdout]),
        (
            f"- **p_tanker** is {'estimated' if model.calibration.tanker else 'null'}: it is "
            "estimated if tankers in the holdout came out above other ships by more than chance."
        ),
        f"- **Options** {', '.join(f'{k} {v}' for k, v in options.items())}.",
        f"- **Took** {minutes:.0f} minutes.",
        "",
        "## How good it is",
        "",
        *(_measured(parts, comparison) if parts.holdout else _unmeasured()),
        "",
        f"Threshold {model.calibration.threshold:.2f}. {_calibration(comparison, base)}",
        "",
    ]
    return "\n".join(lines)


def _trained_on(samples: Sequence[LabelledScene]) -> Iterator[str]:
    ships = sum(len(x.outlines) for x in samples)
    negatives = sum(len(x.hard_negatives) for x in samples)
    scenes = {x.name for x in samples}
    ports = sorted({x.port for x in samples if x.port})
    where = f" of {', '.join(ports)}" if ports else ""
    yield (
        f"- **Trained** on {ships} ships and {negatives} hard negatives, in {len(scenes)} "
        f"scenes{where}; {sum(map(_known_km2, samples)):.0f} km2 of chips. Labels without a "
        "decision were left out."
    )
    types = Counter(str(kind) for x in samples for kind in x.outlines["type"])
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(types.items()))
    yield f"- **Types** {counts or 'none'}; p_tanker is trained on them."


def _known_km2(sample: LabelledScene) -> float:
    pixels = sample.masks["water"].size
    unknown = 0 if sample.unknown is None else int(sample.unknown.sum())
    return float(pixels - unknown) * (sample.gsd_m / 1000) ** 2


def _measured(parts: Split, comparison: WeightsComparison) -> Iterator[str]:
    held = sorted({str(x.port) if parts.by == "port" else x.name for x in parts.holdout})
    yield (
        f"Measured on chips of whole {parts.by}s that were held back, not chosen at random: "
        f"{', '.join(held)}. The numbers are those of a first training without them; the "
        "weights here were then trained on all chips. Ships of 30 m or more. `simulated` are "
        "scenes that neither was trained on: what was learned before should not be lost there."
    )
    yield ""
    yield "| weights | scenes | ships | AP | precision | recall | F1 |"
    yield "|---|---|---|---|---|---|---|"
    yield from map(_line, comparison.rows)
    yield ""
    yield from _caveats(comparison)


def _line(row: ComparisonRow) -> str:
    return (
        f"| {row.weights} | {row.scenes} | {row.ships} | {row.average_precision:.3f} "
        f"| {row.precision:.2f} | {row.recall:.2f} | {row.f1:.2f} |"
    )


def _caveats(comparison: WeightsComparison) -> Iterator[str]:
    ships = min(row.ships for row in comparison.rows if row.scenes != "simulated")
    if ships < FEW_SHIPS:
        step = 1 / max(ships, 1)
        yield f"{ships} ships are few: one more or less found moves recall by {step:.2f}."
    if comparison.calibrated:
        yield "The threshold was chosen on these chips, which flatters precision and recall."


def _unmeasured() -> Iterator[str]:
    yield (
        "Unknown. There is one scene with ships in the chips, so nothing could be held back: "
        "neighbouring chips of a scene prove nothing. Label chips of another port or day and train "
        "again."
    )


def _calibration(comparison: WeightsComparison, base: Model) -> str:
    if comparison.calibrated:
        return "Scores and errors were calibrated on the chips that were held back."
    return (
        f"Scores, threshold and errors are calibrated as those of {base.name}: there were too few "
        "ships to calibrate them anew, so `score` is no tested probability."
    )
