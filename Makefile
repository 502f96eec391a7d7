# Every target brings what it needs into .venv; a fresh clone needs make and Python 3.11 or later.
# `make help` lists them.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The lock files are made for 3.11; the first of these that runs and is not older is taken.
CANDIDATES := python3.11 python3 python3.12 python3.13 python3.14
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do "$$p" -c '$(RECENT)' 2>/dev/null && { echo "$$p"; break; }; done)
# Two cores are what we measure on; WORKERS=auto uses what is there, WORKERS=0 none.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench serve requirements clean

help:  ## show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.dev  ## everything for running, testing and checking, in .venv

demo: $(VENV)/.demo  ## an hour of deliveries, then the questions and the proofs
	$(BIN)/shiplog demo

test: $(VENV)/.dev  ## the whole suite; ARGS="-k name" for a part of it
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(VENV)/.dev  ## what must be green before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

bench: $(VENV)/.bench  ## measure everything and write docs/benchmarks.md, in hours; ARGS=--quick looks in minutes
	$(BIN)/python -m tests.benchmarks $(ARGS)

serve: $(VENV)/.demo  ## the API and the pages on this machine
	$(BIN)/shiplog serve

requirements:  ## resolve pyproject.toml again into requirements/ (needs uv)
	requirements/compile

clean:  ## remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say which lock file the environment was last made from. demo.txt is a part of dev.txt, with the
# same pins, so going from the one to the other only adds; and so does bench.txt.
$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/demo.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(VENV)/.demo $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/bench.txt
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "shiplog needs Python 3.11 or later, and none of $(CANDIDATES) is one" >&2; exit 1; }
	@$(PYTHON) -c '$(RECENT)' || { echo "shiplog needs Python 3.11 or later; $(PYTHON) is older" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) comes without venv (on Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
