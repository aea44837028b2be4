"""Publishes into copies of one small store and fails each time at another operation. test_publication.py starts it.

    python publication_driver.py FOLDER LANE LANES STEP     one JSON line for each fault, the last for the whole

A kill at every operation, and every STEP-th of the other faults.

A process that has read nothing yet forks twice for each fault: a child that publishes and is failed at its N-th
operation (a real process and a real SIGKILL), and a child that reads with plain pandas what is left, then does the
publication again. `newsetl.io.disk` is replaced from here; newsetl itself knows nothing of it.
"""

import ctypes
import errno
import gc
import hashlib
import io
import json
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
import pyarrow.dataset  # noqa: F401  what pandas would load in every child

from conftest import build_article, build_reject
from newsetl.errors import NewsetlError
from newsetl.io import disk, merge, publish
from newsetl.io.ledger import Ledger
from newsetl.io.lock import locked
from newsetl.io.staging import StagingWriter
from newsetl.io.store import part_path
from newsetl.records import Article
from newsetl.schema import DATASETS, Partition
from newsetl.verify import verify

FAULTS = {"SIGKILL": None, "ENOSPC": errno.ENOSPC, "EIO": errno.EIO}
# What needs no room on a disk goes on when it is full.
FREE = {"remove_file", "remove_folder", "sync_folder"}
ONE_NAME = ("sync_file", "sync_folder", "sync_all", "link", "make_folder", "remove_file", "remove_folder", "rename")
UNCHANGED = Partition("still", 2019, 5)
KILLED = "killed"
RECOVERY = 150


# --- the publication ------------------------------------------------------------------------------------------------


def day(source, year, month, key, offset, **more):
    return build_article(key, source=source, day=date(year, month, 2), offset=offset, title=key, **more)


def old_results():
    return [
        day("example", 2020, 1, "replaced", 0, fetched=1),
        day("example", 2020, 2, "moved", 1, fetched=1),
        day("still", 2019, 5, "kept", 2),
        build_reject(50, source="example"),
        build_reject(51, source="gone"),
        build_reject(52, source="still"),
    ]


def new_results():
    """In every dataset one file is replaced, one added, one removed, and one stays."""
    return [
        day("example", 2020, 1, "added", 3),
        day("example", 2020, 1, "replaced", 4, fetched=2, text="قال سالم: لا."),
        day("other", 2021, 3, "moved", 1, fetched=1),  # the same record, read otherwise now
        day("other", 2021, 3, "found", 51),  # was rejected
        build_reject(53, source="example"),
        build_reject(54, source="other"),
    ]


def publish_run(root, results):
    """What a run does, from staging on."""
    staging = root / f"_staging-{os.getpid()}"
    with locked(root):
        publish.recover(root)
        try:
            with publish.explained(root, staging):
                _publish(root, staging, results)
        finally:
            publish.discard(staging)


def _publish(root, staging, results):
    with StagingWriter(staging, "batch-000001") as writer:
        for number, result in enumerate(results, 1):
            add = writer.add_article if isinstance(result, Article) else writer.add_reject
            add((1 << 32) + number, result)
    path = staging / "ledger.sqlite"
    ledger = Ledger(path, create=True)
    ledger.absorb(writer.ledger_path)
    merge.settle(ledger, root, {1: len(results)})
    merged = [merge.merge_partition(path, root, staging, partition) for partition in ledger.touched()]
    ledger.close()
    publish.commit(root, publish.prepare(root, staging, merged), ("run.json", "{}"))


# --- faults ---------------------------------------------------------------------------------------------------------


