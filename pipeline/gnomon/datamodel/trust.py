"""What may be opened on the word of a catalogue."""

from dataclasses import dataclass, field

from gnomon.datamodel.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Where addresses may lead that stand in a catalogue, and how much what lies there may ask.

    The default is that of a catalogue on the own disk: files, and hosts of the internet.
    """

    catalog: str = ""
    """Address or path of the catalogue that the user named."""
    private: bool = False
    """Whether that is an address within the user's own network, or on this machine."""
    hosts: tuple[str, ...] = ()
    """Hosts that the study allows wherever they are, ``name`` or ``name:port``."""
    limits: Limits = field(default_factory=Limits)
