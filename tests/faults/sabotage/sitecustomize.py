"""Bad records for the tests of the guards. Python imports this at its start where this folder is on PYTHONPATH.

So the command, its worker processes and newsetl itself are those that users run; a stage or a reader that meets an
external id "stage:NAME" or "read:NAME" does what the function NAME does. With SABOTAGE=tame the stage rejects instead.
"""

import ctypes
import importlib.util
import os
import signal
import sys
import time


def spin():
    while True:
        pass


def spin_in_c():
    sum(range(10**15))  # no signal is heard before its end


def sleep():
    time.sleep(1000)


def eat():
    eaten = []
    while True:
        eaten.append(bytes(1 << 26))


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    os._exit(0)


def crash():
    ctypes.string_at(0)


def deed(external_id, where):
    kind, _, name = (external_id or "").partition(":")
    return globals()[name] if kind == where else None


def sabotage():
    """Replace a stage and the reader."""
    from newsetl import pipeline, work
    from newsetl.records import Reject

    split_document, read_records = pipeline.split_document, work.read_records

    def sabotaged_split(draft):
        act = deed(draft.record.fields.external_id, "stage")
        if act and os.environ["SABOTAGE"] == "tame":
            return Reject(draft.record.place, "clean", "tame")
        if act:
            act()
        return split_document(draft)

    def sabotaged_reader(file, options):
        for record in read_records(file, options):
            act = not isinstance(record, Reject) and deed(record.fields.external_id, "read")
            if act and os.environ["SABOTAGE"] == "tame":
                yield Reject(work.Place(file.uri, None, 0, work.EMPTY_SHA256), "read", "tame")
                return
            if act:
                act()
            yield record

    pipeline.split_document = sabotaged_split
    work.read_records = sabotaged_reader


class Saboteur:
    """Waits for newsetl.work to be imported."""

    def find_spec(self, name, _path, _target=None):
        if name != "newsetl.work":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def load_and_sabotage(module):
            load(module)
            sabotage()

        spec.loader.exec_module = load_and_sabotage
        return spec


sys.meta_path.insert(0, Saboteur())
