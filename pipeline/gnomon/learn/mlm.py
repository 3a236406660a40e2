"""Weights as a STAC item, by the Machine Learning Model extension: `python -m gnomon.learn.mlm`.

Catalogues of models read `item.json`, which lies beside the card (MLM,
https://github.com/stac-extensions/mlm). It says nothing that model.toml does not say; gnomon itself
reads model.toml. Training writes it; the command writes it anew for the folders that it is given.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pystac
import torch
from pystac.extensions.mlm import (
    InputStructure,
    MLMExtension,
    ModelInput,
    ModelOutput,
    ResultStructure,
    TaskType,
)
from pystac.extensions.raster import DataType
from rich.console import Console
from safetensors import safe_open
from shapely.geometry import box, mapping

from gnomon.datamodel.errors import GnomonError
from gnomon.datamodel.files import write_whole
from gnomon.datamodel.weights_files import CHECK, MODEL, WEIGHTS
from gnomon.detect.weights import Model, read_model

ITEM, CARD = "item.json", "card.md"
EVERYWHERE = box(-180, -90, 180, 90)
"""Weights are for any place; how good they are at places that they have not seen, the card says."""
BOX = ("x", "y", "length", "beam", "angle", "score", "p_tanker")
"""Columns of what comes out: pixels, degrees clockwise from the top, probabilities."""


def mlm_item(folder: Path, *, trained_at: datetime) -> pystac.Item:
    """Weights of a detector as an item.

    Parameters
    ----------
    folder
        Of weights, with its card.
    trained_at
        Aware; the item's time.

    Raises
    ------
    WeightsError
        The folder has no model.toml, or one that is at fault.

    """
    model = read_model(str(folder))
    item = pystac.Item(
        id=f"{model.name}-{model.version}",
        geometry=mapping(EVERYWHERE),
        bbox=list(EVERYWHERE.bounds),
        datetime=trained_at,
        properties={
            "title": f"{model.name} {model.version}: ships in {model.sensor} images",
            "license": "Apache-2.0",
            "gsd": model.gsd_m,
        },
    )
    MLMExtension.ext(item, add_if_missing=True).apply(
        name=model.name,
        architecture=model.architecture,
        tasks=[TaskType.OBJECT_DETECTION],
        framework="PyTorch",
        framework_version=torch.__version__.partition("+")[0],
        total_parameters=_parameters(folder / WEIGHTS),
        pretrained=True,
        pretrained_source=", ".join(model.trained_on) if model.trained_on else None,
        input=[_input(model)],
        output=[_output()],
    )
    _add_files(item, folder)
    return item


def _input(model: Model) -> ModelInput:
    least, most = model.gsd_range_m
    return ModelInput.create(
        name="surface reflectance",
        bands=list(model.bands),
        input=InputStructure.create(
            shape=[-1, len(model.bands), -1, -1],
            dim_order=["batch", "bands", "height", "width"],
            data_type=DataType.FLOAT32,
        ),
        description=(
            f"Reflectance from 0 to 1, pixels of {least:g} to {most:g} m, of which finer ones are "
            f"averaged to about {model.gsd_m:g} m; a band that is missing is said to be missing"
        ),
    )


def _output() -> ModelOutput:
    return ModelOutput.create(
        name="oriented boxes",
        tasks=[TaskType.OBJECT_DETECTION],
        result=ResultStructure.create(
            shape=[-1, len(BOX)], dim_order=["ship", "column"], data_type=DataType.FLOAT32
        ),
        description=f"One row per ship: {', '.join(BOX)}",
    )


def _add_files(item: pystac.Item, folder: Path) -> None:
    files = {
        WEIGHTS: ("weights", "application/octet-stream; application=safetensors", "mlm:model"),
        CHECK: ("check", "application/octet-stream; application=safetensors", "metadata"),
        MODEL: ("calibration", "application/toml", "metadata"),
        CARD: ("card", "text/markdown", "metadata"),
    }
    for name, (key, kind, role) in files.items():
        if (folder / name).is_file():
            asset = pystac.Asset(f"./{name}", media_type=kind, roles=[role])
            if role == "mlm:model":
                asset.extra_fields["mlm:artifact_type"] = "safetensors.torch.save_file"
            item.add_asset(key, asset)


def _parameters(path: Path) -> int:
    """Numbers in a file of weights, those of the normalisations too."""
    with safe_open(path, "pt") as file:
        return sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118


def write_item(folder: Path, *, trained_at: datetime | None = None) -> Path:
    """Write `ITEM` into a folder of weights.

    Parameters
    ----------
    folder
        Of weights.
    trained_at
        Aware; now if left out.

    Raises
    ------
    WeightsError
        As `mlm_item`.

    """
    item = mlm_item(folder, trained_at=trained_at or datetime.now(UTC).replace(microsecond=0))
    path = folder / ITEM
    write_whole(path, lambda partial: item.save_object(False, str(partial)))
    return path


if __name__ == "__main__":
    try:
        for named in sys.argv[1:]:
            Console().print(str(write_item(Path(named))), soft_wrap=True)
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
