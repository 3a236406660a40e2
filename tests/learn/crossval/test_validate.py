"""Cross-validation, thinned: everything is measured, and nothing is trained twice."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_scenes import drawn_port
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.calibrate import calibrated
from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval import report, validate
from gnomon.learn.crossval.folds import Fold, read_folds
from gnomon.learn.crossval.matches import Matches
from gnomon.learn.crossval.validate import CrossvalOptions, Findings, cross_validate
from gnomon.learn.finders import Finder
from gnomon.learn.fit import TrainOptions
from gnomon.learn.scenes import LabelledScene, labelled_scenes
from gnomon.learn.scores import match_scenes
from gnomon.learn.type_labels import read_types
from simulated import spec


@pytest.mark.slow
def test_the_whole_measurement_thinned(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gnomon.learn.scenes.training_specs", lambda n, seed: map(spec, range(1, n + 1))
    )
    path = tmp_path / "folds.toml"
    names = ("april-04", "april-14", "april-24")
    path.write_text("".join(f"[[fold]]\nports = ['{name}']\n" for name in names))
    nothing = tmp_path / "nothing.geojson"
    nothing.write_text('{"type": "FeatureCollection", "features": []}')
    options = CrossvalOptions(
        train=TrainOptions(steps=60, batch=4, average=0.9),
        simulated=1,
        test_scenes=1,
        baseline_folds=(2,),
        baseline_seconds=4.0,
    )
    said: list[str] = []

    def whole() -> str:
        measured = cross_validate(
            labelled_scenes(str(sea)),
            read_folds(path),
            tmp_path / "states",
            corrections=read_corrections(nothing),
            completions=read_corrections(nothing),
            types=read_types(nothing),
            options=options,
            say=said.append,
        )
        report.crossval_figure(measured).savefig(tmp_path / "evaluation.png")
        assert isinstance(measured.corrected, Matches)
        return report.markdown(measured)

    text = whole()
    for row in (
        "average precision",
        "... quay-side",
        "simulated truth",
        "CFAR alone",
        "R-CNN",
        "p_tanker",
    ):
        assert row in text
    assert sum("step 0, loss" in line for line in said) == 3
    # Nothing is trained twice, and what is measured again is the same but for seconds.
    again = whole()
    assert sum("step 0, loss" in line for line in said) == 3
    assert again.split("| detector")[0] == text.split("| detector")[0]


SCENES = [
    drawn_port([(60.0 + 30 * n, 100.0, 16.0) for n in range(8)], name=f"S2_{port}_20230101")
    for port in ("athens", "genoa", "klang")
]
FOLDS = [Fold(n, (port,)) for n, port in enumerate(("athens", "genoa", "klang"), start=1)]


def found(scores: list[float]) -> OrientedBoxes:
    """Eight ships with these scores, and as many false alarms with half of them."""
    x = [60.0 + 30 * n for n in range(8)]
    ships = OrientedBoxes.of(x, 100.0, 16.0, 3.0, 0.0, score=scores)
    alarms = OrientedBoxes.of(x, 180.0, 16.0, 3.0, 0.0, score=[s / 2 for s in scores])
    return OrientedBoxes.concatenate([ships, alarms])


def raw_findings(first: list[float]) -> Findings:
    usual = [0.5 + n / 20 for n in range(8)]
    return Findings(SCENES, [found(first), found(usual), found(usual)], 1.0)


def test_scores_of_a_fold_owe_nothing_to_its_own_ports() -> None:
    """Whatever a network finds at a port, its calibration there stays as it was."""
    one = validate._crossed(raw_findings([0.9] * 8), FOLDS)
    other = validate._crossed(raw_findings([0.2] * 8), FOLDS)
    assert one[1][0] == other[1][0]
    others = match_scenes(SCENES[1:], raw_findings([0.9] * 8).found[1:])
    curve = calibrated(others, gsd_m=10.0)
    expected = curve.score(np.float32([0.9]))[0]
    assert one[0][0].score[:8] == pytest.approx([expected] * 8, abs=1e-6)
    # At the other ports it does count.
    assert one[1][1] != other[1][1] or not np.allclose(one[0][1].score, other[0][1].score)


def test_every_scene_is_left_to_the_network_that_never_saw_its_port() -> None:
    asked: list[tuple[int, str]] = []

    def finder(number: int):
        def find(scene: LabelledScene) -> OrientedBoxes:
            asked.append((number, scene.name))
            return OrientedBoxes.empty()

        return find

    shuffled = [SCENES[2], SCENES[0], SCENES[1]]
    findings = validate._find_left_out(shuffled, FOLDS, [finder(n) for n in (1, 2, 3)])
    assert asked == [(n, SCENES[n - 1].name) for n in (1, 2, 3)]
    assert [scene.name for scene in findings.scenes] == [scene.name for scene in SCENES]


def test_completions_count_and_are_not_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ship that a completion adds is a label that was missed, and no network has seen it."""
    trained: list[int] = []

    def network(fold: Fold, scenes: list[LabelledScene], *_: object, **__: object) -> None:
        trained.extend(len(one.outlines) for one in scenes if not fold.holds(one.name))

    def finder(_: object) -> Finder:
        return lambda scene: found([0.5 + n / 20 for n in range(8)])

    monkeypatch.setattr(validate, "fold_network", network)
    monkeypatch.setattr(validate, "network_finder", finder)
    monkeypatch.setattr(validate, "cfar_finder", finder(None))
    monkeypatch.setattr(validate, "simulated_tensors", lambda _: [])
    scenes = [replace(one, outlines=one.outlines.assign(length_m=160.0)) for one in SCENES]
    monkeypatch.setattr(validate, "simulated_scenes", lambda *_, **__: scenes[:1])
    nothing, more = tmp_path / "nothing.geojson", tmp_path / "more.geojson"
    nothing.write_text('{"type": "FeatureCollection", "features": []}')
    ship = SCENES[0].outlines.geometry.translate(0, 600).to_crs(4326)[3]
    row = {"scene": SCENES[0].name, "action": "add", "label": None, "length_m": 160}
    row |= {"reason": "hull", "doubt": False}
    feature = {"type": "Feature", "properties": row, "geometry": ship.__geo_interface__}
    more.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    measured = cross_validate(
        scenes,
        FOLDS,
        tmp_path,
        corrections=read_corrections(nothing),
        completions=read_corrections(more),
        types=read_types(nothing),
        options=CrossvalOptions(baseline_folds=(), test_scenes=1),
    )
    assert trained == [8] * 6
    labels = [len(one.labels) for one in (measured.corrected, measured.crossed, measured.cfar)]
    assert labels == [25, 25, 25]
    assert len(measured.published.labels) == 24
    assert measured.corrected.labels.score.isna().sum() == 1


def test_findings_join_in_order() -> None:
    parts = [Findings([SCENES[n]], [found([0.5 + n / 10] * 8)], n + 0.5) for n in range(3)]
    joined = Findings.joined(parts)
    assert [scene.name for scene in joined.scenes] == [scene.name for scene in SCENES]
    assert [boxes.score[0] for boxes in joined.found] == pytest.approx([0.5, 0.6, 0.7])
    assert joined.seconds == 4.5


def test_a_step_in_a_hundred_is_reported() -> None:
    lines: list[str] = []
    for step in range(250):
        validate._report_step(lines.append, FOLDS[0], step, 1.234)
    assert lines == [f"without athens: step {step}, loss 1.23" for step in (0, 100, 200)]
