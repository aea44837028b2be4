"""Publishes into copies of one small store and fails each time at another operation. test_publication.py starts it.

    python publication_driver.py FOLDER LANE LANES STEP     one JSON line for each fault, the last for the whole

A kill at every operation, and every STEP-th of the other faults.

A process that has read nothing yet forks twice for each fault: a child that publishes and is failed at its N-th
operation (a real process and a real SIGKILL), and a child that reads with plain pandas what is left, then does the
publication again. `newsetl.io.disk` is replaced by `failing_disk`; newsetl itself knows nothing of it.

With STEP 1 everything is done in full. Otherwise, to save time, a fault after the merging starts from what a process
left that was killed right after it, and no two stores with the same names and bytes are read or published into again.
"""

import ctypes
import gc
import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from dataclasses import astuple
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))  # tests.conftest

import pandas as pd
import pyarrow.dataset  # noqa: F401  what pandas would load in every child
from failing_disk import OPEN_A_FILE, Sabotage

from newsetl.errors import NewsetlError
from newsetl.io import merge, publish, trees
from newsetl.io.history import HISTORY
from newsetl.io.lock import locked
from newsetl.schema import DATASETS, Partition
from newsetl.verify import verify
from tests.conftest import Store, build_article, build_reject

PUBLISHED = (*DATASETS, HISTORY)
UNCHANGED = "source=still"
KILLED = "killed"
RECOVERY = 150


# --- the publication ------------------------------------------------------------------------------------------------


def day(source, year, month, key, offset, **more):
    return build_article(key, source=source, day=date(year, month, 2), offset=offset, **{"title": key, **more})


def versions(source, year, month, key, offset):
    """Two downloads of an article; the older one goes to `revisions`."""
    return [day(source, year, month, key, offset + n, fetched=n + 1, title=f"{key} {n}") for n in range(2)]


def old_results():
    return [
        *versions("example", 2020, 1, "replaced", 0),
        *versions("example", 2020, 1, "steady", 10),
        day("example", 2020, 2, "moved", 20, fetched=1),
        *versions("example", 2020, 3, "shorn", 30),
        *versions("still", 2019, 5, "kept", 40),
        build_reject(50, source="example"),
        build_reject(51, source="gone"),
        build_reject(52, source="still"),
    ]


def new_results():
    """In every dataset one file is replaced, one added, one removed, and one stays."""
    return [
        day("example", 2020, 1, "added", 3),
        day("example", 2020, 1, "replaced", 4, fetched=3, text="قال سالم: لا."),  # now has two earlier versions
        day("other", 2021, 3, "moved", 20, fetched=1),  # the same record, read otherwise now
        build_reject(30, source="example"),  # "shorn" loses its earlier version and its history
        day("other", 2021, 3, "found", 51),  # was rejected
        *versions("other", 2021, 3, "edited", 60),
        build_reject(53, source="example"),
        build_reject(54, source="other"),
    ]


def publish_run(root, results, merged=()):
    """What a run does, from staging on; from publishing on where what is `merged` lies in its staging folder."""
    store, staging = Store(root), root / "_staging-1"
    with locked(root):
        if not merged:
            publish.recover(root)
        try:
            with publish.explained(root, staging):
                merged = merged or store.merge(results)
                publish.commit(root, publish.prepare(root, staging, merged), ("run.json", "{}"))
        finally:
            publish.discard(staging)


# --- processes -------------------------------------------------------------------------------------------------------


class ChildError(Exception):
    """What a forked process raised, as text."""


def forked(work):
    """What `work()` gives in a forked process; KILLED where it was.

    Raises:
        ChildError: `work()` raised something.
    """
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
    if os.WIFSIGNALED(status):
        return KILLED
    told = json.loads(answer)
    if isinstance(told, dict) and "crash" in told:
        raise ChildError(told["crash"])
    return told


def publish_sabotaged(root, fault, at, merged=()):
    """Publish the new results; gives the operations done, or the one line that a user sees."""
    sabotage = Sabotage(fault, at)
    sabotage.install()
    try:
        publish_run(root, new_results(), merged)
    except NewsetlError as error:
        return {"told": str(error)}
    return {"done": sabotage.done}


# --- what is left ---------------------------------------------------------------------------------------------------


def frames(root):
    """Each dataset as plain pandas reads it, as a digest of all its values in their order."""
    return {name: _digest(pd.read_parquet(root / name)) for name in PUBLISHED}


def _digest(frame):
    rows = [[repr(getattr(v, "tolist", lambda v=v: v)()) for v in row] for row in frame.astype(object).to_numpy()]
    return hashlib.sha256(repr([list(frame.columns), [str(t) for t in frame.dtypes], rows]).encode()).hexdigest()


def identity(root):
    """The files that stay in every dataset."""
    return {
        str(path): [path.stat().st_ino, path.stat().st_mtime_ns] for path in root.glob(f"*/{UNCHANGED}/**/*.parquet")
    }


