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
from PIL import Image

from gnomon.datamodel.schema import table
from gnomon.datamodel.tables import Detections, Visits
from gnomon.report.export.balloons import escaped
from gnomon.report.export.export import export_run
from gnomon.report.export.kml import write_kmz
from gnomon.report.load_tables import Run, read_run
from gnomon.report.numbers import published_sentences
from run_folders import IDS, ROWS, ship, visit, write_run

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
    about = "two\nlines"
    return write_kmz(
        path, tables(run), name="spring", about=about, pictures=pictures, simulated=False
    )


def test_another_library_reads_the_same_ships_places_and_times(run: Run, kmz: Path) -> None:
    layers = dict(pyogrio.list_layers(kmz))
    assert list(layers) == [
        "Visits", "Voyages, supposed", "Ships: rajin", "Images: everywhere", "Images: rajin",
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
    voyage = gpd.read_file(kmz, layer="Voyages, supposed").iloc[0]
    assert voyage.geometry.equals_exact(run.voyages.geometry.iloc[0], 1e-9)


def test_the_document_is_valid_by_the_schema_of_kml_2_2(kmz: Path, tmp_path: Path) -> None:
    path = tmp_path / "doc.kml"
    with zipfile.ZipFile(kmz) as whole:
        path.write_bytes(whole.read("doc.kml"))
    assert validate(file_to_validate=path)


def test_the_picture_is_inside_and_in_its_own_balloon(kmz: Path) -> None:
    with zipfile.ZipFile(kmz) as whole:
        assert whole.namelist() == ["doc.kml", "dot.png", "ring.png", "pictures/00001.png"]
        assert whole.read("pictures/00001.png") == PNG
        dot = mpl_image.imread(BytesIO(whole.read("dot.png")))
        document = ET.fromstring(whole.read("doc.kml"))
    assert tuple(dot[16, 16]) == (1, 1, 1, 1)
    assert dot[0, 0, 3] == 0
    balloons = [
        place.findtext(f"{KML}description") or "" for place in document.iter(f"{KML}Placemark")
    ]
    shown = [text for text in balloons if "<img" in text]
    assert len(shown) == 2  # of the ship, and of the visit that it belongs to
    assert all('src="pictures/00001.png"' in text for text in shown)
    assert IDS[2] in shown[1]
    assert "Visit at Rajin" in shown[0]
    # Nothing is fetched from anywhere.
    hrefs = {one.text for one in document.iter(f"{KML}href")}
    assert hrefs == {"dot.png", "ring.png"}
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
    pictures = {"a-1": PNG}
    write_kmz(
        path, {"detections": frame}, name=words, about=words, pictures=pictures, simulated=False
    )
    with zipfile.ZipFile(path) as whole:
        document = ET.fromstring(whole.read("doc.kml"))
    (place,) = document.iter(f"{KML}Placemark")
    balloon = place.findtext(f"{KML}description") or ""
    read = Tags(balloon)
    assert read.tags == {"h3", "p", "b", "img", "br"}
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
    path = write_kmz(tmp_path / "k.kmz", few, name="n", about="", pictures={}, simulated=False)
    assert [name for name, _ in pyogrio.list_layers(path)] == [
        "Images: everywhere",
        "Images: rajin",
    ]


def places(path: Path) -> dict[str, ET.Element]:
    with zipfile.ZipFile(path) as whole:
        document = ET.fromstring(whole.read("doc.kml"))
    return {place.findtext(f"{KML}name") or "": place for place in document.iter(f"{KML}Placemark")}


@pytest.mark.parametrize(
    ("own", "supposed", "style"),
    [
        (0.95, 0.02, "#laden"),
        (0.05, 0.99, "#ballast"),
        (None, 0.99, "#supposed-laden"),
        (0.6, 0.02, "#supposed-ballast"),
        (None, 0.6, "#indeterminate"),
    ],
)
def test_the_colour_of_a_visit_is_that_of_its_own_images(
    tmp_path: Path, own: float | None, supposed: float, style: str
) -> None:
    row = visit() | {"image_p_laden_out": own, "p_laden_out": supposed}
    frames = {"visits": table(Visits, [row]), "detections": table(Detections, [])}
    path = write_kmz(tmp_path / "k.kmz", frames, name="n", about="", pictures={}, simulated=False)
    (place,) = places(path).values()
    assert place.findtext(f"{KML}styleUrl") == style


def test_what_is_supposed_is_a_pale_ring(kmz: Path) -> None:
    with zipfile.ZipFile(kmz) as whole:
        document = ET.fromstring(whole.read("doc.kml"))
        ring = mpl_image.imread(BytesIO(whole.read("ring.png")))
    assert ring[16, 16, 3] == 0
    assert ring[16, 3, 3] == 1
    lights = {}
    for style in document.iter(f"{KML}Style"):
        name, colour = style.get("id") or "", style.findtext(f".//{KML}color") or ""
        icon = style.findtext(f".//{KML}href")
        assert (icon == "ring.png") == name.startswith("supposed")
        lights[name] = sum(int(colour[k : k + 2], 16) for k in (2, 4, 6))
    for load in ("laden", "ballast"):
        assert lights[f"supposed-{load}"] > lights[load] + 100


def test_a_simulated_run_says_so_in_every_part(run: Run, tmp_path: Path) -> None:
    path = write_kmz(
        tmp_path / "k.kmz", tables(run), name="spring", about="", pictures={}, simulated=True
    )
    with zipfile.ZipFile(path) as whole:
        text = whole.read("doc.kml")
        banner = Image.open(BytesIO(whole.read("simulated.png")))
    (tmp_path / "doc.kml").write_bytes(text)
    assert validate(file_to_validate=tmp_path / "doc.kml")
    document = ET.fromstring(text)
    names = [document.findtext(f"{KML}Document/{KML}name")]
    names += [folder.findtext(f"{KML}name") for folder in document.iter(f"{KML}Folder")]
    assert all("SIMULATED" in (name or "") for name in names)
    for place in document.iter(f"{KML}Placemark"):
        assert "SIMULATED" in (place.findtext(f"{KML}description") or "")
    (overlay,) = document.iter(f"{KML}ScreenOverlay")
    assert overlay.findtext(f"{KML}Icon/{KML}href") == "simulated.png"
    assert len(banner.convert("RGB").getcolors() or []) > 1  # letters on a ground


def test_the_document_says_the_published_numbers(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    out = export_run(folder, tmp_path / "out", formats=("kml",), pictures=False).folder
    with zipfile.ZipFile(out / "gnomon.kmz") as whole:
        about = ET.fromstring(whole.read("doc.kml")).findtext(f"{KML}Document/{KML}description")
    read = read_run(folder)
    sentences = published_sentences(read.seasons, read.ledger, read.loading)
    assert len(sentences) >= 3
    for sentence in sentences:
        assert escaped(sentence) in (about or "")
