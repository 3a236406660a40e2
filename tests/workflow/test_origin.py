"""Visits go beside the tables that they were inferred from, and beside no others."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from gnomon.datamodel.errors import StoreError
from gnomon.datamodel.files import read_table
from gnomon.datamodel.simulated import NOTE
from gnomon.workflow.infer import infer_files
from gnomon.workflow.origin import belong_together, refuse_other_tables
from run_folders import ROWS, day, observation, ship, write_run

NAMES = "detections", "observations"


def sources(folder: Path) -> dict[str, Path]:
    return {name: folder / f"{name}.parquet" for name in NAMES}


def frames(folder: Path) -> dict[str, gpd.GeoDataFrame]:
    return {name: read_table(path) for name, path in sources(folder).items()}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def test_a_folder_without_tables_or_with_the_inputs_is_taken(run: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "new", run, tmp_path / "run" / ".." / "run"):
        refuse_other_tables(out, sources(run), frames(run))
    copy = write_run(tmp_path / "copy")
    (tmp_path / "link").symlink_to(run)
    for out in (copy, tmp_path / "link"):
        refuse_other_tables(out, sources(run), frames(run))


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_other_ships_or_images_is_refused(run: Path, tmp_path: Path, name: str) -> None:
    more = {
        "detections": ship("S2B_two-e9-n9", day(3), 130.31),
        "observations": observation("S2C_more", day(9)),
    }
    other = write_run(tmp_path / "other", **{name: [*ROWS[name][1], more[name]]})
    with pytest.raises(StoreError, match=rf"holds {name}\.parquet of other .*another folder"):
        refuse_other_tables(other, sources(run), frames(run))
    nameless = tmp_path / "nameless"
    nameless.mkdir()
    pd.DataFrame({"LOA": [90.0] * 3}).to_parquet(nameless / f"{name}.parquet")
    with pytest.raises(StoreError, match="name another folder"):
        refuse_other_tables(nameless, sources(run), frames(run))


def test_nothing_is_written_into_a_folder_that_is_refused(tmp_path: Path) -> None:
    images = [row for row in ROWS["observations"][1] if row["port"]]
    run = write_run(tmp_path / "run", observations=images)
    ships = [ship("S2A_one-x", day(0), 130.3)]
    other = write_run(tmp_path / "other", names=NAMES, detections=ships)
    before = sorted(other.iterdir())
    with pytest.raises(StoreError, match="another folder"):
        infer_files(run / "detections.parquet", run / "observations.parquet", other)
    assert sorted(other.iterdir()) == before


def test_visits_of_other_ships_ports_or_of_a_simulation_do_not_belong(run: Path) -> None:
    hulls, images = frames(run).values()
    visits = read_table(run / "visits.parquet")
    seasons = pd.read_parquet(run / "seasons.parquet")
    assert belong_together(hulls, images, visits, seasons)
    assert not belong_together(hulls[1:], images, visits, seasons)
    assert not belong_together(hulls, images, visits, seasons.assign(port="nampo"))
    marked = seasons.assign(notes=NOTE)
    assert not belong_together(hulls, images, visits, marked)
    drawn = images.assign(collection="synthetic-sentinel-2")
    assert belong_together(hulls, drawn, visits, marked)
    nameless = hulls.assign(detection_id=None)
    assert belong_together(nameless, images, visits, seasons)
