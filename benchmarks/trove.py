"""datatrove's pipelines, with its own settings throughout, one task.

The second is called as a program of its own by archive.py:

    python -m benchmarks.trove WARC_FOLDER OUT [--metadata]
"""

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.measure import offline

# Of the extractor's documents; "dropped": it found no text.
LOST = ("timeout", "broken_process", "clean_error", "dropped")


def load() -> None:
    """Import what the pipelines need, and keep them quiet.

    trafilatura is imported here, too: datatrove extracts in a process of its own, which has a second to start.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    import datatrove.executor  # noqa: PLC0415  only for its rows
    import datatrove.pipeline.extractors  # noqa: PLC0415
    import datatrove.pipeline.readers  # noqa: PLC0415
    import datatrove.pipeline.writers  # noqa: F401, PLC0415
    import trafilatura  # noqa: F401, PLC0415
    from loguru import logger  # noqa: PLC0415  comes with datatrove

    logger.remove()


def run(steps: list[Any], logs: Path) -> Any:
    """Run a pipeline as one task in this process; gives its statistics."""
    from datatrove.executor import LocalPipelineExecutor  # noqa: PLC0415  only for its rows

    return LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=str(logs)).run()


def pass_lines(source: Path, folder: Path) -> int:
    """JSON Lines to Parquet; a record without text is passed over by the reader. Gives the rows written."""
    from datatrove.pipeline.readers import JsonlReader  # noqa: PLC0415  only for its row
    from datatrove.pipeline.writers import ParquetWriter  # noqa: PLC0415  only for its row

    reader = JsonlReader(str(source.parent), glob_pattern=source.name)
    stats = run([reader, ParquetWriter(str(folder))], folder / "logs")
    return int(stats.stats[-1].stats["total"].total)


def extract_pages(source: Path, folder: Path, *, metadata: bool = False) -> tuple[int, dict[str, int]]:
    """WARC files to Parquet by trafilatura; gives the rows written, and the documents lost by cause.

    With `metadata`, title, author, date and more stand in front of each text.
    """
    from datatrove.pipeline.extractors import Trafilatura  # noqa: PLC0415  only for its row
    from datatrove.pipeline.readers import WarcReader  # noqa: PLC0415  only for its row
    from datatrove.pipeline.writers import ParquetWriter  # noqa: PLC0415  only for its row

    options = {"with_metadata": True} if metadata else {}
    stats = run([WarcReader(str(source)), Trafilatura(**options), ParquetWriter(str(folder))], folder / "logs")
    _, extractor, writer = stats.stats
    counts = Counter({name: int(extractor.stats[name].total) for name in LOST if name in extractor.stats})
    return int(writer.stats["total"].total), dict(+counts)


def main(source: Path, folder: Path, *, metadata: bool) -> None:
    """Tell the rows written, the documents lost, and the seconds of it without start-up."""
    with offline():
        load()
        started = time.monotonic()
        rows, lost = extract_pages(source, folder, metadata=metadata)
    figures = {"rows": rows, "lost": lost, "seconds": time.monotonic() - started}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), metadata="--metadata" in sys.argv[3:])