def contents(root, folders, old_mark):
    """A digest of every name and byte in folders. Marks are random, so that only the old one is told from others."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*")):
        name = str(path.relative_to(root))
        if path.name.startswith(trees.MARK):
            name = f"{path.parent.name}: {'old' if path.name.endswith(old_mark) else 'new'}"
        digest.update(name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"folder")
    return digest.hexdigest()


class Witness:
    """Reads what a fault left, and does the publication again.

    Unless it is `thorough`, it does neither for a store whose every name and byte it has met before: what reads the
    same files reads the same, and the same run does the same with them.
    """

    def __init__(self, states, thorough):
        self.states, self.thorough, self.known = states, thorough, {}

    def examine(self, root, before):
        """What a fresh reader sees in each dataset, and `wrong`, which lists what must not be."""
        seen = self.ask(root, PUBLISHED, lambda: frames(root))
        kinds = {name: [kind for kind in ("old", "new") if seen[name] == self.states[kind][name]] for name in seen}
        wrong = [f"{name} is neither old nor new" for name, kind in kinds.items() if not kind]
        if not self.thorough:
            forked(lambda: repaired(root))  # of many states two
        wrong += self.ask(root, ["."], lambda: self.publish_again(root))
        if identity(root) != before:
            wrong.append("an unchanged file was touched")
        return {"seen": "".join(sorted({kind for found in kinds.values() for kind in found})), "wrong": wrong}

    def publish_again(self, root):
        """What is wrong after the next run."""
        publish_run(root, new_results())
        store, wrong = Store(root), verify(root).problems
        if store.digests() != self.states["tree"]:
            wrong.append("the next run gives other bytes")
        return wrong + [f"left over: {name}" for name in store.private()]

    def ask(self, root, folders, work):
        key = (*folders, contents(root, folders, self.states["mark"]))
        if key not in self.known or self.thorough:
            self.known[key] = forked(work)
        return self.known[key]


def repaired(root):
    with locked(root):
        publish.recover(root)


# --- one lane -------------------------------------------------------------------------------------------------------


class Lane:
    """A share of the faults, in a folder: `old` and `new` are the store before and after the publication.

    Unless it is `thorough`, a fault among the operations after the merging starts from `merged`: what a process left
    that was killed right before them.
    """

    def __init__(self, folder, thorough):
        self.folder = folder
        states = forked(lambda: prepare(folder))
        self.merged = [
            merge.Merged(Partition(*partition), rows, frozenset(same)) for partition, rows, same in states["merged"]
        ]
        self.names = forked(lambda: publish_sabotaged(self.copy("old", "count"), "none", 0))["done"]
        self.merging = 0 if thorough else self.names.index("make_folder")  # merging only writes files
        forked(lambda: publish_sabotaged(self.copy("old", "merged"), "SIGKILL", self.merging + 1))
        self.witness = Witness(states, thorough)

    def copy(self, name, to):
        return Path(shutil.copytree(self.folder / name, self.folder / to))

    def report(self, fault, at, again):
        """Fail at one operation, and where `again` is given kill the next run at that operation of its own."""
        merged, left = (self.merged, at - self.merging) if 0 < self.merging < at else ((), at)
        root = self.copy("merged" if merged else "old", f"{fault}-{at}-{again}")
        before = identity(root)
        report = {"fault": fault, "at": at, "again": again}
        try:
            report["outcome"] = forked(lambda: publish_sabotaged(root, fault, left, merged))
            if again:
                forked(lambda: publish_sabotaged(root, "SIGKILL", again))
            report |= self.witness.examine(root, before)
        except ChildError as error:
            report["crash"] = str(error)
        shutil.rmtree(root)
        return report


def prepare(folder):
    """Make the old and the new store; gives what they look like, and what the merging between them gives."""
    old, new = folder / "old", folder / "new"
    publish_run(old, old_results())
    shutil.copytree(old, new)
    states = {"old": frames(old), "mark": trees.mark(old / "articles")}
    merged = Store(Path(shutil.copytree(old, folder / "merging"))).merge(new_results())
    publish_run(new, new_results())
    return {
        **states,
        "new": frames(new),
        "tree": Store(new).digests(),
        "merged": [[astuple(m.partition), m.rows, sorted(m.same)] for m in merged],
    }


def main(folder, lane, lanes, step):
    folder.mkdir()
    this = Lane(folder, thorough=step == 1)
    points = faults(this.names, step)
    gc.freeze()  # a forked child copies less
    for point in points[lane::lanes]:
        tell(this.report(*point))
    tell(
        {
            "operations": len(this.names),
            "names": Counter(this.names),
            "faults": len(points),
            "changes": changes(folder),
        }
    )


def changes(folder):
    """How many files of each dataset the publication replaces, adds, removes and keeps."""
    counts = {name: Counter() for name in PUBLISHED}
    old, new = Store(folder / "old").digests(), Store(folder / "new").digests()
    for path in old.keys() | new.keys():
        kind = "added" if path not in old else "removed" if path not in new else "replaced"
        counts[Path(path).parts[0]]["kept" if old.get(path) == new.get(path) else kind] += 1
    return counts


def tell(report):
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def faults(names, step):
    """Which fault, at which operation, and where the next run is killed too. The last point is after the end."""
    ends = range(1, len(names) + 2)
    others = [(fault, at, 0) for fault in ("ENOSPC", "EIO", "EROFS") for at in ends]
    others += [("EMFILE", at, 0) for at, name in enumerate(names, 1) if name in OPEN_A_FILE]
    # killed between two exchanges, and again at each of the first operations of the run that recovers
    others += [("SIGKILL", names.index("exchange") + 3, again) for again in range(1, RECOVERY)]
    return [("SIGKILL", at, 0) for at in ends] + others[::step]


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
