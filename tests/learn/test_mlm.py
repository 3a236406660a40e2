"""Weights as a STAC item: it says what model.toml says, and STAC's own library reads it."""

import json
from pathlib import Path

import pystac
import pytest
from pystac.extensions.mlm import MLMExtension

from gnomon.datamodel.errors import WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.detect.weights import load, read_model
from gnomon.learn.mlm import ITEM, mlm_item

NAMES = ("s2-vessel", "s2-vessel-without-athens-casablanca")
FOLDERS = [shipped("models") / name for name in NAMES]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_shipped_items_say_what_the_weights_say_now(folder: Path) -> None:
    stored = pystac.Item.from_file(str(folder / ITEM))
    assert stored.datetime is not None
    now = json.loads(json.dumps(mlm_item(folder, trained_at=stored.datetime).to_dict()))
    before = json.loads((folder / ITEM).read_text(encoding="utf-8"))
    for one in (now, before):  # of the machine that wrote it
        del one["properties"]["mlm:framework_version"]
    assert now == before


def test_inputs_outputs_and_files_are_those_of_the_network() -> None:
    folder = FOLDERS[0]
    item, model = pystac.Item.from_file(str(folder / ITEM)), read_model(str(folder))
    known = MLMExtension.ext(item)
    assert item.properties["mlm:name"] == model.name
    (given,) = known.input
    assert given.bands == list(model.bands)
    assert given.input.shape[1] == len(model.bands)
    parameters = sum(one.numel() for one in load(str(folder)).network.state_dict().values())
    assert known.total_parameters == parameters
    assert [asset.roles for asset in item.assets.values()].count(["mlm:model"]) == 1
    for asset in item.assets.values():
        assert Path(str(asset.get_absolute_href())).is_file()


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights"):
        mlm_item(tmp_path, trained_at=None)  # type: ignore[arg-type]
