"""From a run to chips and labels, and again: what is new comes in, decisions stay."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from chip_folders import as_frame, edit, truth, write_chips, write_run
from gnomon.datamodel.errors import LabelError, ReviewError, StoreError
from gnomon.learn.chips import Chip, corner_of, read_chips
from gnomon.learn.export import export_chips
from gnomon.learn.labels import NAME, intersection_over_union, read_features, read_labels
from gnomon.learn.sources import source_of
from simulated import BOX


def pixel_of(outline: shapely.Polygon, chip: Chip) -> tuple[float, float]:
    centre = gpd.GeoSeries([outline], crs=4326).to_crs(BOX.crs).centroid.iloc[0]
    return ~chip.grid.affine @ (centre.x, centre.y)


def test_each_detection_is_a_label_well_within_its_chip(sea: Path, tmp_path: Path) -> None:
    ships = truth(sea)
    made = write_chips(tmp_path / "chips", sea)
    labels = read_labels(tmp_path / "chips")
    assert made.new == made.labels == len(labels) == len(ships)
    assert set(labels.detection_id) == set(ships.detection_id)
    assert set(labels.status) == {"unreviewed"}
    assert labels.score.tolist() == pytest.approx(ships.score.tolist())
    chips = read_chips(tmp_path / "chips")
    assert made.chips == len(chips) < len(ships)
    for label, ship in zip(labels.itertuples(), ships.itertuples(), strict=True):
        # The seventh decimal of a degree is a centimetre.
        assert label.geometry.hausdorff_distance(ship.footprint) < 1e-7
        chip = chips[label.chip]
        assert chip.scene_id == label.scene_id == ship.scene_id
        x, y = pixel_of(label.geometry, chip)
        rows, columns = corner_of(chip)
        assert 32 <= x < 96 or columns in (0, 288 - 128)
        assert 32 <= y < 96 or rows in (0, 256 - 128)


def test_making_chips_again_changes_nothing(sea: Path, tmp_path: Path) -> None:
    write_chips(tmp_path / "chips", sea, empty=3)
    before = {path: path.read_bytes() for path in (tmp_path / "chips").rglob("*.*")}
    made = write_chips(tmp_path / "chips", sea, empty=3)
    assert made.new == 0
    assert {path: path.read_bytes() for path in (tmp_path / "chips").rglob("*.*")} == before


def test_decisions_stay_when_another_run_adds_ships(sea: Path, tmp_path: Path) -> None:
    ships = truth(sea)
    few = write_run(tmp_path / "few", sea, ships[ships.scene_id != "april-24"])
    export_chips(source_of(few), tmp_path / "chips")
    decided = {"status": "ship", "type": "tanker", "note": "seen by eye", "mine": 3}
    edit(tmp_path / "chips", {"april-04-0": decided})
    outline = mapping(shapely.box(*ships.footprint[1].bounds))
    features = read_features(tmp_path / "chips" / NAME)
    features[1] |= {"geometry": json.loads(json.dumps(outline))}
    (tmp_path / "chips" / NAME).write_text(json.dumps({"features": features}))
    # The other run tells the same ships by other names, and more of them.
    every = ships.assign(detection_id="again-" + ships.detection_id)
    run = write_run(tmp_path / "every", sea, every)
    made = export_chips(source_of(run), tmp_path / "chips")
    rows = as_frame(tmp_path / "chips" / NAME)
    assert rows.iloc[0][list(decided)].to_dict() == decided
    after = read_features(tmp_path / "chips" / NAME)
    assert after[: len(features)] == features
    assert made.new == (ships.scene_id == "april-24").sum()
    assert set(rows.label_id[len(features) :]) == {
        f"again-{name}" for name in ships.detection_id[ships.scene_id == "april-24"]
    }


def test_chips_without_detections_have_none_and_a_frame(sea: Path, tmp_path: Path) -> None:
    ships = truth(sea)
    run = write_run(tmp_path / "run", sea, ships[ships.scene_id == "april-04"])
    export_chips(source_of(run), tmp_path / "chips", empty=2, seed=1)
    labels = read_labels(tmp_path / "chips")
    frames = labels[labels.label_id.str.endswith("-frame")]
    assert len(frames) == 2
    # Observations without any detection come first.
    assert set(frames.scene_id) == {"april-14", "april-24"}
    chips = read_chips(tmp_path / "chips")
    for frame in frames.itertuples():
        chip = chips[frame.chip]
        near = ships.geometry[(ships.scene_id == chip.scene_id) & (ships.scene_id == "april-04")]
        assert not near.within(chip.outline).any()
        assert frame.geometry.area > 0.95 * chip.outline.area
    one = frames[frames.scene_id == frames.scene_id.iloc[0]].geometry.tolist()
    assert all(a.intersection(b).area == 0 for a in one for b in one if a is not b)
    source = source_of(run / "detections.parquet", str(sea))
    with pytest.raises(LabelError, match="only a run knows what else was observed"):
        export_chips(source, tmp_path / "other", empty=4)


def test_a_table_of_clicks_has_its_outlines_measured(sea: Path, tmp_path: Path) -> None:
    ships = truth(sea)
    (tmp_path / "clicks.csv").write_text(
        "detection_id,scene_id,lon,lat\n"
        + "".join(f"{r.detection_id},{r.scene_id},{r.geometry.x},{r.geometry.y}\n"
                  for r in ships.itertuples())
    )  # fmt: skip
    with pytest.raises(LabelError, match="say --catalog"):
        source_of(tmp_path / "clicks.csv")
    export_chips(source_of(tmp_path / "clicks.csv", str(sea)), tmp_path / "chips")
    labels = read_labels(tmp_path / "chips")
    assert len(labels) == len(ships)
    pairs = zip(labels.geometry, ships.footprint, strict=True)
    assert np.mean([intersection_over_union(one, other) > 0.3 for one, other in pairs]) > 0.8


def test_faulty_labels_stop_it_before_anything_is_written(sea: Path, tmp_path: Path) -> None:
    write_chips(tmp_path / "chips", sea)
    edit(tmp_path / "chips", {"april-04-0": {"status": "yes"}})
    before = (tmp_path / "chips" / NAME).read_bytes()
    with pytest.raises(LabelError, match=r"feature 1 \(april-04-0\): status is 'yes'"):
        write_chips(tmp_path / "chips", sea)
    assert (tmp_path / "chips" / NAME).read_bytes() == before
    with pytest.raises(LabelError, match="is not the folder of a run"):
        source_of(tmp_path)


def test_a_scene_that_is_lost_is_named(sea: Path, tmp_path: Path) -> None:
    ships = truth(sea).assign(scene_id="june")
    run = write_run(tmp_path / "run", sea, ships)
    with pytest.raises(StoreError, match="june"):
        export_chips(source_of(run), tmp_path / "chips")


def review(path: Path, **decisions: dict[str, object]) -> Path:
    usual = {"decision": "accept", "decided_at": "2024-11-05T02:10:00Z"}
    features = [
        {
            "type": "Feature",
            "geometry": None,
            "properties": {"detection_id": name.replace("_", "-"), **usual, **rows},
        }
        for name, rows in decisions.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_a_review_decides_what_nobody_has_decided(sea: Path, tmp_path: Path) -> None:
    write_chips(tmp_path / "chips", sea)
    edit(tmp_path / "chips", {"april-04-3": {"status": "ship", "type": "tug"}})
    said = review(
        tmp_path / "review.geojson",
        april_04_0={"type": "tanker", "load_state": "laden", "length_m": 120.0},
        april_04_1={"decision": "reject"},
        april_04_2={"type": "passenger", "note": "ferry", "load_state": "indeterminate"},
        april_04_3={"decision": "reject"},
        april_04_4={"type": "none"},
    )
    write_chips(tmp_path / "chips", sea, review=said)
    labels = read_labels(tmp_path / "chips").set_index("label_id")
    rows = labels.loc[[f"april-04-{n}" for n in range(5)]]
    assert rows.status.tolist() == ["ship", "not_ship", "ship", "ship", "not_ship"]
    assert rows["type"].tolist() == ["tanker", "unknown", "passenger", "tug", "unknown"]
    assert rows.load_state.tolist() == ["laden", *["unknown"] * 4]
    assert rows.length_m.iloc[0] == 120.0
    assert rows.note.iloc[2] == "ferry"
    assert (labels.status.iloc[5:] == "unreviewed").all()
    said.write_text('{"type": "FeatureCollection", "features": [{}]}')
    with pytest.raises(ReviewError):
        write_chips(tmp_path / "chips", sea, review=said)
