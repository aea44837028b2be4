"""Publishes into copies of one small store on an S3 endpoint and fails each time at another request.

    python fault_driver.py FOLDER BUCKET STEP     one JSON line for each fault, the last for the whole

A kill at every request, and every STEP-th of the other faults. A process that has spoken to no endpoint yet forks for
each: a child that publishes and is failed (a real process and a real SIGKILL), and one that looks at what is left and
publishes again. `newsetl.io.objects` is replaced from here; newsetl itself knows nothing of it.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
import threading
from collections import Counter
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

import pandas as pd
import pyarrow.dataset  # noqa: F401  what pandas would load in every child
import s3fs  # noqa: F401  the same
from publication_driver import forked

from newsetl.errors import NewsetlError
from newsetl.io import objects, publish
from newsetl.io.lock import locked
from newsetl.io.paths import store_path
from newsetl.io.publication import STAGING
from newsetl.schema import DATASETS
from tests.conftest import Store, build_article, build_reject

OPERATIONS = ("upload", "write", "copy", "remove", "remove_below")
LASTS = {"EIO": False, "no endpoint": True}  # whether all requests after it fail too


def day(source, month, key, offset, **more):
    return build_article(key, source=source, day=date(2020, month, 2), offset=offset, title=key, **more)


OLD = (
    day("example", 1, "replaced", 0, fetched=1),
    day("example", 2, "moved", 1, fetched=1),
    day("still", 5, "kept", 2),
    build_reject(51, source="gone"),
)
NEW = (
    day("example", 1, "replaced", 4, fetched=2, text="قال سالم: لا."),
    day("other", 3, "moved", 1, fetched=1),  # the same record, read otherwise now
    day("other", 3, "found", 51),  # was rejected
)


# --- the publication ------------------------------------------------------------------------------------------------


def build(folder):
    """The files of the old and of the new store, by name, and what a run has ready for the step between them."""
    old, new = Store(folder / "old"), Store(folder / "new")
    old.publish(OLD)
    shutil.copytree(old.root, new.root)
    merged = new.merge(NEW)
    shutil.copytree(new.staging, folder / "ready")
    publish.commit(new.root, publish.prepare(new.root, new.staging, merged))
    return files_of(old.root), files_of(new.root), merged


def files_of(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.glob("*/source=*/*/*/part-0.parquet")}


def publish_run(root, ready, merged):
    with locked(root) as held:
        publish.recover(root, held)
        with publish.staging_folder(root, f"{STAGING}one") as staging:
            shutil.copytree(ready, staging, dirs_exist_ok=True)
            publish.commit(root, publish.prepare(root, staging, merged), ("run.json", "{}"), held)


class Sabotage:
    """Counts the requests of a publication and fails the N-th."""

    def __init__(self, fault, at):
        self.fault, self.at, self.done, self.lock = fault, at, [], threading.Lock()
        for name in OPERATIONS:
            setattr(objects, name, self.counted(name, getattr(objects, name)))

    def counted(self, name, function):
        def operation(*arguments):
            with self.lock:  # several requests are under way at once
                self.done.append(name)
                count = len(self.done)
            if count == self.at and self.fault == "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.at and (count == self.at or (count > self.at and LASTS[self.fault])):
                raise OSError(5, "Input/output error")
            return function(*arguments)

        return operation


def publish_sabotaged(url, ready, merged, fault, at):
    sabotage = Sabotage(fault, at)
    try:
        publish_run(store_path(url), ready, merged)
    except NewsetlError as error:
        return {"told": str(error)}
    return {"done": sabotage.done}


# --- what is left ---------------------------------------------------------------------------------------------------


def put_all(url, files):
    root = store_path(url)
    for name, content in files.items():
        root.fs.pipe_file(f"{root.path}/{name}", content)


def look(url):
    """What lies in a store, by name: the MD5 of its content (an object written in one part has it as its ETag)."""
    root = store_path(url)
    found = root.fs.find(root.path, detail=True)
    return {name[len(root.path) + 1 :]: info["ETag"].strip('"') for name, info in found.items()}


def examine(url, old, new, ready, merged, thoroughly):
    """What a fresh reader finds, and what the next run makes of it; `wrong` lists what must not be."""
    found, names = look(url), old.keys() | new.keys()
    wrong = [
        f"{name} is neither old nor new" for name in names if found.get(name) not in {old.get(name), new.get(name)}
    ]
    wrong += [f"{name} is there" for name in found if not name.startswith("_") and name not in names]
    state = {"old": old, "new": new}
    data = {name: tag for name, tag in found.items() if not name.startswith(("_staging", "_claims", "_runs"))}
    seen = next((kind for kind, files in state.items() if data == files), "between")
    if thoroughly:
        for dataset in DATASETS:
            pd.read_parquet(f"{url}/{dataset}")
    publish_run(store_path(url), ready, merged)
    after = look(url)
    if {name: tag for name, tag in after.items() if name in new} != new:
        wrong.append("the next run ends otherwise")
    if left := after.keys() - new.keys() - {"_runs/run.json"}:
        wrong.append(f"left over: {sorted(left)}")
    return {"seen": seen, "wrong": wrong}


def main(folder, bucket, step):
    folder.mkdir()
    old, new, merged = build(folder)
    ready = folder / "ready"
    tags = [{name: hashlib.md5(data).hexdigest() for name, data in files.items()} for files in (old, new)]  # noqa: S324

    def one(fault, at):
        url = f"{bucket}/{fault.replace(' ', '-')}-{at}"
        forked(lambda: put_all(url, old))
        outcome = forked(lambda: publish_sabotaged(url, ready, merged, fault, at))
        report = forked(lambda: examine(url, *tags, ready, merged, at % 7 == 0))
        return {
            "fault": fault,
            "at": at,
            "outcome": outcome,
            **(report if isinstance(report, dict) else {"crash": report}),
        }

    done = one("none", 0)["outcome"]["done"]
    ends = range(1, len(done) + 2)
    others = [(fault, at) for fault in LASTS for at in ends]
    points = [("SIGKILL", at) for at in ends] + others[::step]
    for point in points:
        print(json.dumps(one(*point)), flush=True)  # noqa: T201
    print(json.dumps({"operations": len(done), "names": Counter(done), "faults": len(points)}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
