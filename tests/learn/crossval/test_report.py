"""The report: every cell of its tables is a count that can be made by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from gnomon.datamodel.errors import WeightsError
from gnomon.detect.calibration import UNCALIBRATED, Curve
from gnomon.learn.crossval import report
from gnomon.learn.crossval.folds import Fold
from gnomon.learn.crossval.matches import Matches
from gnomon.learn.crossval.validate import CrossValidation

PORTS = ("Athens", "Genoa")
THRESHOLD = 0.5


def matches(seed: int, *, ships: int = 60, alarms: int = 20) -> Matches:
    """Ships of two ports, most of them found, and false alarms."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.05, 1, ships).astype(np.float32)
    found = rng.random(ships) < 0.8
    length = rng.uniform(50, 320, ships)
    labels = pd.DataFrame(
        {
            "port": rng.choice(PORTS, ships),
            "length_m": length,
            "beam_m": length / 6,
            "angle": rng.uniform(0, 180, ships),
            "quay": rng.random(ships) < 0.5,
            "ignored": rng.random(ships) < 0.1,
            "tanker": rng.choice([0.0, 1.0, np.nan], ships),
            "score": np.where(found, score, np.nan),
            "found_length_m": np.where(found, length + rng.normal(0, 10, ships), np.nan),
            "found_beam_m": np.where(found, length / 6, np.nan),
            "p_tanker": np.where(found, rng.uniform(0, 1, ships), np.nan),
        }
    )
    labels["found_angle"] = (labels.angle + rng.normal(0, 8, ships)) % 180
    hulls = pd.DataFrame(
        {
            "port": [*labels.port[found], *rng.choice(PORTS, alarms)],
            "score": [*score[found], *rng.uniform(0.05, 1, alarms)],
            "length_m": [*labels.found_length_m[found], *rng.uniform(40, 300, alarms)],
            "quay": [*labels.quay[found], *(rng.random(alarms) < 0.5)],
            "label": [*np.flatnonzero(found), *[-1] * alarms],
        }
    )
    water = pd.DataFrame({"port": PORTS, "all_km2": [40.0, 60.0], "open_km2": [30.0, 50.0]})
    return Matches(hulls, labels, water)


def validation(**changes: object) -> CrossValidation:
    one = CrossValidation(
        UNCALIBRATED.model_copy(update={"threshold": THRESHOLD, "tanker": None}),
        matches(1),
        matches(2),
        matches(3),
        [0.4, 0.6],
        matches(4),
        matches(5),
        matches(6),
        None,
        {"network": 12.0, "cfar": 3.0},
        [Fold(1, ("athens",)), Fold(2, ("genoa",))],
    )
    return replace(one, **changes)


