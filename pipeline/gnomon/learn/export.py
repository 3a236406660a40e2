"""From detections to chips that a person inspects, and one file of labels to decide in.

Every detection gets an outline, ``unreviewed``, and lies in the middle half of a chip; a crowded
anchorage shares its chips. What a detector missed is in no table, so chips without detections can
be drawn as well: each comes with its own frame as a row, and a frame with the status ``not_ship``
means that there is no ship in it beside those that are outlined.

Exporting again adds what is new. It changes no row, and writes no chip twice.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry import mapping

from gnomon.datamodel.decisions import Decision, latest, read_review
from gnomon.datamodel.errors import AssetError, GnomonError, LabelError
from gnomon.datamodel.geojson import Feature
from gnomon.datamodel.progress import Progress, silent
from gnomon.datamodel.scene import Scene
from gnomon.datamodel.study import MaskOptions
from gnomon.datamodel.tables import LABEL_LOADS
from gnomon.imagery.read import geobox_of, read_window, window_of
from gnomon.imagery.water import usable_water
from gnomon.learn.chips import (
    BANDS,
    Chip,
    Corner,
    chip_path,
    corner_of,
    places,
    read_chips,
    side_of,
    write_chip,
)
from gnomon.learn.labels import (
    NAME,
    add_features,
    feature_of,
    read_features,
    to_labels,
    write_labels,
)
from gnomon.learn.sources import Source
from gnomon.workflow.loads import prepared, scenes_of

FRAME = "no ship was found here: not_ship if you see none, else outline each ship"
WATER_MIN = 0.1
"""Least share of water in a chip without detections: ships do not lie on land."""
TRIES = 40
"""Places that are tried in an observation for a chip without detections, and rounds over all."""


@dataclass(frozen=True)
class ChipExport:
    """What became of a folder of chips."""

    path: Path
    """Of the file of labels."""
    chips: int
    """In all."""
    labels: int
    """In all."""
    new: int
    """Labels that were added."""
    faults: tuple[str, ...]
    """Scenes of which no chips could be made."""


def export_chips(
    source: Source,
    out: Path,
    *,
    review: Path | None = None,
    empty: int = 0,
    side_px: int | None = None,
    seed: int = 0,
    on_progress: Progress = silent,
) -> ChipExport:
    """Cut chips around detections and add their outlines to the labels.

    Parameters
    ----------
    source
        From `gnomon.learn.sources.source_of`.
    out
        Folder of chips and labels; what is there stays as it is.
    review
        File of decisions about detections: rows without a decision get them.
    empty
        How many chips without detections the folder should have; they are drawn from the run's
        observations, those without any detection first.
    side_px
        Least side of a chip, `gnomon.learn.chips.SIDE_PX` if left out.
    seed
        Of what is drawn.
    on_progress
        Called after each scene.

    Raises
    ------
    GnomonError
        The labels that are there are at fault, scenes are not in the catalogue, or the folder
        cannot be written.

    """
    path = out / NAME
    chips = read_chips(out)
    kept = read_features(path) if path.exists() else []
    to_labels(kept, chips, path)
    missing = empty - _frames(kept)
    observations = _observations(source, missing, np.random.default_rng(seed))
    scenes = scenes_of(
        _named(source, observations), source.catalog, source.path, hosts=source.hosts
    )
    fresh: list[Feature] = []
    cutters: dict[str, _Cutter] = {}
    faults = []
    for count, (name, scene) in enumerate(scenes.items(), start=1):
        rows = source.detections[source.detections.scene_id == name]
        try:
            cutters[name] = _Cutter.of(scene, out, chips, side_px)
            fresh += _detected(cutters[name], rows)
        except AssetError as error:
            faults.append(str(error))
        on_progress(count, len(scenes), name)
    frames = _undetected(cutters, source.detections, observations, np.random.default_rng(seed))
    fresh += itertools.islice(frames, max(missing, 0))
    every = _reviewed(add_features(kept, fresh), latest(read_review(review)) if review else {})
    if every != kept or not path.exists():
        write_labels(every, path)
    return ChipExport(path, len(chips), len(every), len(every) - len(kept), tuple(faults))


def _reviewed(features: Sequence[Feature], decisions: Mapping[str, Decision]) -> list[Feature]:
    """Rows with what was decided about their detections; a decided row stays as it is."""
    result = []
    for feature in features:
        row = feature["properties"]
        decision = decisions.get(row.get("detection_id") or "")
        if decision is not None and row.get("status") == "unreviewed":
            result.append(_decided(feature, decision))
        else:
            result.append(feature)
    return result


def _decided(feature: Feature, decision: Decision) -> Feature:
    outline = decision.geometry
    drawn = outline is not None and outline.geom_type == "Polygon" and outline.is_valid
    values = {
        "status": "not_ship" if decision.rejects else "ship",
        "type": None if decision.type == "none" else decision.type,
        "load_state": decision.load_state if decision.load_state in LABEL_LOADS else None,
        "length_m": decision.length_m,
        "note": decision.note,
    }
    known = {name: value for name, value in values.items() if value is not None}
    return {
        "type": "Feature",
        "properties": feature["properties"] | known,
        "geometry": mapping(outline) if drawn else feature["geometry"],
    }


def _frames(features: Sequence[Feature]) -> int:
    named = (str(feature["properties"].get("label_id")) for feature in features)
    return sum(name.endswith("-frame") for name in named)


def _named(source: Source, observations: pd.DataFrame) -> gpd.GeoDataFrame:
    """A table that names every scene that is needed."""
    return gpd.GeoDataFrame({"scene_id": [*source.detections.scene_id, *observations.scene_id]})


@dataclass(frozen=True)
class _Cutter:
    """Cuts chips out of one scene, each once."""

    scene: Scene
    grid: GeoBox
    side: int
    out: Path
    chips: dict[str, Chip]
    """Of the whole folder; what is cut is added."""

    @staticmethod
    def of(scene: Scene, out: Path, chips: dict[str, Chip], side_px: int | None) -> "_Cutter":
        if scene.sensor != "optical":
            raise AssetError(scene.id, "sensor", "is radar, of which no chips are made yet")
        grid = geobox_of(scene)
        gsd_m = abs(float(grid.resolution.x))
        return _Cutter(scene, grid, side_of(gsd_m, *([side_px] if side_px else [])), out, chips)

    def own(self) -> list[Chip]:
        """Chips of this scene that are there."""
        return [chip for chip in self.chips.values() if chip.scene_id == self.scene.id]

    def window(self, corner: Corner) -> GeoBox:
        """Grid of a chip at a place."""
        (row, column), (rows, columns) = corner, self.grid.shape.yx
        return self.grid[
            row : min(row + self.side, rows), column : min(column + self.side, columns)
        ]

    def cut(self, corner: Corner, port: str | None) -> Chip:
        """Make a chip."""
        pixels = read_window(self.scene, self.window(corner), bands=BANDS)
        path = chip_path(self.out, self.scene.id, corner)
        chip = write_chip(path, pixels, self.scene, port)
        self.chips[chip.name] = chip
        return chip

    def pixel(self, shapes: gpd.GeoSeries) -> NDArray[np.float64]:
        """Centres of shapes, x and y in pixels of the scene."""
        centres = shapes.to_crs(self.grid.crs).centroid
        x, y = ~self.grid.affine @ (centres.x.to_numpy(), centres.y.to_numpy())
        return np.column_stack([x, y])


def _detected(cutter: _Cutter, rows: gpd.GeoDataFrame) -> Iterator[Feature]:
    """A label for each detection, and chips so that each lies well within one."""
    if not len(rows):
        return
    outlines = _outlines(rows, cutter.scene)
    spots = cutter.pixel(outlines)
    inside = ((spots >= 0) & (spots < cutter.grid.shape.xy)).all(axis=1)
    rows, outlines, spots = rows[inside], outlines[inside], spots[inside]
    ports = rows.port if "port" in rows else pd.Series(None, index=rows.index, dtype=object)
    there = [corner_of(chip) for chip in cutter.own()]
    shape = (cutter.grid.shape.y, cutter.grid.shape.x)
    for corner in places(spots, shape, cutter.side, there):
        middle = np.array(corner[::-1]) + cutter.side / 2
        port = ports.iloc[int(np.abs(spots - middle).max(axis=1).argmin())]
        cutter.cut(corner, None if pd.isna(port) else str(port))
    own = cutter.own()
    middles = np.array([_middle(chip) for chip in own])
    for (_, row), outline, spot in zip(rows.iterrows(), outlines, spots, strict=True):
        nearest = int(np.abs(middles - spot).max(axis=1).argmin())
        yield feature_of(
            outline,
            label_id=row.detection_id,
            chip=own[nearest].name,
            scene_id=cutter.scene.id,
            detection_id=row.detection_id,
            status="unreviewed",
            score=None if pd.isna(row.get("score")) else round(float(row["score"]), 3),
        )


def _outlines(rows: gpd.GeoDataFrame, scene: Scene) -> gpd.GeoSeries:
    """Hulls as polygons: given, or measured as `gnomon load` measures them."""
    if "footprint" in rows and rows.footprint.notna().all():
        return gpd.GeoSeries(rows.footprint, crs="EPSG:4326")
    return prepared(rows, scene)[0].set_geometry("footprint", crs="EPSG:4326").geometry


def _middle(chip: Chip) -> tuple[float, float]:
    row, column = corner_of(chip)
    rows, columns = chip.grid.shape.yx
    return column + columns / 2, row + rows / 2


def _observations(source: Source, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Observations to cut chips without detections from: those without any detection first."""
    if count <= 0:
        return pd.DataFrame({"scene_id": []})
    if source.observations is None:
        why = "is a table of ships, and only a run knows what else was observed"
        raise LabelError(f"{source.path}: {why}; leave --empty out, or name the folder of a run")
    observations = source.observations
    observations = observations[
        (observations.status == "observed") & (observations.usable_water_km2.fillna(0) > 0)
    ]
    observations = observations.iloc[rng.permutation(len(observations))]
    # Twice as many as are needed: not every observation has room left.
    found = observations.detections.fillna(0) > 0
    return observations.iloc[np.argsort(found, kind="stable")].head(2 * count)


