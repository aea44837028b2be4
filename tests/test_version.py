"""The version that stands in each article tells one set of rules from another, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import newsetl
from newsetl.version import RULES, pipeline_version

PACKAGE = Path(newsetl.__file__).parent
TELL = "import newsetl, newsetl.version as v; print(newsetl.__file__, v.pipeline_version())"


@pytest.fixture
def copy(tmp_path):
    """A copy of the package somewhere else."""
    shutil.copytree(PACKAGE, tmp_path / "elsewhere" / "newsetl", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "elsewhere" / "newsetl"


def version_of(package):
    """What a new process that imports this copy says."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", TELL], env=environment, capture_output=True, text=True, check=True)
    path, version = done.stdout.split()
    assert Path(path).parent == package
    return version


def test_it_is_the_version_of_the_package_and_a_digest():
    assert re.fullmatch(re.escape(newsetl.__version__) + r"\+rules\.[0-9a-f]{7}", pipeline_version())


@pytest.mark.parametrize("name", RULES)
def test_all_that_counts_is_there(name):
    assert (PACKAGE / name).exists()


def test_it_is_the_same_in_another_place_with_other_line_endings(copy):
    for path in copy.rglob("*.toml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert version_of(copy) == pipeline_version()


@pytest.mark.parametrize("name", ["arabic/months.toml", "stages/clean.py", "io/fields.toml", "sources/outlets"])
def test_it_changes_with_a_rule(copy, name):
    path = copy / name
    path = min(path.glob("*.toml")) if path.is_dir() else path
    path.write_bytes(path.read_bytes() + b"\n# another\n")
    assert version_of(copy) != pipeline_version()


def test_it_does_not_change_with_what_moves_rows(copy):
    path = copy / "run.py"
    path.write_bytes(path.read_bytes() + b"\n# another\n")
    (copy / "stages" / "notes.txt").write_text("no rule")
    assert version_of(copy) == pipeline_version()
