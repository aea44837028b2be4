"""Connections that go to an address that was checked, and that end in time.

urllib3 looks up a name and connects in one step. Here the step is ours: the addresses of the name are looked up once,
checked, and the socket connects to one of them by number. So a name server that answers otherwise the second time (DNS
rebinding) has no second time. Host header, SNI and the check of the certificate keep the name.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from newsetl.fetch.addresses import GetAddrInfo, resolve

Connect = Callable[..., socket.socket]


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
            watch.handle = None

    def enter(self, connection: "HTTPConnection", *, is_new: bool = False) -> None:
        """Note the connection that this thread uses now."""
        watch: Watch | None = getattr(self._local, "watch", None)
        if watch is not None:
            watch.is_new = watch.is_new or is_new
            watch.handle = getattr(connection, "handle", None)
            watch.address = getattr(connection, "address", "")
            if watch.is_over:
                watch.end()


class Watch:
    """One request under a deadline.

    Attributes:
        address: That was connected to.
        is_new: True when the connection was made for this request.
        is_over: True when the time ran out.
    """

    def __init__(self) -> None:
        self.address = ""
        self.is_new = False
        self.is_over = False
        self.handle: socket.socket | None = None

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
            for address in addresses:
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
                self.handle.close()
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