def _undetected(
    cutters: Mapping[str, _Cutter],
    detections: gpd.GeoDataFrame,
    observations: pd.DataFrame,
    rng: np.random.Generator,
) -> Iterator[Feature]:
    """Cut chips with water and without detections, each with its frame as a label.

    Observation by observation, and then again, so that they come from as many as there are.
    """
    for _, observation in pd.concat([observations] * TRIES).iterrows() if len(observations) else ():
        cutter = cutters.get(observation.scene_id)
        if cutter is None:
            continue
        rows = detections[detections.scene_id == observation.scene_id]
        ships = cutter.pixel(rows.geometry) if len(rows) else np.empty((0, 2))
        corner = _bare_place(cutter, observation.geometry, ships, rng)
        if corner is not None:
            chip = cutter.cut(corner, None if pd.isna(observation.port) else str(observation.port))
            yield feature_of(
                _frame(chip),
                label_id=f"{chip.path.stem}-frame",
                chip=chip.name,
                scene_id=chip.scene_id,
                status="unreviewed",
                note=FRAME,
            )


def _frame(chip: Chip) -> shapely.Polygon:
    """Outline of a chip a pixel inside it, so that no two frames share ground by a hair."""
    box = chip.grid.extent.geom.buffer(-abs(chip.grid.resolution.x))
    frame: shapely.Polygon = Geometry(box, chip.grid.crs).to_crs("EPSG:4326").geom
    return frame


