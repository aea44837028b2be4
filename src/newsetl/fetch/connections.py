"""Connections that go to an address that was checked, and that end in time.

urllib3 looks up a name and connects in one step. Here the step is ours: the addresses of the name are looked up once,
checked, and the socket connects to one of them by number. So a name server that answers otherwise the second time (DNS
rebinding) has no second time. Host header, SNI and the check of the certificate keep the name.
"""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    InvalidChunkLength,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util.connection import create_connection

from newsetl.fetch.addresses import GetAddrInfo, resolve

Connect = Callable[..., socket.socket]

# Of one name. Each may take the whole time-out of connecting, and a name may have thousands.
MOST_ADDRESSES = 4

# What an error of the libraries is called, by the first that fits anything in its chain.
_KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("tls", (SSLError, requests.exceptions.SSLError)),
    ("connect", (ConnectTimeoutError, NewConnectionError)),
    ("timeout", (ReadTimeoutError, TimeoutError, requests.exceptions.ReadTimeout)),
    ("cut", (http.client.RemoteDisconnected, ConnectionError, http.client.IncompleteRead, IncompleteRead)),
    ("bad-http", (http.client.HTTPException, InvalidChunkLength, ValueError)),
)


def explain_error(error: Exception) -> tuple[str, str]:
    """A reason and a detail for an error of requests, urllib3 or http.client.

    >>> explain_error(ConnectionResetError("reset by peer"))
    ('cut', 'ConnectionResetError: reset by peer')
    """
    chain = list(_chain(error))
    for reason, types in _KINDS:
        for one in chain:
            if isinstance(one, types):
                return reason, f"{type(one).__name__}: {one}"
    return "connect", f"{type(error).__name__}: {error}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [found for found in inner if isinstance(found, BaseException)]


class Deadline:
    """Ends what a thread's connection is doing when its time is over, be it slow handshakes, headers or bodies.

    The time-outs of sockets begin anew with each byte.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    @contextlib.contextmanager
    def of(self, seconds: float) -> Iterator["Watch"]:
        """Watch over this thread's connection for so long."""
        watch = Watch()
        timer = threading.Timer(seconds, watch.end)
        timer.daemon = True
        self._local.watch = watch
        timer.start()
        try:
            yield watch
        finally:
            timer.cancel()
            watch.leave()
            self._local.watch = None

    def enter(self, connection: "HTTPConnection", *, is_new: bool = False) -> None:
        """Note the connection that this thread uses now."""
        watch: Watch | None = getattr(self._local, "watch", None)
        if watch is not None:
            watch.leave()
            watch.is_new = watch.is_new or is_new
            watch.handle = getattr(connection, "handle", None)
            watch.address = getattr(connection, "address", "")
            if watch.is_over:
                watch.end()

    def release(self, handle: socket.socket) -> None:
        """Close a handle, or let the watch of this thread do it when it is done.

        A response that ends its connection is still to be read when http.client closes the connection.
        """
        watch: Watch | None = getattr(self._local, "watch", None)
        if watch is not None and watch.handle is handle:
            watch.owns_handle = True
        else:
            handle.close()

    def is_over(self) -> bool:
        """True when the time of this thread's request ran out."""
        watch: Watch | None = getattr(self._local, "watch", None)
        return watch is not None and watch.is_over


class Watch:
    """One request under a deadline.

    Attributes:
        address: That was connected to.
        is_new: True when the connection was made for this request.
        is_over: True when the time ran out.
        handle: On the connection's socket, to end it from another thread.
        owns_handle: True when the connection is gone and left the handle to us.
    """

    def __init__(self) -> None:
        self.address = ""
        self.is_new = False
        self.is_over = False
        self.handle: socket.socket | None = None
        self.owns_handle = False

    def leave(self) -> None:
        """Watch no longer."""
        handle, self.handle = self.handle, None
        if handle is not None and self.owns_handle:
            handle.close()
        self.owns_handle = False

    def end(self) -> None:
        """Close the connection under whoever reads from it."""
        self.is_over = True
        handle = self.handle
        if handle is not None:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)


class CheckedAdapter(HTTPAdapter):
    """An adapter of requests whose connections are made as this module says."""

    def __init__(
        self,
        deadline: Deadline,
        *,
        pool_size: int,
        allow_loopback: bool,
        getaddrinfo: GetAddrInfo = socket.getaddrinfo,
        connect: Connect = create_connection,
    ) -> None:
        self._classes = _pool_classes(deadline, getaddrinfo, connect, allow_loopback=allow_loopback)
        super().__init__(pool_connections=4, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:  # noqa: FBT001, FBT002  as in requests
        """As in requests, with pools of ours."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = self._classes


def _pool_classes(
    deadline: Deadline, getaddrinfo: GetAddrInfo, connect: Connect, *, allow_loopback: bool
) -> dict[str, type[HTTPConnectionPool]]:
    class Checked:
        """What both kinds of connections do."""

        address = ""
        handle: socket.socket | None = None

        def _new_conn(self) -> socket.socket:
            assert isinstance(self, HTTPConnection)  # noqa: S101  a mixin
            addresses = resolve(self.host, self.port, allow_loopback=allow_loopback, getaddrinfo=getaddrinfo)
            error: OSError | None = None
            for address in addresses[:MOST_ADDRESSES]:
                if deadline.is_over():
                    break
                try:
                    sock = connect((address, self.port), self.timeout, socket_options=self.socket_options)
                except OSError as found:
                    error = found
                    continue
                # Another handle on the same connection: TLS takes the first one away.
                self.address, self.handle = address, sock.dup()
                deadline.enter(self, is_new=True)
                return sock
            if isinstance(error, TimeoutError):
                raise ConnectTimeoutError(self, f"{self.host}: no connection within {self.timeout} s") from error
            raise NewConnectionError(self, f"{self.host}: {error}") from error

        def request(self, *arguments: Any, **options: Any) -> None:
            deadline.enter(self)  # type: ignore[arg-type]  # a mixin
            super().request(*arguments, **options)  # type: ignore[misc]

        def close(self) -> None:
            if self.handle is not None:
                deadline.release(self.handle)
                self.handle = None
            super().close()  # type: ignore[misc]

    class PlainConnection(Checked, HTTPConnection):
        pass

    class SecureConnection(Checked, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}
