"""Addresses without what is secret in them, for everything that is written or printed.

User and password stand before the host; keys, tokens and signatures stand in the query or behind
``#``. No document needs them to say what was read, so they are taken out as a whole: which of
several parameters is the secret one, only its provider knows.
"""

import logging
import re

_END = r"(?=[).,:;]*(?:[\s'\"<>]|$))"
"""Where an address ends in a sentence: before its punctuation."""
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/'\"<>@]*@)*(?P<rest>[^\s'\"<>?#]*)"
    rf"(?:[?#][^\s'\"<>]*?{_END})?"
)
_SIGNS = re.compile("[@?#&]")
"""Without which there is nothing to take out."""
_QUERY = re.compile(rf"[?#&][\w.~%\[\]-]+=[^\s'\"<>]*?{_END}")
"""Of an address whose beginning a library left out of its message."""


def without_secrets(text: str) -> str:
    """Text whose addresses have neither user and password nor a query.

    Parameters
    ----------
    text
        An address, or a message with addresses or parts of them in it.

    """
    if not _SIGNS.search(text):
        return text
    return _QUERY.sub("", _ADDRESS.sub(r"\g<scheme>\g<rest>", text))


class _Clean(logging.Filter):
    """Takes secrets out of records of a log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), None
        return True


_CLEAN = _Clean()


def keep_secrets_out_of_logs(library: str) -> None:
    """Take secrets out of what a library logs, which is the addresses that it opens.

    Parameters
    ----------
    library
        Name of a package that has been imported, for example ``rasterio``.

    """
    names = [n for n in logging.root.manager.loggerDict if n.partition(".")[0] == library]
    for name in names:
        logging.getLogger(name).addFilter(_CLEAN)
