"""The KMZ, read back by GDAL's KML library and compared with the tables."""

import html.parser
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import matplotlib.image as mpl_image
import pandas as pd
import pyogrio
import pytest
from fastkml.validator import validate
from hypothesis import given
from hypothesis import strategies as st

from gnomon.report.export.kml import write_kmz
from gnomon.report.load_tables import Run, read_run
from run_folders import IDS, ROWS, ship, write_run

KML = "{http://www.opengis.net/kml/2.2}"
PNG = b"\x89PNG\r\n\x1a\n not really"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return read_run(write_run(tmp_path_factory.mktemp("run")))


def tables(run: Run) -> dict[str, pd.DataFrame]:
    return {name: getattr(run, name) for name in ROWS}


@pytest.fixture(scope="module")
def kmz(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kml") / "gnomon.kmz"
    pictures = {IDS[2]: PNG}
    return write_kmz(path, tables(run), name="spring", about="two\nlines", pictures=pictures)


def test_another_library_reads_the_same_ships_places_and_times(run: Run, kmz: Path) -> None:
    layers = dict(pyogrio.list_layers(kmz))
    assert list(layers) == [
        "Visits", "Voyages", "Ships: rajin", "Images: everywhere", "Images: rajin",
    ]  # fmt: skip
    back = gpd.read_file(kmz, layer="Ships: rajin")
    assert list(back.detection_id) == list(run.detections.detection_id)
    assert back.geometry.geom_equals_exact(run.detections.footprint, 1e-9).all()
    assert list(back.timestamp) == list(run.detections.seen_at.dt.floor("s"))
    assert list(back.length_m.astype(float)) == list(run.detections.length_m)
    assert list(back.load_state.fillna("")) == ["indeterminate", "laden", ""]
    visit = gpd.read_file(kmz, layer="Visits").iloc[0]
    row = run.visits.iloc[0]
    assert visit.begin == row.arrived_p50.floor("s")
    assert visit.end == row.departed_p50.floor("s")
    assert visit.candidates == row.candidates
    observations = gpd.read_file(kmz, layer="Images: rajin")
    assert list(observations.status) == ["observed", "observed", "failed"]
    assert not observations.visibility.any()
    voyage = gpd.read_file(kmz, layer="Voyages").iloc[0]
    assert voyage.geometry.equals_exact(run.voyages.geometry.iloc[0], 1e-9)


def test_the_document_is_valid_by_the_schema_of_kml_2_2(kmz: Path, tmp_path: Path) -> None:
    path = tmp_path / "doc.kml"
    with zipfile.ZipFile(kmz) as whole:
        path.write_bytes(whole.read("doc.kml"))
    assert validate(file_to_validate=path)


def test_the_picture_is_inside_and_in_its_own_balloon(kmz: Path) -> None:
    with zipfile.ZipFile(kmz) as whole:
        assert whole.namelist() == ["doc.kml", "dot.png", "pictures/00001.png"]
        assert whole.read("pictures/00001.png") == PNG
        dot = mpl_image.imread(BytesIO(whole.read("dot.png")))
        document = ET.fromstring(whole.read("doc.kml"))
    assert tuple(dot[16, 16]) == (1, 1, 1, 1)
    assert dot[0, 0, 3] == 0
    balloons = [
        place.findtext(f"{KML}description") or "" for place in document.iter(f"{KML}Placemark")
    ]
    shown = [text for text in balloons if "<img" in text]
    assert len(shown) == 1
    assert 'src="pictures/00001.png"' in shown[0]
    assert IDS[2] in shown[0]
    # Nothing is fetched from anywhere.
    hrefs = {one.text for one in document.iter(f"{KML}href")}
    assert hrefs == {"dot.png"}
    assert {one.text for one in document.iter(f"{KML}text")} == {"$[description]"}


class Tags(html.parser.HTMLParser):
    """Which elements a balloon has, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]><script>x</script>",
    "$[name]",
    '"><a href="javascript:x">',
    "&lt;b&gt;",
    "bell \x07 nul \x00",
)


@given(
    words=st.one_of(st.sampled_from(ATTACKS), st.text(st.characters(codec="utf-8"), max_size=40))
)
def test_markup_in_names_and_notes_is_shown_as_text(
    words: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("kml") / "k.kmz"
    row = ship("a-1", pd.Timestamp("2024-04-06", tz="UTC"), 130.3, zone=words, review_note=words)
    frame = pd.DataFrame([row | {"port": words}])
    write_kmz(path, {"detections": frame}, name=words, about=words, pictures={"a-1": PNG})
    with zipfile.ZipFile(path) as whole:
        document = ET.fromstring(whole.read("doc.kml"))
    (place,) = document.iter(f"{KML}Placemark")
    balloon = place.findtext(f"{KML}description") or ""
    read = Tags(balloon)
    assert read.tags == {"h3", "p", "img", "table", "tr", "td"} | (
        {"br"} if "<br>" in balloon else set()
    )
    assert "$[" not in balloon
    about = Tags(document.findtext(f"{KML}Document/{KML}description") or "")
    assert about.tags <= {"br"}
    if words in ATTACKS[:6]:
        assert words in read.text
        assert about.text == words
    data = {one.get("name"): one.findtext(f"{KML}value") for one in place.iter(f"{KML}Data")}
    if words.isprintable() and words.strip():
        assert data["review_note"] == words.strip()  # fastkml strips white space


def test_a_run_without_visits_or_ships_is_a_kmz_of_images(run: Run, tmp_path: Path) -> None:
    few = {"observations": run.observations, "detections": run.detections.iloc[:0]}
    path = write_kmz(tmp_path / "k.kmz", few, name="n", about="", pictures={})
    assert [name for name, _ in pyogrio.list_layers(path)] == [
        "Images: everywhere",
        "Images: rajin",
    ]
