"""A disk that fails, or kills its process, at the N-th operation of a publication: `newsetl.io.disk` replaced."""

import errno
import io
import os
import shutil
import signal

from newsetl.io import disk

ONE_NAME = ("sync_file", "sync_folder", "sync_all", "link", "make_folder", "remove_file", "remove_folder", "rename")
OPEN_A_FILE = {"create", "sync_folder", "sync_all"}
NEED_NO_ROOM = {"remove_file", "remove_folder", "sync_folder"}
# Which operations fail once the N-th has: a full disk stays full, a process has no more files to open, a disk with an
# error turns read-only; an error of one sector is over.
LASTS = {
    "ENOSPC": lambda name: name not in NEED_NO_ROOM,
    "EMFILE": lambda name: name in OPEN_A_FILE,
    "EROFS": lambda _: True,
    "EIO": lambda _: False,
}


class Sabotage:
    """Counts the operations of this process on the disk, fails the N-th, and later ones as the fault has it."""

    def __init__(self, fault, at):
        self.fault, self.at, self.done = fault, at, []

    def step(self, name, half=lambda: None):
        self.done.append(name)
        if len(self.done) == self.at:
            half()
            if self.fault == "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            self.fail()
        if self.at and len(self.done) > self.at and LASTS[self.fault](name):
            self.fail()

    def fail(self):
        number = getattr(errno, self.fault)
        raise OSError(number, os.strerror(number))

    def install(self):
        for name in ONE_NAME:
            setattr(disk, name, self.counted(name, getattr(disk, name)))
        # the system call itself, so that nothing comes between the count and the exchange
        exchange = disk._exchange()
        disk._exchange = lambda: self.counted("exchange", exchange)
        disk.create = self.create
        if self.fault == "EROFS":  # what clears the staging folder past `disk` is held up too
            shutil.rmtree = lambda *_, **__: None

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