def rows(text: str, first: str) -> dict[str, list[str]]:
    """Rows of the table whose head starts with a cell, by their first cell."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first}"))
    table = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.split("|")[1:-1]]
        table[name] = cells
    return table


def taken(
    one: Matches, least: float, below: float = np.inf, *, threshold: float = THRESHOLD
) -> pd.DataFrame:
    """Hulls that count for ships of some lengths; a plain loop."""
    kept = []
    for hull in one.hulls.itertuples():
        if hull.label >= 0:
            label = one.labels.iloc[hull.label]
            counts = least <= label.length_m < below and not label.ignored
        else:
            counts = least <= hull.length_m < below
        if counts and hull.score >= threshold:
            kept.append(hull)
    return pd.DataFrame(kept)


def counted(one: Matches, least: float, below: float = np.inf) -> pd.DataFrame:
    """Labels of some lengths."""
    labels = one.labels
    return labels[(labels.length_m >= least) & (labels.length_m < below) & ~labels.ignored]


def average_precision(hulls: pd.DataFrame, total: int) -> float:
    """Mean over the ships of the best precision at which each is found; 0 where it is not."""
    right = (hulls.sort_values("score", ascending=False).label >= 0).tolist()
    precision = [sum(right[: n + 1]) / (n + 1) for n in range(len(right))]
    return sum(max(precision[n:]) for n, hit in enumerate(right) if hit) / total


PLACES = {"": None, ", open water": False, ", quay-side": True}


@pytest.mark.parametrize(
    ("name", "least", "below", "quay"),
    [
        (">= 100 m", 100.0, np.inf, None),
        (">= 50 m", 50.0, np.inf, None),
        *((f"50 to 100 m{place}", 50.0, 100.0, quay) for place, quay in PLACES.items()),
    ],
)
def test_f1_and_average_precision_are_those_of_a_plain_loop(
    name: str, least: float, below: float, quay: bool | None
) -> None:
    m = validation()
    table = rows(report.markdown(m), "| wanted")
    labels, every = (
        counted(m.corrected, least, below),
        taken(m.corrected, least, below, threshold=0),
    )
    if quay is not None:
        labels, every = labels[labels.quay == quay], every[every.quay == quay]
    hulls = every[every.score >= THRESHOLD]
    right, total = int((hulls.label >= 0).sum()), len(labels)
    precision, recall = right / len(hulls), right / total
    f1 = 2 * precision * recall / (precision + recall)
    said = f"{f1:.2f} (P {precision:.2f}, R {recall:.2f}, {total} labels)"
    assert table[f"F1, {name}"][1] == said
    assert table[f"average precision, {name}"][1] == f"{average_precision(every, total):.3f}"


def test_the_worst_port_is_named() -> None:
    m = validation()
    cells = rows(report.markdown(m), "| wanted")["average precision, >= 100 m, worst port"]
    for cell, one in zip(cells[1:], (m.corrected, m.published), strict=True):
        apart = {port: one.of([port]) for port in PORTS}
        worst = {
            port: average_precision(taken(x, 100, threshold=0), len(counted(x, 100)))
            for port, x in apart.items()
        }
        port = min(worst, key=lambda name: worst[name])
        assert cell == f"{worst[port]:.2f} ({port})"


def test_a_port_without_long_ships_is_not_the_worst() -> None:
    one = matches(1)
    labels = one.labels
    short = replace(one, labels=labels.assign(length_m=labels.length_m.where(
        labels.port != "Athens", 60.0)))  # fmt: skip
    cells = rows(report.markdown(validation(corrected=short)), "| wanted")
    assert cells["average precision, >= 100 m, worst port"][1].endswith("(Genoa)")


def test_open_water_and_quays_are_apart_and_add_up() -> None:
    table = rows(report.markdown(validation()), "| wanted")
    counts = [
        int(table[name][1].split("R ")[1].split(", ")[1].split()[0])
        for name in ("F1, >= 100 m", "... open water", "... quay-side")
    ]
    assert counts[0] == counts[1] + counts[2]


def test_false_alarms_are_counted_on_the_water_that_they_lie_on() -> None:
    m = validation()
    cell = rows(report.markdown(m), "| wanted")[
        "false alarms of 50 m and more per 100 km2, open water / all"
    ][2]
    hulls = m.published.hulls
    false = hulls[(hulls.label < 0) & (hulls.score >= THRESHOLD) & (hulls.length_m >= 50)]
    expected = 100 * (~false.quay).sum() / 80, 100 * len(false) / 100
    assert cell == f"{expected[0]:.1f} / {expected[1]:.1f}"


def test_lengths_are_binned_by_the_label_and_by_the_hull() -> None:
    m = validation()
    table = rows(report.markdown(m), "length, m |")
    labels, hulls = m.corrected.labels, m.corrected.hulls
    for name, (low, high) in zip(table, report.BINS, strict=True):
        here = labels[(labels.length_m >= low) & (labels.length_m < high) & ~labels.ignored]
        hit = here[here.score >= THRESHOLD]
        ignored = [h.label >= 0 and labels.ignored[h.label] for h in hulls.itertuples()]
        of_hulls = hulls[
            (hulls.length_m >= low)
            & (hulls.length_m < high)
            & (hulls.score >= THRESHOLD)
            & ~np.array(ignored)
        ]
        error = (hit.found_length_m - hit.length_m).abs().median()
        assert table[name] == [
            str(len(here)), f"{len(hit) / len(here):.2f}",
            f"{(of_hulls.label >= 0).mean():.2f}", f"{error:.0f}",
        ]  # fmt: skip


def test_the_area_under_roc_is_the_statistic_of_mann_and_whitney() -> None:
    m = validation()
    labels = m.sure.labels
    some = labels[
        (labels.score >= THRESHOLD)
        & ~labels.ignored
        & (labels.length_m >= 100)
        & labels.tanker.notna()
    ]
    tanker, other = some[some.tanker == 1].p_tanker, some[some.tanker == 0].p_tanker
    expected = mannwhitneyu(tanker, other).statistic / (len(tanker) * len(other))
    name = "real, type by eye, marks plain, 100 m and more"
    cells = rows(report.markdown(m), "p_tanker")[name]
    assert cells == [str(len(tanker)), str(len(other)), f"{expected:.2f}", ""]


def test_p_tanker_has_an_error_only_with_a_curve() -> None:
    text = report.markdown(validation())
    assert "these weights do not estimate p_tanker, it is null" in text
    curve = Curve(slope=1.0, intercept=0.0)
    calibration = UNCALIBRATED.model_copy(update={"tanker": curve})
    text = report.markdown(validation(calibration=calibration))
    assert "p / (1 - p) is a likelihood ratio" in text
    table = rows(text, "p_tanker")
    assert all(cells[3] for name, cells in table.items() if name.endswith("100 m and more"))


def test_scores_of_the_other_folds_have_their_own_thresholds() -> None:
    m = validation()
    right = count = 0
    for port, threshold in zip(PORTS, m.crossed_thresholds, strict=True):
        hulls = m.crossed.hulls[
            (m.crossed.hulls.port == port) & (m.crossed.hulls.score >= threshold)
        ]
        for hull in hulls.itertuples():
            label = m.crossed.labels.iloc[hull.label] if hull.label >= 0 else None
            long = hull.length_m if label is None else label.length_m
            if long >= 100 and not (label is not None and label.ignored):
                count += 1
                right += label is not None
    labels = m.crossed.labels
    total = ((labels.length_m >= 100) & ~labels.ignored).sum()
    expected = f"F1 at >= 100 m is {2 * right / (count + total):.2f}"
    assert expected in report.markdown(m)
    assert "(thresholds 0.40 to 0.60)" in report.markdown(m)


def test_every_port_has_a_row_and_every_detector_its_seconds() -> None:
    m = validation()
    text = report.markdown(m)
    assert list(rows(text, "port")) == sorted(PORTS)
    assert [cells[-1] for cells in rows(text, "detector").values()] == ["12.0", "3.0"]
    with_baseline = validation(baseline=matches(7), seconds=m.seconds | {"baseline": 99.5})
    names = list(rows(report.markdown(with_baseline), "detector"))
    assert names[-1] == "Faster R-CNN, its best threshold, Athens and Genoa"


def test_the_figure_has_a_curve_for_each_port_and_a_bar_for_each_bin(tmp_path: Path) -> None:
    figure = report.crossval_figure(validation())
    left, right = figure.axes
    names = {text.get_text() for text in left.get_legend().get_texts()}
    assert names >= {*PORTS, "all, corrected", "all, published labels"}
    assert right.get_xlabel() == "score"
    figure.savefig(tmp_path / "f.png")
    assert (tmp_path / "f.png").stat().st_size > 10_000


def test_only_what_stands_between_the_markers_is_written(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"before\n{report.START}\nold\n{report.END}\nafter\n")
    report.write_block(card, "new")
    report.write_block(card, "newer")
    assert card.read_text() == f"before\n{report.START}\n\nnewer\n\n{report.END}\nafter\n"
    card.write_text("no markers")
    with pytest.raises(WeightsError, match="to write between"):
        report.write_block(card, "new")
