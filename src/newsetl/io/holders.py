"""Who holds a lock: a note for people, and for those who find a dead one's."""

import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsetl.errors import NewsetlError


def this_process() -> str:
    """A note on this process, one line of JSON."""
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(sys.argv),
        "machine": _machine(),
        "ticks": _started_at(os.getpid()),
    }
    return json.dumps(note, ensure_ascii=False) + "\n"


def taken(root: object, note: str, wait_seconds: float) -> NewsetlError:
    """What a user is told when somebody else holds a store."""
    waited = f" (waited {wait_seconds:g} s)" if wait_seconds else ""
    return NewsetlError(
        f"{root}: another run is writing here: {_describe(note)}{waited}; "
        "wait for it (--wait SECONDS) or choose another --out"
    )


def _describe(note: str) -> str:
    owner = _parse(note)
    try:
        who = f"process {owner['pid']} on {owner['host']} since {owner['started']}"
        named = f"{who} ({owner['command']})" if owner["command"] else who
        return "".join(c if c.isprintable() else "?" for c in named)
    except KeyError:  # who only looks leaves no note
        return "it left no name, so it may be newsetl verify"


def has_died_here(note: str) -> bool:
    """True for a process of this machine, since it was started, that is not there any more; Linux only."""
    owner, machine = _parse(note), _machine()
    if machine is None or owner.get("machine") != machine:
        return False
    return _started_at(owner.get("pid")) != owner.get("ticks")


def _parse(note: str) -> dict[str, Any]:
    try:
        owner = json.loads(note)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _machine() -> str | None:
    """This boot of this machine, and the name space of its process ids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _started_at(pid: object) -> str | None:
    """When a process began, in ticks since the boot; None when there is none."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return status.rpartition(")")[2].split()[19]  # proc(5): field 22, the second one may hold blanks
    except (OSError, IndexError):
        return None
