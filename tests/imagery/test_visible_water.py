"""Water by texture: real ports against the water of infrared, and air light changes nothing."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.study import MaskOptions
from gnomon.imagery.quality import Quality
from gnomon.imagery.visible_water import visible_water
from gnomon.imagery.water import usable_water
from harbours import Harbour, find, scene

OPTIONS = MaskOptions()
COLOUR = ["blue", "green", "red"]


def missed_and_false(port: Harbour) -> tuple[float, float]:
    """Of the water that infrared shows."""
    with_infrared, without = (
        usable_water(pixels, OPTIONS)["water"].to_numpy()
        for pixels in (port.pixels, port.pixels[COLOUR])
    )
    water = with_infrared.sum()
    return (with_infrared & ~without).sum() / water, (without & ~with_infrared).sum() / water


@pytest.mark.parametrize(
    ("name", "missed_max", "false_max"),
    [
        ("honolulu", 0.07, 0.02),  # so dark that 0.006 of green is a third of it
        ("casablanca", 0.02, 0.01),  # narrow slips
        ("gdynia", 0.02, 0.01),  # woods
        ("valencia", 0.02, 0.01),  # basins of another colour than the sea
        ("klang", 0.12, 0.32),  # silt beside mangroves; plantations are taken for water
    ],
)
def test_water_is_that_of_infrared(
    shared_data: Path, name: str, missed_max: float, false_max: float
) -> None:
    missed, false = missed_and_false(find(shared_data, name))
    assert missed <= missed_max
    assert false <= false_max


def test_few_ships_are_lost_without_infrared(shared_data: Path) -> None:
    ports = [find(shared_data, name) for name in ("athens", "valencia", "casablanca", "gdynia")]
    lost = sum(port.lost(usable_water(port.pixels[COLOUR], OPTIONS)) for port in ports)
    assert lost <= 0.06 * sum(len(port.ids) for port in ports)


@pytest.mark.parametrize("date", ["20190414", "20191031"], ids=["whitecaps", "mud"])
def test_a_sea_in_true_colour_of_the_top_of_the_atmosphere_is_water(
    shared_data: Path, date: str
) -> None:
    folder = shared_data / "s2-anchorage" / f"S2_galveston_{date}"
    if not folder.is_dir():
        pytest.skip("no anchorage there")
    layers = {}
    for name in (*COLOUR, "searched"):
        with rasterio.open(folder / f"{name}.tif") as source:
            layers[name] = source.read(1)[:400, :1280]
    searched = layers.pop("searched") > 0
    bands = {
        name: np.where(levels == 0, np.nan, levels * np.float32(0.355 / 255)).astype("f4")
        for name, levels in layers.items()
    }
    masks = usable_water(scene(searched.shape, **bands), OPTIONS)
    assert masks["search"].to_numpy()[searched].mean() > 0.99
    assert masks["cloud"].to_numpy()[searched].mean() < 0.005


# --- drawn ---------------------------------------------------------------------------------------


def drawn(seed: int = 0, *, size: int = 200) -> xr.Dataset:
    """A town in the north, the sea south of it, with a ship."""
    noise = np.random.default_rng(seed)
    bands = {}
    town = noise.normal(0, 0.05, (size, size))
    for name, sea, land in (("blue", 0.06, 0.12), ("green", 0.05, 0.14), ("red", 0.03, 0.17)):
        layer = sea + noise.normal(0, 0.002, (size, size))
        layer[: size // 3] = land + town[: size // 3]
        layer[140:144, 80:100] = 0.3
        bands[name] = layer.astype("f4")
    return scene((size, size), **bands)


def test_the_sea_is_water_and_the_town_is_land() -> None:
    masks = usable_water(drawn(), OPTIONS)
    town = 200 // 3
    assert masks["water"].to_numpy()[town + 2 : 130].all()
    assert not masks["water"].to_numpy()[: town - 2].any()
    assert masks["land"].to_numpy()[: town - 2].all()
    assert masks["search"].to_numpy()[town + 2 :].all()
    assert not masks["water"].to_numpy()[140:144, 82:98].any()


@settings(max_examples=8, deadline=None)
@given(
    light=st.tuples(st.floats(0.04, 0.09), st.floats(0.02, 0.05), st.floats(0, 0.03)),
    seed=st.integers(0, 3),
)
def test_air_light_leaves_water_as_it_is(light: tuple[float, float, float], seed: int) -> None:
    clear = drawn(seed)
    hazy = clear.assign(
        {name: clear[name] + np.float32(added) for name, added in zip(COLOUR, light, strict=True)}
    )
    before, after = (usable_water(pixels, OPTIONS)["water"] for pixels in (clear, hazy))
    assert (before != after).mean() < 0.005


def test_thick_cloud_is_cloud_however_smooth() -> None:
    pixels = drawn()
    for name in COLOUR:
        pixels[name].to_numpy()[120:180, 100:180] = 0.35  # as 8 bits end
    masks = usable_water(pixels, OPTIONS)
    assert masks["cloud"].to_numpy()[122:178, 102:178].all()
    assert not masks["water"].to_numpy()[122:178, 102:178].any()


def test_a_quality_layer_that_knows_water_is_believed() -> None:
    pixels = drawn()
    classes = np.full((200, 200), Quality.CLEAR, "f4")
    unknowing = usable_water(pixels.assign(quality=(("y", "x"), classes.copy())), OPTIONS)
    classes[150:] = Quality.WATER
    knowing = usable_water(pixels.assign(quality=(("y", "x"), classes)), OPTIONS)
    assert unknowing["water"].to_numpy()[70:130].all()
    assert not knowing["water"].to_numpy()[70:130].any()
    assert knowing["water"].to_numpy()[152:].all()


def test_counts_are_no_reflectances() -> None:
    counts = drawn() * 255
    with pytest.raises(GnomonError, match=r"green has 13 at its median.*give the scale"):
        usable_water(counts, OPTIONS)


def test_nothing_is_water_where_nothing_was_seen() -> None:
    nothing = np.full((60, 60), np.nan, "f4")
    wet, shaded = visible_water(nothing, nothing, nothing, block_m=20.0)
    assert not (wet | shaded).any()
