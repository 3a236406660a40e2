"""What a network must be able to do to detect ships, and where networks are found by name.

**To add an architecture**, write one package that holds all of it (network, targets, loss,
decoding, how its maps turn) and exports one function `build`, as `gnomon.detect.centernet` does:

1. a subclass of `OutputMaps`: a frozen dataclass whose fields are the tensors that the network
   gives for a batch of crops;
2. a subclass of `DetectionNetwork` that reads crops and gives these maps, and that knows how to
   decode and to turn them, what they should be (`targets`), and how far off they are (`loss`);
3. ``build(bands, *, background, settings)``, which makes an untrained network from the table
   ``[network]`` of a model.toml (`Build`).

The package is a folder of `gnomon.detect`, or comes with another distribution that names it in the
entry point group ``gnomon.architectures``::

    [project.entry-points."gnomon.architectures"]
    my-network = "my_package.my_network"

A model.toml with ``architecture = "my-network"`` then loads, and the cascade, test-time
augmentation and the check of weights work with it: none of them knows an architecture's channels.
"""

import importlib
import importlib.metadata
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn

import gnomon.detect
from gnomon.datamodel.boxes import OrientedBoxes
from gnomon.datamodel.errors import WeightsError

GROUP = "gnomon.architectures"
Setting = bool | int | float | str | tuple[bool | int | float | str, ...]
"""A value of the table ``[network]``."""


class Turn(NamedTuple):
    """A square's mirroring of left and right, or none, and then quarter turns."""

    quarters: int
    """Against the clock."""
    mirrored: bool

    def of(self, image: Tensor) -> Tensor:
        """An image (..., rows, columns), turned."""
        return torch.rot90(image.flip(-1) if self.mirrored else image, self.quarters, (-2, -1))

    def undone(self, image: Tensor) -> Tensor:
        """A turned image, turned back."""
        back = torch.rot90(image, -self.quarters, (-2, -1))
        return back.flip(-1) if self.mirrored else back


@dataclass(frozen=True)
class OutputMaps:
    """The parent of what a network gives: each field a tensor (crops, channels, rows, columns)."""

    def tensors(self) -> dict[str, Tensor]:
        """The maps by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def float(self) -> Self:
        """The maps in single precision."""
        return type(self)(**{name: values.float() for name, values in self.tensors().items()})

    @classmethod
    def mean(cls, several: Sequence[Self]) -> Self:
        """Cell by cell, the mean of several outputs for the same crops."""
        stacked = {
            name: [maps.tensors()[name] for maps in several] for name in several[0].tensors()
        }
        return cls(**{name: torch.stack(values).mean(dim=0) for name, values in stacked.items()})


MapsT = TypeVar("MapsT", bound=OutputMaps)
TargetsT = TypeVar("TargetsT")


class DetectionNetwork(nn.Module, ABC, Generic[MapsT, TargetsT]):
    """A network that finds ships in crops of any size that `step` divides."""

    architecture: str
    """Name that model.toml gives."""
    bands: tuple[str, ...]
    """Bands of a crop, in this order."""
    background: bool
    """Whether it can use the background, the same ground without ships."""
    stride: int
    """Input pixels per cell of the maps."""

    @abstractmethod
    def settings(self) -> dict[str, Setting]:
        """The table ``[network]``: what `Build` needs to make this network again."""

    @abstractmethod
    def forward(self, bands: Tensor, present: Tensor, background: Tensor | None = None) -> MapsT:
        """Read crops.

        Parameters
        ----------
        bands
            (crops, bands, rows, columns), surface reflectance or sigma0; not finite where the
            sensor saw nothing. Rows and columns are multiples of 16.
        present
            (crops, bands), 1 where the scene has the band and 0 where it lacks it.
        background
            As ``bands``: the same ground without ships; not finite where it is unknown. None where
            it is unknown everywhere. A network without `background` ignores it.

        """

    def for_inference(self) -> Self:
        """A faster copy that cannot be trained; a plain copy unless the architecture has one."""
        copy = deepcopy(self).eval()
        copy.requires_grad_(requires_grad=False)
        return copy

    @abstractmethod
    def decode(self, maps: MapsT, *, halo_px: int) -> list[OrientedBoxes]:
        """Boxes of each crop, with raw scores and raw p_tanker, which the calibration corrects.

        Parameters
        ----------
        maps
            Of a batch of crops.
        halo_px
            Places are counted from the pixel that lies so far right of and below the crop's corner:
            the corner of the tile that the crop was made for.

        """

    @abstractmethod
    def turned_back(self, maps: MapsT, turn: Turn) -> MapsT:
        """Maps of a turned crop as maps of the crop: cells, directions and angles turned back."""

    @abstractmethod
    def targets(
        self, boxes: Sequence[OrientedBoxes], *, counted: Sequence[Tensor], side_px: int
    ) -> TargetsT:
        """What the maps of square crops should be.

        Parameters
        ----------
        boxes
            The ships of each crop.
        counted
            (1, rows, columns) of cells for each crop: 0 where the loss ignores a false centre.
        side_px
            Of the crops.

        """

    @abstractmethod
    def loss(self, maps: MapsT, targets: TargetsT) -> Tensor:
        """One number for a batch; training makes it small."""


AnyNetwork = DetectionNetwork[Any, Any]
"""A network of any architecture."""


class Build(Protocol):
    """The function that an architecture's package exports as ``build``."""

    def __call__(
        self, bands: tuple[str, ...], *, background: bool, settings: Mapping[str, Setting]
    ) -> AnyNetwork:
        """Make an untrained network.

        Raises
        ------
        ValueError
            The settings are not those of this architecture.

        """


def architectures() -> dict[str, str]:
    """Names of all architectures, and the package of each."""
    own = {
        module.name: f"{gnomon.detect.__name__}.{module.name}"
        for module in pkgutil.iter_modules(gnomon.detect.__path__)
        if module.ispkg
    }
    return {e.name: e.value for e in importlib.metadata.entry_points(group=GROUP)} | own


def builder(name: str) -> Build:
    """Find an architecture by its name.

    Raises
    ------
    WeightsError
        There is no such architecture, or its package cannot be imported or exports no ``build``.

    """
    known = architectures()
    if name not in known:
        raise WeightsError(
            f"no architecture {name!r}; there are {', '.join(sorted(known))}, and plug-ins add "
            f"others by the entry point group {GROUP}"
        )
    try:
        build: Build = importlib.import_module(known[name]).build
    except (ImportError, AttributeError) as error:
        raise WeightsError(f"architecture {name!r} ({known[name]}): {error}") from error
    return build
