"""The rooms of the package and what each may import: read from the imports themselves."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "newsetl"

# Room -> rooms it may import. A room is a module or a folder directly below newsetl; "" is newsetl itself.
ROOMS = {
    "records": set(),
    "errors": set(),
    "arabic": {"records", "errors"},
    "sources": {"records", "errors", "arabic"},
    "stages": {"records", "errors", "arabic", "sources"},
    "pipeline": {"records", "errors", "arabic", "sources", "stages"},
    "version": {""},
    "schema": {"", "errors"},
    "rows": {"records", "schema", "version"},
    "settings": {"records", "errors"},
    "io": {"records", "errors", "rows", "schema", "settings", "sources", "version"},
    "reading": {"errors", "schema", "settings", "io"},
    "plan": {"records", "errors", "settings", "io"},
    "guard": {"records", "settings"},
    "work": {"records", "errors", "settings", "io", "pipeline", "plan", "guard"},
    "workers": {"errors", "settings", "plan", "guard", "work"},
    "engine": {"errors", "schema", "settings", "io", "plan", "work", "workers", "cluster"},
    "cluster": {"errors", "schema", "settings", "version", "io", "plan", "work", "workers", "engine"},
    "kept": {"schema", "settings", "version", "io", "plan", "work"},
    "run": {"", "errors", "schema", "settings", "version", "io", "plan", "guard", "work", "engine", "kept"},
    "backfill": {"errors", "settings", "io", "plan", "run", "engine"},
    "report": {"schema", "plan", "run", "backfill"},
    "show": {"errors", "reading", "io"},
    "propose": {"errors", "schema", "arabic", "stages", "io"},
    "migrate": {"", "errors", "schema", "io"},
    "verify_partition": {"schema", "io"},
    "verify": {"errors", "schema", "io", "verify_partition"},
    "source_check": {"records", "errors", "arabic", "sources", "stages", "pipeline", "io"},
    "fetch": {"", "errors", "io", "sources", "stages"},
    "volume": {"errors", "schema", "io"},
    "options": {"", "schema", "settings", "propose", "volume"},
    "cli": {
        "errors",
        "schema",
        "settings",
        "io",
        "migrate",
        "options",
        "plan",
        "run",
        "backfill",
        "fetch",
        "report",
        "show",
        "propose",
        "source_check",
        "verify",
        "volume",
    },
    "text": {"records", "arabic", "stages"},
    "": {"reading", "text"},
}
# Stages and what they stand on are pure: no disk, network, clock or logging.
PURE = ("records", "errors", "arabic", "sources", "stages", "pipeline")
IMPURE_MODULES = {"logging", "os", "pathlib", "random", "requests", "shutil", "socket", "subprocess", "time", "urllib3"}


def imports(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            if node.module == "newsetl":
                found |= {f"newsetl.{alias.name}" for alias in node.names if not alias.name.startswith("__")}
    return found


def room_of(path: Path) -> str:
    first = path.relative_to(SRC).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


MODULES = sorted(SRC.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SRC)))
def test_a_module_imports_only_what_its_room_may(path):
    room = room_of(path)
    for module in imports(path):
        assert module.split(".")[0] != "prefect", "only flows/ knows Prefect"
        if module == "newsetl" or module.startswith("newsetl."):
            other = module.partition(".")[2].split(".")[0]
            assert other == room or other in ROOMS[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in PURE], ids=lambda p: str(p.relative_to(SRC)))
def test_the_pure_rooms_touch_no_disk_network_clock_or_log(path):
    assert not {module.split(".")[0] for module in imports(path)} & IMPURE_MODULES


def test_every_room_is_known():
    assert {room_of(path) for path in MODULES} == set(ROOMS)