class Sabotage:
    """Counts the operations of this process on the disk and fails the N-th; a full disk stays full."""

    def __init__(self, fault, at):
        self.number, self.at, self.done = FAULTS.get(fault), at, []

    def step(self, name, half=lambda: None):
        self.done.append(name)
        if len(self.done) == self.at:
            half()
            if self.number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.number, os.strerror(self.number))
        if self.at and len(self.done) > self.at and self.number == errno.ENOSPC and name not in FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def install(self):
        for name in ONE_NAME:
            setattr(disk, name, self.counted(name, getattr(disk, name)))
        # the system call itself, so that nothing comes between the count and the exchange
        exchange = disk._exchange()
        disk._exchange = lambda: self.counted("exchange", exchange)
        disk.create = self.create

    def counted(self, name, function):
        def operation(*arguments):
            self.step(name)
            return function(*arguments)

        return operation

    def create(self, path):
        self.step("create")
        sabotage = self

        class Raw(io.FileIO):
            def write(self, data):
                sabotage.step("write", lambda: super(Raw, self).write(bytes(data)[: len(data) // 2]))
                return super().write(data)

        return io.BufferedWriter(Raw(path, "wb"), disk.BUFFER_BYTES)


def forked(work):
    """What `work()` gives in a forked process; KILLED where it was."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # ends with the driver
        try:
            answer = json.dumps(work())
        except BaseException:  # noqa: BLE001  the driver tells it
            answer = json.dumps({"crash": traceback.format_exc()})
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    status = os.waitpid(pid, 0)[1]
    return KILLED if os.WIFSIGNALED(status) else json.loads(answer)


def publish_sabotaged(root, fault, at):
    """Publish the new results; gives the operations done, or the one line that a user sees."""
    sabotage = Sabotage(fault, at)
    sabotage.install()
    try:
        publish_run(root, new_results())
    except NewsetlError as error:
        return {"told": str(error)}
    return {"done": sabotage.done}


# --- what is left ---------------------------------------------------------------------------------------------------


def frames(root):
    """Each dataset as plain pandas reads it, as a digest of all its values in their order."""
    return {name: _digest(pd.read_parquet(root / name)) for name in DATASETS}


def _digest(frame):
    rows = [[repr(getattr(v, "tolist", lambda v=v: v)()) for v in row] for row in frame.astype(object).to_numpy()]
    return hashlib.sha256(repr([list(frame.columns), [str(t) for t in frame.dtypes], rows]).encode()).hexdigest()


def tree(root):
    """The bytes of all files of all datasets, private ones too."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("*/source=*/**/*"))
        if path.is_file()
    }


def identity(root):
    status = part_path(root, "articles", UNCHANGED).stat()
    return [status.st_ino, status.st_mtime_ns]


def examine(root, states, before, thoroughly):
    """What a fresh reader sees, and what the next run makes of it; `wrong` lists what must not be."""
    wrong = []
    seen = frames(root)
    kinds = {
        name: next((kind for kind in ("old", "new") if seen[name] == states[kind][name]), "mixed") for name in seen
    }
    wrong += [f"{name} is neither old nor new" for name, kind in kinds.items() if kind == "mixed"]
    publish_run(root, new_results())
    if tree(root) != states["tree"]:
        wrong.append("the next run gives other bytes")
    if identity(root) != before:
        wrong.append("an unchanged file was touched")
    if left := [path.name for path in root.iterdir() if path.name.startswith(("_staging", ".tmp"))]:
        wrong.append(f"left over: {left}")
    if thoroughly:
        wrong += verify(root).problems
    return {"seen": "".join(sorted(set(kinds.values()))), "wrong": wrong}


# --- one lane -------------------------------------------------------------------------------------------------------


def prepare(folder):
    """The old store, and what old and new look like."""
    old, new = folder / "old", folder / "new"
    publish_run(old, old_results())
    shutil.copytree(old, new)
    states = {"old": frames(old)}
    publish_run(new, new_results())
    return {**states, "new": frames(new), "tree": tree(new)}


def one_fault(folder, states, fault, at, again=0):
    """Fail at one operation, and where `again` is given kill the next run at that operation of its own."""
    root = folder / f"{fault}-{at}-{again}"
    shutil.copytree(folder / "old", root)
    before = identity(root)
    outcome = forked(lambda: publish_sabotaged(root, fault, at))
    if again:
        forked(lambda: publish_sabotaged(root, "SIGKILL", again))
    report = forked(lambda: examine(root, states, before, at % 8 == 0))
    shutil.rmtree(root)
    report = report if isinstance(report, dict) else {"crash": report}
    return {"fault": fault, "at": at, "again": again, "outcome": outcome, **report}


def main(folder, lane, lanes, step):
    folder.mkdir()
    states = forked(lambda: _stored(folder))
    shutil.copytree(folder / "old", folder / "count")
    names = forked(lambda: publish_sabotaged(folder / "count", "none", 0))["done"]
    points = faults(names, step)
    gc.freeze()  # a forked child copies less
    for point in points[lane::lanes]:
        tell(one_fault(folder, states, *point))
    tell({"operations": len(names), "names": Counter(names), "faults": len(points)})


def tell(report):
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def faults(names, step):
    """Which fault, at which operation, and where the next run is killed too. The last point is after the end."""
    ends = range(1, len(names) + 2)
    others = [(fault, at, 0) for fault in ("ENOSPC", "EIO") for at in ends]
    # killed between two exchanges, and again at each of the first operations of the run that recovers
    others += [("SIGKILL", names.index("exchange") + 3, again) for again in range(1, RECOVERY)]
    return [("SIGKILL", at, 0) for at in ends] + others[::step]


def _stored(folder):
    """The states pass through a file: they are larger than a pipe."""
    states = prepare(folder)
    (folder / "states.json").write_text(json.dumps(states))
    return states


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
