"""Write tests/stores/schema-N/ for the present schema version N: a store as this code writes it, kept for ever.

    .venv/bin/python tools/write_store_fixture.py

Run it when SCHEMA_VERSION was raised, on the commit that raises it; tests/test_migrate.py asks for it. A store that is
there already is never written again: it stands for what users have.
"""

import os
import sys
from pathlib import Path

from newsetl.plan import plan_run
from newsetl.run import run
from newsetl.schema import SCHEMA_VERSION
from newsetl.settings import Settings

STORES = Path(__file__).parents[1] / "tests" / "stores"


def main() -> int:
    out = STORES / f"schema-{SCHEMA_VERSION}"
    if out.exists():
        print(f"{out} is there already: raise SCHEMA_VERSION first", file=sys.stderr)
        return 1
    os.chdir(STORES)  # so that raw_uri is the same everywhere
    settings = Settings(inputs=("raw/news.jsonl",), out=out.name, workers=1)
    result = run(settings, plan_run(settings))
    (out / "_lock").unlink()
    for mark in out.glob("*/_publication-*"):
        mark.rmdir()  # an empty folder, which git does not keep
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {result.read} records, {result.outcomes}, {size:,} bytes")
    print("now add a line to tests/stores/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
