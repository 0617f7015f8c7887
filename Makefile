# Two commands, from nothing but Python 3.11 or later:
#   make demo    tags a sample of PubMed with the bundled model, shows what it found, and makes a page of it
#   make test    linters, types and the tests (make test-slow: those that take longer)
# The environment lives in .venv; remove it with `make clean`. PYTHON=/path/to/python3.12 chooses the interpreter.
# Where there is no GPU, PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu gets the small build of torch.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-output
TYPES := disease,drug,gene,species,cell_type
SUPPORTED := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
SAY = @printf '\n== %s\n'

.PHONY: help demo test test-slow lint format clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.installed-demo
	$(SAY) 'Tagging openbioner_batch/data/sample_pubmed.xml: $(TYPES)'
	$(BIN)/openbioner-batch annotate openbioner_batch/data/sample_pubmed.xml --output $(DEMO) --types $(TYPES) \
		--include-text --overwrite
	$(SAY) 'Spans are in $(DEMO)/data/*.parquet; some of them:'
	@$(BIN)/openbioner-batch show $(DEMO) --limit 3
	$(SAY) 'A page to look at:'
	@$(BIN)/openbioner-batch report $(DEMO) --html $(DEMO).html

test: lint
	$(SAY) 'Tests'
	$(BIN)/python -m pytest

test-slow: $(VENV)/.installed-dev
	$(SAY) 'Slow tests: hours on two cores'
	$(BIN)/python -m pytest -n 0 -m slow

lint: $(VENV)/.installed-dev
	$(SAY) 'Linters and types'
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(DEMO) $(DEMO).html .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/pyvenv.cfg:
	@test -n '$(PYTHON)' || { echo 'error: no Python >= 3.11 with venv and ensurepip was found (on Debian: apt install' \
		'python3-venv). Name one: make demo PYTHON=/path/to/python3.12' >&2; exit 1; }
	$(SAY) 'Creating $(VENV) with $(PYTHON)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# pip compiles with one core; a file that Python cannot compile (templates, other versions) is none that is imported.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c .ci/constraints.txt -e
COMPILE = $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true

$(VENV)/.installed-demo: pyproject.toml .ci/constraints.txt | $(VENV)/pyvenv.cfg
	$(SAY) 'Installing into $(VENV) (a few minutes the first time)'
	$(INSTALL) .
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml .ci/constraints.txt | $(VENV)/pyvenv.cfg
	$(SAY) 'Installing into $(VENV) with the tools for tests (a few minutes the first time)'
	$(INSTALL) '.[dev]'
	@$(COMPILE)
	@touch $@ $(VENV)/.installed-demo
