"""The lock on an object store: a claim that is renewed as long as its process lives.

Stores differ in what they can compare and write in one step, so nothing of that is needed: who wants to write first
raises a flag and then looks (the flag principle; Herlihy and Shavit, The Art of Multiprocessor Programming, chapter 2).
Of two that raise theirs at the same time at least one sees the other's, and gives way. That holds wherever a listing
shows every object written before it: S3 (since 2020), Google, Azure, MinIO, Ceph.

A claim not renewed for `LEASE_SECONDS`, by the store's own clock, is dead, and so is one of a dead process of this
machine. What this cannot do: a process that is stopped for longer than the lease with requests under way may still
finish these when it goes on; before the next ones it sees that its time is over.
"""

import contextlib
import random
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from newsetl.errors import NewsetlError
from newsetl.io.holders import has_died_here, taken, this_process
from newsetl.io.paths import store_errors, unreachable

if TYPE_CHECKING:
    from upath import UPath

CLAIMS = "_claims"
LEASE_SECONDS = 60.0
RENEWALS = 4  # in a lease
# The holder stops so long before others may take over: a request under way ends meanwhile.
MARGIN = 0.25  # of a lease
# Runs that begin together give way to each other; they try so long before one says that the store is taken.
TOGETHER_SECONDS = 4.0


class Lease:
    """A claim that is held and renewed. Use it as a context manager; `held` raises when it was lost."""

    def __init__(self, root: "UPath") -> None:
        self._root = root
        self._claim = root / CLAIMS / f"{uuid.uuid4().hex}.json"
        self._renewed = 0.0
        self._lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        with contextlib.suppress(*store_errors()):  # else it runs out
            self.withdraw()

    def held(self) -> None:
        """Let pass who still holds the claim.

        Raises:
            NewsetlError: It was not renewed in time: another run may be writing.
        """
        if self._lost or self._is_late():
            raise NewsetlError(
                f"{self._root}: the lock was not renewed in time, another run may be writing: stopped; "
                "the next run finishes what is decided and undoes what is not"
            )

    def raise_flag(self) -> list["UPath"]:
        """Write the claim, then look: gives the claims of others that live."""
        self._renewed = self._write()
        now = self._modified(self._claim)
        others = [self._root / CLAIMS / name for name in claims(self._root) if name != self._claim.name]
        return [other for other in others if now and not self._is_dead(other, now)]

    def withdraw(self) -> None:
        self._claim.fs.rm_file(self._claim.path)

    def _is_late(self) -> bool:
        return _clock() - self._renewed > LEASE_SECONDS * (1 - MARGIN)

    def _write(self) -> float:
        began = _clock()
        self._claim.fs.pipe_file(self._claim.path, this_process().encode())
        return began

    def _keep(self) -> None:
        """Renew the claim; one that came too late is lost for good, since others may have taken over."""
        while not self._ended.wait(LEASE_SECONDS / RENEWALS) and not self._is_late():
            with contextlib.suppress(*store_errors()):  # tried again; `held` tells
                began = self._write()
                if self._is_late():
                    break
                self._renewed = began
        self._lost = not self._ended.is_set()

    def _is_dead(self, claim: "UPath", now: datetime) -> bool:
        modified = self._modified(claim)
        if modified is None:
            return True
        if (now - modified).total_seconds() > LEASE_SECONDS or has_died_here(_read_claim(claim)):
            with contextlib.suppress(FileNotFoundError):
                claim.fs.rm_file(claim.path)
            return True
        return False

    @staticmethod
    def _modified(claim: "UPath") -> datetime | None:
        try:
            modified: datetime = claim.fs.modified(claim.path)
        except FileNotFoundError:
            return None
        return modified


@contextlib.contextmanager
def leased(root: "UPath", wait_seconds: float) -> Iterator[Lease]:
    """Hold the lock of an object store.

    Raises:
        NewsetlError: Another run holds it, or the store cannot be reached.
    """
    lease = Lease(root)
    began, patience = time.monotonic(), max(wait_seconds, TOGETHER_SECONDS)
    try:
        while others := lease.raise_flag():
            lease.withdraw()
            waited = time.monotonic() - began
            if waited >= patience:
                raise taken(root, _read_claim(others[0]), wait_seconds)
            # by chance, so that those who meet do not meet again; later seldom, since each try is some requests
            pause = random.uniform(0.1, 1.0 if waited < TOGETHER_SECONDS else 5.0)  # noqa: S311  no secret
            time.sleep(min(pause, patience - waited))
    except store_errors() as error:
        with contextlib.suppress(*store_errors()):
            lease.withdraw()
        raise unreachable(root, error) from error
    with lease:
        yield lease


def refuse_taken(root: "UPath") -> None:
    """Let pass where no run is writing; writes nothing.

    Raises:
        NewsetlError: A claim lives, or the store cannot be reached.
    """
    try:
        for name in claims(root):
            claim = root / CLAIMS / name
            note = _read_claim(claim)
            with contextlib.suppress(FileNotFoundError):
                age = datetime.now(UTC) - claim.fs.modified(claim.path)  # our clock: it only decides whether to look
                if age.total_seconds() <= LEASE_SECONDS and not has_died_here(note):
                    raise taken(root, note, 0)
    except store_errors() as error:
        raise unreachable(root, error) from error


def claims(root: "UPath") -> list[str]:
    """The names of all claims, dead or alive."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(name.rpartition("/")[2] for name in root.fs.find((root / CLAIMS).path))
    return []


def _clock() -> float:
    """Seconds that go on while the machine sleeps, where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _read_claim(claim: "UPath") -> str:
    """What a claim says; nothing when it is gone."""
    with contextlib.suppress(FileNotFoundError):
        return str(claim.read_bytes(), "utf-8", "replace")
    return ""
