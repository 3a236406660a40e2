"""Cross-validation, thinned: everything is measured, and nothing is trained twice."""

from pathlib import Path

import pytest

from gnomon.learn.corrections import read_corrections
from gnomon.learn.crossval import report
from gnomon.learn.crossval.folds import read_folds
from gnomon.learn.crossval.matches import Matches
from gnomon.learn.crossval.validate import CrossvalOptions, cross_validate
from gnomon.learn.fit import TrainOptions
from gnomon.learn.scenes import labelled_scenes
from gnomon.learn.type_labels import read_types
from simulated import spec


@pytest.mark.slow
def test_the_whole_measurement_thinned(
    sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnomon.learn.scenes.training_specs", lambda n, seed: map(spec, range(n)))
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
            types=read_types(nothing),
            options=options,
            say=said.append,
        )
        report.figure(measured).savefig(tmp_path / "evaluation.png")
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
