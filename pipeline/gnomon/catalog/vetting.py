"""Every address is vetted here before it is opened: documents, metadata, outlines, pixels.

A catalogue is written by others, and its addresses are opened by the user's machine, which reaches
what its writer does not: files, services on this machine, the private network. So what a catalogue
may lead to depends on where it came from (`gnomon.datamodel.trust.Trust`):

- One on the own disk leads to files and to hosts of the internet.
- One of the internet leads to hosts of the internet only. A host is what its name resolves to:
  every address of it must be global.
- One on this machine or in a private network leads to its own host and port also, and to no file.
- Hosts that the study names are allowed to all of them.

Other schemes than http, https and s3 are refused, and so is every name that GDAL would not take for
a plain file: ``/vsi...``, inline documents, drivers before a colon.
"""

import ipaddress
import re
import socket
import stat
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from gnomon.datamodel.addresses import without_secrets
from gnomon.datamodel.study import CatalogOptions
from gnomon.datamodel.trust import Trust

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}")
_NAT64, _RESERVED = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/8")
_PORTS = {"http": 80, "https": 443}
ALLOW = "allow it by [catalog] hosts if it is yours"


class AddressError(ValueError):
    """An address is not opened: why, and what to do."""


class TooLargeError(ValueError):
    """What was read exceeds a limit of the study."""


def trust_of(options: CatalogOptions) -> Trust:
    """What may be opened on the word of the catalogue that a user named."""
    url = options.url
    parts = _split(url) if is_remote(url) else None
    return Trust(
        catalog=url,
        private=bool(parts and not all(map(_is_global, _resolved(*_host(parts))))),
        hosts=tuple(host.lower() for host in options.hosts),
        limits=options.limits,
    )


def is_remote(address: str) -> bool:
    """Whether an address is read over HTTP, and not from a disk."""
    return address.lower().startswith(("http://", "https://"))


def is_object(address: str) -> bool:
    """Whether an address is of an object store, ``s3://bucket/key``."""
    return address.lower().startswith("s3://")


def vetted(address: str, trust: Trust) -> str:
    """Address that may be opened: of ``http``, ``https`` or ``s3``, or the whole path of a file.

    Parameters
    ----------
    address
        As a catalogue has it, made absolute from the document in which it stood.
    trust
        Of that catalogue.

    Raises
    ------
    AddressError
        It may not be opened. Its text names the address, without what is secret in it.

    """
    scheme = _SCHEME.match(address)
    named = without_secrets(address)
    kind = scheme[1].lower() if scheme else "file"
    if kind == "file":
        return _file(address, trust)
    if kind == "s3":
        if not _BUCKET.fullmatch(urlsplit(address).netloc):
            raise AddressError(f"{named} has no usable bucket; mend the catalogue")
        return address
    if kind not in _PORTS:
        raise AddressError(f"{named}: {kind} is not opened; only http, https and s3 are")
    if any(ord(letter) < 32 or letter in "\\\x7f" for letter in address):
        raise AddressError(f"{named!r} has signs that no address has; mend the catalogue")
    host, port = _host(_split(address))
    for found in _resolved(host, port):
        check_peer(found, host, port, trust)
    return address


def address_count(address: str) -> int:
    """How many IP addresses a host has, which are tried one after the other; at least one."""
    return len(_resolved(*_host(_split(address)))) or 1


def check_peer(found: str, host: str, port: int, trust: Trust) -> None:
    """Make sure that a connection leads where a catalogue may lead.

    Parameters
    ----------
    found
        IP address of the other end.
    host, port
        That were asked for.
    trust
        Of the catalogue.

    Raises
    ------
    AddressError
        It is in a private network or on this machine, and not allowed.

    """
    if _is_global(found) or _is_allowed(host, port, trust):
        return
    where = f"{host}:{port}" if host == found else f"{host}:{port}, {found}"
    raise AddressError(
        f"this catalogue may not lead to this machine or into a private network ({where}); {ALLOW}"
    )


def _is_allowed(host: str, port: int, trust: Trust) -> bool:
    host = host.lower()
    if not {host, f"{host}:{port}"}.isdisjoint(trust.hosts):
        return True
    return trust.private and _host(_split(trust.catalog)) == (host, port)


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    if not has_host:
        raise AddressError(f"{without_secrets(address)} has no usable host; mend the catalogue")
    return parts


def _host(parts: SplitResult) -> tuple[str, int]:
    """Host and port, as they are compared."""
    return str(parts.hostname).lower().rstrip("."), parts.port or _PORTS[parts.scheme.lower()]


def _resolved(host: str, port: int) -> list[str]:
    """IP addresses of a host; none where it has none, or none that is known here."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(one[4][0]) for one in found]


def _is_global(found: str) -> bool:
    """Whether an IP address is of the internet, also one that wraps another."""
    address = ipaddress.ip_address(found.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return wrapped.is_global and not wrapped.is_multicast
        if address in _RESERVED:
            return False
    return address.is_global and not address.is_multicast


def _file(address: str, trust: Trust) -> str:
    if is_remote(trust.catalog):
        raise AddressError(
            "a catalogue at an address leads to no files "
            f"({without_secrets(address)}); mend the catalogue"
        )
    path = address
    if _SCHEME.match(address):
        parts = urlsplit(address)
        if parts.netloc not in ("", "localhost"):
            raise AddressError(f"{address} is on another machine; fetch it")
        path = unquote(parts.path)
    whole = str(Path(path).absolute())
    if whole.startswith("/vsi") or "\0" in whole:
        raise AddressError(f"{path!r} is no file; mend the catalogue")
    return whole


def read_file(path: str, *, most: int) -> bytes:
    """Bytes of a file on the own disk.

    Raises
    ------
    AddressError
        It is a device or a pipe, which may never end.
    TooLargeError
        It is larger than allowed.
    OSError
        It is not there, or cannot be read.

    """
    check_file(path)
    with Path(path).open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise TooLargeError(f"{path} is larger than [catalog.limits] document_bytes, {most:,}")
    return data


def check_file(path: str) -> None:
    """Make sure that a path is no device and no pipe, which may never end.

    Raises
    ------
    AddressError
        It is one.
    OSError
        It is not there.

    """
    kind = Path(path).stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):  # a folder is an error when it is opened
        raise AddressError(f"{path} is a device or a pipe, not a file; mend the catalogue")
