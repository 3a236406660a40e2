"""Types of ships in chips of 3 m, named by eye in two passes: `configs/ship-types-planet.csv`.

The head of the file says what its columns are, whose the chips are and how well the passes agree.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.ship_types import ShipType

_NAME = re.compile(r"1__(\d{8}_\d{6})\w*__(-?\d+\.\d+)_(-?\d+\.\d+)\.png")
LengthM = Annotated[float, Field(gt=0, lt=500)]


class ChipType(BaseModel):
    """One ship in one chip."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    file: str = Field(pattern=_NAME.pattern)
    axis_deg: float = Field(ge=0, le=180)
    tug_barge: bool
    type_1: ShipType
    sure_1: bool
    length_1_m: LengthM
    whole_1: bool
    type_2: ShipType
    sure_2: bool
    length_2_m: LengthM
    whole_2: bool

    @property
    def tanker(self) -> bool | None:
        """Whether both passes take it for a tanker; None where they do not agree."""
        if "unknown" in self.types or self.disputed:
            return None
        return self.type_1 == "tanker"

    @property
    def types(self) -> tuple[ShipType, ShipType]:
        """Of both passes."""
        return self.type_1, self.type_2

    @property
    def disputed(self) -> bool:
        """Whether both name it, and one alone takes it for a tanker."""
        return "unknown" not in self.types and self.types.count("tanker") == 1

    @property
    def sure(self) -> bool:
        """Whether both are sure."""
        return self.sure_1 and self.sure_2

    @property
    def whole(self) -> bool:
        """Whether all of it lies in the chip."""
        return self.whole_1 and self.whole_2

    @property
    def length_m(self) -> float:
        """Mean of both."""
        return (self.length_1_m + self.length_2_m) / 2

    @property
    def seen_at(self) -> datetime:
        """When the chip was taken."""
        stamp = str(_NAME.fullmatch(self.file)[1])  # type: ignore[index]
        return datetime.strptime(stamp, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)

    @property
    def place(self) -> tuple[float, float]:
        """Longitude and latitude of the chip's middle."""
        found = _NAME.fullmatch(self.file)
        return float(found[2]), float(found[3])  # type: ignore[index]


@dataclass(frozen=True)
class Agreement:
    """How well two passes agree on what is a tanker."""

    named: int
    """Ships that both name."""
    share: float
    sure: int
    """Ships that both are sure of."""
    sure_share: float


def read_chip_types(path: Path) -> list[ChipType]:
    """Read all ships, in the order of the file.

    Raises
    ------
    LabelError
        The file is missing, is no CSV, has other columns or a ship twice, or a value is at fault;
        every fault has its line.

    """
    try:
        rows = pd.read_csv(path, dtype=str, comment="#", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise LabelError(f"{path}: cannot be read as CSV ({error})") from error
    ships, faults = [], []
    for number, row in enumerate(rows.to_dict("records"), start=1):
        try:
            ships.append(ChipType.model_validate(row))
        except ValidationError as error:
            faults += [
                f"{path}: row {number}, {'.'.join(map(str, one['loc']))}: {one['msg']}"
                for one in error.errors()
            ]
    if rows.file.duplicated().any() if "file" in rows else False:
        faults.append(f"{path}: {rows.file[rows.file.duplicated()].iloc[0]} is there twice")
    if faults or not ships:
        raise LabelError("\n".join(faults) or f"{path}: has no ship")
    return ships


def agreement(ships: Sequence[ChipType]) -> Agreement:
    """How often both passes agree that a ship is a tanker, or is none."""
    named = [one for one in ships if "unknown" not in one.types]
    sure = [one for one in named if one.sure]
    share, sure_share = (
        float(np.mean([not one.disputed for one in some])) if some else float("nan")
        for some in (named, sure)
    )
    return Agreement(len(named), share, len(sure), sure_share)
