# Two commands on a fresh machine: `make run` and `make test`. Everything they need lands in .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
BENCH := .venv/.bench
SUITE ?=

export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: run test setup check bench format lock clean

run: setup            ## the main job: data/raw -> data/processed, as a Prefect flow
	$(BIN)/python flows/etl.py

test: setup           ## all tests
	$(BIN)/pytest --numprocesses 2 --dist loadfile

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
	$(BIN)/pytest --numprocesses 2 --dist loadfile

bench: $(BENCH)       ## newsetl beside its peers; SUITE=pages runs one subject, docs/performance.md lists them
	$(BIN)/python -m benchmarks $(SUITE)

$(BENCH): $(STAMP) benchmarks/requirements.lock  # the peers, on top of what newsetl needs, in the same versions
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement benchmarks/requirements.lock
	touch $@

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

UV_COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --strip-extras --no-header --quiet

lock:                 ## needs uv; the locks name no index
	$(UV_COMPILE) pyproject.toml --group dev --output-file requirements.lock
	$(UV_COMPILE) --group pyproject.toml:bench --constraint requirements.lock --output-file benchmarks/requirements.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find data/processed -mindepth 1 ! -name .gitignore -delete
