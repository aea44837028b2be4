"""Fetches one small site again and again, failed each time at another step of what it writes.

    python crash_driver.py SOURCES FOLDER STEP     one JSON line for each fault, the last for the whole

Steps are the records, syncs and renames of the raw files and the commits of the state. A child is killed there
(SIGKILL), or its disk is full from there on; every STEP-th of the latter. Then another child fetches to the end.
"""

import json
import os
import signal
import sys
from pathlib import Path

from warcio.warcwriter import WARCWriter

from newsetl.errors import NewsetlError
from newsetl.fetch import run_fetch
from newsetl.fetch.run_fetch import FetchJob, fetch
from newsetl.fetch.sources_file import read_sources
from newsetl.fetch.state import State
from newsetl.fetch.warc_notes import find_files, read_notes
from newsetl.io import disk

STEPS = [(WARCWriter, "write_record"), (disk, "sync_file"), (disk, "sync_folder"), (disk, "rename"), (State, "commit")]


class Sabotage:
    """Counts the steps and fails the N-th, and with a full disk all that follow."""

    def __init__(self, fault, at):
        self.fault, self.at, self.done = fault, at, []
        for owner, name in STEPS:
            setattr(owner, name, self.counted(name, getattr(owner, name)))

    def counted(self, name, function):
        def step(*arguments, **options):
            self.done.append(name)
            if len(self.done) == self.at and self.fault == "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.at and len(self.done) >= self.at and self.fault == "ENOSPC" and name != "rename":
                if name == "commit":
                    raise NewsetlError("disk full")
                raise OSError(28, "No space left on device")
            return function(*arguments, **options)

        return step


def in_child(work):
    """What a function gives in a process of its own; None when that was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(work()))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return json.loads(told) if told else None


def fetch_sabotaged(job, fault, at):
    run_fetch.SYNC_SECONDS = 0.0  # durable after each answer: more steps to fail at
    sabotage = Sabotage(fault, at)
    try:
        fetch(job)
    except (NewsetlError, OSError) as error:
        return {"told": str(error)}
    return {"done": sabotage.done}


def fetch_rest(job):
    fetch(job)
    slug = job.sources.sources[0].slug
    notes = [note for path in find_files(job.raw / slug) for note in read_notes(path)]
    fetched = [note["final_url"] for note in notes if note["kind"] == "page" and note["outcome"] == "fetched"]
    with State(job.raw / slug) as state:
        counts = {"/".join(key): count for key, count in state.counts().items() if key[0] == "page"}
    left = [path.name for path in (job.raw / slug).rglob("_open-*")]
    return {"fetched": fetched, "counts": counts, "left": left}


def main(sources, folder, step):
    def one(fault, at):
        job = FetchJob(sources, folder / f"{fault}-{at}", allow_loopback=True)
        outcome = in_child(lambda: fetch_sabotaged(job, fault, at))
        return {"fault": fault, "at": at, "outcome": outcome, **in_child(lambda: fetch_rest(job))}

    done = one("none", 0)["outcome"]["done"]
    points = [("SIGKILL", at) for at in range(1, len(done) + 2)]
    points += [("ENOSPC", at) for at in range(1, len(done) + 2, step)]
    for point in points:
        print(json.dumps(one(*point)), flush=True)  # noqa: T201
    print(json.dumps({"steps": len(done), "names": sorted(set(done)), "faults": len(points)}))  # noqa: T201


if __name__ == "__main__":
    main(read_sources(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]))