def _bare_place(
    cutter: _Cutter,
    area: shapely.Geometry,
    ships: NDArray[np.float64],
    rng: np.random.Generator,
) -> Corner | None:
    """Place of a chip that has water, was seen, and shares no pixel with a ship or another chip."""
    window = window_of(cutter.scene, cutter.grid, area)
    left, top = (round(v) for v in ~cutter.grid.affine @ (window.affine.c, window.affine.f))
    rows, columns = window.shape.yx
    taken = np.array([corner_of(chip) for chip in cutter.own()]).reshape(-1, 2)
    for _ in range(TRIES):
        row = top + int(rng.integers(max(rows - cutter.side, 0) + 1))
        column = left + int(rng.integers(max(columns - cutter.side, 0) + 1))
        away = np.abs(ships - (column + cutter.side / 2, row + cutter.side / 2)).max(axis=1)
        apart = np.abs(taken - (row, column)).max(axis=1) >= cutter.side
        if apart.all() and (away > 0.6 * cutter.side).all() and _has_water(cutter, (row, column)):
            return row, column
    return None


def _has_water(cutter: _Cutter, corner: Corner) -> bool:
    pixels = read_window(cutter.scene, cutter.window(corner))
    try:
        water = usable_water(pixels, MaskOptions())["water"].to_numpy()
    except GnomonError:  # bands from which water cannot be found
        return True
    return bool(water.mean() >= WATER_MIN)
