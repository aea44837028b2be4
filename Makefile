# Two commands on a fresh machine: `make run` and `make test`. Everything they need lands in .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: run test setup check bench format lock clean

run: setup            ## the main job: data/raw -> data/processed, as a Prefect flow
	$(BIN)/python flows/etl.py

test: setup           ## all tests
	$(BIN)/pytest

setup: $(STAMP)       ## .venv with the locked dependencies and newsetl itself

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("newsetl needs Python 3.11 or newer: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

check: setup          ## format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest

bench: setup          ## newsetl beside its peers: sentence boundaries, speed, growth with length
	$(BIN)/python tools/bench.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:                 ## needs uv; the lock names no index
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --strip-extras --no-header --quiet --output-file requirements.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find data/processed -mindepth 1 ! -name .gitignore -delete
