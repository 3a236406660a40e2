"""Studies: every fault at once, with its place; paths that do not depend on where one stands."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from shapely import box

from gnomon.datamodel.errors import StudyError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Study, TrackStudy, read_study, read_track_study

PORTS = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"port": "east", "kind": "area", "zone": "area"},
  "geometry": {"type": "Polygon", "coordinates": [[[1,0],[3,0],[3,1],[1,1],[1,0]]]}},
 {"type": "Feature", "properties": {"port": "west", "kind": "area", "zone": "area"},
  "geometry": {"type": "Polygon", "coordinates": [[[0,0],[2,0],[2,1],[0,1],[0,0]]]}}]}"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_every_fault_is_listed_at_once_with_its_place(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        name = "a study"
        colour = "red"
        [catalog]
        url = ""
        max_cloud_percent = 120
        [period]
        start = 2024-05-01
        end = 2024-04-01
        [detect]
        treshold = 0.5
        """,
    )
    with pytest.raises(StudyError) as caught:
        read_study(path)
    text = str(caught.value)
    for place in ("name", "colour", "catalog.url", "max_cloud_percent", "period", "treshold"):
        assert place in text
    assert "6 fault(s)" in text


@pytest.mark.parametrize(
    ("roads", "message"),
    [
        ('east = ["west"]', "west not among ports.names"),
        ('east = ["east"]', "east cannot be roads and have roads"),
    ],
)
def test_roads_are_other_ports_that_are_observed(tmp_path: Path, roads: str, message: str) -> None:
    text = 'name = "a"\n[catalog]\nurl = "x"\n[ports]\nnames = ["east"]\n[track.roads]\n'
    with pytest.raises(StudyError, match=message):
        read_study(written(tmp_path, text + roads))


@pytest.mark.parametrize(
    ("text", "message"),
    [("name = [", "cannot be read as TOML"), (b"\xff\xfe".decode("latin1"), "cannot be read")],
)
def test_what_is_not_toml_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(text.encode("latin1"))
    with pytest.raises(StudyError, match=message):
        read_study(path)


def test_a_study_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there is no such study"):
        read_study(tmp_path / "none.toml")


def test_paths_are_relative_to_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(
        tmp_path,
        'name="s"\n[catalog]\nurl="cat/catalog.json"\n[ports]\nfile="p.geojson"\n'
        '[detect.models]\noptical="s2-vessel"',
    )
    monkeypatch.chdir("/")
    study = read_study(path)
    assert study.catalog.url == str(tmp_path / "cat" / "catalog.json")
    assert study.ports.file == tmp_path / "p.geojson"
    assert study.detect.models == {"optical": "s2-vessel"}
    # Weights may be a name that gnomon ships, or a folder.
    text = path.read_text().replace("s2-vessel", "weights/mine")
    other = read_study(written(tmp_path, text))
    assert other.detect.models == {"optical": str(tmp_path / "weights" / "mine")}


def test_an_address_is_not_a_path(tmp_path: Path) -> None:
    path = written(tmp_path, 'name="s"\n[catalog]\nurl="https://stac.example/v1"')
    assert read_study(path).catalog.url == "https://stac.example/v1"


@given(
    st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))
)
def test_a_box_is_taken_if_and_only_if_it_has_an_inside(
    bounds: tuple[float, float, float, float],
) -> None:
    west, south, east, north = bounds
    values = {"name": "s", "catalog": {"url": "x"}, "ports": {"bbox": bounds}}
    if west < east and south < north:
        (place,) = Study.model_validate(values).places()
        assert place.area is not None
        assert place.area.bounds == pytest.approx(bounds)
    else:
        with pytest.raises(ValueError, match="west, south, east, north"):
            Study.model_validate(values)


def test_a_box_and_names_are_not_both_taken() -> None:
    values = {
        "name": "s",
        "catalog": {"url": "x"},
        "ports": {"bbox": (0, 0, 1, 1), "names": ("rajin",)},
    }
    with pytest.raises(ValueError, match="not both"):
        Study.model_validate(values)


def test_the_port_named_first_has_the_ground(tmp_path: Path) -> None:
    (tmp_path / "p.geojson").write_text(PORTS)
    values = {
        "name": "s",
        "catalog": {"url": "x"},
        "ports": {"file": tmp_path / "p.geojson", "names": ("west", "east")},
    }
    west, east = Study.model_validate(values).places()
    assert west.area is not None
    assert east.area is not None
    assert west.area.equals(box(0, 0, 2, 1))
    assert east.area.equals(box(2, 0, 3, 1))


def test_a_port_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.geojson").write_text(PORTS)
    values = {
        "name": "s",
        "catalog": {"url": "x"},
        "ports": {"file": tmp_path / "p.geojson", "names": ("north",)},
    }
    with pytest.raises(StudyError, match="has no port north; it has east, west"):
        Study.model_validate(values).places()


OTHERS = {shipped("configs") / name for name in ("folds.toml", "further-passes.toml")}
STUDIES = set(shipped("configs").glob("*.toml")) - OTHERS


@pytest.mark.parametrize("path", sorted(STUDIES), ids=lambda p: p.stem)
def test_the_shipped_studies_are_sound(path: Path) -> None:
    study = read_study(path)
    assert len(study.places()) >= 1
    assert study.name == path.stem


@given(st.sampled_from(["", "../", "a/b/"]), st.from_regex(r"[a-z]{1,8}\.csv", fullmatch=True))
def test_a_register_may_lie_anywhere_and_an_absolute_path_stays(folder: str, name: str) -> None:
    study = Path("/studies/season")
    values = {"name": "s", "catalog": {"url": "x"}, "track": {"fleet": folder + name}}
    found = Study.model_validate(values, context={"folder": study}).track.fleet
    assert found == (study / folder / name).resolve()
    values["track"] = {"fleet": f"/registers/{name}"}
    assert Study.model_validate(values, context={"folder": study}).track.fleet == Path(
        "/registers", name
    )
    # Made in Python, without a file: paths stay as they were given.
    values["track"] = {"fleet": folder + name}
    assert Study.model_validate(values).track.fleet == Path(folder + name)


@pytest.mark.parametrize("value", [7, None, ["a"]])
def test_what_is_no_text_is_a_fault_and_not_a_path(value: object) -> None:
    with pytest.raises(ValidationError):
        Study.model_validate(
            {"name": "s", "catalog": {"url": value}}, context={"folder": Path("/studies")}
        )


def test_tracking_needs_no_catalogue_but_every_other_check_stays(tmp_path: Path) -> None:
    path = written(tmp_path, '[track]\nfleet = "ships.csv"\n[ledger]\nloading = ["east"]\n')
    study = read_track_study(path)
    assert (study.track.fleet, study.ledger.loading) == (tmp_path / "ships.csv", ("east",))
    with pytest.raises(StudyError, match="catalog: Field required"):
        read_study(path)
    path = written(tmp_path, "[track]\ndrawz = 3\n")
    with pytest.raises(StudyError, match=r"track.drawz: Extra inputs"):
        read_track_study(path)
    whole = read_track_study(shipped("configs") / "embedded.toml")
    assert whole.track == read_study(shipped("configs") / "embedded.toml").track
    assert isinstance(whole, TrackStudy)
