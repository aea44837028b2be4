"""Where a run works."""

from dataclasses import dataclass
from pathlib import Path

from newsetl.io.paths import StorePath

LEDGER = "ledger.sqlite"  # of a run, in its staging folder


@dataclass(frozen=True, slots=True)
class Site:
    """The places of a run.

    Attributes:
        root: The store.
        staging: A folder on a disk of this process, for what it writes: new files lie at `part_path(staging, …)`.
        shared: Where every process finds what the batches left. On one machine it is the same folder.
    """

    root: StorePath
    staging: Path
    shared: StorePath
