"""Putting merged partitions in place of the published ones."""

import filecmp
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq

from newsetl.io.merge import Merged, write_part
from newsetl.io.store import PART, part_path
from newsetl.schema import DATASETS, SCHEMAS, UNKNOWN_SOURCE, Partition


def install(root: Path, staging: Path, merged: list[Merged]) -> tuple[int, int]:
    """Put merged partitions in place; files that would not change keep their bytes and times.

    Returns:
        How many files were written (or removed), and how many were unchanged.
    """
    written = unchanged = 0
    for partition, dataset in ((m.partition, name) for m in merged for name in DATASETS):
        new, old = part_path(staging, dataset, partition), part_path(root, dataset, partition)
        if not new.exists():
            if old.exists():
                old.unlink()
                _prune(old.parent, root)
                written += 1
        elif old.exists() and filecmp.cmp(new, old, shallow=False):
            unchanged += 1
        else:
            old.parent.mkdir(parents=True, exist_ok=True)
            new.replace(old)
            _sync_folder(old.parent)
            written += 1
    for dataset in DATASETS:
        _keep_readable(root, dataset)
    return written, unchanged


def _keep_readable(root: Path, dataset: str) -> None:
    """A dataset without rows is one file without rows, so that any reader finds its columns."""
    placeholder = part_path(root, dataset, Partition(UNKNOWN_SOURCE, 0, 0))
    others = any(path != placeholder for path in (root / dataset).glob(f"source=*/year=*/month=*/{PART}"))
    if not others and not placeholder.exists():
        placeholder.parent.mkdir(parents=True, exist_ok=True)
        write_part(SCHEMAS[dataset].empty_table(), placeholder, dataset)
    elif others and placeholder.exists() and pq.ParquetFile(placeholder).metadata.num_rows == 0:
        placeholder.unlink()
        _prune(placeholder.parent, root)


def _prune(folder: Path, root: Path) -> None:
    """Remove folders that became empty, up to the root."""
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_staging(root: Path) -> None:
    """Remove what earlier runs that were killed left behind. Call it with the lock held."""
    for folder in root.glob("_staging-*"):
        shutil.rmtree(folder, ignore_errors=True)
