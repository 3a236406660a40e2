"""Scenes as tensors: labels sorted into learnt and ignored, ships filled, content digested."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import odc.geo.xr
import pytest
import shapely
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from boxes import box
from drawn_scenes import GRID, covered, drawn_port, drawn_tensors
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.learn.scenes import SHORTEST_M, LabelledScene
from gnomon.learn.tensors import SceneTensors, scene_tensors, without_ships

SHIPS = OrientedBoxes.concatenate([box(40, 50, 20, 4, 30), box(110, 90, 26, 5, 120)])


def test_bands_that_a_scene_lacks_are_marked_missing() -> None:
    tensors = scene_tensors(drawn_port([(100, 50, 20)]), ("red", "nir"))
    assert tensors.present.tolist() == [0.0, 1.0]
    assert torch.isnan(tensors.bands[0]).all()
    assert (tensors.bands[1] == 0).all()


@given(st.lists(st.tuples(st.floats(2, 20), st.booleans()), min_size=1, max_size=6))
def test_a_ship_is_learnt_if_it_is_long_enough_and_not_ignored(
    ships: list[tuple[float, bool]],
) -> None:
    places = [(30.0 + 50 * n, 100.0, length) for n, (length, _) in enumerate(ships)]
    left_out = tuple(n for n, (_, ignored) in enumerate(ships) if ignored)
    scene = drawn_port(places, ignored=left_out)
    tensors = scene_tensors(scene, ("nir",))
    expected = [
        place[0]
        for n, place in enumerate(places)
        if n not in left_out and scene.boxes.length[n] * 10 >= SHORTEST_M
    ]
    assert tensors.ships.x == pytest.approx(expected, abs=0.1)
    assert len(tensors.ships) + len(tensors.ignored) == len(ships)


def test_unknown_ground_is_not_searched_and_hard_negatives_are_places() -> None:
    scene = drawn_port([(100, 50, 20)])
    unknown = np.zeros(GRID.shape.yx, bool)
    unknown[:, 200:] = True
    crane = gpd.GeoDataFrame(
        geometry=[shapely.box(501_000, 4_701_000, 501_100, 4_701_040)], crs="EPSG:32653"
    )
    tensors = scene_tensors(replace(scene, unknown=unknown, hard_negatives=crane), ("nir",))
    water, search = tensors.masks
    assert water.all()
    assert torch.equal(search == 0, torch.from_numpy(unknown))
    assert tensors.hard_negatives == pytest.approx(np.array([[105, 98]]))


def test_a_known_background_is_taken_and_an_unknown_one_is_filled() -> None:
    scene = drawn_port([(100, 50, 20)])
    bare = xr.Dataset({"nir": odc.geo.xr.wrap_xr(np.full(GRID.shape, 0.3, np.float32), GRID)})
    exact = scene_tensors(replace(scene, without_ships=bare), ("nir",))
    assert (exact.background == np.float32(0.3)).all()
    assert (scene_tensors(scene, ("nir",)).background == 0).all()


def test_a_scene_without_ships_is_water_where_they_were_and_else_the_same() -> None:
    drawn = drawn_tensors(SHIPS, 160)
    water = drawn.masks[0].numpy() > 0
    assert (without_ships(drawn.bands, water, SHIPS) == np.float32(0.02)).all()
    one = without_ships(drawn.bands, water, SHIPS[:1])
    changed = (one != drawn.bands)[0].numpy()
    assert np.array_equal(changed, covered(SHIPS[:1], 160))


def test_filled_pixels_are_spectra_of_the_water_around() -> None:
    """All bands of a filled pixel come from one pixel: water has no mixed colours."""
    rng = np.random.default_rng(0)
    bands = torch.from_numpy(np.stack([rng.random((80, 80)), rng.random((80, 80))]))
    ship = box(40, 40, 20, 6, 45)
    hull = covered(ship, 80)
    filled = without_ships(bands, ~covered(ship, 80, grown=2), ship)
    known = {tuple(v) for v in bands.flatten(1).T.tolist()}
    assert all(tuple(v) in known for v in filled[:, hull].T.tolist())


def test_where_there_is_no_water_nothing_is_filled() -> None:
    drawn = drawn_tensors(SHIPS, 160)
    assert torch.equal(without_ships(drawn.bands, np.zeros((160, 160), bool), SHIPS), drawn.bands)


CHANGES = {
    "name": lambda s: replace(s, name="other"),
    "pixel": lambda s: replace(s, bands=_nudged(s.bands)),
    "mask": lambda s: replace(s, masks=_nudged(s.masks)),
    "background": lambda s: replace(s, background=_nudged(s.background)),
    "band": lambda s: replace(s, present=torch.zeros(1)),
    "label": lambda s: replace(s, ships=replace(s.ships, x=s.ships.x + 1)),
    "type": lambda s: replace(s, ships=replace(s.ships, tanker=[1, 0])),
    "ignored": lambda s: replace(s, ships=s.ships[:1], ignored=s.ships[1:]),
    "negative": lambda s: replace(s, hard_negatives=np.ones((1, 2), np.float32)),
}


def _nudged(layers: torch.Tensor) -> torch.Tensor:
    changed = layers.clone()
    changed[0, 0, 0] = torch.nextafter(changed[0, 0, 0], torch.tensor(9.0))
    return changed


@pytest.mark.parametrize("part", CHANGES)
def test_any_change_of_a_real_scene_changes_its_digest(part: str) -> None:
    scene = drawn_tensors(SHIPS, 160)
    again = drawn_tensors(SHIPS, 160)
    assert scene.digest == again.digest
    assert CHANGES[part](scene).digest != scene.digest


def test_a_simulated_scene_has_the_digest_of_another_processor() -> None:
    """The last bits of its pixels do not count; another image does."""
    scene = drawn_tensors(SHIPS, 160, real=False)
    rounded = replace(scene, bands=scene.bands * (1 + 1e-6), background=_nudged(scene.background))
    assert rounded.digest == scene.digest
    assert replace(scene, bands=scene.bands * 1.02).digest != scene.digest
    assert replace(scene, ships=SHIPS[:1]).digest != scene.digest


def test_the_shape_of_a_scene_is_part_of_its_digest() -> None:
    wide, tall = (
        replace(drawn_tensors(OrientedBoxes.empty(), 4, real=False), **dict.fromkeys(
            ("bands", "background"), torch.zeros(shape)
        ))
        for shape in ((1, 2, 8), (1, 8, 2))
    )  # fmt: skip
    assert wide.digest != tall.digest
    assert isinstance(wide, SceneTensors)


def test_a_labelled_scene_is_converted_alike_twice() -> None:
    scene: LabelledScene = drawn_port([(100, 50, 20), (200, 80, 12)])
    assert scene_tensors(scene, ("nir",)).digest == scene_tensors(scene, ("nir",)).digest
