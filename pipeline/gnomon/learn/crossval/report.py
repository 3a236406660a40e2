"""Cross-validation as one block of Markdown and one figure."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.recall import Recall, Water
from gnomon.learn.crossval.matches import (
    Matches,
    false_alarms,
    ranking_of,
    score_calibration_error,
    shape_errors,
)
from gnomon.learn.crossval.recall import BANDS_M
from gnomon.learn.crossval.validate import CrossValidation

LONG, SHORT = 100.0, 50.0
BINS = BANDS_M
START, END = "<!-- written by make evaluate -->", "<!-- end -->"


def write_block(card: Path, block: str) -> None:
    """Put a block between the card's markers.

    Raises
    ------
    WeightsError
        The card has no markers.

    """
    text = card.read_text(encoding="utf-8")
    if START not in text or END not in text:
        raise WeightsError(f"{card}: has no lines '{START}' and '{END}' to write between")
    head, rest = text.split(START, 1)
    tail = rest.split(END, 1)[1]
    card.write_text(f"{head}{START}\n\n{block}\n\n{END}{tail}", encoding="utf-8")


def markdown(measured: CrossValidation) -> str:
    """Everything, as Markdown."""
    parts = (
        _headline(measured),
        _side_by_side(measured),
        _by_length(measured),
        recall_lines(measured.calibration.recall),
        _types(measured),
        _by_port(measured),
    )
    return "\n\n".join("\n".join(part) for part in parts)


def _headline(m: CrossValidation) -> Iterator[str]:
    threshold = m.calibration.threshold
    yield (
        f"{len(m.folds)} folds of ports left out (`configs/folds.toml`), one training each; "
        f"threshold {threshold:.2f} everywhere. Labels corrected "
        "(`configs/label-corrections.geojson`) and completed "
        "(`configs/label-completions.geojson`), and as published; networks were trained on "
        "corrected labels that were not completed."
    )
    yield ""
    yield "| | wanted | corrected | published |"
    yield "|---|---|---|---|"
    for name, wanted, cell in _ROWS:
        cells = (cell(labels, threshold) for labels in (m.corrected, m.published))
        yield f"| {name} | {wanted} | {' | '.join(cells)} |"
    exact = shape_errors(m.simulated, threshold, SHORT)
    yield (
        f"| length, median error on simulated truth ({exact.hulls} hulls; bias) | <= 6 m "
        f"| {exact.length_m:.1f} m ({exact.length_bias_m:+.1f}) | |"
    )
    worst = max(
        (score_calibration_error(ranking_of(m.corrected.of([port]), SHORT), bins=5), port)
        for port in m.corrected.water.port
    )
    pooled = (score_calibration_error(ranking_of(one, SHORT)) for one in (m.corrected, m.published))
    yield "| calibration error of `score`, pooled | <= 0.05 | {:.3f} | {:.3f} |".format(*pooled)
    yield f"| ... worst port | <= 0.12 | {worst[0]:.2f} ({worst[1]}) | |"
    yield ""
    yield _crossed_line(m)


Cell = Callable[[Matches, float], str]
"""A cell of the table, from matches and the threshold."""


def _f1(least: float, below: float = np.inf, quay: bool | None = None) -> Cell:
    def cell(matches: Matches, threshold: float) -> str:
        ranking = ranking_of(matches, least, below_m=below, quay=quay)
        precision, recall, f1 = ranking.at(threshold)
        return f"{f1:.2f} (P {precision:.2f}, R {recall:.2f}, {ranking.labels} labels)"

    return cell


def _average_precision(least: float, below: float = np.inf, quay: bool | None = None) -> Cell:
    def cell(matches: Matches, _: float) -> str:
        ranking = ranking_of(matches, least, below_m=below, quay=quay)
        return f"{ranking.average_precision():.3f}"

    return cell


def _worst_port(one: Matches, _: float) -> str:
    ports = ((port, ranking_of(one.of([port]), LONG)) for port in one.water.port)
    ranked = [(r.average_precision(), port) for port, r in ports if r.labels]
    return "{:.2f} ({})".format(*min(ranked)) if ranked else ""


def _alarms(one: Matches, threshold: float) -> str:
    at_sea, everywhere = false_alarms(one, threshold, SHORT)
    return f"{at_sea:.1f} / {everywhere:.1f}"


def _lengths(one: Matches, threshold: float) -> str:
    shapes = shape_errors(one, threshold, SHORT)
    return f"{shapes.length_m:.1f} m ({shapes.length_bias_m:+.1f}, {shapes.hulls} hulls)"


def _beams(one: Matches, threshold: float) -> str:
    shapes = shape_errors(one, threshold, SHORT)
    return f"{shapes.beam_m:.1f} m ({shapes.beam_bias_m:+.1f})"


def _headings(one: Matches, threshold: float) -> str:
    shapes = shape_errors(one, threshold, SHORT)
    return f"{shapes.heading_within_10:.0%} (median {shapes.heading_deg:.1f} degrees)"


_ROWS = (
    ("average precision, >= 100 m", ">= 0.95", _average_precision(LONG)),
    ("average precision, >= 100 m, worst port", ">= 0.70", _worst_port),
    ("average precision, >= 50 m", "", _average_precision(SHORT)),
    ("average precision, 50 to 100 m", ">= 0.75", _average_precision(SHORT, LONG)),
    ("average precision, 50 to 100 m, open water", "", _average_precision(SHORT, LONG, quay=False)),
    ("average precision, 50 to 100 m, quay-side", "", _average_precision(SHORT, LONG, quay=True)),
    ("F1, >= 100 m", ">= 0.92", _f1(LONG)),
    ("... open water", ">= 0.97", _f1(LONG, quay=False)),
    ("... quay-side", ">= 0.88", _f1(LONG, quay=True)),
    ("F1, >= 50 m", ">= 0.82", _f1(SHORT)),
    ("F1, 50 to 100 m", ">= 0.72", _f1(SHORT, LONG)),
    ("F1, 50 to 100 m, open water", "", _f1(SHORT, LONG, quay=False)),
    ("F1, 50 to 100 m, quay-side", "", _f1(SHORT, LONG, quay=True)),
    ("false alarms of 50 m and more per 100 km2, open water / all", "<= 1 / <= 5", _alarms),
    ("length, median error (bias)", "<= 12 m", _lengths),
    ("beam, median error (bias)", "", _beams),
    ("heading within 10 degrees", ">= 97 %", _headings),
)


def _crossed_line(m: CrossValidation) -> str:
    """Scores with a calibration that owes nothing to the ports that it is applied to."""
    right = taken = labels = 0.0
    for port, threshold in zip(m.corrected.water.port, m.crossed_thresholds, strict=True):
        ranking = ranking_of(m.crossed.of([port]), LONG)
        right += float((ranking.right & (ranking.score >= threshold)).sum())
        taken += float((ranking.score >= threshold).sum())
        labels += ranking.labels
    error = score_calibration_error(ranking_of(m.crossed, SHORT))
    low, high = min(m.crossed_thresholds), max(m.crossed_thresholds)
    return (
        "Curve and threshold were fitted on these very ports, six numbers on all of them. With "
        f"those of the other folds (thresholds {low:.2f} to {high:.2f}), F1 at >= 100 m is "
        f"{2 * right / max(taken + labels, 1):.2f} and the calibration error {error:.3f}."
    )


def _side_by_side(m: CrossValidation) -> Iterator[str]:
    yield "| detector, corrected labels | AP >= 100 m | F1 | AP >= 50 m | F1 | seconds |"
    yield "|---|---|---|---|---|---|"
    ports = list(m.corrected.water.port)
    threshold = m.calibration.threshold
    yield _detector("network, all ports", m.corrected, threshold, m.seconds["network"])
    yield _detector("CFAR alone, its best threshold", m.cfar, None, m.seconds["cfar"])
    if m.baseline is not None:
        some = [port for port in ports if port in set(m.baseline.water.port)]
        where = " and ".join(some)
        yield _detector(f"network, {where}", m.corrected.of(some), threshold, None)
        yield _detector(
            f"Faster R-CNN, its best threshold, {where}", m.baseline, None, m.seconds["baseline"]
        )
    yield ""
    yield "Seconds are processor time of one thread over the scenes of the row, decoding left out."


def _detector(name: str, one: Matches, threshold: float | None, seconds: float | None) -> str:
    cells = []
    for least in (LONG, SHORT):
        ranking = ranking_of(one, least)
        at = ranking.best_threshold() if threshold is None else threshold
        cells += [f"{ranking.average_precision():.3f}", f"{ranking.at(at).f1:.2f}"]
    return f"| {name} | {' | '.join(cells)} | {'' if seconds is None else f'{seconds:.1f}'} |"


def _by_length(m: CrossValidation) -> Iterator[str]:
    yield "| length, m | labels | found | of hulls that long, ships | median length error, m |"
    yield "|---|---|---|---|---|"
    labels, hulls, threshold = m.corrected.labels, m.corrected.hulls, m.calibration.threshold
    ignored = np.append(labels.ignored.to_numpy(bool), False)
    for low, high in BINS:
        rows = labels[labels.length_m.between(low, high, inclusive="left") & ~labels.ignored]
        hit = rows[rows.score >= threshold]
        long = hulls[hulls.length_m.between(low, high, inclusive="left")]
        long = long[(long.score >= threshold) & ~ignored[long.label]]
        error = (hit.found_length_m - hit.length_m).abs().median()
        name = f"{low:.0f} to {high:.0f}" if np.isfinite(high) else f"{low:.0f} and more"
        share = (long.label >= 0).mean() if len(long) else float("nan")
        found = len(hit) / max(len(rows), 1)
        yield f"| {name} | {len(rows)} | {found:.2f} | {share:.2f} | {error:.0f} |"


def recall_lines(recall: Recall | None) -> Iterator[str]:
    """The prior that tracking takes of the probability of detection, as Markdown."""
    if recall is None:
        yield "Recall at quays or on open water is unknown: no ships were there."
        return
    yield "| place and median length | ships | found | share, and 90 % interval at another port |"
    yield "|---|---|---|---|"
    places: dict[Water, str] = {"quay": "quay-side", "open_water": "open water"}
    for water, name in places.items():
        for band in recall.bands(water):
            prior = recall.at(band.length_m, water)
            low, high = prior.quantile(np.array([0.05, 0.95]))
            yield (
                f"| {name}, {band.length_m:.0f} m | {band.labels} | {band.found} "
                f"| {prior.mean:.2f} ({low:.2f} to {high:.2f}) |"
            )
    yield ""
    yield (
        f"From port to port, of {recall.places}, the logit of recall has a standard deviation of "
        f"{recall.between_places:.1f} beyond chance. By cloud recall was not measured."
    )


def _types(m: CrossValidation) -> Iterator[str]:
    """How well p_tanker separates tankers from others among ships that were found."""
    yield "| p_tanker, ships found | tankers | others | area under ROC | calibration error |"
    yield "|---|---|---|---|---|"
    for name, one in (
        ("real, type by eye, marks plain", m.sure),
        ("real, guesses too", m.corrected),
        ("simulated", m.simulated),
    ):
        rows = one.labels[(one.labels.score >= m.calibration.threshold) & ~one.labels.ignored]
        for low, high in ((SHORT, LONG), (LONG, np.inf)):
            some = rows[rows.length_m.between(low, high, inclusive="left")]
            some = some[some.tanker.notna() & some.p_tanker.notna()]
            size = f"{low:.0f} m and more" if np.isinf(high) else f"{low:.0f} to {high:.0f} m"
            yield f"| {name}, {size} | " + " | ".join(_separation(some, m)) + " |"
    yield ""
    if m.calibration.tanker:
        yield (
            "Calibrated at even odds: p / (1 - p) is a likelihood ratio. The error is taken over "
            "five bins, tankers and others weighted alike."
        )
    else:
        yield (
            "Tankers at ports left out come out above other ships by no more than chance: these "
            "weights do not estimate p_tanker, it is null."
        )


def _separation(ships: pd.DataFrame, m: CrossValidation) -> Iterator[str]:
    tanker = ships.tanker.to_numpy() == 1
    p = ships.p_tanker.to_numpy(float)
    yield from (f"{tanker.sum()}", f"{(~tanker).sum()}")
    if not tanker.any() or tanker.all():
        yield from ("", "")
        return
    beats = (p[tanker][:, None] > p[~tanker]) + 0.5 * (p[tanker][:, None] == p[~tanker])
    yield f"{beats.mean():.2f}"
    if not m.calibration.tanker:
        yield ""
        return
    p = m.calibration.p_tanker(p)
    weight = np.where(tanker, 0.5 / tanker.mean(), 0.5 / (~tanker).mean())
    which = np.minimum((p * 5).astype(int), 4)
    gap = np.bincount(which, weight * (p - tanker), minlength=5)
    yield f"{np.abs(gap).sum() / len(p):.2f}"


def _by_port(m: CrossValidation) -> Iterator[str]:
    yield (
        "| port | labels >= 100 m | AP | P | R | F1 | labels >= 50 m | AP | F1 "
        "| false alarms / 100 km2 | calibration error |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    threshold = m.calibration.threshold
    for port in sorted(m.corrected.water.port):
        one = m.corrected.of([port])
        long, short = ranking_of(one, LONG), ranking_of(one, SHORT)
        precision, recall, f1 = long.at(threshold)
        yield (
            f"| {port} | {long.labels} | {long.average_precision():.2f} | {precision:.2f} "
            f"| {recall:.2f} | {f1:.2f} | {short.labels} | {short.average_precision():.2f} "
            f"| {short.at(threshold).f1:.2f} | {false_alarms(one, threshold, SHORT)[1]:.1f} "
            f"| {score_calibration_error(short, bins=5):.2f} |"
        )


def crossval_figure(m: CrossValidation) -> Figure:
    """Precision and recall by port, and how well the score is calibrated."""
    picture = Figure(figsize=(12.5, 5), layout="constrained")
    left, right = picture.subplots(1, 2)
    _curves(left, m)
    _reliability(right, m)
    return picture


def _curves(axes: "mpl.axes.Axes", m: CrossValidation) -> None:
    threshold = m.calibration.threshold
    ports: Sequence[str] = sorted(m.corrected.water.port)
    colours = mpl.colormaps["tab20"]
    for number, port in enumerate(ports):
        ranking = ranking_of(m.corrected.of([port]), LONG)
        recall, precision = ranking.curve()
        axes.step(recall, precision, where="post", lw=1, color=colours(number), label=port)
        at = ranking.at(threshold)
        axes.plot(at.recall, at.precision, "o", ms=4, color=colours(number))
    for one, name, style in (
        (m.corrected, "all, corrected", "-"),
        (m.published, "all, published labels", "--"),
    ):
        ranking = ranking_of(one, LONG)
        recall, precision = ranking.curve()
        axes.plot(recall, precision, style, color="black", lw=2, label=name)
    at = ranking_of(m.corrected, LONG).at(threshold)
    axes.plot(at.recall, at.precision, "o", ms=7, color="black")
    axes.set(
        xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02),
        title="Ships of 100 m and more, ports left out;\ndots: the shipped threshold",
    )  # fmt: skip
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5))


def _reliability(axes: "mpl.axes.Axes", m: CrossValidation) -> None:
    edges = np.linspace(0, 1, 11)
    for one, name, colour in ((m.corrected, "corrected", "C0"), (m.published, "published", "C1")):
        ranking = ranking_of(one, SHORT)
        which = np.clip(np.digitize(ranking.score, edges) - 1, 0, 9)
        number = np.bincount(which, minlength=10)
        some = number > 0
        score = np.bincount(which, ranking.score, minlength=10)[some] / number[some]
        share = np.bincount(which, ranking.right, minlength=10)[some] / number[some]
        spread = np.sqrt(share * (1 - share) / number[some])
        axes.errorbar(score, share, spread, fmt="o-", color=colour, label=f"{name} labels")
        for x, y, n in zip(score, share, number[some], strict=True):
            if one is m.corrected:
                axes.annotate(str(n), (x, y), (4, -10), textcoords="offset points", fontsize=7)
    axes.plot([0, 1], [0, 1], color="grey", lw=0.8)
    axes.set(
        xlabel="score", ylabel="share of ships", xlim=(0, 1), ylim=(0, 1.02),
        title="Reliability of the score (hulls of 50 m and more;\nnumbers: hulls)",
    )  # fmt: skip
    axes.legend(loc="upper left")
