"""Files of traffic: what gnomon ships, the faults of others, and which file a study means."""

import tomllib
from pathlib import Path

import pytest
import tomli_w

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import TrackOptions, read_track_study
from gnomon.datamodel.traffic import (
    SensorPrior,
    Traffic,
    read_traffic,
    register_path,
    traffic_path,
)

SHIPPED = sorted((shipped("configs") / "traffic").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_is_whole_and_every_number_has_its_reason(path: Path) -> None:
    read_traffic(path.stem)
    # Sections of one form are explained once, and waypoints have names.
    plain = (
        "[sea_routes",
        "[classes",
        "[detection.radar",
        "[detection.optical_m",
        "[detection.optical_f",
    )
    section = "["
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif "=" in line and not line.startswith(("#", "description", "like")):
            assert "#" in line or section.startswith(plain), f"{section} {line}"


def test_small_tankers_are_the_default() -> None:
    assert TrackOptions().traffic == "small-tankers"
    usual = read_traffic(TrackOptions().traffic)
    assert usual.tankers.length_m == 88.0
    assert usual.dwell.days == 2.5


def changed(path: Path, **sections: dict[str, object]) -> Path:
    """The file of small tankers with some keys changed, or left out where None."""
    values = tomllib.loads(traffic_path("small-tankers").read_text(encoding="utf-8"))
    for name, keys in sections.items():
        values[name] |= keys
        values[name] = {key: value for key, value in values[name].items() if value is not None}
    path.write_text(tomli_w.dumps(values))
    return path


def test_all_faults_of_a_file_are_listed_each_with_its_place(tmp_path: Path) -> None:
    path = changed(
        tmp_path / "own.toml",
        tankers={"length_m": -3.0, "colour": "grey"},
        dwell={"days": None, "shapes": [2, 9]},
        sea_routes={"legs": [["vostochny", "atlantis"]]},
        detection={"radar": {"mean": 0.9, "sigma": 0.4, "length_limit_m": 9.0,
                             "length_width_m": 2.0}},
    )  # fmt: skip
    with pytest.raises(StudyError) as caught:
        read_traffic(str(path))
    text = str(caught.value)
    assert f"{path}: 6 fault(s)" in text
    for part in (
        "tankers.length_m:", "tankers.colour:", "dwell.days: Field required", "dwell.shapes.1:",
        "points that are not there: atlantis", "sigma 0.4 is too wide for a probability of 0.9",
    ):  # fmt: skip
        assert part in text


def test_a_file_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no such traffic file; gnomon comes with "):
        read_traffic("giants")
    (tmp_path / "broken.toml").write_text("[tankers")
    with pytest.raises(StudyError, match="cannot be read as TOML"):
        read_traffic(str(tmp_path / "broken.toml"))


def test_a_study_names_a_file_of_its_own_from_its_folder(tmp_path: Path) -> None:
    changed(tmp_path / "own.toml", dwell={"days": 4.0})
    study = tmp_path / "study.toml"
    study.write_text('[track]\ntraffic = "./own.toml"\n')
    named = read_track_study(study).track.traffic
    assert read_traffic(named).dwell.days == 4.0
    study.write_text('[track]\ntraffic = "small-tankers"\n')
    assert read_traffic(read_track_study(study).track.traffic).dwell.days == 2.5


def test_the_file_written_anew_is_the_same(tmp_path: Path) -> None:
    one = read_traffic("small-tankers")
    path = tmp_path / "again.toml"
    path.write_text(tomli_w.dumps(one.model_dump(mode="json")))
    assert read_traffic(str(path)) == one
    assert Traffic.model_validate(one.model_dump()) == one


def test_a_prior_that_is_no_beta_is_refused() -> None:
    with pytest.raises(ValueError, match="too wide"):
        SensorPrior(mean=0.5, sigma=0.5, length_limit_m=1.0, length_width_m=1.0)


def test_a_file_like_another_has_its_values_but_its_own_routes(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'description = "d"\nlike = "small-tankers"\n[dwell]\ndays = 4.0\n'
        "[sea_routes]\njoin_nm = 5.0\nlegs = []\n[sea_routes.points]\nhere = [0.0, 0.0]\n"
    )
    small, mine = read_traffic("small-tankers"), read_traffic(str(own))
    assert mine.dwell == small.dwell.model_copy(update={"days": 4.0})
    assert mine.classes == small.classes
    assert list(mine.sea_routes.points) == ["here"]
    # By a path, from the folder of the file that names it.
    (tmp_path / "second.toml").write_text('like = "./own.toml"\n[tankers]\nlength_m = 120.0\n')
    second = read_traffic(str(tmp_path / "second.toml"))
    assert (second.dwell, second.tankers.length_m) == (mine.dwell, 120.0)


def test_files_that_are_like_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('like = "./b.toml"\n')
    (tmp_path / "b.toml").write_text('like = "./a.toml"\n')
    with pytest.raises(StudyError, match="leads back to itself"):
        read_traffic(str(tmp_path / "a.toml"))
    (tmp_path / "a.toml").write_text('like = "giants"\n')
    with pytest.raises(StudyError, match="there is no such traffic file"):
        read_traffic(str(tmp_path / "a.toml"))


def test_the_register_is_that_of_the_study_or_of_the_traffic(tmp_path: Path) -> None:
    small, large = read_traffic("small-tankers"), read_traffic("large-crude-carriers")
    assert register_path(TrackOptions(), small) == shipped("configs") / "fleet.csv"
    assert register_path(TrackOptions(), large) is None
    own = TrackOptions(fleet=tmp_path / "own.csv")
    assert register_path(own, small) == register_path(own, large) == tmp_path / "own.csv"


def test_the_digest_is_of_the_values_wherever_they_stand(tmp_path: Path) -> None:
    small = read_traffic("small-tankers")
    like = tmp_path / "like.toml"
    like.write_text(f'like = "small-tankers"\n[dwell]\ndays = {small.dwell.days}\n')
    assert read_traffic(str(like)).sha256 == small.sha256
    like.write_text('like = "small-tankers"\n[dwell]\ndays = 9.0\n')
    assert read_traffic(str(like)).sha256 != small.sha256
