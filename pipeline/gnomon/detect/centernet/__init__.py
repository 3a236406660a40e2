"""CenterNet for oriented ships: one architecture, and the example for others.

An architecture is a folder that exports `build` (see `gnomon.detect.architectures`). The parts:

``maps``
    what the network gives, and its stride;
``network``
    from crops to maps, and the copy for inference;
``targets``
    from ships to the maps that the network should give;
``loss``
    how far the two are apart;
``decode``
    from maps to oriented boxes with raw scores;
``turns``
    how maps turn with their crop, for test-time augmentation.

To add another, copy the folder, change the parts, and give ``Network.architecture`` the name of the
folder. Nothing else in gnomon names an architecture except model.toml.
"""

from collections.abc import Mapping

from gnomon.datamodel.study import Options
from gnomon.detect.architectures import Setting
from gnomon.detect.centernet.network import Network, NetworkOptions


class _Settings(Options):
    widths: tuple[int, int, int, int]
    blocks: tuple[int, int, int]
    tanker: bool = False


def build(bands: tuple[str, ...], *, background: bool, settings: Mapping[str, Setting]) -> Network:
    """Make an untrained network (see `gnomon.detect.architectures.Build`)."""
    chosen = _Settings.model_validate(settings)
    return Network(NetworkOptions(bands, chosen.widths, chosen.blocks, background, chosen.tanker))
