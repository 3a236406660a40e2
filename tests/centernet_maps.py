"""Maps of a CenterNet that is right, for tests of what is made of maps."""

import torch

from gnomon.detect.centernet.maps import Maps
from gnomon.detect.centernet.targets import Targets


def perfect(wanted: Targets) -> Maps:
    """Maps that agree with targets, with logits of about 6."""
    centre, hull, tanker = (
        torch.logit(values, eps=0.002) for values in (wanted.centre, wanted.hull, wanted.tanker)
    )
    return Maps(centre, wanted.shift, wanted.size, wanted.axis, hull, tanker)
