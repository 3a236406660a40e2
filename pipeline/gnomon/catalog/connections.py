"""Connections that are checked when they are made, and that can be cut off.

A name may resolve to one address when it is vetted and to another when it is opened, so that the
other end is looked at before anything is sent. And no wait of a client ends what a server drips: a
timer shuts the connection down.
"""

import os
import socket
import weakref
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from gnomon.catalog.vetting import check_peer
from gnomon.datamodel.trust import Trust


class Connections:
    """Connections of a reader: each is checked when it is made, and all can be cut off.

    Parameters
    ----------
    trust
        What the catalogue may lead to.

    """

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self.proxied = False
        """Whether a proxy connects to the host, so that the other end is the proxy."""
        self.was_cut = False
        self._open: dict[tuple[str, int], socket.socket] = {}
        weakref.finalize(self, _close, self._open)

    def add(self, sock: socket.socket, host: str, port: int) -> None:
        """Check a fresh connection, and keep a second handle of it: TLS takes the first away."""
        if not self.proxied:
            try:
                check_peer(str(sock.getpeername()[0]), host.strip("[]"), port, self.trust)
            except ValueError:
                sock.close()
                raise
        earlier = self._open.pop((host, port), None)
        if earlier is not None:
            earlier.close()
        self._open[host, port] = socket.socket(fileno=os.dup(sock.fileno()))

    def cut(self) -> None:
        """End all that is read or awaited on them."""
        self.was_cut = True
        for sock in list(self._open.values()):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended
                continue


def _close(sockets: dict[tuple[str, int], socket.socket]) -> None:
    while sockets:
        sockets.popitem()[1].close()


OPEN: ContextVar[Connections] = ContextVar("connections")
"""Of the reader whose request is being sent."""


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        OPEN.get().add(sock, self.host, int(self.port))
        return sock


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        OPEN.get().add(sock, self.host, int(self.port))
        return sock


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class CheckedAdapter(HTTPAdapter):
    """Makes connections that are checked."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool as requests asks for it."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Pool of connections by a proxy, which can be cut off too."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager
